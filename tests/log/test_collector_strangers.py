"""What a source may put below the journals' folder: it harms no file elsewhere and no other source.

A collector has more rights than its sources, and one of them is hostile: links, pipes, folders
where files are due, segments without an end.
"""

import os
from pathlib import Path

import pytest

from quorate.core.errors import QuorateError, UnavailableError
from quorate.log.collected import NOTE
from quorate.log.collector import Collector
from quorate.log.journal import PROGRESS, journal_folder, segment_path
from quorate.log.recorder import Recorder
from tests.log.parties import create_log
from tests.log.recording import SOURCE, Direct, logged, make, making, meet

EVIL = "evil"
SECRET = b"S" * 200


@pytest.fixture
def log(tmp_path):
    with create_log(tmp_path / "log") as log:
        yield log


@pytest.fixture
def victim(tmp_path) -> Path:
    path = tmp_path / "victim"
    path.write_bytes(SECRET)
    return path


def progress_link(folder: Path, victim: Path) -> None:
    (folder / PROGRESS).symlink_to(victim)


def progress_hard_link(folder: Path, victim: Path) -> None:
    os.link(victim, folder / PROGRESS)


def progress_folder(folder: Path, victim: Path) -> None:
    (folder / PROGRESS).mkdir()


def progress_pipe(folder: Path, victim: Path) -> None:
    os.mkfifo(folder / PROGRESS)


def segment_pipe(folder: Path, victim: Path) -> None:
    os.mkfifo(segment_path(folder, 1))


def segment_folder(folder: Path, victim: Path) -> None:
    segment_path(folder, 1).mkdir()


def segment_link(folder: Path, victim: Path) -> None:
    segment_path(folder, 1).symlink_to("/dev/zero")


def folder_link(folder: Path, victim: Path) -> None:
    folder.rmdir()
    folder.symlink_to(journal_folder(folder.parent, SOURCE).name)


def folder_dangling(folder: Path, victim: Path) -> None:
    folder.rmdir()
    folder.symlink_to("/nonexistent/x")


def folder_pipe(folder: Path, victim: Path) -> None:
    folder.rmdir()
    os.mkfifo(folder)


HARMS = [
    (progress_link, "symbolic link"),
    (progress_hard_link, "another name"),
    (progress_folder, "directory"),
    (progress_pipe, "neither a file nor a folder"),
    (segment_pipe, "neither a file nor a folder"),
    (segment_folder, "directory"),
    (segment_link, "symbolic link"),
    (folder_link, "symbolic link"),
    (folder_dangling, "symbolic link"),
    (folder_pipe, "neither a file nor a folder"),
]


@pytest.mark.parametrize(("harm", "words"), HARMS)
def test_collect__what_is_no_real_file__said_once_nothing_harmed_and_others_go_on(
    log, tmp_path, victim, harm, words
):
    journals, told = tmp_path / "journals", list[str]()
    folder = journal_folder(journals, EVIL)
    folder.mkdir(parents=True)
    journal_folder(journals, SOURCE).mkdir()
    harm(folder, victim)
    with Collector(Direct(log), journals, report=told.append) as collector:
        with meet(collector, journals) as recorder:
            recorder.record(make)
            for _ in range(500):
                collector.look()
            assert logged(log) == {1: make(1)}
            recorder.record(make)
        collector.finish()
    assert logged(log) == {1: make(1), 2: make(2)}
    assert [words in each.lower() and str(folder) in each for each in told] == [True]
    assert victim.read_bytes() == SECRET


@pytest.mark.parametrize("harm", [progress_link, segment_pipe, folder_dangling])
def test_collect__mended__collected_after_all(log, tmp_path, victim, harm):
    journals, told = tmp_path / "journals", list[str]()
    folder = journal_folder(journals, EVIL)
    folder.mkdir(parents=True)
    harm(folder, victim)
    with Collector(Direct(log), journals, report=told.append) as collector:
        for _ in range(100):
            collector.look()
        for path in [folder] if folder.is_symlink() else [*folder.iterdir()]:
            path.unlink()
        with meet(collector, journals, EVIL) as recorder:
            recorder.record(making(EVIL))
        collector.finish()
    assert len(told) == 1
    assert sorted(logged(log, EVIL)) == [1]


def test_collect__segment_without_end__not_read_for_ever(log, tmp_path):
    journals = tmp_path / "journals"
    with Collector(Direct(log), journals) as collector:
        with meet(collector, journals, EVIL) as recorder:
            recorder.record(making(EVIL))
        os.truncate(segment_path(recorder.folder, 1), 2**40)
        looks = sum(collector.look() for _ in range(50))
    assert looks < 3
    assert sorted(logged(log, EVIL)) == [1]


@pytest.mark.parametrize("name", [f".{NOTE}.{os.getpid()}.tmp", NOTE], ids=["beside", "itself"])
def test_collect__link_in_the_place_of_the_note__replaced_not_followed(log, tmp_path, victim, name):
    journals = tmp_path / "journals"
    journals.mkdir()
    (journals / name).symlink_to(victim)
    with Collector(Direct(log), journals) as collector:
        collector.finish()
    assert victim.read_bytes() == SECRET
    assert not (journals / NOTE).is_symlink()


@pytest.mark.parametrize("name", [".lock", PROGRESS, "000000000001.segment"])
def test_open__link_in_a_journal__refused_and_not_followed(log, tmp_path, victim, name):
    journals = tmp_path / "journals"
    folder = journal_folder(journals, SOURCE)
    folder.mkdir(parents=True)
    (folder / name).symlink_to(victim)
    with pytest.raises(QuorateError, match="symbolic link"):
        Recorder.open(journals, SOURCE, meeting=0)
    assert victim.read_bytes() == SECRET


def test_collector__lock_that_is_a_link__said_as_ours(log, tmp_path):
    journals = tmp_path / "journals"
    journals.mkdir()
    (journals / ".lock").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(UnavailableError, match="symbolic link"),
        Collector(Direct(log), journals),
    ):
        pass
    assert not (tmp_path / "elsewhere").exists()
