"""Every public name says what it is."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import Function, files, has_docstring, shown, tree_of


def undocumented(path: Path) -> list[str]:
    """Public modules, classes, functions and methods without a docstring.

    Special methods are documented by their class; overloads by their implementation.
    """
    tree = tree_of(path)
    found = [] if has_docstring(tree) else [shown(path, 1, "the module")]
    return found + [shown(path, node.lineno, node.name) for node in _bare(tree)]


def _bare(parent: ast.Module | ast.ClassDef) -> Iterator[Function | ast.ClassDef]:
    for node in parent.body:
        if not isinstance(node, Function | ast.ClassDef) or node.name.startswith("_"):
            continue
        if not has_docstring(node) and not _is_overload(node):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _bare(node)


def _is_overload(node: Function | ast.ClassDef) -> bool:
    return any(ast.unparse(d).endswith(("overload", ".setter")) for d in node.decorator_list)


def test_package_and_scripts__public_names__documented():
    found = [f for path in files("src", "scripts") for f in undocumented(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("x = 1", 1),
        ('"""M."""\ndef f(): ...', 1),
        ('"""M."""\nclass C:\n    """C."""\n    def m(self): ...', 1),
        ('"""M."""\ndef _f(): ...\nclass _C:\n    def m(self): ...', 0),
        ('"""M."""\nclass C:\n    """C."""\n    def __len__(self): ...', 0),
    ],
)
def test_undocumented__each_kind__found(tmp_path, text, count):
    path = tmp_path / "x.py"
    path.write_text(text)
    assert len(undocumented(path)) == count
