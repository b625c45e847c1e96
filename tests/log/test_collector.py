"""The collector: every source, in order, exactly once, whatever it remembers or was told."""

import shutil
import threading
from pathlib import Path

import pytest

from quorate.core.errors import LockedError, UnavailableError
from quorate.log.appender import Appender
from quorate.log.collected import NOTE
from quorate.log.collector import Collector
from quorate.log.journal import PROGRESS
from quorate.log.recorder import Recorder
from tests.log.parties import create_log
from tests.log.recording import SOURCE, Direct, gaps, logged, make, making, meet

OTHER = "alice/other"


@pytest.fixture
def log(tmp_path):
    with create_log(tmp_path / "log") as log:
        yield log


@pytest.fixture
def journals(tmp_path) -> Path:
    return tmp_path / "journals"


def collect(log, journals) -> list[str]:
    """One collector's life; what it reported."""
    told: list[str] = []
    with Collector(Direct(log), journals, report=told.append) as collector:
        collector.finish()
    return told


@pytest.fixture
def recorded(log, journals):
    """Nine records in three segments, four of them collected; the recorder is closed."""
    with Collector(Direct(log), journals) as collector:
        with meet(collector, journals, segment_size=100) as recorder:
            for number in range(1, 10):
                recorder.record(make)
                recorder.sync()
                if number == 4:
                    collector.look()
        return recorder.folder


def test_collect__two_sources__each_in_its_order_once(log, journals):
    with Collector(Direct(log), journals) as collector:
        with (
            meet(collector, journals) as one,
            meet(collector, journals, OTHER) as two,
        ):
            for _ in range(5):
                one.record(make)
                two.record(making(OTHER))
                collector.look()
        collector.finish()
    assert sorted(logged(log)) == sorted(logged(log, OTHER)) == [1, 2, 3, 4, 5]
    assert collect(log, journals) == []
    assert log.size == 11


@pytest.mark.parametrize("forget", [(), (NOTE,), (PROGRESS,), (NOTE, PROGRESS)])
def test_collect__started_again__goes_on_whatever_was_forgotten(log, journals, recorded, forget):
    for name in forget:
        for path in journals.rglob(name):
            path.unlink()
    assert collect(log, journals) == []
    assert sorted(logged(log)) == list(range(1, 10))
    assert collect(log, journals) == []
    assert log.size == 10


@pytest.mark.parametrize("content", [b"", b"{}", b"null", b"\xff", b'{"root":"00","size":3}'])
def test_collect__note_damaged__read_from_the_log(log, journals, recorded, content):
    (journals / NOTE).write_bytes(content)
    assert collect(log, journals) == []
    assert sorted(logged(log)) == list(range(1, 10))


def test_collect__note_of_another_log__read_from_the_log(log, journals, recorded, tmp_path):
    collect(log, journals)
    with create_log(tmp_path / "new", 20) as other:
        assert collect(other, journals)[0].count("neither here nor logged") == 1
        assert logged(other) == {}


def test_collect__other_writers_in_the_same_log__found_too(log, journals):
    with (
        Appender(log, interval=0.001) as appender,
        Collector(appender, journals) as collector,
        meet(collector, journals) as recorder,
    ):
        for number in range(1, 6):
            appender.append_now(making(OTHER)(number))
            recorder.record(make)
            collector.look()
        collector.finish()
        with meet(collector, journals, OTHER) as late:
            assert late.record(making(OTHER)) == 6
        collector.finish()
    assert gaps(log) == []


def rename(folder: Path) -> None:
    folder.rename(folder.with_name("alice+stolen"))


def change(folder: Path) -> None:
    path = sorted(folder.glob("*.segment"))[-2]
    path.write_bytes(path.read_bytes().replace(b'"pad":""', b'"pad":"x"', 1))


def tear(folder: Path) -> None:
    path = sorted(folder.glob("*.segment"))[-2]
    path.write_bytes(path.read_bytes()[:-3])


def lose(folder: Path) -> None:
    sorted(folder.glob("*.segment"))[-2].unlink()


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (rename, "of source 'alice/serving'"),
        (change, "is no frame"),
        (tear, "is no frame"),
        (lose, "neither here nor logged"),
    ],
)
def test_collect__journal_not_as_written__said_once_and_others_go_on(
    log, journals, recorded, harm, words
):
    harm(recorded)
    told: list[str] = []
    with Collector(Direct(log), journals, report=told.append) as collector:
        with meet(collector, journals, OTHER) as recorder:
            recorder.record(making(OTHER))
        for _ in range(50):
            collector.look()
        collector.finish()
    assert [words in each for each in told] == [True]
    assert sorted(logged(log, OTHER)) == [1]
    assert sorted(logged(log)) == list(range(1, max(logged(log)) + 1))  # what came before


def test_collect__journal_mended__collected_after_all(log, journals, recorded, tmp_path):
    shutil.copytree(recorded, tmp_path / "whole")
    change(recorded)
    told: list[str] = []
    with Collector(Direct(log), journals, report=told.append) as collector:
        collector.finish()
        assert len(told) == 1
        for path in (tmp_path / "whole").glob("*.segment"):
            shutil.copy(path, recorded)
        collector.finish()
    assert len(told) == 1
    assert sorted(logged(log)) == list(range(1, 10))


def test_collect__journal_put_back_from_a_copy__other_records_not_passed_over(
    log, journals, tmp_path
):
    with Collector(Direct(log), journals) as collector:
        with meet(collector, journals) as recorder:
            recorder.record(make)
            recorder.sync()
        shutil.copytree(recorder.folder, tmp_path / "copy")
        with meet(collector, journals) as recorder:
            recorder.record(make)
        collector.finish()
    shutil.rmtree(recorder.folder)
    shutil.copytree(tmp_path / "copy", recorder.folder)
    (recorder.folder / PROGRESS).unlink()
    told: list[str] = []
    with Collector(Direct(log), journals, report=told.append) as collector:
        with Recorder.open(journals, SOURCE) as again:  # before any collector looks
            assert again.record(making(text="another")) == 2
        collector.finish()
    assert ["record 2 is not the one that the log has" in each for each in told] == [True]
    assert logged(log) == {1: make(1), 2: make(2)}


def test_collector__second_one__locked(log, journals):
    with (
        Collector(Direct(log), journals),
        pytest.raises(LockedError, match="another process holds it"),
        Collector(Direct(log), journals),
    ):
        pass


def test_running__log_refuses__raised_at_the_end(log, journals, recorded):
    with Appender(log, interval=0.001) as appender:
        log.close()
        with pytest.raises(UnavailableError), Collector(appender, journals).running():
            pass


def test_running__log_refuses__whoever_asked_hears_at_once(log, journals, recorded):
    heard = threading.Event()
    told: list[BaseException] = []

    def on_failure(error: BaseException) -> None:
        told.append(error)
        heard.set()

    with Appender(log, interval=0.001) as appender:
        log.close()
        collector = Collector(appender, journals)
        assert collector.failure is None
        with pytest.raises(UnavailableError), collector.running(on_failure):
            assert heard.wait(10)
            assert told == [collector.failure]
