"""What a witness remembers: of each log the last checkpoint it cosigned, and proven forks.

In a folder these are small files of canonical JSON, one per log, each replaced durably; a file that
is not as written is never taken for "nothing seen". The layout is in docs/formats/tlog-witness.md.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from quorate.core.encoding import canonical_bytes, decode_hex, parse_canonical
from quorate.core.errors import DamagedError, EncodingError
from quorate.core.files import make_folder, read_own_file, sync_folder, write_durable
from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.core.hashing import Digest
from quorate.log.checkpoint import Checkpoint
from quorate.log.note import Note

MAX_CONFLICTS = 4  # per log: one convicts it, and nobody may fill the disk with more

_OLD_FIELDS = {"origin", "root", "size"}  # as version 0.1.0 wrote them
_MAX_FILE = 65_536
_REMEDY = "restore it from a copy: without it this witness could sign a fork"


@dataclass(frozen=True, slots=True)
class Seen:
    """The last cosigned checkpoint of a log, and the note in which the log signed it.

    ``note`` is empty where only an old state file tells of the checkpoint.
    """

    checkpoint: Checkpoint
    note: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two notes of one log, both with its signatures, on different trees of the same size."""

    origin: str
    seen: str
    shown: str

    def is_like(self, other: "Conflict") -> bool:
        """Whether both show the same two trees, whatever bytes the signatures have."""
        return (_text(self.seen), _text(self.shown)) == (_text(other.seen), _text(other.shown))


class State(Protocol):
    """Where a witness keeps what it has seen."""

    def check(self) -> None:
        """Raises `DamagedError` if anything that is kept cannot be read."""
        ...

    def read(self, origin: str) -> Seen | None:
        """What was kept of a log; raises `DamagedError`."""
        ...

    def write(self, seen: Seen) -> None:
        """Keeps ``seen`` in place of what was kept of its log; durable on return."""
        ...

    def sync(self) -> None:
        """Makes durable what `read` can see, whoever wrote it."""
        ...

    def all(self) -> Sequence[Seen]:
        """What is kept, by origin."""
        ...

    def keep(self, conflict: Conflict) -> None:
        """Keeps one of the first few conflicts of a log; durable on return."""
        ...

    def conflicts(self) -> Sequence[Conflict]:
        """The conflicts that were kept."""
        ...


