"""The log's speed: durable appends, latency to a receipt, proofs, a check of everything.

Appends go through the public `Appender`, record by record, from one and from two threads; peers get
the same records in groups of the size that the log's own commits had (`log_peers`). Medians of
several runs, the peers between ours. Peak memory is that of all processes of the command together.
"""

import asyncio
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

from log_peers import pymerkle_tree, raw_file, raw_file_grouped, sqlite_rows
from log_recorder import recorder_latencies
from report import Metric, arguments, report

from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness, SystemClock
from quorate.log.appender import Appender
from quorate.log.merkle import leaf_hash, verify_inclusion
from quorate.log.tree import StoredTree
from quorate.log.writer import Log

RECORD = 428  # bytes
ORIGIN = "quorate.example/bench"
KEYS = Keyring.generate("bench", SeededRandomness("bench"))


def some_records(count: int) -> list[bytes]:
    """``count`` records of `RECORD` bytes; a thousand different ones, repeated."""
    chance = random.Random(1)
    different = [chance.randbytes(RECORD) for _ in range(1000)]
    return [different[i % 1000] for i in range(count)]


class CountedLog(Log):
    """A log that lists how many records each of its commits takes in."""

    commits: ClassVar[list[int]] = []

    def append_many(self, leaves: Iterable[bytes]) -> range:
        """As every log does."""
        indices = super().append_many(leaves)
        self.commits.append(len(indices))
        return indices


def new_log(folder: Path, kind: type[Log] = Log) -> Log:
    """An empty log below ``folder``."""
    place = folder / f"log-{time.time_ns()}"
    return kind.create(place, ORIGIN, *KEYS.log_signers, SystemClock())


def append_run(folder: Path, records: list[bytes], writers: int) -> tuple[float, int]:
    """Records per second from ``writers`` threads, and the median size of a commit."""

    def write(part: list[bytes]) -> None:
        for record in part:
            ticket = appender.submit(record)
        ticket.result()

    share = len(records) // writers
    parts = [records[i * share : (i + 1) * share] for i in range(writers)]
    CountedLog.commits.clear()
    with new_log(folder, CountedLog) as log, Appender(log) as appender:
        threads = [threading.Thread(target=write, args=(part,)) for part in parts]
        start = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - start
        assert log.size == share * writers + 1
    return share * writers / seconds, int(statistics.median(CountedLog.commits))


def append_async(folder: Path, records: list[bytes], tasks: int = 10_000) -> float:
    """Records per second by ``await append``, from ``tasks`` coroutines of one event loop."""

    async def write(part: list[bytes], appender: Appender) -> None:
        for record in part:
            await appender.append(record)

    async def work(appender: Appender) -> float:
        share = len(records) // tasks
        parts = [records[i * share : (i + 1) * share] for i in range(tasks)]
        start = time.perf_counter()
        await asyncio.gather(*(write(part, appender) for part in parts))
        return share * tasks / (time.perf_counter() - start)

    with new_log(folder) as log, Appender(log) as appender:
        return asyncio.run(work(appender))


def throughput(folder: Path, count: int, runs: int) -> dict[str, Metric]:
    """Appends per second, ours and the peers', interleaved."""
    records = some_records(count)
    peers: dict[str, Callable[[Path, list[bytes], int], float]] = {
        "raw": raw_file,
        "raw_grouped": raw_file_grouped,
        "sqlite": sqlite_rows,
        "pymerkle": pymerkle_tree,
    }
    found: dict[str, list[float]] = {}
    for _ in range(runs):
        rate, group = append_run(folder, records, 1)
        found.setdefault("append_per_s", []).append(rate)
        found.setdefault("append_group", []).append(group)
        found.setdefault("append_2_writers_per_s", []).append(append_run(folder, records, 2)[0])
        found.setdefault("append_await_per_s", []).append(append_async(folder, records))
        for name, peer in peers.items():
            rate = count / peer(folder, records, group)
            found.setdefault(f"{name}_per_s", []).append(rate)
    medians = {name: statistics.median(values) for name, values in found.items()}
    ours = medians["append_per_s"]
    return {
        "append_per_s": Metric(ours, "1/s", 50_000),
        "append_2_writers_per_s": Metric(medians["append_2_writers_per_s"], "1/s", 50_000),
        "append_await_per_s": Metric(medians["append_await_per_s"], "1/s", 50_000),
        "append_group": Metric(medians["append_group"], "records"),
        "append_vs_raw": Metric(ours / medians["raw_per_s"], "ratio", 0.5),
        "append_vs_raw_grouped": Metric(ours / medians["raw_grouped_per_s"], "ratio"),
        "append_vs_sqlite": Metric(ours / medians["sqlite_per_s"], "ratio"),
        "append_vs_pymerkle": Metric(ours / medians["pymerkle_per_s"], "ratio"),
    } | {f"{name}_per_s": Metric(medians[f"{name}_per_s"], "1/s") for name in peers}


