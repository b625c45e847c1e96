#!/usr/bin/env python3
"""Puts what ``quorate demo`` prints into README.md, between its two markers."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
START, END = "<!-- demo-output -->", "<!-- /demo-output -->"


def main() -> None:
    """Runs the demo in a throw-away folder and writes the README."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        command = [sys.executable, "-m", "quorate", "demo", "--home", str(home)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        shown = done.stdout.replace(str(home), "quorate-demo/HOME")
    lines = [line.rstrip() for line in shown.strip().splitlines()]
    readme = ROOT / "README.md"
    text = readme.read_text("utf-8")
    block = "\n".join([START, "", "```", *lines, "```", "", END])
    pattern = re.escape(START) + (f".*{re.escape(END)}" if END in text else "")
    readme.write_text(re.sub(pattern, lambda _: block, text, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
