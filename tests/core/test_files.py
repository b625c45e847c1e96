"""Durable files: old bytes or new, never a mixture; announcements; locks."""

import os
import socket
import stat
from pathlib import Path

import pytest

from quorate.core.errors import InputError, LockedError
from quorate.core.files import (
    FolderLock,
    check_real,
    durable_step,
    make_folder,
    observe_writes,
    read_file,
    remove_leftovers,
    write_durable,
)
from quorate.core.filesystem import SystemFiles


class Killed(BaseException):
    """Stands for a process that ends; nobody catches it by accident."""


def test_write__new_and_again__whole_and_alone(tmp_path):
    path = tmp_path / "file"
    for data in (b"one", b"", bytes(100_000)):
        write_durable(path, data)
        assert path.read_bytes() == data
        assert list(tmp_path.iterdir()) == [path]


def test_write__mode__kept_to_the_owner(tmp_path):
    write_durable(tmp_path / "key", b"secret", mode=0o600)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize(("when", "left"), [("before", b"old"), ("after", b"new")])
def test_write__killed_at_the_announcement__old_or_new(tmp_path, when, left):
    path = tmp_path / "file"
    write_durable(path, b"old")

    def kill(at: str, name: str) -> None:
        assert name == "file"
        if at == when:
            raise Killed

    with observe_writes(kill), pytest.raises(Killed):
        write_durable(path, b"new")
    assert path.read_bytes() == left
    write_durable(path, b"again")
    assert path.read_bytes() == b"again"


def test_write__killed_between__old_bytes_and_a_leftover_that_is_removed(tmp_path):
    path = tmp_path / "file"
    write_durable(path, b"old")
    child = os.fork()
    if child == 0:
        disk = SystemFiles()
        disk.fsync = lambda _: os._exit(9)  # dies with the temporary file written
        write_durable(path, b"new", disk=disk)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert path.read_bytes() == b"old"
    assert len(list(tmp_path.iterdir())) == 2
    remove_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_remove_leftovers__below__removes_those_in_folders_too_and_nothing_else(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    leftover = tmp_path / "deep" / "er" / ".file.7.tmp"
    kept = tmp_path / "deep" / "file.tmp"
    leftover.touch()
    kept.touch()
    remove_leftovers(tmp_path)
    assert leftover.exists()
    remove_leftovers(tmp_path, below=True)
    assert not leftover.exists() and kept.exists()


def test_write__into_a_folder_that_is_not_there__fails_and_leaves_nothing(tmp_path):
    with pytest.raises(FileNotFoundError):
        write_durable(tmp_path / "no" / "file", b"x")
    assert list(tmp_path.iterdir()) == []


def test_write__over_a_folder__fails_and_leaves_nothing(tmp_path):
    (tmp_path / "folder" / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_durable(tmp_path / "folder", b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_observers__every_step__heard_in_order_and_only_inside(tmp_path):
    heard: list[tuple[str, str]] = []
    with observe_writes(lambda *step: heard.append(step)):
        write_durable(tmp_path / "one", b"1")
        with durable_step("commit"):
            heard.append(("during", "commit"))
    write_durable(tmp_path / "two", b"2")
    assert heard == [
        ("before", "one"),
        ("after", "one"),
        ("before", "commit"),
        ("during", "commit"),
        ("after", "commit"),
    ]


def test_step__that_fails__no_word_of_success():
    heard: list[str] = []
    with (
        observe_writes(lambda when, _: heard.append(when)),
        pytest.raises(OSError, match="full"),
        durable_step("commit"),
    ):
        raise OSError("full")
    assert heard == ["before"]


def test_make_folder__deep_and_again__made(tmp_path):
    folder = tmp_path / "a" / "b" / "c"
    for _ in range(2):
        make_folder(folder, mode=0o700)
        assert folder.is_dir()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_read__missing_folder_or_too_large__refused_by_name(tmp_path):
    (tmp_path / "file").write_bytes(b"12345")
    assert read_file(tmp_path / "file", "task", limit=5) == b"12345"
    for path, limit, word in (
        (tmp_path / "none", 5, "no such file"),
        (tmp_path, 5, "it is a folder"),
        (tmp_path / "file", 4, "larger than 4"),
        (tmp_path / "file" / "below", 5, "ot a directory"),
    ):
        with pytest.raises(InputError, match=word) as caught:
            read_file(path, "task", limit=limit)
        assert "task" in caught.value.message
        assert str(path) in caught.value.message


def test_write__refused_by_the_system__names_the_file_and_not_the_temporary_one(tmp_path):
    (tmp_path / "folder").mkdir()
    for path in (tmp_path / "no" / "file", tmp_path / "folder"):
        with pytest.raises(OSError) as caught:
            write_durable(path, b"x")
        assert caught.value.filename == str(path)
        assert ".tmp" not in str(caught.value)


def test_read__what_is_no_regular_file__refused_at_once(tmp_path):
    pipe, device, socket_path = tmp_path / "pipe", tmp_path / "device", tmp_path / "socket"
    os.mkfifo(pipe)
    device.symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as endpoint:
        endpoint.bind(str(socket_path))
        for path in (pipe, device, socket_path):
            with pytest.raises(InputError) as caught:
                read_file(path, "task", limit=5)
            assert str(path) in caught.value.message


def test_read__size_that_a_file_does_not_tell__still_limited():
    path = Path("/proc/self/status")  # says that it has no bytes
    if not path.exists():
        pytest.skip("this system has no /proc")
    assert path.stat().st_size == 0
    assert read_file(path, "file").startswith(b"Name:")
    with pytest.raises(InputError, match="larger than 5"):
        read_file(path, "file", limit=5)


def test_read__zero_byte_in_the_name__refused():
    with pytest.raises(InputError, match="task"):
        read_file(Path("a\0b"), "task")


def test_check_real__files_and_folders__pass(tmp_path):
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "file").touch()
    check_real(tmp_path, "home")


@pytest.mark.parametrize("deep", [".", "deep/er"])
def test_check_real__link_or_pipe__refused_by_name(tmp_path, deep):
    folder = tmp_path / "home" / deep
    folder.mkdir(parents=True)
    strange = folder / "strange"
    for make in (
        lambda: strange.symlink_to(tmp_path),
        lambda: strange.symlink_to("/nowhere"),
        lambda: strange.symlink_to(__file__),
        lambda: os.mkfifo(strange),
    ):
        make()
        with pytest.raises(InputError) as caught:
            check_real(tmp_path / "home", "home")
        assert str(strange) in caught.value.message
        strange.unlink()


def test_lock__held_once__by_anybody_until_released(tmp_path):
    with FolderLock(tmp_path, "home"):
        with pytest.raises(LockedError, match="home"):
            FolderLock(tmp_path, "home").__enter__()
        child = os.fork()
        if child == 0:
            try:
                FolderLock(tmp_path, "home").__enter__()
            except LockedError:
                os._exit(7)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    with FolderLock(tmp_path, "home") as lock:
        lock.__exit__()
        lock.__exit__()


def test_lock__holder_dies__free_again(tmp_path):
    child = os.fork()
    if child == 0:
        FolderLock(tmp_path, "home").__enter__()
        os._exit(9)
    os.waitpid(child, 0)
    with FolderLock(tmp_path, "home"):
        pass
