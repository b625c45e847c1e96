"""A twin that borrows from the code that it checks proves nothing."""

from pathlib import Path

import pytest

from tests.architecture.source import ROOT, files, imports_of, shown, tree_of


def borrowed(path: Path) -> list[str]:
    """Imports of the package, or of tests other than twins, which could bring it in."""
    return [
        shown(path, line, name)
        for line, name in imports_of(tree_of(path))
        if name.split(".")[0] == "quorate"
        or (name.split(".")[0] == "tests" and "twins" not in name.split("."))
        or "importlib" in name
    ]


def test_twins__imports__nothing_from_quorate():
    twins = [p for p in files("tests") if "twins" in p.relative_to(ROOT).parts[:-1]]
    found = [f for path in twins for f in borrowed(path)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import hashlib\nfrom tests.twins import members", 0),
        ("from quorate.core import hashing", 1),
        ("def f():\n    import quorate", 1),
        ("from tests.contracts import fixtures", 1),
        ("import importlib", 1),
    ],
)
def test_borrowed__each_way__found(tmp_path, text, count):
    path = tmp_path / "x.py"
    path.write_text(text)
    assert len(borrowed(path)) == count
