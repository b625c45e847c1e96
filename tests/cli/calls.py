"""Calling the command line in this process, and seeing whether it changed anything on disk."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from quorate.cli.application import run


@dataclass(frozen=True)
class Ending:
    """What a command left: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


class Caller:
    """Calls commands and collects what they print."""

    def __init__(self, capture: pytest.CaptureFixture[str]) -> None:
        self._capture = capture

    def __call__(self, *arguments: object) -> Ending:
        self._capture.readouterr()
        code = run([str(each) for each in arguments])
        shown = self._capture.readouterr()
        return Ending(code, shown.out, shown.err)


def tree(folder: Path) -> dict[str, str]:
    """Every path below ``folder`` with its mode and the digest of its bytes."""
    found = {}
    for path in sorted(folder.rglob("*")):
        content = path.read_bytes() if path.is_file() else b""
        digest = hashlib.sha256(content).hexdigest()
        found[path.relative_to(folder).as_posix()] = f"{path.stat().st_mode:o} {digest}"
    return found


def refused(ending: Ending, code: int, *words: str) -> None:
    """One clear line on stderr: what, to what, why; no traceback; the code."""
    assert ending.code == code, ending
    assert ending.err.startswith("quorate: could not "), ending.err
    assert ending.err.count("\n") == 1 and ending.err.endswith("\n"), ending.err
    assert "Traceback" not in ending.err + ending.out
    assert "internal error" not in ending.err
    for word in words:
        assert word in ending.err, ending.err
