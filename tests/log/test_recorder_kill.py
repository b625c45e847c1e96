"""Real processes, killed at moments that chance picks: recorded once is logged once."""

import multiprocessing
import os
import random
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from quorate.log.appender import Appender
from quorate.log.collector import Collector
from quorate.log.fsck import check_log
from quorate.log.recorder import Recorder
from tests.log.parties import IDENTITY, create_log, open_log
from tests.log.recording import SOURCE, gaps, logged, making

CONTEXT = multiprocessing.get_context("fork")


def record(folder: Path, life: int, told: Connection) -> None:
    """Records until it is killed; says after every record that it is recorded."""
    with Recorder.open(folder / "journals", SOURCE, interval=0.005, segment_size=5000) as recorder:
        while True:
            number = recorder.record(making(text=str(life)))
            os.write(told.fileno(), number.to_bytes(4, "big"))


def collect(folder: Path) -> None:
    """Collects until it is killed."""
    with (
        open_log(folder / "log") as log,
        Appender(log, interval=0.005) as appender,
        Collector(appender, folder / "journals") as collector,
    ):
        collector.run()


def end(process, how: int = signal.SIGKILL) -> None:
    os.kill(process.pid, how)
    process.join()
    process.close()


@pytest.mark.slow
def test_kill__recorder_and_collector_at_random__each_recorded_logged_once(tmp_path):
    dice = random.Random(3)
    create_log(tmp_path / "log").close()
    reader, writer = CONTEXT.Pipe(duplex=False)
    acknowledged: dict[int, int] = {}
    collector = CONTEXT.Process(target=collect, args=(tmp_path,))
    collector.start()
    for life in range(30):
        recorder = CONTEXT.Process(target=record, args=(tmp_path, life, writer))
        recorder.start()
        until = time.monotonic() + dice.uniform(0.02, 0.2)
        if dice.random() < 0.6:
            time.sleep(dice.uniform(0, 0.1))
            end(collector)
            collector = CONTEXT.Process(target=collect, args=(tmp_path,))
            collector.start()
        while time.monotonic() < until or (life == 0 and not acknowledged):
            if reader.poll(0.005):
                data = os.read(reader.fileno(), 65536)
                numbers = (data[i : i + 4] for i in range(0, len(data), 4))
                acknowledged |= dict.fromkeys((int.from_bytes(n, "big") for n in numbers), life)
        end(recorder)
        while reader.poll(0):
            data = os.read(reader.fileno(), 65536)
            numbers = (data[i : i + 4] for i in range(0, len(data), 4))
            acknowledged |= dict.fromkeys((int.from_bytes(n, "big") for n in numbers), life)
    end(collector)
    reader.close()
    writer.close()
    with (
        open_log(tmp_path / "log") as log,
        Appender(log, interval=0) as appender,
        Collector(appender, tmp_path / "journals") as last,
    ):
        last.finish()
        found = logged(log)
        assert gaps(log) == []
    assert len(acknowledged) > 1000
    for number, life in acknowledged.items():
        assert found[number] == making(text=str(life))(number)
    assert len(found) <= len(acknowledged) + 30  # at most one a life was not acknowledged
    check_log(tmp_path / "log", IDENTITY)
