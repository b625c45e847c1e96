"""No file over 500 lines, no function body over 60: what a reader can hold at once."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import CODE, Function, files, has_docstring, shown, tree_of

LONGEST_FILE = 500  # lines
LONGEST_CONTRACT = 300  # lines of a contract, module or interface
LONGEST_BODY = 60  # lines, without signature and docstring


def too_long(path: Path, most: int = LONGEST_FILE) -> list[str]:
    """The file, if it is over the limit."""
    count = len(path.read_text("utf-8").splitlines())
    return [shown(path, count, f"{count} lines")] if count > most else []


def python_bodies(path: Path) -> Iterator[tuple[int, str, int]]:
    """Line, name and body lines of every Python function, nested ones included."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            body = node.body[1:] if has_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield node.lineno, node.name, lines


def vyper_bodies(path: Path) -> Iterator[tuple[int, str, int]]:
    """The same for Vyper, by lines: a body ends where a name or decorator is at column 0."""
    text = path.read_text("utf-8")
    for match in re.finditer(r"^def (\w+)\(.*?:[ \t]*(?:#.*)?\n(?=[ \t]+\S)", text, re.M | re.S):
        rest = text[match.end() :]
        end = re.search(r"^[A-Za-z@#_]", rest, re.M)
        body = rest[: end.start()] if end else rest
        body = re.sub(r'\A\s*""".*?"""', "", body, flags=re.S).strip()
        yield text.count("\n", 0, match.start()) + 1, match.group(1), len(body.splitlines())


def long_bodies(path: Path) -> list[str]:
    """Functions over the limit."""
    bodies = python_bodies if path.suffix == ".py" else vyper_bodies
    return [
        shown(path, line, f"{name} has a body of {count} lines")
        for line, name, count in bodies(path)
        if count > LONGEST_BODY
    ]


def test_files__all_code__at_most_500_lines():
    found = [f for p in files(*CODE, suffixes=(".py", ".vy", ".vyi", ".sh")) for f in too_long(p)]
    assert not found, "\n".join(found)


def test_contracts__each__at_most_300_lines():
    paths = list(files("contracts", suffixes=(".vy", ".vyi")))
    assert len(paths) > 40
    found = [f for path in paths for f in too_long(path, LONGEST_CONTRACT)]
    assert not found, "\n".join(found)


def test_functions__all_code__bodies_of_at_most_60_lines():
    found = [f for p in files(*CODE, suffixes=(".py", ".vy", ".vyi")) for f in long_bodies(p)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(("lines", "found"), [(500, 0), (501, 1)])
def test_files__one_line_more__found(tmp_path, lines, found):
    path = tmp_path / "x.py"
    path.write_text("pass\n" * lines)
    assert len(too_long(path)) == found


@pytest.mark.parametrize("suffix", [".py", ".vy"])
@pytest.mark.parametrize(("lines", "found"), [(60, 0), (61, 1)])
def test_functions__one_line_more__found(tmp_path, suffix, lines, found):
    path = tmp_path / f"x{suffix}"
    head = 'def wordy(\n    x: int,\n) -> int:\n    """Says much.\n\n    Much.\n    """\n'
    path.write_text(head + "    x += 1\n" * lines + "\ndef next_one():\n    pass\n")
    assert len(long_bodies(path)) == found
