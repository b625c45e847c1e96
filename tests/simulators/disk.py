"""A disk in memory that can fail at any call, and the states that a power cut can leave it in.

What is seen, what is kept, and what a cut leaves of it is told in `platter`. Locks and descriptors
end with the process, and what is merely seen ends with the power.

`SimulatedDisk.arm` lets the n-th call from then on fail, fail after it took effect, write only
half, or be where the process ends; `killed` or `cut` then give the disk as its successor finds it.
"""

import errno
import fcntl
import os
import random
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tests.simulators.platter import Fate, File, Folder, Node

_Result = TypeVar("_Result")


class Ended(BaseException):
    """The process that made this call is no more; whatever it still tries reaches no disk."""


@dataclass(frozen=True)
class Fault:
    """What happens at one call: it is not carried out unless ``done``, and tells ``error``.

    Without an ``error`` the process ends there. ``short``: half of a write, then the disk is full.
    """

    error: int | None = None
    done: bool = False
    short: bool = False


@dataclass(eq=False)
class _Open:
    node: Node
    flags: int
    at: int = 0


class SimulatedDisk:
    """A `core.filesystem.FileSystem`: as the real one, until told otherwise."""

    def __init__(self, root: Folder | None = None) -> None:
        self.root = root or Folder()
        self.calls: list[str] = []
        """The verbs called since the disk was last armed, `open` told apart by its flags."""
        self.struck = False
        """Whether the fault that it was armed with has happened."""
        self.full = False
        self.read_only = False
        self.watch: Callable[[], None] = lambda: None
        """Called after every call: a reader that looks at every moment there is."""
        self._open: dict[int, _Open] = {}
        self._next = 100
        self._fault: tuple[int, Fault] | None = None
        self._ended = False

    # Steering.

    def arm(self, call: int = 0, fault: Fault | None = None) -> None:
        """Counts calls from here; ``fault`` happens at number ``call``, the first being 1."""
        self.calls, self.struck = [], False
        self._fault = (call, fault) if fault else None

    def killed(self) -> "SimulatedDisk":
        """This disk for other processes, after all that used it were killed: the kernel lives."""
        self._ended = True
        for descriptor in list(self._open):
            self._release(descriptor)
        return SimulatedDisk(self.root)

    def cut(self, fate: Fate, seed: object = 0) -> "SimulatedDisk":
        """Another disk: this one as a power cut now may leave it."""
        dice, copies = random.Random(f"cut {seed}"), dict[int, Node]()

        def copy(node: Node) -> Node:
            if id(node) not in copies:
                if isinstance(node, File):
                    copies[id(node)] = node.after_cut(fate.data, dice)
                else:
                    copies[id(node)] = folder = Folder()
                    kept = node.after_cut(fate.names, dice)
                    folder.seen = {name: copy(kept[name]) for name in sorted(kept)}
                    folder.kept = dict(folder.seen)
            return copies[id(node)]

        root = copy(self.root)
        assert isinstance(root, Folder)
        return SimulatedDisk(root)

    def files(self) -> dict[str, bytes]:
        """Every file that is seen and its bytes; no call."""

        def below(folder: Folder, path: str) -> Iterator[tuple[str, bytes]]:
            for name, node in folder.seen.items():
                if isinstance(node, File):
                    yield f"{path}/{name}", bytes(node.seen)
                else:
                    yield from below(node, f"{path}/{name}")

        return dict(sorted(below(self.root, "")))

    def peek(self, path: str) -> bytes | None:
        """What a reader finds at ``path`` at this moment, None for nothing; no call."""
        try:
            node = self._find(path)
        except OSError:
            return None
        return bytes(node.seen) if isinstance(node, File) else None

    def _call(self, verb: str, effect: Callable[[], _Result], *, changes: bool = False) -> _Result:
        if self._ended:
            raise Ended
        self.calls.append(verb)
        if changes and self.read_only:
            raise _error(errno.EROFS)
        at, fault = self._fault or (0, None)
        if fault is None or len(self.calls) != at:
            result = effect()
        else:
            result = self._fail(verb, fault, effect)
        self.watch()
        return result

    def _fail(self, verb: str, fault: Fault, effect: Callable[[], _Result]) -> _Result:
        self.struck = True
        if fault.short:
            self.full = True
        if fault.short or fault.done or verb == "close":  # a close that fails has closed (Linux)
            result = effect()
            self.watch()
            if fault.short:
                return result
        if fault.error is not None:
            raise _error(fault.error)
        self._ended = True
        raise Ended

    # The verbs.

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        """A descriptor of the file or folder at ``path``."""
        verb = "open to write" if _writes(flags) else "open"
        return self._call(verb, lambda: self._opened(path, flags), changes=_writes(flags))

    def _opened(self, path: str, flags: int) -> int:
        folder, name = self._parent(path)
        node = folder.seen.get(name) if name else folder
        if node is None:
            if not flags & os.O_CREAT:
                raise _error(errno.ENOENT)
            self._need_room()
            node = File()
            folder.change({name: node})
        elif flags & os.O_CREAT and flags & os.O_EXCL:
            raise _error(errno.EEXIST)
        if isinstance(node, Folder) and (_writes(flags)):
            raise _error(errno.EISDIR)
        if isinstance(node, File):
            if flags & os.O_DIRECTORY:
                raise _error(errno.ENOTDIR)
            if flags & os.O_TRUNC and _writes(flags):
                node.truncate(0)
        self._next += 1
        self._open[self._next] = _Open(node, flags)
        return self._next

    def read(self, descriptor: int, size: int) -> bytes:
        """At most ``size`` bytes from where the descriptor stands."""

        def effect() -> bytes:
            opened = self._of(descriptor)
            if not isinstance(opened.node, File):
                raise _error(errno.EISDIR)
            if opened.flags & os.O_ACCMODE == os.O_WRONLY:
                raise _error(errno.EBADF)
            data = bytes(opened.node.seen[opened.at : opened.at + size])
            opened.at += len(data)
            return data

        return self._call("read", effect)

    def write(self, descriptor: int, data: bytes) -> int:
        """Writes ``data``; of a short write half."""

        def effect() -> int:
            opened = self._of(descriptor)
            if not isinstance(opened.node, File) or not _writes(opened.flags):
                raise _error(errno.EBADF)
            fault = self._fault
            short = fault and fault[1].short and fault[0] == len(self.calls)
            part = data[: len(data) // 2] if short else data
            if not short:
                self._need_room()
            if opened.flags & os.O_APPEND:
                opened.at = len(opened.node.seen)
            opened.node.write(opened.at, part)
            opened.at += len(part)
            return len(part)

        return self._call("write", effect, changes=True)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cuts or lengthens the file."""

        def effect() -> None:
            opened = self._of(descriptor)
            if not isinstance(opened.node, File) or not _writes(opened.flags):
                raise _error(errno.EINVAL)
            opened.node.truncate(size)

        self._call("truncate", effect, changes=True)

    def start_writeback(self, descriptor: int) -> None:
        """Promises nothing, so does nothing."""
        self._call("start_writeback", lambda: self._of(descriptor))

    def fsync(self, descriptor: int) -> None:
        """Makes bytes or names kept; drops a file's dirty pages where it is told to fail."""

        def effect() -> None:
            self._of(descriptor).node.sync()

        try:
            self._call("fsync", effect)
        except OSError:
            node = self._of(descriptor).node
            if isinstance(node, File):
                node.forget()
            raise

    def close(self, descriptor: int) -> None:
        """Releases the descriptor and its lock."""

        def effect() -> None:
            self._of(descriptor)
            self._release(descriptor)

        self._call("close", effect)

    def replace(self, source: str, target: str) -> None:
        """Renames within one folder; no writer of ours does more."""

        def effect() -> None:
            folder, old = self._parent(source)
            into, new = self._parent(target)
            if old not in folder.seen:
                raise _error(errno.ENOENT)
            if into is not folder:
                raise _error(errno.EXDEV)
            node, there = folder.seen[old], folder.seen.get(new)
            if isinstance(there, Folder) and isinstance(node, File):
                raise _error(errno.EISDIR)
            if isinstance(there, File) and isinstance(node, Folder):
                raise _error(errno.ENOTDIR)
            if isinstance(there, Folder) and there is not node and there.seen:
                raise _error(errno.ENOTEMPTY)
            if node is not there:
                folder.change({old: None, new: node})

        self._call("replace", effect, changes=True)

    def unlink(self, path: str) -> None:
        """Removes a file's name."""

        def effect() -> None:
            folder, name = self._parent(path)
            if isinstance(self._find(path), Folder):
                raise _error(errno.EISDIR)
            folder.change({name: None})

        self._call("unlink", effect, changes=True)

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """Creates one folder."""

        def effect() -> None:
            folder, name = self._parent(path)
            if not name or name in folder.seen:
                raise _error(errno.EEXIST)
            self._need_room()
            folder.change({name: Folder()})

        self._call("mkdir", effect, changes=True)

    def rmdir(self, path: str) -> None:
        """Removes an empty folder."""

        def effect() -> None:
            folder, name = self._parent(path)
            node = self._find(path)
            if not isinstance(node, Folder):
                raise _error(errno.ENOTDIR)
            if node.seen:
                raise _error(errno.ENOTEMPTY)
            folder.change({name: None})

        self._call("rmdir", effect, changes=True)

    def listdir(self, path: str) -> list[str]:
        """The names in a folder."""

        def effect() -> list[str]:
            node = self._find(path)
            if not isinstance(node, Folder):
                raise _error(errno.ENOTDIR)
            return list(node.seen)

        return self._call("listdir", effect)

    def stat(self, path: str) -> os.stat_result:
        """Kind and length of what lies at ``path``."""
        return self._call("stat", lambda: _stat(self._find(path)))

    def fstat(self, descriptor: int) -> os.stat_result:
        """The same of an open file."""
        return self._call("fstat", lambda: _stat(self._of(descriptor).node))

    def flock(self, descriptor: int, operation: int) -> None:
        """Takes or lets go a lock; one that would wait for ever is a fault of the test."""

        def effect() -> None:
            opened = self._of(descriptor)
            node = opened.node
            if operation & fcntl.LOCK_UN:
                node.locked_by = None if node.locked_by is opened else node.locked_by
            elif node.locked_by in (None, opened):
                node.locked_by = opened
            elif operation & fcntl.LOCK_NB:
                raise _error(errno.EWOULDBLOCK)
            else:
                raise AssertionError("the holder of this lock waits for whoever asks for it")

        self._call("flock", effect)

    # How it holds together.

    def _need_room(self) -> None:
        if self.full:
            raise _error(errno.ENOSPC)

    def _of(self, descriptor: int) -> _Open:
        if descriptor not in self._open:
            raise _error(errno.EBADF)
        return self._open[descriptor]

    def _release(self, descriptor: int) -> None:
        opened = self._open.pop(descriptor)
        if opened.node.locked_by is opened:
            opened.node.locked_by = None

    def _parent(self, path: str) -> tuple[Folder, str]:
        """The folder that holds the last part of ``path``, and that part; empty for the root."""
        *above, name = path.strip("/").split("/")
        folder: Node | None = self.root
        for part in above:
            folder = folder.seen.get(part)
            if folder is None:
                raise _error(errno.ENOENT)
            if not isinstance(folder, Folder):
                raise _error(errno.ENOTDIR)
        return folder, name

    def _find(self, path: str) -> Node:
        folder, name = self._parent(path)
        if not name:
            return folder
        if name not in folder.seen:
            raise _error(errno.ENOENT)
        return folder.seen[name]


def _stat(node: Node) -> os.stat_result:
    folder = isinstance(node, Folder)
    mode = stat.S_IFDIR | 0o755 if folder else stat.S_IFREG | 0o644
    size = 0 if isinstance(node, Folder) else len(node.seen)
    return os.stat_result((mode, id(node), 0, 1, 0, 0, size, 0, 0, 0))


def _writes(flags: int) -> bool:
    return bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))
