"""The auditor decides alone: no socket, no ledger adapter, no node, no database in its process.

The linter reads imports; this runs them in a fresh interpreter, because a package's ``__init__`` or
a lazy import can load what no import statement of the auditor shows.
"""

import json
import subprocess
import sys

import pytest

from tests.scenarios.small import run_small

DISTRUSTED = (
    "quorate.node",
    "quorate.cli",
    "quorate.ledger.embedded",
    "quorate.ledger.rpc",
    "quorate.ledger.store",
    "quorate.vault",
    "sqlite3",
)

_GUARD = """
import importlib, json, pkgutil, sys

def refuse(event, arguments):
    if event.startswith("socket."):
        raise PermissionError(f"the auditor tried {event}")

def load_all(name):
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, f"{name}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)

sys.addaudithook(refuse)
exec(sys.argv[1])
distrusted = tuple(sys.argv[2:])
print(json.dumps([m for m in distrusted if m in sys.modules]))
"""


def run_alone(statements: str) -> list[str]:
    """Distrusted modules that ``statements`` load; a socket that they open is an error."""
    result = subprocess.run(
        [sys.executable, "-c", _GUARD, statements, *DISTRUSTED],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise AssertionError(result.stderr)
    found: list[str] = json.loads(result.stdout.splitlines()[-1])
    return found


def test_audit__whole_bundle_by_the_command__alone_and_offline(tmp_path):
    run_small(tmp_path / "home", rounds=1)
    home = str(tmp_path / "home")
    statements = (
        "from quorate.cli.application import run\n"
        f"assert run(['audit', {home!r}, '--trust', {home + '/auditor/trust.json'!r}]) == 0"
    )
    assert run_alone(statements) == ["quorate.cli"]  # which was asked, and brought nothing else


def test_guard__a_socket__refused():
    with pytest.raises(AssertionError, match="the auditor tried socket"):
        run_alone("import socket; socket.socket()")


def test_audit__every_module_loaded__nothing_distrusted_in_the_process():
    assert run_alone("load_all('quorate.audit')") == []


def test_run_alone__distrusted_module_or_socket__found():
    assert run_alone("import sqlite3") == ["sqlite3"]
    with pytest.raises(AssertionError, match="the auditor tried socket"):
        run_alone("import socket; socket.socket()")
