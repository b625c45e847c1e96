"""A disk on which what lies below one folder is a real file or a real folder, or is not opened.

A source writes below the journals' folder, and the collector may have more rights than it. Through
a symbolic or hard link the collector would change or read files that lie elsewhere; a pipe would
keep it waiting for ever. The last part of a path is what is checked: whoever may rename what lies
in the journals' folder itself can still put one source's folder in the place of another's.
"""

import contextlib
import errno
import os
import stat
from pathlib import Path

from quorate.core.filesystem import FileSystem


class Beneath:
    """A `core.filesystem.FileSystem`: ``disk``, but careful with what it opens below ``folder``."""

    def __init__(self, folder: Path, disk: FileSystem) -> None:
        self._folder = folder
        self._disk = disk
        self.read = disk.read
        self.write = disk.write
        self.truncate = disk.truncate
        self.start_writeback = disk.start_writeback
        self.fsync = disk.fsync
        self.close = disk.close
        self.replace = disk.replace
        self.unlink = disk.unlink
        self.mkdir = disk.mkdir
        self.rmdir = disk.rmdir
        self.listdir = disk.listdir
        self.stat = disk.stat
        self.fstat = disk.fstat
        self.flock = disk.flock

    def open(self, path: str, flags: int, mode: int = 0o644) -> int:
        """A descriptor of the file or folder at ``path``; `OSError` if it is anything else.

        What would be emptied is made anew instead: nobody else has it open, or chose its rights.
        """
        where = Path(path)
        if where == self._folder or not where.is_relative_to(self._folder):
            return self._disk.open(path, flags, mode)
        flags |= os.O_NOFOLLOW | os.O_NONBLOCK
        anew = bool(flags & os.O_CREAT and flags & os.O_TRUNC)
        if anew:
            flags = flags & ~os.O_TRUNC | os.O_EXCL
        descriptor = self._opened(path, flags, mode, anew)
        try:
            self._check(path, flags, self._disk.fstat(descriptor))
        except BaseException:
            self._disk.close(descriptor)
            raise
        return descriptor

    def _opened(self, path: str, flags: int, mode: int, anew: bool) -> int:
        try:
            with contextlib.suppress(*[FileExistsError] if anew else []):
                return self._disk.open(path, flags, mode)
            self._disk.unlink(path)  # left by a writer that was killed
            return self._disk.open(path, flags, mode)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise OSError(errno.ELOOP, "it is a symbolic link", path) from None
            raise

    @staticmethod
    def _check(path: str, flags: int, found: os.stat_result) -> None:
        if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
            raise OSError(errno.EINVAL, "it is neither a file nor a folder", path)
        if flags & os.O_ACCMODE != os.O_RDONLY and found.st_nlink > 1:
            raise OSError(errno.EMLINK, "it has another name elsewhere", path)
