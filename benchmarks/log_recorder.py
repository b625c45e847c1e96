"""What recording costs the caller: the time of `Recorder.record`, a collector at work beside it."""

import multiprocessing
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness, SystemClock
from quorate.log.appender import Appender
from quorate.log.collector import Collector
from quorate.log.recorder import Recorder
from quorate.log.writer import Log

RECORD = 428  # bytes
SOURCE = "server"
ORIGIN = "quorate.example/bench"
KEYS = Keyring.generate("bench", SeededRandomness("bench"))


def collect(folder: Path, journals: Path, ready: Event, done: Event) -> None:
    """A process of its own: puts what is recorded into the log until told to stop."""
    with (
        Log.create(folder, ORIGIN, *KEYS.log_signers, SystemClock()) as log,
        Appender(log) as appender,
        Collector(appender, journals).running(),
    ):
        ready.set()
        done.wait()


def leaf(number: int) -> bytes:
    """A record of `RECORD` bytes, as short to make as one can be: making it is not measured."""
    head = b'{"seq":%d,"source":"%s","text":"' % (number, SOURCE.encode())
    return head.ljust(RECORD - 2, b"x") + b'"}'


def recorder_latencies(folder: Path, rate: int, seconds: float) -> list[float]:
    """Microseconds that a call of `record` took, of ``rate`` calls a second."""
    place, journals = folder / "recorded", folder / "journals"
    context = multiprocessing.get_context("spawn")
    ready, done = context.Event(), context.Event()
    collector = context.Process(target=collect, args=(place, journals, ready, done))
    collector.start()
    ready.wait()
    taken = []
    try:
        with Recorder.open(journals, SOURCE) as recorder:
            start = time.perf_counter()
            for i in range(int(rate * seconds)):
                if (early := start + i / rate - time.perf_counter()) > 0:
                    time.sleep(early)
                before = time.perf_counter_ns()
                recorder.record(leaf)
                taken.append((time.perf_counter_ns() - before) / 1000)
    finally:
        done.set()
        collector.join()
    assert collector.exitcode == 0, "the collector failed"
    with Log.open(place, ORIGIN, *KEYS.log_signers, SystemClock()) as log:
        assert log.size == 1 + len(taken), "records are missing"
    return taken
