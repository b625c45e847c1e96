"""The door to the disk for whatever must survive a power cut: a port of the system's own verbs.

Everything that a log writes goes through a `FileSystem`. The product hands in `SYSTEM`; the fault
tests hand in a disk of their own, on which any call can fail, fail after it took effect, or be the
last one before the power is cut.
"""

import fcntl
import os
from typing import Protocol


class FileSystem(Protocol):
    """The calls of POSIX that durable writing needs; each raises `OSError` as the system does."""

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        """A descriptor of the file or folder at ``path``."""
        ...

    def read(self, descriptor: int, size: int) -> bytes:
        """At most ``size`` bytes from where the descriptor stands; empty at the end."""
        ...

    def write(self, descriptor: int, data: bytes) -> int:
        """Writes some of ``data``: how many bytes, perhaps fewer than there are."""
        ...

    def truncate(self, descriptor: int, size: int) -> None:
        """Cuts the file to ``size`` bytes."""
        ...

    def start_writeback(self, descriptor: int) -> None:
        """Asks for the file's bytes to be on their way to the disk; promises nothing."""
        ...

    def fsync(self, descriptor: int) -> None:
        """On return the file's bytes, or the names in the folder, survive a power cut."""
        ...

    def close(self, descriptor: int) -> None:
        """Releases the descriptor and what it locks."""
        ...

    def replace(self, source: str, target: str) -> None:
        """Renames ``source`` over ``target``, atomically."""
        ...

    def unlink(self, path: str) -> None:
        """Removes a file's name."""
        ...

    def mkdir(self, path: str, mode: int = 0o755) -> None:
        """Creates one folder."""
        ...

    def rmdir(self, path: str) -> None:
        """Removes an empty folder."""
        ...

    def listdir(self, path: str) -> list[str]:
        """The names in a folder, in no order."""
        ...

    def stat(self, path: str) -> os.stat_result:
        """What lies at ``path``: its kind and its length in bytes."""
        ...

    def fstat(self, descriptor: int) -> os.stat_result:
        """The same of an open file."""
        ...

    def flock(self, descriptor: int, operation: int) -> None:
        """Takes or lets go an advisory lock (``fcntl.LOCK_*``) that dies with the descriptor."""
        ...


class SystemFiles:
    """The operating system's own."""

    open = staticmethod(os.open)
    read = staticmethod(os.read)
    write = staticmethod(os.write)
    truncate = staticmethod(os.ftruncate)
    fsync = staticmethod(os.fsync)
    close = staticmethod(os.close)
    replace = staticmethod(os.replace)
    unlink = staticmethod(os.unlink)
    mkdir = staticmethod(os.mkdir)
    rmdir = staticmethod(os.rmdir)
    listdir = staticmethod(os.listdir)
    stat = staticmethod(os.stat)
    fstat = staticmethod(os.fstat)
    flock = staticmethod(fcntl.flock)

    def start_writeback(self, descriptor: int) -> None:
        """Where the system has such a call: Linux starts writing out what it is told to forget.

        The fsyncs that follow then find one journal transaction for all files, not one each.
        """
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


SYSTEM: FileSystem = SystemFiles()
