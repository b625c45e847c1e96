#!/usr/bin/env python3
"""Plays every fault of the log's fault table and writes docs/fault-table.md; --check compares."""

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "fault-table.md"
sys.path.insert(0, str(ROOT))  # the table is played by the tests' simulators

from tests.simulators.fault_table import play_all  # noqa: E402


def main() -> int:
    """The exit status: 0 if no promise was broken and, with ``--check``, the page is as played."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    table = play_all()
    if check and (not PAGE.exists() or PAGE.read_text("utf-8") != str(table)):
        print(f"{PAGE.name} is not what was played: run scripts/fault_table.py")
        return 1
    if not check:
        PAGE.write_text(str(table), "utf-8")
    print(f"{table.cells} faults played, {len(table.broken)} promises broken")
    print("\n".join(table.broken[:50]), end="\n" if table.broken else "")
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
