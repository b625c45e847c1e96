"""Following somebody else's log: it may only grow, and a monitor is who would notice.

A monitor remembers the last head that it verified and the peaks of that tree (the roots of the
whole subtrees that it is made of; about twenty hashes for a million leaves). With them it needs no
proof from the log: it reads a few tiles and finds out by itself whether the new tree begins with
the old one. If it does not, the peaks on one side and the tiles on the other are evidence that
convinces everybody (`log.equivocation`).

Steps of one look, each named in the `VerificationError` that it raises:

1. ``monitor.checkpoint``  the checkpoint verifies by the keys that the reader trusts
2. ``monitor.rollback``    the log is not smaller than it was
3. ``monitor.fork``        it holds the tree that it had before, at the same size or as a beginning
4. ``monitor.tiles``       its tiles are there and lead to the signed root
5. ``monitor.entries``     if asked for: the new entries hash to the tiles, the first is the genesis
6. ``monitor.witnessed``   with a policy: a head satisfies its quorum, and the log goes on from it
7. ``monitor.behind``      with a policy: its witnesses are not left behind while the log grows

Witnesses come after the trees: a fork that none of them cosigned is still proven to everybody.
After an alarm the memory stays as it was: the next look finds the same. A log that cannot be
reached is no alarm (`UnavailableError`). Format of the memory: docs/formats/monitor.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from quorate.core.encoding import canonical_bytes, decode_base64, encode_base64, parse_canonical
from quorate.core.errors import DamagedError, EncodingError, InputError, VerificationError
from quorate.core.files import FolderLock, make_folder, read_file, write_durable
from quorate.core.keys import PublicKey
from quorate.log.checkpoint import Checkpoint, LogIdentity
from quorate.log.equivocation import SUFFIX, Evidence, prove_equivocation
from quorate.log.merkle import (
    Range,
    consistency_ranges,
    fold_peaks,
    hash_leaves,
    node_hash,
    verify_consistency,
    whole_subtrees,
)
from quorate.log.note import Note
from quorate.log.policy import Policy
from quorate.log.served import ServedTree
from quorate.log.shown import ShownHeads, accept, read_head, read_heads
from quorate.log.storage import CHECKPOINT, WITNESSED, LogReader, read_entries, read_hashes
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile
from quorate.log.verify import VerifiedNote, genesis_leaf, verify_note

FORMAT = "quorate/monitor/v1"
MEMORY = "head.json"
_MAX_MEMORY = 2**20  # bytes

NoteCheck = Callable[[str], VerifiedNote]
"""What a reader trusts: raises `VerificationError` unless a checkpoint's note satisfies it."""


class RollbackError(VerificationError):
    """The log is smaller than it was: a backup was put back, or somebody hides its end."""


class ForkSeenError(VerificationError):
    """The log signed two trees of which neither extends the other; ``evidence`` proves it."""

    def __init__(self, message: str, evidence: Evidence) -> None:
        super().__init__(message, step="monitor.fork", place=CHECKPOINT)
        self.evidence = evidence


