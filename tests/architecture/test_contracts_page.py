"""contracts/README.md keeps up with contracts/: its tree, its tables of tests and of powers."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.source import ROOT

FOLDER = ROOT / "contracts"
PAGE = FOLDER / "README.md"
KINDS = ["unit", "stateful", "invariant", "adversarial", "differential"]
INVARIANTS = "".join(p.read_text("utf-8") for p in sorted((ROOT / "tests/stateful").glob("*.py")))


def tree(text: str) -> dict[str, str]:
    """Phrase by path, of the first code block that draws a folder."""
    found, above = {}, []
    drawing = text.split("```")[1]
    for line in drawing.strip().splitlines()[1:]:
        match = re.fullmatch(r"([│ ]*)[├└]── (\S+?)(/?)(?:\s+(\S.*))?", line)
        assert match, line
        depth = len(match[1]) // 4
        above = [*above[:depth], match[2]]
        if not match[3]:
            found["/".join(above)] = match[4] or ""
    return found


def rows(text: str, first: str) -> Iterator[list[str]]:
    """The rows of the table whose head begins with ``first``."""
    lines = iter(text.splitlines())
    head = next((line for line in lines if line.startswith(f"| {first} |")), None)
    assert head is not None, f"no table of {first}"
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def bad_cells(name: str, cells: list[str]) -> list[str]:
    """Cells of a row that are empty, or name a file or an invariant that is not there."""
    found = [
        f"{name}: {kind} is empty" for kind, cell in zip(KINDS, cells, strict=True) if not cell
    ]
    for kind, cell in zip(KINDS, cells, strict=True):
        for word in re.findall(r"`([^`]+)`", cell):
            path = ROOT / word if "/" in word else ROOT / "tests" / "contracts" / word
            known = f"def {word}(" in INVARIANTS if kind == "invariant" else path.is_file()
            found += [] if known else [f"{name}: {kind}: {word}"]
    return found


def sources(folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and path.suffix in {".vy", ".vyi", ".md", ".toml", ".json"}
    }


def test_tree__every_file__with_a_phrase():
    drawn = tree(PAGE.read_text("utf-8"))
    assert set(drawn) == sources(FOLDER) - {"README.md"}
    assert all(drawn.values())


def test_table_of_tests__every_contract__no_empty_cell():
    table = {row[0]: row[1:] for row in rows(PAGE.read_text("utf-8"), "contract")}
    assert set(table) == {path.stem for path in FOLDER.glob("*.vy")}
    found = [fault for name, cells in table.items() for fault in bad_cells(name, cells)]
    assert not found, "\n".join(found)


def test_table_of_powers__every_power__there():
    powers = tomllib.loads((FOLDER / "powers.toml").read_text("utf-8"))
    table = {row[0].split(" (")[0]: row[1] for row in rows(PAGE.read_text("utf-8"), "holder")}
    for functions in powers.values():
        for function, who in functions.items():
            for holder in who["only"] if isinstance(who, dict) else ():
                if holder in table:
                    assert f"`{function}`" in table[holder], f"{function} of {holder}"
    assert {"Timelock", "Council", "Governor"} <= set(table)


def test_behaviour__every_page__linked():
    text = PAGE.read_text("utf-8")
    assert all(f"](behaviour/{p.name})" in text for p in (FOLDER / "behaviour").glob("*.md"))


def test_bad_cells__empty_or_gone__found():
    cells = ["`test_token.py`", "", "`votes_are_conserved`", "`test_gone.py`", "`tests/x.py`"]
    assert bad_cells("X", cells) == [
        "X: stateful is empty",
        "X: adversarial: test_gone.py",
        "X: differential: tests/x.py",
    ]


def test_tree__drawing__read_as_paths():
    drawing = "```\nx/\n├── a.vy   one\n└── b/     two\n    └── c.vy\n```"
    assert tree(drawing) == {"a.vy": "one", "b/c.vy": ""}
