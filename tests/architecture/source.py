"""What the rules of the house are checked over: the repository's own files, read once."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "quorate"
CODE = ("src", "tests", "contracts", "scripts", "benchmarks", "examples")
TOP_FLOORS = {"cli", "node", "audit"}  # the only rooms whose __init__ may hold code

Function = ast.FunctionDef | ast.AsyncFunctionDef


def files(*folders: str, suffixes: tuple[str, ...] = (".py",)) -> list[Path]:
    """The files below ``folders`` of the repository with one of ``suffixes``, sorted."""
    found = (path for folder in folders for path in (ROOT / folder).rglob("*"))
    return sorted(p for p in found if p.suffix in suffixes and "egg-info" not in str(p))


def documents() -> list[Path]:
    """Every Markdown page of the repository."""
    return sorted((*ROOT.glob("*.md"), *files(*CODE, "docs", "vectors", suffixes=(".md",))))


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of one file."""
    return ast.parse(path.read_text("utf-8"), str(path))


def rooms() -> list[str]:
    """The rooms that exist: first-level packages and modules, except the ``__x__`` ones."""
    names = (p.stem for p in PACKAGE.iterdir() if any(p.glob("*.py")) or p.suffix == ".py")
    return sorted(name for name in names if not name.startswith("__"))


def room_of(path: Path) -> str:
    """The room that a file of the package belongs to; the root ``__init__`` belongs to none."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


def imports_of(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and dotted name of everything imported, wherever it stands in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{base}.{alias.name}") for alias in node.names)


def has_docstring(node: ast.AST) -> bool:
    """Whether a module, class or function opens with a docstring."""
    return isinstance(node, ast.Module | ast.ClassDef | Function) and bool(ast.get_docstring(node))


def shown(path: Path, line: int, words: str) -> str:
    """One finding, as a place that an editor can open."""
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    return f"{name}:{line}: {words}"
