"""A source and the collector as two users, set up as the guide says."""

import os
import shutil
import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quorate.log.collector import Collector
from quorate.log.journal import PROGRESS, journal_folder
from quorate.log.recorder import Recorder
from tests.log.parties import create_log, open_log
from tests.log.recording import SOURCE, Direct, gaps, logged, make

SERVING, COLLECTING, STRANGER = 61001, 61002, 61003  # users, each with a group of its number
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="two users are needed: run as root")


def process(user: int, work: Callable[[], None]) -> int:
    """Runs ``work`` in a child process as ``user``, in that user's group only."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
            os.umask(0o022)
            work()
            code = 0
        except PermissionError:
            code = 13
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return child


def ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.fixture
def place() -> Iterator[Path]:
    """What an administrator makes; outside pytest's own folder, which only one user may enter."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    journals = place / "journals"
    for path, mode in ((place / "home", 0o700), (journals, 0o755)):
        path.mkdir()
        path.chmod(mode)
        os.chown(path, COLLECTING, COLLECTING)
    folder = journal_folder(journals, SOURCE)
    folder.mkdir()
    os.chown(folder, SERVING, COLLECTING)
    folder.chmod(0o2750)
    (folder / PROGRESS).touch()
    os.chown(folder / PROGRESS, COLLECTING, COLLECTING)
    (folder / PROGRESS).chmod(0o644)
    try:
        yield place
    finally:
        shutil.rmtree(place)


def collect(place: Path) -> None:
    """Until it is told to stop."""
    with create_log(place / "home" / "log") as log:
        told: list[str] = []
        collector = Collector(Direct(log), place / "journals", report=told.append)
        signal.signal(signal.SIGTERM, lambda *_: collector.stop())
        with collector:
            collector.run()
        assert told == []


def record(place: Path) -> None:
    for _ in range(2):
        with Recorder.open(
            place / "journals", SOURCE, mode=0o640, segment_size=500, boot="one"
        ) as recorder:
            for _ in range(20):
                recorder.wait_durable(recorder.record(make))


def test_users__source_and_collector__all_collected_and_neither_reads_or_writes_the_others(place):
    collector = process(COLLECTING, lambda: collect(place))
    try:
        assert ended(process(SERVING, lambda: record(place))) == 0
    finally:
        os.kill(collector, signal.SIGTERM)
        assert ended(collector) == 0
    with open_log(place / "home" / "log") as log:
        assert sorted(logged(log)) == list(range(1, 41))
        assert gaps(log) == []
    folder = journal_folder(place / "journals", SOURCE)
    segment = max(folder.glob("*.segment"))
    assert segment.stat().st_mode & 0o777 == 0o640
    refused = {
        SERVING: [
            lambda: list((place / "home").iterdir()),
            (place / "journals" / "other").mkdir,
            lambda: (place / "journals" / ".collected").write_bytes(b""),
            lambda: (folder / PROGRESS).write_bytes(b""),
        ],
        COLLECTING: [
            lambda: segment.write_bytes(b""),
            segment.unlink,
            (folder / "000000000099.segment").touch,
        ],
        STRANGER: [segment.read_bytes, lambda: list(folder.iterdir())],
    }
    for user, attempts in refused.items():
        for attempt in attempts:
            assert ended(process(user, attempt)) == 13


def test_users__segments_for_their_owner_alone__said_by_name(place):
    def collect_until_told() -> None:
        told: list[str] = []
        with (
            create_log(place / "home" / "log") as log,
            Collector(Direct(log), place / "journals", report=told.append) as collector,
        ):
            while not told:
                collector.look()
        assert "Permission denied" in told[0]
        assert ".segment" in told[0]

    def record_privately() -> None:
        with Recorder.open(place / "journals", SOURCE, boot="one") as recorder:
            recorder.record(make)

    collector = process(COLLECTING, collect_until_told)
    assert ended(process(SERVING, record_privately)) == 0
    assert ended(collector) == 0
