"""Where the time of an append goes: handing over, hashing, encoding, and the files of a commit.

Microseconds per record of 428 bytes, the best of several runs, one thread. ``sync_*`` are the files
of one commit of 40 bundles, in milliseconds; ``create_*`` is one new file, in a new folder and in
one where thousands have just been deleted: it varies much with what the disk did before.
"""

import os
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from report import Metric, arguments, report

from quorate.core.files import write_all_durable
from quorate.core.filesystem import SystemFiles
from quorate.log.appender import Appender
from quorate.log.merkle import hash_leaves
from quorate.log.tiles import RightEdge, encode_entries

RECORDS = 10_240  # 40 bundles


class NoLog:
    """Takes everything and does nothing, so that only the handing over is measured."""

    def __init__(self) -> None:
        self.size = 0
        self.opened = threading.Event()

    def append_many(self, leaves: list[bytes]) -> range:
        """Waits until it is told to go on."""
        self.opened.wait()
        self.size += len(leaves)
        return range(self.size - len(leaves), self.size)


class Unhurried(SystemFiles):
    """The system's files, without sending bytes on their way before they are synced."""

    def start_writeback(self, descriptor: int) -> None:
        """Does nothing."""


def best(work: Callable[[], object], runs: int) -> float:
    """The shortest of ``runs`` runs, in seconds."""
    taken = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        taken.append(time.perf_counter() - start)
    return min(taken)


def handing_over(records: list[bytes]) -> float:
    """Seconds to submit ``records``, nobody competing for the interpreter."""
    log = NoLog()
    with Appender(log) as appender:  # type: ignore[arg-type]
        start = time.perf_counter()
        for record in records:
            appender.submit(record)
        seconds = time.perf_counter() - start
        log.opened.set()
    return seconds


def files_of(folder: Path, bundles: list[bytes], disk: SystemFiles) -> Callable[[], None]:
    """Writes a commit's bundles and as many tiles into a new folder each time."""

    def write() -> None:
        place = folder / str(time.perf_counter_ns())
        place.mkdir()
        files = {f"tile/entries/{i:03}": bundle for i, bundle in enumerate(bundles)}
        files |= {f"tile/0/{i:03}": bytes(8192) for i in range(len(bundles))}
        write_all_durable(place, files, disk=disk)

    return write


def create(folder: Path, count: int) -> float:
    """Microseconds to create one of ``count`` files in ``folder``."""
    start = time.perf_counter()
    for i in range(count):
        os.close(os.open(folder / str(i), os.O_CREAT | os.O_WRONLY))
    return (time.perf_counter() - start) / count * 1e6


def creations(folder: Path, deleted: int) -> dict[str, Metric]:
    """What creating a file costs, before and after ``deleted`` others were removed beside it."""
    rest, used = folder / "rest", folder / "used"
    rest.mkdir()
    used.mkdir()
    at_rest = create(rest, 500)
    create(used, deleted)
    for file in used.iterdir():
        file.unlink()
    return {
        "create_us": Metric(at_rest, "us"),
        "create_after_deletions_us": Metric(create(used, 500), "us"),
    }


def main() -> int:
    """Runs and reports."""
    options = arguments(__doc__)
    runs = 3 if options.quick else 9
    chance = random.Random(1)
    records = [chance.randbytes(428) for _ in range(RECORDS)]
    bundles = [records[i : i + 256] for i in range(0, RECORDS, 256)]
    encoded = [encode_entries(bundle) for bundle in bundles]
    hashes = hash_leaves(records)
    each = 1e6 / RECORDS
    folder = Path(tempfile.mkdtemp(prefix="quorate-bench-"))
    try:
        metrics = {
            "submit_us": Metric(min(handing_over(records) for _ in range(runs)) * each, "us"),
            "hash_leaves_us": Metric(best(lambda: hash_leaves(records), runs) * each, "us"),
            "tiles_us": Metric(best(lambda: RightEdge().extend(hashes), runs) * each, "us"),
            "encode_us": Metric(
                best(lambda: [encode_entries(b) for b in bundles], runs) * each, "us"
            ),
        }
        swift = best(files_of(folder, encoded, SystemFiles()), runs)
        slow = best(files_of(folder, encoded, Unhurried()), runs)
        metrics["files_us"] = Metric(swift * each, "us")
        metrics["sync_ms"] = Metric(swift * 1000, "ms")
        metrics["sync_without_writeback_ms"] = Metric(slow * 1000, "ms")
        metrics |= creations(folder, 2_000 if options.quick else 20_000)
    finally:
        shutil.rmtree(folder)
    return report(metrics, ["quorate", "cryptography"], as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