class MemoryState:
    """State that ends with the process: for tests and simulations."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}
        self._conflicts: list[Conflict] = []

    def check(self) -> None:
        """Nothing can be damaged."""

    def read(self, origin: str) -> Seen | None:
        """What was kept of a log."""
        return self._seen.get(origin)

    def write(self, seen: Seen) -> None:
        """Keeps ``seen``."""
        self._seen[seen.checkpoint.origin] = seen

    def sync(self) -> None:
        """Nothing outlives the process."""

    def all(self) -> Sequence[Seen]:
        """What is kept, by origin."""
        return [self._seen[origin] for origin in sorted(self._seen)]

    def keep(self, conflict: Conflict) -> None:
        """Keeps one of the first few conflicts of a log."""
        same = [each for each in self._conflicts if each.origin == conflict.origin]
        if len(same) < MAX_CONFLICTS and not any(map(conflict.is_like, same)):
            self._conflicts.append(conflict)

    def conflicts(self) -> Sequence[Conflict]:
        """The conflicts that were kept."""
        return tuple(self._conflicts)


class FolderState:
    """State in a folder; whoever writes holds its lock."""

    def __init__(self, folder: Path, *, disk: FileSystem = SYSTEM) -> None:
        self._folder = folder
        self._conflicts = folder / "conflicts"
        self._disk = disk
        self._lasting = {folder}
        self._tidy = False

    def check(self) -> None:
        """Raises `DamagedError` naming the first file that is not as written."""
        self.all()
        self.conflicts()

    def read(self, origin: str) -> Seen | None:
        """What was kept of a log; raises `DamagedError`, and `OSError` for the disk's trouble."""
        try:
            return _read_seen(self._folder / _file_name(origin), self._disk)
        except FileNotFoundError:  # and nothing else: a disk that cannot tell has not said "none"
            return None

    def write(self, seen: Seen) -> None:
        """Keeps ``seen``; durable on return."""
        self._clean()
        checkpoint = seen.checkpoint
        value = {
            "note": seen.note,
            "origin": checkpoint.origin,
            "root": checkpoint.root.hex(),
            "size": checkpoint.size,
        }
        path = self._folder / _file_name(checkpoint.origin)
        write_durable(path, canonical_bytes(value), disk=self._disk)

    def sync(self) -> None:
        """Makes the names durable that a process killed in the middle of `write` left behind."""
        sync_folder(self._folder, disk=self._disk)

    def all(self) -> Sequence[Seen]:
        """What is kept, by origin; raises `DamagedError`."""
        found = [_read_seen(path, self._disk) for path in self._files(self._folder)]
        return sorted(found, key=lambda seen: seen.checkpoint.origin)

    def keep(self, conflict: Conflict) -> None:
        """Keeps one of the first few conflicts of a log; durable on return."""
        kept = [each for each in self.conflicts() if each.origin == conflict.origin]
        if len(kept) >= MAX_CONFLICTS or any(map(conflict.is_like, kept)):
            return
        make_folder(self._conflicts, disk=self._disk, lasting=self._lasting)
        name = f"{Digest.of(conflict.origin.encode()).hex}-{len(kept) + 1}.json"
        value = {"origin": conflict.origin, "seen": conflict.seen, "shown": conflict.shown}
        write_durable(self._conflicts / name, canonical_bytes(value), disk=self._disk)

    def conflicts(self) -> Sequence[Conflict]:
        """The conflicts that were kept; raises `DamagedError`."""
        return [_read_conflict(path, self._disk) for path in self._files(self._conflicts)]

    def _files(self, folder: Path, end: str = ".json") -> list[Path]:
        try:
            names = self._disk.listdir(str(folder))
        except FileNotFoundError:
            return []
        return [folder / name for name in sorted(names) if name.endswith(end)]

    def _clean(self) -> None:
        """Removes what a killed writer left, once: looking through many files takes its time."""
        if not self._tidy:
            for folder in (self._folder, self._conflicts):
                for path in self._files(folder, ".tmp"):
                    with contextlib.suppress(FileNotFoundError):
                        self._disk.unlink(str(path))
            self._tidy = True


def check_states(folder: Path) -> int:
    """Reads what a witness has seen of every log: how many; `DamagedError` naming a bad file."""
    return len(FolderState(folder).all())


def _text(note: str) -> str:
    return note.partition("\n\n")[0]


def _file_name(origin: str) -> str:
    """One file per log, named by digest: an origin is a stranger's text."""
    return f"{Digest.of(origin.encode()).hex}.json"


def _read_seen(path: Path, disk: FileSystem) -> Seen:
    try:
        value = parse_canonical(read_own_file(path, "witness state", limit=_MAX_FILE, disk=disk))
        if not _OLD_FIELDS <= set(value) <= _OLD_FIELDS | {"note"}:
            raise EncodingError("unexpected fields")
        seen = Checkpoint(value["origin"], value["size"], decode_hex(value["root"], 32))
        note = value.get("note", "")
        if note and Note.parse(note).text != str(seen):
            raise EncodingError("another note")
    except (EncodingError, AttributeError, KeyError, TypeError):
        message = f"could not read witness state {path}: not as written"
        raise DamagedError(message, remedy=_REMEDY) from None
    if path.name != _file_name(seen.origin):
        raise DamagedError(f"could not read witness state {path}: it is of another log")
    return Seen(seen, note)


def _read_conflict(path: Path, disk: FileSystem) -> Conflict:
    try:
        value = parse_canonical(read_own_file(path, "witness state", limit=_MAX_FILE, disk=disk))
        if set(value) != {"origin", "seen", "shown"}:
            raise EncodingError("unexpected fields")
        for each in (value["seen"], value["shown"]):
            if Checkpoint.parse(Note.parse(each).text).origin != value["origin"]:
                raise EncodingError("another log")
        return Conflict(value["origin"], value["seen"], value["shown"])
    except (EncodingError, AttributeError, TypeError):
        message = f"could not read witness state {path}: not as written"
        remedy = "put it aside: it is evidence against a log, and the witness works without it"
        raise DamagedError(message, remedy=remedy) from None