def receipt_latencies(folder: Path, rate: int, seconds: float) -> list[float]:
    """Milliseconds from the moment a record was due to its receipt, at ``rate`` per second."""
    records = some_records(int(rate * seconds))
    taken: list[float] = []
    with new_log(folder) as log, Appender(log) as appender:
        tickets = []
        arrived = threading.Semaphore(0)

        def hear() -> None:
            for i in range(len(records)):
                arrived.acquire()
                assert tickets[i].result().receipt
                taken.append((time.perf_counter() - start - i / rate) * 1000)

        hearing = threading.Thread(target=hear)
        start = time.perf_counter()
        hearing.start()
        for i, record in enumerate(records):
            if (early := start + i / rate - time.perf_counter()) > 0:
                time.sleep(early)
            tickets.append(appender.submit(record, receipt=True))
            arrived.release()
        hearing.join()
    return taken


def quantile(values: list[float], share: float) -> float:
    """The value that ``share`` of ``values`` do not exceed."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def proofs(log: Log, count: int) -> dict[str, Metric]:
    """Inclusion proofs per second, of random leaves, made and verified."""
    chance = random.Random(2)
    leaves = [leaf_hash(record) for record in some_records(1000)]
    indices = [chance.randrange(1, log.size) for _ in range(count)]
    tree: StoredTree = log._tree
    start = time.perf_counter()
    made = [tree.inclusion_proof(index) for index in indices]
    between = time.perf_counter()
    for index, proof in zip(indices, made, strict=True):
        verify_inclusion(leaves[(index - 1) % 1000], index, log.size, proof, log.root)
    end = time.perf_counter()
    return {
        "prove_per_s": Metric(count / (between - start), "1/s"),
        "verify_per_s": Metric(count / (end - between), "1/s"),
    }


def grown_log(folder: Path, sizes: list[int]) -> tuple[Log, dict[str, Metric]]:
    """A log grown by commits of 5,000 through all ``sizes``, and the cost per append at each."""
    log, metrics, records = new_log(folder), {}, some_records(5000)
    for size in sizes:
        while log.size + 20 * 5000 <= size:
            log.append_many(records)
        costs = []
        for _ in range(20 if size > 100_000 else size // 5000):
            start = time.perf_counter()
            log.append_many(records)
            costs.append((time.perf_counter() - start) / 5000 * 1e6)
        metrics[f"append_us_at_{size}"] = Metric(statistics.median(costs), "us")
    return log, metrics


def resident_mib(pid: int) -> float:
    """The memory of a process and all that it started, each shared page counted once."""
    total = 0.0
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1]) / 1024
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text("ascii").split():
                total += resident_mib(int(child))
    except (FileNotFoundError, ProcessLookupError):
        return total  # it ended meanwhile
    return total


def checked_log(folder: Path) -> tuple[float, float]:
    """Seconds and peak MiB of ``quorate log fsck`` on a log's folder, as a command."""
    command = [str(Path(sys.executable).parent / "quorate"), "log", "fsck", str(folder)]
    start = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        peak = 0.0
        while run.poll() is None:
            peak = max(peak, resident_mib(run.pid))
            time.sleep(0.05)
    assert run.returncode == 0, "the log is not whole"
    return time.perf_counter() - start, peak


def million(folder: Path, quick: bool, runs: int) -> dict[str, Metric]:
    """What a log of a million records costs to grow, to store, to prove from, and to check."""
    sizes = [10_000, 100_000, 1_000_000]
    log, metrics = grown_log(folder, sizes[:2] if quick else sizes)
    with log:
        metrics |= proofs(log, 2_000 if quick else 20_000)
        size, place = log.size, Path(log._storage.name)
    held = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
    metrics["bytes_per_record"] = Metric(held / size - RECORD, "bytes", 40, most=True)
    checks = [checked_log(place) for _ in range(runs)]
    scale = 1_000_000 / size
    metrics["fsck_records"] = Metric(size, "records")
    seconds = statistics.median(seconds for seconds, _ in checks)
    metrics["fsck_million_s"] = Metric(seconds * scale, "s", 10, most=True)
    peak = max(peak for _, peak in checks)
    metrics["fsck_peak_mib"] = Metric(peak, "MiB", 500, most=True)
    return metrics


def main() -> int:
    """Runs and reports."""
    options = arguments(
        __doc__,
        count="records per throughput run (500,000)",
        runs="runs of each kind (5)",
        longest="records of the longest log of the curve (10,000,000; 0 for none)",
    )
    quick = options.quick
    count = options.count or (100_000 if quick else 500_000)
    runs = options.runs or (1 if quick else 5)
    longest = (0 if quick else 10_000_000) if options.longest is None else options.longest
    folder = Path(tempfile.mkdtemp(prefix="quorate-bench-"))
    try:
        metrics = throughput(folder, count, runs)
        latencies = receipt_latencies(folder, 10_000, 3 if quick else 20)
        metrics["receipt_p50_ms"] = Metric(quantile(latencies, 0.5), "ms")
        metrics["receipt_p99_ms"] = Metric(quantile(latencies, 0.99), "ms", 250, most=True)
        added = recorder_latencies(folder, 10_000, 3 if quick else 20)
        metrics["recorder_p50_us"] = Metric(quantile(added, 0.5), "us", 25, most=True)
        metrics["recorder_p99_us"] = Metric(quantile(added, 0.99), "us", 200, most=True)
        metrics |= million(folder, quick, runs)
        if longest:
            log, curve = grown_log(folder, [longest])
            log.close()
            metrics |= curve
    finally:
        shutil.rmtree(folder)
    packages = ["quorate", "cryptography", "pymerkle"]
    return report(metrics, packages, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
