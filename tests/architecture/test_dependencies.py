"""Every import is declared, pinned and explained; what is optional is imported only when asked."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.source import ROOT, files, imports_of, shown, tree_of

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]


def names(requirements: Iterable[str]) -> set[str]:
    """Requirements without extras and versions, in the PEP 503 spelling."""
    return {spelled(re.split(r"[\[<>=!~; ]", text)[0]) for text in requirements}


def spelled(name: str) -> str:
    """The PEP 503 spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


def undeclared(path: Path, declared: set[str]) -> list[str]:
    """Imports that no declared requirement provides; others may be there only by accident."""
    owners = packages_distributions()
    found = []
    for line, name in imports_of(tree_of(path)):
        top = name.split(".")[0]
        if top not in {"", "quorate", *sys.stdlib_module_names} and not (
            {spelled(owner) for owner in owners.get(top, [])} & declared
        ):
            found.append(shown(path, line, f"{top} is not declared in pyproject.toml"))
    return found


def top_level(path: Path, modules: set[str]) -> list[str]:
    """Imports of ``modules`` that run whenever the file is imported."""
    tree = ast.Module(
        [n for n in tree_of(path).body if isinstance(n, ast.Import | ast.ImportFrom)], []
    )
    return [shown(path, line, n) for line, n in imports_of(tree) if n.split(".")[0] in modules]


def without_line(wanted: Iterable[str], text: str) -> set[str]:
    """Names that open no row of the table."""
    rows = re.findall(r"^\| `([\w.-]+)` \|", text, re.M)
    return set(wanted) - {spelled(row) for row in rows}


def unpinned(wanted: Iterable[str], text: str) -> set[str]:
    """Names that constraints pin to no version."""
    return set(wanted) - {spelled(pin) for pin in re.findall(r"^([\w.-]+)==", text, re.M)}


def test_package__imports__declared_and_optional_ones_lazy():
    declared = names((*PROJECT["dependencies"], *EXTRAS["learn"]))
    found = [f for path in files("src") for f in undeclared(path, declared)]
    found += [f for path in files("src") for f in top_level(path, {"sklearn", "scipy"})]
    assert not found, "\n".join(found)


def test_requirements__every_one__explained_and_pinned():
    wanted = names(text for group in (PROJECT["dependencies"], *EXTRAS.values()) for text in group)
    assert not without_line(wanted, (ROOT / "docs" / "dependencies.md").read_text("utf-8"))
    assert not unpinned(wanted, (ROOT / "constraints.txt").read_text("utf-8"))


@pytest.mark.parametrize(("text", "count"), [("import pytest", 1), ("import os, numpy", 0)])
def test_undeclared__installed_by_accident__found(tmp_path, text, count):
    path = tmp_path / "x.py"
    path.write_text(text)
    assert len(undeclared(path, {"numpy"})) == count


def test_top_level__optional_import__found_unless_inside_a_function(tmp_path):
    path = tmp_path / "x.py"
    path.write_text("from sklearn import svm\ndef f():\n    import sklearn\n")
    assert top_level(path, {"sklearn"}) == ["x.py:1: sklearn.svm"]


def test_without_line_and_unpinned__found():
    assert without_line({"numpy", "rich"}, "| `numpy` | arrays |\n") == {"rich"}
    assert unpinned({"eth-abi", "rich"}, "eth_abi==6.0.0\nrich>=13\n") == {"rich"}
