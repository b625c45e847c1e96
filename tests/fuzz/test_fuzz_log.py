"""The coverage-guided fuzzer runs on every reader, a few seconds each, and can find a bug."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.log.parsers import PARSERS

ROOT = Path(__file__).parents[2]
SECONDS = 3

needs_atheris = pytest.mark.skipif(
    importlib.util.find_spec("atheris") is None,
    reason="atheris is not installed: pip install '.[dev]'",
)


def fuzz(name: str, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Runs the fuzzer in a process of its own; what it finds stays in ``folder``.

    Behind a shell, because the fuzzer judges its own peak of memory, and Linux has a child begin
    with the peak of whoever started it.
    """
    return subprocess.run(
        [
            "/bin/sh",
            "-c",
            '"$0" "$@"; exit $?',
            sys.executable,
            ROOT / "tests/fuzz/fuzz_log.py",
            name,
            folder / "corpus",
            *options,
        ],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT)])},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=120,
        check=False,
    )


@needs_atheris
@pytest.mark.slow
@pytest.mark.parametrize("name", [parser.name for parser in PARSERS])
def test_fuzzer__every_reader__nothing_found_in_a_few_seconds(name, tmp_path):
    ended = fuzz(name, tmp_path, "-seed=1", f"-max_total_time={SECONDS}")
    assert ended.returncode == 0, ended.stderr[-4_000:]
    assert "Done " in ended.stderr
    assert not list(tmp_path.glob("crash-*"))


@needs_atheris
@pytest.mark.slow
def test_fuzzer__reader_with_a_bug__found(tmp_path):
    ended = fuzz("planted", tmp_path, "-seed=1", "-runs=2000000")
    assert ended.returncode != 0
    assert "ZeroDivisionError: planted" in ended.stdout + ended.stderr
    assert list(tmp_path.glob("crash-*"))
