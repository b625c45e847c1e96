"""``quorate log collect`` as a process beside one that records."""

import contextlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quorate.log.recorder import Promise, Recorder
from tests.cli.calls import Caller, refused
from tests.log.recording import SOURCE, make


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Caller:
    return Caller(capsys)


@pytest.fixture
def log(call: Caller, tmp_path: Path) -> Path:
    folder = tmp_path / "log"
    assert call("log", "create", folder, "--origin", "quorate.example/alice").code == 0
    return folder


@contextlib.contextmanager
def collecting(log: Path, journals: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "quorate", "log", "collect", str(log)]
    command += ["--keyring", f"{log}.key", "--journals", str(journals)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_collect__stopped__everything_recorded_is_in_the_log(call, log, tmp_path, how):
    journals = tmp_path / "journals"
    with collecting(log, journals) as process:
        with Recorder.open(journals, SOURCE) as recorder:
            assert recorder.record(make, Promise.DURABLE) == 1
            for _ in range(500):
                recorder.record(make)
        process.send_signal(how)
        out, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
    assert out == f"501 records collected; 502 records in {log}\n"
    assert call("log", "fsck", log).code == 0


def test_collect__journals_in_the_served_folder__refused(call, log):
    ending = call("log", "collect", log, "--keyring", f"{log}.key", "--journals", log / "journals")
    refused(ending, 64, "served")
    assert not (log / "journals").exists()


def test_collect__second_collector__refused(call, log, tmp_path):
    journals = tmp_path / "journals"
    with collecting(log, journals), Recorder.open(journals, SOURCE):  # it has met: it is running
        ending = call("log", "collect", log, "--keyring", f"{log}.key", "--journals", journals)
        refused(ending, 69, "another process holds it")
