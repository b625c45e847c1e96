"""Crashes of the log: 10,000 simulated ones and 500 real ``kill -9`` of a loaded appender.

Simulated: seeded lives of logs on a disk that fails, writes in part, or loses its power and any of
what was not synced (`tests/simulators/log_crashes.py`). Real: a process with an `Appender` and
several calling threads on this machine's disk (`tests/simulators/log_kills.py`).
"""

import os
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from report import Metric, arguments, report

from tests.simulators.log_crashes import Life, live
from tests.simulators.log_kills import Kills, kill_again_and_again

QUICK, WHOLE = (1_500, 40), (10_000, 500)
"""Simulated crashes, and real kills."""

LIVES_AT_ONCE = 50
KILLS_OF_ONE_LOG = 20


def lives(crashes: int) -> list[Life]:
    """As many whole lives as it takes, seed by seed."""
    found: list[Life] = []
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        while sum(life.crashes for life in found) < crashes:
            seeds = range(len(found), len(found) + LIVES_AT_ONCE)
            found += pool.map(live, seeds, chunksize=5)
    return found


def kills(count: int) -> list[Kills]:
    """``count`` kills, over several logs."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for start in range(0, count, KILLS_OF_ONE_LOG):
            size = min(KILLS_OF_ONE_LOG, count - start)
            found.append(kill_again_and_again(Path(folder) / str(start), size, start))
    return found


def measure(crashes: int, killed: int) -> dict[str, Metric]:
    """The metrics over both kinds of crash."""
    start = time.perf_counter()
    lived = lives(crashes)
    simulated_s = time.perf_counter() - start
    start = time.perf_counter()
    died = kills(killed)
    killed_s = time.perf_counter() - start
    broken = [f"life {life.seed}: {life.broken}" for life in lived if life.broken]
    broken += [f"kills: {each.broken}" for each in died if each.broken]
    lost = [each for each in broken if "lost" in each]
    forked = [each for each in broken if "fork" in each or "gone" in each]
    others = [each for each in broken if each not in (*lost, *forked)]
    return {
        "crashes_simulated": Metric(sum(life.crashes for life in lived), "crashes", crashes),
        "kills_real": Metric(sum(each.kills for each in died), "kills", killed),
        "acknowledged_simulated": Metric(sum(life.acknowledged for life in lived), "leaves"),
        "acknowledged_real": Metric(sum(each.acknowledged for each in died), "leaves"),
        "crash_acknowledged_lost": _none(lost),
        "crash_forks": _none(forked),
        "crash_other_broken": _none(others),
        "crashes_simulated_s": Metric(simulated_s, "s"),
        "kills_real_s": Metric(killed_s, "s"),
    }


def _none(broken: Sequence[str]) -> Metric:
    return Metric(len(broken), "logs", 0, most=True, names=tuple(broken))


def main() -> int:
    """Runs and reports; the exit status."""
    about = {"crashes": "simulated crashes", "kills": "real kills"}
    options = arguments(__doc__ or "", **about)
    crashes, killed = QUICK if options.quick else WHOLE
    metrics = measure(options.crashes or crashes, options.kills or killed)
    return report(metrics, ("cryptography",), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
