"""A room imports lower floors only; ``__init__`` below floor 7 opens no door."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import (
    PACKAGE,
    ROOT,
    TOP_FLOORS,
    files,
    has_docstring,
    room_of,
    shown,
    tree_of,
)


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    """Runs our import-linter contracts on the ``quorate`` that lies in ``folder``."""
    program = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [program, "--no-cache", "--no-logo", "--config", ROOT / "pyproject.toml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_floors__package_as_it_is__every_contract_kept():
    result = lint_imports(PACKAGE.parent)
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(
    ("file", "text", "complaint"),
    [
        ("core/upward.py", "import quorate.provenance.statement\n", "quorate.core.upward"),
        ("attic/__init__.py", '"""A room without a floor."""\n', "attic"),
    ],
)
def test_floors__upward_import_or_room_without_floor__refused(tmp_path, file, text, complaint):
    shutil.copytree(PACKAGE, tmp_path / "quorate")
    added = tmp_path / "quorate" / file
    added.parent.mkdir(exist_ok=True)
    added.write_text(text)
    result = lint_imports(tmp_path)
    assert result.returncode == 1, result.stdout + result.stderr
    assert complaint in result.stdout


def code_in_init(path: Path, *, root: bool = False) -> list[str]:
    """Statements of an ``__init__`` beyond its docstring.

    The root may also hold literals (its version) and ``__getattr__``: PEP 562, so that importing a
    submodule imports nothing else.
    """
    body = tree_of(path).body
    if not has_docstring(tree_of(path)):
        return [shown(path, 1, "no docstring")]
    return [
        shown(path, statement.lineno, "more than a docstring in __init__")
        for statement in body[1:]
        if not (root and _is_literal_or_getattr(statement))
    ]


def _is_literal_or_getattr(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.FunctionDef):
        return statement.name == "__getattr__"
    if not isinstance(statement, ast.Assign | ast.AnnAssign) or statement.value is None:
        return False
    try:
        ast.literal_eval(statement.value)
    except ValueError:
        return False
    return True


def test_init__below_floor_7__docstring_only():
    found = []
    for path in files("src"):
        if path.name == "__init__.py" and room_of(path) not in TOP_FLOORS:
            found += code_in_init(path, root=room_of(path) == "")
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", ['"""Room."""\nimport os\n', "", '"""Room."""\nX = 1\n'])
def test_init__code_or_nothing__found(tmp_path, text):
    path = tmp_path / "__init__.py"
    path.write_text(text)
    assert code_in_init(path)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ('"""Q."""\n__version__ = "1"\n\ndef __getattr__(name):\n    return name\n', 0),
        ('"""Q."""\n__version__ = compute()\n', 1),
        ('"""Q."""\nfrom quorate.core import keys\n', 1),
    ],
)
def test_init__root__version_and_lazy_door_only(tmp_path, text, count):
    path = tmp_path / "__init__.py"
    path.write_text(text)
    assert len(code_in_init(path, root=True)) == count
