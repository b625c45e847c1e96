"""Files that survive a power cut, and locks that survive nothing.

A durable write is: write a temporary file beside the target, fsync it, rename it over the target,
fsync the folder. After a crash a reader sees the old bytes or the new, never a mixture
(Pillai et al., "All File Systems Are Not Created Equal", OSDI 2014).

Every durable write is announced to observers just before and just after it takes effect. The fault
tests count announcements and kill the process at each; the product registers no observer.
"""

import contextlib
import errno
import fcntl
import os
import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from quorate.core.errors import InputError, LockedError
from quorate.core.filesystem import SYSTEM, FileSystem

Observer = Callable[[str, str], None]
"""Called with ``"before"`` or ``"after"`` and the name of what is written."""

_CHUNK = 2**20
_OPEN_AT_ONCE = 128  # files; far below every system's limit on descriptors
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


def write_durable(
    path: Path, data: bytes, *, mode: int = 0o644, disk: FileSystem = SYSTEM, name: str = ""
) -> None:
    """Replaces the file at ``path`` by ``data``; on return it is on the disk, name and all.

    Observers hear of it as ``name``, where that is not the file's own.
    """
    with durable_step(name or path.name):
        _write_batch(str(path.parent), [path.name], {path.name: data}, mode, disk)
        sync_folder(path.parent, disk=disk)


def write_all_durable(
    folder: Path,
    files: Mapping[str, bytes],
    *,
    mode: int = 0o644,
    disk: FileSystem = SYSTEM,
    lasting: set[Path] | None = None,
) -> None:
    """Replaces each of ``files`` (path below ``folder`` to bytes), making folders as needed.

    On return all are on the disk, names and all. A kill meanwhile leaves of each file the old
    bytes or the new, and of the files any mixture: nothing may refer to them before the return.
    ``lasting`` is as `make_folder` says; a caller who writes again and again keeps it. Each file's
    bytes are asked of ``files`` once, when their turn comes.
    """
    if not files:
        return
    names = list(files)
    parents = sorted({folder / name.rpartition("/")[0] for name in names})
    known = set[Path]() if lasting is None else lasting
    known.add(folder)
    for parent in parents:
        make_folder(parent, disk=disk, lasting=known)
    with durable_step(names[0].rpartition("/")[2]):
        for start in range(0, len(names), _OPEN_AT_ONCE):
            _write_batch(str(folder), names[start : start + _OPEN_AT_ONCE], files, mode, disk)
        for parent in parents:
            sync_folder(parent, disk=disk)


def _write_batch(
    folder: str, names: Sequence[str], files: Mapping[str, bytes], mode: int, disk: FileSystem
) -> None:
    """Strings, not paths: at thousands of files a second `pathlib` costs as much as the disk."""
    suffix = f".{os.getpid()}.tmp"
    flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
    temporary: dict[str, str] = {}
    descriptors: dict[str, int] = {}
    path = folder
    try:
        for name in names:
            parent, _, last = name.rpartition("/")
            path = f"{folder}/{name}"
            beside = f"{folder}/{parent}/.{last}{suffix}" if parent else f"{folder}/.{last}{suffix}"
            temporary[path] = beside
            descriptors[path] = descriptor = disk.open(beside, flags, mode)
            write_whole(descriptor, files[name], disk=disk)
            if len(names) > 1:
                disk.start_writeback(descriptor)
        for path in temporary:
            disk.fsync(descriptors[path])
            disk.close(descriptors.pop(path))
        for path in list(temporary):
            disk.replace(temporary[path], path)
            del temporary[path]
    except BaseException as error:
        _undo(descriptors, temporary, disk)
        if isinstance(error, OSError):  # it names the file that was asked for, not the one beside
            error.filename, error.filename2 = path, None
        raise


def _undo(descriptors: dict[str, int], temporary: dict[str, str], disk: FileSystem) -> None:
    for descriptor in descriptors.values():
        with contextlib.suppress(OSError):
            disk.close(descriptor)
    for leftover in temporary.values():
        with contextlib.suppress(OSError):
            disk.unlink(leftover)


def write_whole(descriptor: int, data: bytes, *, disk: FileSystem = SYSTEM) -> None:
    """Writes all of ``data``, in as many calls as the system makes of it."""
    written = disk.write(descriptor, data)
    while written < len(data):
        data = data[written:]
        written = disk.write(descriptor, data)


