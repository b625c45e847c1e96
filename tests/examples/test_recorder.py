"""The example of a server that records before it answers."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_recorder__hundred_answers__all_in_a_whole_log(tmp_path):
    command = [sys.executable, "examples/recorder/serve.py", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "59 of 100 urgent; 101 leaves" in done.stdout
    check = [sys.executable, "-m", "quorate", "log", "fsck", str(tmp_path / "log")]
    assert subprocess.run(check, cwd=ROOT, capture_output=True).returncode == 0


def test_recorder__no_folder__says_how_to_call_it():
    command = [sys.executable, "examples/recorder/serve.py"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        "usage: python examples/recorder/serve.py FOLDER\n",
    )
