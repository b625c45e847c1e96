"""The example that needs nothing but this repository."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_clinics__trained_audited_and_better_than_guessing(tmp_path):
    command = [sys.executable, "-m", "quorate", "train", "examples/clinics/task.toml"]
    command += ["--home", str(tmp_path / "home"), "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    shown = json.loads(done.stdout)
    assert shown["audit"]["passed"]
    assert shown["accuracy"]["weighted"] > 0.75
    assert all(each["incomplete"] > 0 for each in shown["rows"].values())
    assert set(shown["slashed"].values()) == {0}


def test_clinics__rows__as_the_script_makes_them():
    command = [sys.executable, "scripts/make_clinics.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