def sync_folder(folder: Path, *, disk: FileSystem = SYSTEM) -> None:
    """Makes the names in ``folder`` durable."""
    descriptor = disk.open(str(folder), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        disk.fsync(descriptor)
    finally:
        disk.close(descriptor)


def make_folder(
    folder: Path, *, mode: int = 0o755, disk: FileSystem = SYSTEM, lasting: set[Path] | None = None
) -> None:
    """Creates ``folder`` and what is missing above it, durably.

    A folder that is there may be one that a killed process made and never synced: it would go
    in a power cut, and all in it. Whoever says which folders are known to be ``lasting`` has the
    others made so, up to the first known one, and noted.
    """
    unsure: list[Path] = []
    for path in (folder, *folder.parents):
        if path in lasting if lasting is not None else _is_there(path, disk):
            break
        unsure.append(path)
    for path in reversed(unsure):
        with contextlib.suppress(FileExistsError):
            disk.mkdir(str(path), mode)
        sync_folder(path.parent, disk=disk)
        if lasting is not None:
            lasting.add(path)


def make_lasting_folder(folder: Path, *, disk: FileSystem = SYSTEM) -> None:
    """Makes ``folder``, and durable with all above it, whoever made them and was killed then."""
    make_folder(folder, disk=disk)
    for parent in folder.absolute().parents:
        try:
            sync_folder(parent, disk=disk)
        except OSError as error:  # a folder that is not ours, on a disk that syncs none
            if error.errno not in (errno.EACCES, errno.EPERM, errno.EINVAL):
                raise


def _is_there(path: Path, disk: FileSystem) -> bool:
    try:
        disk.stat(str(path))
    except FileNotFoundError:
        return False
    return True


def remove_leftovers(folder: Path, *, below: bool = False) -> None:
    """Removes temporary files that a killed writer left in ``folder``, or anywhere ``below`` it."""
    for path in list(folder.rglob(".*.tmp") if below else folder.glob(".*.tmp")):
        path.unlink(missing_ok=True)


def read_file(path: Path, what: str, *, limit: int = 2**31, disk: FileSystem = SYSTEM) -> bytes:
    """The bytes at ``path``; raises `InputError` naming ``what`` when they cannot be read.

    Only a regular file is read (a pipe would wait for ever, a device never ends), and never more
    than ``limit`` bytes of it, whatever size it claims to have.
    """
    with _input_at_fault(path, what):
        return read_own_file(path, what, limit=limit, disk=disk)


def read_own_file(path: Path, what: str, *, limit: int, disk: FileSystem) -> bytes:
    """As `read_file`, but what the disk refuses stays an `OSError`: the file is not at fault."""
    descriptor, _ = _open_regular(path, what, disk)
    try:
        return _read_at_most(descriptor, limit, f"{what} {path}", disk)
    finally:
        disk.close(descriptor)


class OpenFile:
    """A regular file, to be read in pieces; it stays what it was when its name is replaced."""

    def __init__(self, path: Path, what: str, *, limit: int, disk: FileSystem = SYSTEM) -> None:
        self._disk = disk
        with _input_at_fault(path, what):
            self._descriptor, self.length = _open_regular(path, what, disk)
        if self.length > limit:
            self.close()
            raise InputError(f"could not read {what} {path}: larger than {limit} bytes")

    def read(self, size: int) -> bytes:
        """The next bytes, at most ``size``; empty at the end. Raises `OSError`."""
        return self._disk.read(self._descriptor, size)

    def close(self) -> None:
        """Lets the file go."""
        self._disk.close(self._descriptor)


@contextlib.contextmanager
def _input_at_fault(path: Path, what: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise InputError(
            f"could not read {what} {path}: no such file", remedy="check the path"
        ) from None
    except OSError as error:
        raise InputError(f"could not read {what} {path}: {error.strerror}") from None
    except ValueError:  # a path with a zero byte in it, which no file can have
        raise InputError(f"could not read {what} {str(path)!r}: no file is called so") from None


def _open_regular(path: Path, what: str, disk: FileSystem) -> tuple[int, int]:
    """A descriptor and the file's length."""
    descriptor = disk.open(str(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        found = disk.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            other = "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is not a regular file"
            raise InputError(f"could not read {what} {path}: {other}")
        return descriptor, found.st_size
    except BaseException:
        disk.close(descriptor)
        raise


def _read_at_most(descriptor: int, limit: int, name: str, disk: FileSystem) -> bytes:
    chunks: list[bytes] = []
    room = limit + 1
    while room and (chunk := disk.read(descriptor, min(room, _CHUNK))):
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

    def __init__(self, folder: Path, what: str, *, disk: FileSystem = SYSTEM) -> None:
        self._path = folder / ".lock"
        self._what = what
        self._disk = disk
        self._descriptor: int | None = None

    def __enter__(self) -> "FolderLock":
        flags = os.O_CREAT | os.O_RDWR | os.O_CLOEXEC
        descriptor = self._disk.open(str(self._path), flags, 0o600)
        try:
            self._disk.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._disk.close(descriptor)
            if not isinstance(error, BlockingIOError):
                raise  # the disk's trouble, nobody's lock
            raise LockedError(
                f"could not open {self._what} {self._path.parent}: another process holds it",
                remedy="wait for that process to end, or stop it",
            ) from None
        self._descriptor = descriptor
        return self

    def __exit__(self, *_: object) -> None:
        if self._descriptor is not None:
            with contextlib.suppress(OSError):  # it is released all the same, and holds no bytes
                self._disk.close(self._descriptor)
            self._descriptor = None
