"""How many single changes of a log's files and receipts pass a reader: none, at the place named.

Half are blind: bytes, entries, hashes, signatures, files, receipts changed, lost or exchanged by
somebody without keys. Half are repaired: the log's own operator edits the history, rebuilds
everything above and signs it again; what then contradicts him is a quorum of witnesses, a head that
a witness or the anchor holds, or somebody's receipt. Tail truncation is among them. Beside the
count stand changes that must be accepted (``inert``: no false alarm) and lies that contradict
nobody (``free``: the limit of every transparency log). Classes: tests/simulators/log_table.py. A
change that went wrong is shown with its seed, which draws it again.
"""

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from report import Metric, arguments, report

from tests.simulators.log_mutations import (
    ACCEPTED,
    ALARM,
    DETECTED,
    MISPLACED,
    OTHERWISE,
    TABLES,
    UNDETECTED,
    Tally,
    run,
    seeds,
)

QUICK, WHOLE = 10_000, 1_000_000
SHARE = 1_000  # changes that a process is given at once
JUDGED = ("blind", "repaired")
SPARED = ("inert", "free")


def _share(seed: int, first: int, last: int) -> Tally:
    return run(seeds(seed, first, last))


def tally(count: int, seed: int) -> Tally:
    """``count`` changes on all cores, half blind and half repaired, and those that are spared."""
    found = Tally()
    starts = range(0, count, SHARE)
    # Started afresh: every process builds the same honest logs by itself, from fixed keys.
    with ProcessPoolExecutor(os.cpu_count() or 1, get_context("spawn")) as pool:
        firsts, lasts = list(starts), [min(start + SHARE, count) for start in starts]
        shares = pool.map(_share, [seed] * len(firsts), firsts, lasts)
        for last, share in zip(lasts, shares, strict=True):
            found.merge(share)
            _progress(last, count, found)
    return found


def _progress(done: int, count: int, found: Tally) -> None:
    if sys.stderr.isatty() or done % (50 * SHARE) == 0:
        wrong = sum(found.total(each) for each in (UNDETECTED, MISPLACED, ALARM, OTHERWISE))
        end = "\r" if sys.stderr.isatty() else "\n"
        print(f"{done:,} of {count:,} changes, {wrong} wrong", end=end, file=sys.stderr, flush=True)


def measure(count: int, seed: int) -> dict[str, Metric]:
    """The metrics over ``count`` changes."""
    start = time.perf_counter()
    found = tally(count, seed)
    seconds = time.perf_counter() - start
    truncations = sum(c.made for (_, name), c in found.classes.items() if "tail truncated" in name)
    alarms = found.total(ALARM) + found.total(OTHERWISE)
    return {
        "log_mutations": Metric(found.total(tables=JUDGED), "changes", count),
        "log_mutations_blind": Metric(found.total(tables=["blind"]), "changes", count // 2),
        "log_mutations_repaired": Metric(found.total(tables=["repaired"]), "changes", count // 2),
        "log_mutations_truncated": Metric(truncations, "changes"),
        "log_mutation_classes": Metric(
            sum(len(TABLES[each]) for each in JUDGED), "classes", names=tuple(_lines(found))
        ),
        "log_undetected": Metric(found.total(UNDETECTED), "changes", 0, True, tuple(found.wrong)),
        "log_misplaced": Metric(found.total(MISPLACED), "changes", 0, most=True),
        "log_spared": Metric(found.total(tables=["inert"]), "changes"),
        "log_false_alarms": Metric(alarms, "changes", 0, most=True),
        "log_mutations_free": Metric(found.total(tables=["free"]), "changes"),
        "log_judged_per_s": Metric(found.total() / seconds, "1/s"),
    }


def _lines(found: Tally) -> Iterator[str]:
    """Per class: made, detected or accepted, undetected, wrongly placed, false alarms."""
    yield f"{'made':>8} {'right':>8} {'undet.':>6} {'place':>6} {'alarm':>6}"
    for table in TABLES:
        for (of, name), count in sorted(found.classes.items()):
            if of == table:
                right = count.of(DETECTED) + count.of(ACCEPTED)
                alarms = count.of(ALARM) + count.of(OTHERWISE)
                yield (
                    f"{count.made:8} {right:8} {count.of(UNDETECTED):6} {count.of(MISPLACED):6} "
                    f"{alarms:6}  {table}, {name}"
                )


def main() -> int:
    """Runs and reports; the exit status."""
    options = arguments(__doc__ or "", count="changes, half blind, half repaired", seed="of all")
    count = options.count or (QUICK if options.quick else WHOLE)
    metrics = measure(count, options.seed or 0)
    return report(metrics, ("cryptography",), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
