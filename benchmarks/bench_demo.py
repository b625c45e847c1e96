"""The main job, start to end as a user runs it: time and memory of the demo, time of its audit.

``demo_s`` is the wall time of ``quorate demo`` in a new process, both audits and the comparison
runs included; ``demo_peak_mib`` the largest resident memory of that process or of one of its
auditors; ``audit_s`` the wall time of a separate ``quorate audit`` on its bundle. ``start_s``, a
``quorate --help``, is what starting Python and importing cost in each of them.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from report import Metric, arguments, report

DEMO_LIMIT_S = 30
DEMO_LIMIT_MIB = 1024


def timed(*options: str) -> tuple[float, str]:
    """Wall seconds and standard output of one ``quorate`` process."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "quorate", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


def measure(runs: int) -> dict[str, Metric]:
    """The slowest of ``runs`` demonstrations with different seeds, and what they showed."""
    demos, audits = [], []
    passed = 0
    for seed in range(runs):
        with tempfile.TemporaryDirectory() as folder:
            home = str(Path(folder) / "home")
            seconds, text = timed("demo", "--home", home, "--seed", str(12 + seed), "--json")
            demos.append(seconds)
            shown = json.loads(text)
            passed += shown["audit"]["passed"] and shown["tampered_refused"]
            audits.append(timed("audit", shown["bundle"], "--trust", shown["trust"])[0])
    start, _ = timed("--help")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024  # KiB on Linux
    return {
        "demo_s": Metric(max(demos), "s", DEMO_LIMIT_S, most=True),
        "demo_peak_mib": Metric(peak, "MiB", DEMO_LIMIT_MIB, most=True),
        "audit_s": Metric(max(audits), "s"),
        "start_s": Metric(start, "s"),
        "demos_verified": Metric(passed, "runs", runs),
    }


def main() -> int:
    """Runs and reports; the exit status."""
    options = arguments(__doc__ or "")
    packages = ("numpy", "cryptography", "pyrevm", "scikit-learn")
    return report(measure(2 if options.quick else 20), packages, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
