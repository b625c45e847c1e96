"""Files that survive a power cut, and locks that survive nothing.

A durable write is: write a temporary file beside the target, fsync it, rename it over the target,
fsync the folder. After a crash a reader sees the old bytes or the new, never a mixture
(Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).

Every durable write is announced to observers just before and just after it takes effect. The fault
tests count announcements and kill the process at each; the product registers no observer.
"""

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from quorate.core.errors import InputError, LockedError

Observer = Callable[[str, str], None]
"""Called with ``"before"`` or ``"after"`` and the name of what is written."""

_CHUNK = 2**20
_observers: list[Observer] = []


@contextlib.contextmanager
def observe_writes(observer: Observer) -> Iterator[None]:
    """While the context is open, ``observer`` hears of every durable write in this process."""
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


@contextlib.contextmanager
def durable_step(name: str) -> Iterator[None]:
    """Announces a durable effect made elsewhere (a database commit) before and after it."""
    for observer in _observers:
        observer("before", name)
    yield
    for observer in _observers:
        observer("after", name)


def write_durable(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Replaces the file at ``path`` by ``data``; on return it is on the disk, name and all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with durable_step(path.name), _named(path):
        descriptor = os.open(temporary, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


@contextlib.contextmanager
def _named(path: Path) -> Iterator[None]:
    """The system's refusals name the file that was asked for, not the temporary one beside it."""
    try:
        yield
    except OSError as error:
        error.filename, error.filename2 = str(path), None
        raise


def sync_folder(folder: Path) -> None:
    """Makes the names in ``folder`` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path, *, mode: int = 0o755) -> None:
    """Creates ``folder`` and what is missing above it, durably."""
    missing = [p for p in (folder, *folder.parents) if not p.exists()]
    for path in reversed(missing):
        path.mkdir(mode=mode, exist_ok=True)
        sync_folder(path.parent)


def remove_leftovers(folder: Path, *, below: bool = False) -> None:
    """Removes temporary files that a killed writer left in ``folder``, or anywhere ``below`` it."""
    for path in list(folder.rglob(".*.tmp") if below else folder.glob(".*.tmp")):
        path.unlink(missing_ok=True)


def read_file(path: Path, what: str, *, limit: int = 2**31) -> bytes:
    """The bytes at ``path``; raises `InputError` naming ``what`` when they cannot be read.

    Only a regular file is read (a pipe would wait for ever, a device never ends), and never more
    than ``limit`` bytes of it, whatever size it claims to have.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            kind = os.fstat(descriptor).st_mode
            if not stat.S_ISREG(kind):
                other = "it is a folder" if stat.S_ISDIR(kind) else "it is not a regular file"
                raise InputError(f"could not read {what} {path}: {other}")
            return _read_at_most(descriptor, limit, f"{what} {path}")
        finally:
            os.close(descriptor)
    except FileNotFoundError:
        raise InputError(
            f"could not read {what} {path}: no such file", remedy="check the path"
        ) from None
    except OSError as error:
        raise InputError(f"could not read {what} {path}: {error.strerror}") from None
    except ValueError:  # a path with a zero byte in it, which no file can have
        raise InputError(f"could not read {what} {str(path)!r}: no file is called so") from None


def _read_at_most(descriptor: int, limit: int, name: str) -> bytes:
    chunks: list[bytes] = []
    room = limit + 1
    while room and (chunk := os.read(descriptor, min(room, _CHUNK))):
        chunks.append(chunk)
        room -= len(chunk)
    if not room:
        raise InputError(f"could not read {name}: larger than {limit} bytes")
    return b"".join(chunks)


def check_real(folder: Path, what: str) -> None:
    """Raises `InputError` if anything below ``folder`` is neither a real folder nor a real file.

    Through a symbolic link a writer would change files, and a reader trust files, that lie
    elsewhere and belong to somebody else.
    """
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            check_real(Path(entry.path), what)
        elif not entry.is_file(follow_symlinks=False):
            kind = "a symbolic link" if entry.is_symlink() else "neither a file nor a folder"
            raise InputError(
                f"could not use {what}: {entry.path} is {kind}",
                remedy="put a real file or folder in its place, or name another one",
            )


class FolderLock:
    """An exclusive lock on a folder for the life of this process (``flock`` on ``.lock``)."""

    def __init__(self, folder: Path, what: str) -> None:
        self._path = folder / ".lock"
        self._what = what
        self._descriptor: int | None = None

    def __enter__(self) -> "FolderLock":
        descriptor = os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            raise LockedError(
                f"could not open {self._what} {self._path.parent}: another process holds it",
                remedy="wait for that process to end, or stop it",
            ) from None
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