@dataclass(frozen=True, slots=True)
class Head:
    """The last verified head of a log: its note (the log's own lines), the peaks of its tree.

    ``entries``: up to which leaf the entries themselves were read and hashed.
    """

    log: LogIdentity
    note: str
    peaks: tuple[bytes, ...]
    entries: int = 0

    @property
    def checkpoint(self) -> Checkpoint:
        """What the note says."""
        return Checkpoint.parse(Note.parse(self.note).text)

    def to_bytes(self) -> bytes:
        """The memory's file."""
        return canonical_bytes(
            {
                "entries": self.entries,
                "format": FORMAT,
                "keys": [str(self.log.ed25519), str(self.log.ml_dsa_44)],
                "note": self.note,
                "origin": self.log.origin,
                "peaks": [encode_base64(each) for each in self.peaks],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Head":
        """The inverse of `to_bytes`; raises `EncodingError` on anything that is not consistent."""
        value = parse_canonical(data)
        fields = {"entries", "format", "keys", "note", "origin", "peaks"}
        if not isinstance(value, dict) or set(value) != fields or value["format"] != FORMAT:
            raise EncodingError("could not read a monitor's memory: unexpected fields")
        try:
            keys = [PublicKey.parse(each) for each in value["keys"]]
            log = LogIdentity(value["origin"], *keys)
            peaks = tuple(decode_base64(each) for each in value["peaks"])
            head = cls(log, value["note"], peaks, value["entries"])
            checkpoint = verify_note(head.note, log).checkpoint
        except (TypeError, AttributeError, VerificationError) as error:
            raise EncodingError(f"could not read a monitor's memory: {error}") from None
        whole = list(whole_subtrees(0, checkpoint.size))
        entries_known = type(head.entries) is int and 0 <= head.entries <= checkpoint.size
        peaks_fit = len(whole) == len(peaks) > 0 and fold_peaks(peaks) == checkpoint.root
        if not entries_known or not peaks_fit:
            raise EncodingError("could not read a monitor's memory: peaks of another tree")
        return head


@dataclass(frozen=True, slots=True)
class Sighting:
    """One look at a log in which nothing was wrong; ``before`` is its size at the last one.

    ``witnessed``: the head that satisfies the quorum, None where none is demanded.
    """

    verified: VerifiedNote
    before: int | None
    witnessed: VerifiedNote | None = None

    @property
    def checkpoint(self) -> Checkpoint:
        """The head that is remembered from now on."""
        return self.verified.checkpoint


def look(
    reader: LogReader,
    log: LogIdentity,
    check: NoteCheck,
    last: Head | None,
    *,
    full: bool = False,
    policy: Policy | None = None,
    behind: int = 0,
) -> tuple[Sighting, Head]:
    """One look at the log behind ``reader``: what was seen and what to remember of it.

    With a ``policy`` the quorum must be satisfied by the checkpoint or by the witnessed one, and
    cosigned at ``behind`` (Unix seconds) or later if the log has grown beyond that one.
    """
    if last is not None and last.log != log:
        raise InputError(
            f"could not follow log {log.origin}: another, or other keys, are remembered",
            remedy="use one state folder for each log",
        )
    # 1. monitor.checkpoint
    shown, verified = _read_heads(reader, log, check, policy)
    note = _own_lines(shown.note(), log)
    sighting, head = _seen(reader, Head(log, note, ()), verified, last, full=full)
    # 6. monitor.witnessed
    accepted = None if policy is None else _accepted(shown, policy, log)
    if accepted is None:
        return sighting, head
    _check_witnessed(reader, shown, accepted, head)
    # 7. monitor.behind
    _check_pace(accepted, sighting, behind)
    return replace(sighting, witnessed=accepted), head


def _seen(
    reader: LogReader, head: Head, verified: VerifiedNote, last: Head | None, *, full: bool
) -> tuple[Sighting, Head]:
    """Steps 2 to 5: what the log is since the last look."""
    log, note, point = head.log, head.note, verified.checkpoint
    if last is not None:
        before = last.checkpoint
        if before == point and (last.entries == point.size or not full):
            return Sighting(verified, before.size), last
        # 2. monitor.rollback
        if point.size < before.size:
            raise RollbackError(
                f"the log has {point.size} leaves and had {before.size}",
                step="monitor.rollback",
                place=CHECKPOINT,
            )
        # 3. monitor.fork
        if point.size == before.size and point.root != before.root:
            evidence = prove_equivocation(log, last.note, note)
            raise ForkSeenError(f"the log signed two trees of {point.size} leaves", evidence)
    try:
        tree = ServedTree(reader, point)
        if last is not None:
            _check_grown(tree, last, head)
        # 4. monitor.tiles
        peaks = tree.peaks()
        if not peaks or fold_peaks(peaks) != point.root:
            raise _bad_tiles("tiles do not lead to the signed root")
        entries = last.entries if last is not None else 0
        # 5. monitor.entries
        if full:
            _check_entries(reader, last, head)
            entries = point.size
    except DamagedError as error:
        raise _bad_tiles(error.fields["why"], error.fields["file"]) from None
    return Sighting(verified, last.checkpoint.size if last else None), replace(
        head, peaks=peaks, entries=entries
    )


def _read_heads(
    reader: LogReader, log: LogIdentity, check: NoteCheck, policy: Policy | None
) -> tuple[ShownHeads, VerifiedNote]:
    """What is shown, and what was verified of the checkpoint."""
    try:
        shown = ShownHeads(reader.name, read_head(reader)) if policy is None else read_heads(reader)
        verified = check(shown.note())
        verify_note(shown.note(), log)  # whatever else is trusted, both keys are demanded
        return shown, verified
    except VerificationError as error:
        raise VerificationError(
            error.message, step="monitor.checkpoint", place=error.place or CHECKPOINT
        ) from None
    except InputError as error:
        raise VerificationError(
            error.message, step="monitor.checkpoint", place=CHECKPOINT
        ) from None


def _accepted(shown: ShownHeads, policy: Policy, log: LogIdentity) -> VerifiedNote | None:
    try:
        return accept(shown, policy, log)
    except (InputError, VerificationError) as error:
        place = getattr(error, "place", "") or CHECKPOINT
        raise VerificationError(error.message, step="monitor.witnessed", place=place) from None


def _own_lines(text: str, log: LogIdentity) -> str:
    """The note with the log's own lines only."""
    note = Note.parse(text)
    own = {(each.note_key.name, each.note_key.key_id) for each in log.verifiers}
    lines = tuple(line for line in note.signatures if (line.name, line.key_id) in own)
    return str(Note(note.text, lines))


def _check_grown(tree: ServedTree, last: Head, head: Head) -> None:
    """Step 3 for a larger tree: the old one is its beginning, or that it is not is proven."""
    before, point = last.checkpoint, head.checkpoint
    proof = [tree.root_over(each) for each in consistency_ranges(before.size, point.size)]
    try:
        verify_consistency(before.size, before.root, point.size, point.root, proof)
    except VerificationError:
        subtrees = whole_subtrees(0, before.size)
        known: dict[Range, bytes] = {
            (index << level, (index + 1) << level): peak
            for (level, index), peak in zip(subtrees, last.peaks, strict=True)
        }
        try:
            evidence = prove_equivocation(
                last.log, last.note, head.note, known.__getitem__, tree.root_over
            )
        except (InputError, VerificationError):  # 4. monitor.tiles: what is served proves nothing
            raise _bad_tiles("tiles lead neither to the old root nor to the new one") from None
        raise ForkSeenError(
            f"the tree of {point.size} leaves does not begin with that of {before.size}", evidence
        ) from None


def _check_entries(reader: LogReader, last: Head | None, head: Head) -> None:
    """Step 5: hashes every new entry onto the peaks of the entries that were hashed before."""
    point, start, peaks = head.checkpoint, 0, list[bytes]()
    if last is not None and last.entries == last.checkpoint.size:
        start, peaks = last.entries, list(last.peaks)
    for index in range(start // TILE_WIDTH, -(-point.size // TILE_WIDTH)):
        first = index * TILE_WIDTH
        width = min(TILE_WIDTH, point.size - first)
        bundle = Tile(ENTRIES, index, width)
        entries = read_entries(reader, bundle)
        hashes = hash_leaves(entries)
        if hashes != read_hashes(reader, Tile(0, index, width)):
            raise _bad_entries("entries and level-0 hashes disagree", bundle)
        if index == 0 and entries[0] != genesis_leaf(head.log):
            raise _bad_entries("the first entry is not the genesis of this log", bundle)
        _extend(peaks, max(start, first), hashes[max(start - first, 0) :])
    if fold_peaks(peaks) != point.root:
        raise _bad_entries("entries do not hash to the signed root", None)


def _check_witnessed(
    reader: LogReader, shown: ShownHeads, witnessed: VerifiedNote, head: Head
) -> None:
    """Step 6: the log holds the tree that its witnesses saw, or that it does not is proven."""
    seen, point = witnessed.checkpoint, head.checkpoint
    if not seen.size or seen == point:
        return
    if seen.size == point.size:
        note = _own_lines(shown.witnessed_note() or "", head.log)
        evidence = prove_equivocation(head.log, note, head.note)
        raise ForkSeenError(f"the log signed two trees of {point.size} leaves", evidence)
    tree = ServedTree(reader, point)
    try:
        proof = [tree.root_over(each) for each in consistency_ranges(seen.size, point.size)]
        verify_consistency(seen.size, seen.root, point.size, point.root, proof)
    except DamagedError as error:
        raise _bad_tiles(error.fields["why"], error.fields["file"]) from None
    except VerificationError:
        raise VerificationError(
            f"the tree of {point.size} leaves does not begin with that of {seen.size} leaves that "
            "witnesses cosigned",
            step="monitor.witnessed",
            place=WITNESSED,
        ) from None


def _check_pace(witnessed: VerifiedNote, sighting: Sighting, behind: int) -> None:
    """Step 7: what is beyond the witnesses' head is not beyond it for long.

    A log that was idle may have grown a moment ago, under witnesses that slept with it: then the
    look before this one saw nothing beyond their head, and it is the next one that decides.
    """
    size, point = witnessed.checkpoint.size, sighting.checkpoint
    newest = max((each.time for each in witnessed.cosigners), default=0)
    before = sighting.before
    if size < point.size and newest < behind and (before is None or before > size):
        raise VerificationError(
            f"witnesses cosigned {size} of {point.size} leaves, and nothing since "
            f"{datetime.fromtimestamp(newest, UTC):%Y-%m-%d %H:%M:%S} UTC",
            step="monitor.behind",
            place=WITNESSED,
        )


def _extend(peaks: list[bytes], size: int, hashes: Sequence[bytes]) -> None:
    """Adds leaf hashes to the peaks of ``size`` leaves, as one counts in binary."""
    for count, leaf in enumerate(hashes, start=size + 1):
        peak = leaf
        for _ in range((count & -count).bit_length() - 1):
            peak = node_hash(peaks.pop(), peak)
        peaks.append(peak)


def _bad_tiles(why: str, file: str = "tile/") -> VerificationError:
    return VerificationError(why, step="monitor.tiles", place=file)


def _bad_entries(why: str, bundle: Tile | None) -> VerificationError:
    place = bundle.path if bundle else CHECKPOINT
    return VerificationError(why, step="monitor.entries", place=place)


class MonitorState:
    """The folder in which one monitor remembers one log; one process at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = FolderLock(folder, "monitor state")

    def __enter__(self) -> "MonitorState":
        make_folder(self._folder)
        self._lock.__enter__()
        return self

    def __exit__(self, *_: Any) -> None:
        self._lock.__exit__()

    def last(self) -> Head | None:
        """The head that was remembered, None before the first; `DamagedError` if it is spoiled."""
        path = self._folder / MEMORY
        if not path.exists():
            return None
        try:
            return Head.from_bytes(read_file(path, "monitor's memory", limit=_MAX_MEMORY))
        except EncodingError as error:
            raise DamagedError(
                f"could not use {path}: {error.message}",
                remedy="restore it from a copy; without it the monitor begins anew and trusts "
                "what it sees first",
            ) from None

    def remember(self, head: Head) -> None:
        """Keeps ``head`` instead, durably."""
        write_durable(self._folder / MEMORY, head.to_bytes())

    def keep(self, evidence: Evidence) -> Path:
        """Keeps evidence durably, under the sizes of its two trees: where."""
        sizes = "-".join(note.text.split("\n")[1] for note in evidence.notes)
        path = self._folder / f"{sizes}{SUFFIX}"
        write_durable(path, str(evidence).encode())
        return path
