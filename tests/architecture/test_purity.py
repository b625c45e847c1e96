"""No clock, no randomness and no output except through the doors that are made for them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.architecture.source import PACKAGE, files, imports_of, room_of, shown, tree_of

MODULES = {"time", "random", "secrets", "uuid", "numpy.random"}
CALLS = {"urandom", "getrandom", "now", "utcnow", "today"}  # of os and of datetime, date
SOURCES = PACKAGE / "core" / "sources.py"


def clocks_and_dice(path: Path) -> list[str]:
    """Places that reach for the time or for chance without asking ``core.sources``."""
    tree = tree_of(path)
    found = {
        (line, name)
        for line, name in imports_of(tree)
        if any(name == m or name.startswith(f"{m}.") for m in MODULES)
        or name in {"os.urandom", "os.getrandom"}
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (
            node.attr in CALLS
            or (node.attr == "random" and ast.unparse(node.value) in {"np", "numpy"})
        ):
            found.add((node.lineno, ast.unparse(node)))
    return [shown(path, line, name) for line, name in sorted(found)]


def prints(path: Path) -> Iterator[str]:
    """Calls of ``print`` and uses of the standard streams."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Name) and node.id == "print":
            yield shown(path, node.lineno, "print")
        elif isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.stdout", "sys.stderr"}:
            yield shown(path, node.lineno, ast.unparse(node))


def branches_on_chain_luck(path: Path) -> list[str]:
    """Contracts that read a block hash, a block's randomness or the gas that is left."""
    words = re.compile(r"\b(blockhash\(|block\.(prevhash|prevrandao|difficulty)|msg\.gas)")
    lines = enumerate(path.read_text("utf-8").splitlines(), start=1)
    return [
        shown(path, n, m.group()) for n, line in lines if (m := words.search(line.split("#")[0]))
    ]


def test_package__clock_and_randomness__only_in_core_sources():
    found = [f for p in files("src") if p != SOURCES for f in clocks_and_dice(p)]
    assert not found, "\n".join(found)
    assert clocks_and_dice(SOURCES), "the one door is gone: the rule looks in the wrong place"


def test_package__output__only_in_cli():
    found = [f for p in files("src") if room_of(p) != "cli" for f in prints(p)]
    assert not found, "\n".join(found)


def test_contracts__block_hash_and_gas__unused():
    found = [f for p in files("contracts", suffixes=(".vy",)) for f in branches_on_chain_luck(p)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "text",
    [
        "import time",
        "from time import sleep",
        "def f():\n    import secrets",
        "from os import urandom",
        "import os\nos.urandom(1)",
        "from datetime import datetime\ndatetime.now()",
        "import numpy as np\nnp.random.default_rng(1)",
        "from numpy.random import default_rng",
        "import uuid",
    ],
)
def test_clocks_and_dice__each_kind__found(tmp_path, text):
    path = tmp_path / "x.py"
    path.write_text(text)
    assert clocks_and_dice(path)


@pytest.mark.parametrize("text", ["print('x')", "import sys\nsys.stderr.write('x')"])
def test_prints__each_kind__found(tmp_path, text):
    path = tmp_path / "x.py"
    path.write_text(text)
    assert list(prints(path))


def test_chain_luck__block_hash__found(tmp_path):
    path = tmp_path / "x.vy"
    path.write_text("# blockhash( in a comment is none\nx: bytes32 = block.prevhash\n")
    assert branches_on_chain_luck(path) == ["x.vy:2: block.prevhash"]
