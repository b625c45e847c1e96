"""A log on disk and its one writer.

The order of every append: entry bundles and tiles are durable first, the checkpoint over them is
signed and durable last, the caller hears of it after that. A process killed anywhere leaves the
old log or the new one; what lies beyond the checkpoint was never signed, and opening removes it.
"""

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from quorate.core.errors import (
    DamagedError,
    EncodingError,
    InputError,
    UnavailableError,
    VerificationError,
)
from quorate.core.files import FolderLock, make_folder
from quorate.core.keys import Signer
from quorate.core.sources import Clock
from quorate.log.checkpoint import (
    Checkpoint,
    LogIdentity,
    WitnessIdentity,
    sign_checkpoint,
)
from quorate.log.folder import LogFolder
from quorate.log.fsck import check_log
from quorate.log.merkle import (
    EMPTY_ROOT,
    Range,
    consistency_ranges,
    fold_peaks,
    inclusion_ranges,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
    whole_subtrees,
)
from quorate.log.note import MAX_SIGNATURES, Note, SignatureLine, signatures_by
from quorate.log.receipt import Receipt
from quorate.log.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    RightEdge,
    Tile,
    check_leaf,
    count_at,
    encode_entries,
    encode_hashes,
    levels_of,
)
from quorate.log.verify import genesis_leaf, verify_note

_COSIGNATURE_SIZE = 8 + 64  # bytes: time and Ed25519


class Log:
    """One log, held open by one process; made by `create` or `open`, released by `close`.

    Not for several threads at once. After a write has failed, nobody knows what the disk holds:
    the log then refuses to write until it is opened again, or it could sign two trees of one size.
    """

    def __init__(
        self, folder: Path, identity: LogIdentity, signers: tuple[Signer, Signer], clock: Clock
    ) -> None:
        self.identity = identity
        self._files = LogFolder(folder)
        self._signers = signers
        self._clock = clock
        self._lock = FolderLock(folder, "log")
        self._writable = False
        self._edge = RightEdge()
        self._pending: list[bytes] = []  # entries of the bundle that is not whole yet
        self._checkpoint = Checkpoint(identity.origin, 0, EMPTY_ROOT)
        self._note: Note | None = None
        self._whole_tile = lru_cache(maxsize=64)(self._files.hashes)

    @classmethod
    def create(
        cls, folder: Path, origin: str, ed25519: Signer, ml_dsa_44: Signer, clock: Clock
    ) -> "Log":
        """A new log whose first leaf is its genesis; `InputError` if ``folder`` holds one."""
        log = cls._over(folder, origin, ed25519, ml_dsa_44, clock)
        if folder.exists() and not folder.is_dir():
            raise InputError(f"could not create a log in {folder}: it is a file")
        make_folder(folder)
        with log._locked():
            if log._files.holds_log:
                raise InputError(f"could not create a log in {folder}: there is one already")
            log._files.tidy(0)
            log._writable = True
            log.append(genesis_leaf(log.identity))
        return log

    @classmethod
    def open(
        cls, folder: Path, origin: str, ed25519: Signer, ml_dsa_44: Signer, clock: Clock
    ) -> "Log":
        """The log in ``folder`` as its last checkpoint says, whatever a kill left beside it.

        Raises `InputError` if there is none, `DamagedError` naming the file if one is not as
        written: lengths everywhere, contents at the right edge (`fsck` checks all contents).
        """
        log = cls._over(folder, origin, ed25519, ml_dsa_44, clock)
        if not log._files.holds_log:
            raise InputError(f"could not open log {folder}: there is none", remedy="create it")
        with log._locked():
            log._recover()
            log._writable = True
        return log

    @classmethod
    def _over(
        cls, folder: Path, origin: str, ed25519: Signer, ml_dsa_44: Signer, clock: Clock
    ) -> "Log":
        identity = LogIdentity(origin, ed25519.public_key, ml_dsa_44.public_key)
        return cls(folder, identity, (ed25519, ml_dsa_44), clock)

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Releases the folder; what was appended is durable already."""
        self._writable = False
        self._lock.__exit__()

    # What it holds.

    @property
    def size(self) -> int:
        """The number of leaves, the genesis included."""
        return self._checkpoint.size

    @property
    def root(self) -> bytes:
        """The 32-byte root over all leaves."""
        return self._checkpoint.root

    @property
    def checkpoint(self) -> Checkpoint:
        """The latest checkpoint."""
        return self._checkpoint

    def checkpoint_note(self) -> str:
        """The latest checkpoint as signed, with the cosignatures collected for it."""
        return str(self._signed())

    def entry(self, index: int) -> bytes:
        """The leaf at ``index``, checked against the tree."""
        if not 0 <= index < self.size:
            raise InputError(f"could not read entry {index}: the log has {self.size}")
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The leaves from ``start`` up to ``end`` (default: all), each checked against the tree."""
        end = self.size if end is None else min(end, self.size)
        if start < 0:
            raise InputError(f"could not read entries from {start}: they count from 0")
        for bundle in range(start // TILE_WIDTH, -(-end // TILE_WIDTH)):
            first = bundle * TILE_WIDTH
            yield from self._bundle(bundle)[max(start - first, 0) : end - first]

    def leaf_hashes(self) -> list[bytes]:
        """The 32-byte hashes of all leaves."""
        bundles = range(-(-self.size // TILE_WIDTH))
        return [each for index in bundles for each in self._tile(0, index)]

    def receipt(self, index: int) -> str:
        """The `.tlog-proof` text of the leaf at ``index`` under the latest checkpoint."""
        ranges = inclusion_ranges(index, self.size)
        proof = tuple(self._root_of(each) for each in ranges)
        leaf = self._tile(0, index // TILE_WIDTH)[index % TILE_WIDTH]
        with self._damage_named():
            verify_inclusion(leaf, index, self.size, proof, self.root)
        return str(Receipt(index, proof, self._signed()))

    def consistency(self, old_size: int) -> list[bytes]:
        """The proof that the first ``old_size`` leaves are a prefix, hashes; empty for 0."""
        proof = [self._root_of(each) for each in consistency_ranges(old_size, self.size)]
        if old_size:
            with self._damage_named():
                old_root = self.root_at(old_size)
                verify_consistency(old_size, old_root, self.size, self.root, proof)
        return proof

    def root_at(self, size: int) -> bytes:
        """The 32-byte root over the first ``size`` leaves."""
        if not 0 <= size <= self.size:
            raise InputError(f"could not compute the root at {size}: the log has {self.size}")
        return self._root_of((0, size)) if size else EMPTY_ROOT

    # What it takes.

    def append(self, leaf: bytes) -> int:
        """Logs one leaf of at most 65,535 bytes; durable and in the tree on return: its index."""
        return self.append_many([leaf])[0]

    def append_many(self, leaves: Iterable[bytes]) -> range:
        """Logs leaves under one checkpoint, all or none; durable on return: their indices."""
        batch = list(leaves)
        for leaf in batch:
            check_leaf(leaf)
        old_size = self.size
        if batch:
            with self._writing():
                self._write_batch(batch)
        return range(old_size, self.size)

    def add_cosignatures(
        self, lines: Iterable[str], witnesses: Sequence[WitnessIdentity] = ()
    ) -> None:
        """Adds witnesses' lines to the latest checkpoint, durably; a newer one replaces its key's.

        With ``witnesses`` each line must be a good one of theirs (`VerificationError`): a reader
        who knows the witness refuses a checkpoint with a bad line. Without, only the form of a
        line is checked, and whoever hands lines in is trusted not to spoil the note.
        """
        signed = self._signed()
        added = {(line.name, line.key_id): line for line in map(_cosignature_line, lines)}
        if not added:
            return
        if added.keys() & {(line.name, line.key_id) for line in signed.signatures[:2]}:
            raise InputError("could not add a cosignature: it bears the log's own key")
        if witnesses:
            _check_lines(Note(signed.text, tuple(added.values())), witnesses)
        kept = [s for s in signed.signatures if (s.name, s.key_id) not in added]
        if len(kept) + len(added) > MAX_SIGNATURES:
            raise InputError("could not add cosignatures: the checkpoint holds no more")
        note = Note(signed.text, (*kept, *added.values()))
        with self._writing():
            self._files.write_checkpoint(str(note))
            self._note = note

    def _write_batch(self, batch: Sequence[bytes]) -> None:
        edge, pending, size = self._edge.copy(), list(self._pending), self.size
        whole: list[Tile] = []
        for leaf in batch:
            pending.append(leaf)
            size += 1
            for level, hashes in edge.append(leaf_hash(leaf)):
                whole.append(Tile(level, count_at(level + 1, size) - 1))
                self._files.write(whole[-1], encode_hashes(hashes))
            if len(pending) == TILE_WIDTH:
                whole.append(Tile(ENTRIES, size // TILE_WIDTH - 1))
                self._files.write(whole[-1], encode_entries(pending))
                pending = []
        self._write_partials(edge, pending, size)
        checkpoint = Checkpoint(self.identity.origin, size, edge.root())
        note = sign_checkpoint(checkpoint, *self._signers, self._now())
        self._files.write_checkpoint(str(note))
        self._edge, self._pending = edge, pending
        self._checkpoint, self._note = checkpoint, note
        for tile in whole:
            self._files.drop_partials(tile)

    def _write_partials(self, edge: RightEdge, pending: Sequence[bytes], size: int) -> None:
        if pending:
            tile = Tile(ENTRIES, size // TILE_WIDTH, len(pending))
            self._files.write(tile, encode_entries(pending))
        for level, hashes in enumerate(edge.levels):
            # A level whose count did not change has its partial tile already.
            if hashes and count_at(level, size) != count_at(level, self.size):
                tile = Tile(level, count_at(level + 1, size), len(hashes))
                self._files.write(tile, encode_hashes(hashes))

    # How it holds together.

    def _recover(self) -> None:
        folder = self._files.path
        try:
            text = self._files.checkpoint()
            self._checkpoint = verify_note(text, self.identity).checkpoint
        except VerificationError as error:
            raise DamagedError(
                f"could not open log {folder}: {error}",
                remedy="check that these are the log's keys, or restore the checkpoint",
            ) from None
        self._note = Note.parse(text)
        self._files.check_lengths(self.size)
        self._edge = RightEdge(
            [
                self._files.hashes(Tile(level, count // TILE_WIDTH, count % TILE_WIDTH))
                if count % TILE_WIDTH
                else []
                for level, count in levels_of(self.size)
            ]
        )
        last, width = divmod(self.size, TILE_WIDTH)
        self._pending = self._files.entries(Tile(ENTRIES, last, width)) if width else []
        hashes = [leaf_hash(entry) for entry in self._pending]
        if self._edge.root() != self.root or (width and hashes != self._edge.levels[0]):
            raise self._damage()
        self._files.tidy(self.size)

    def _damage(self) -> DamagedError:
        """What `fsck` finds, as the failure of a log that cannot go on."""
        folder = self._files.path
        try:
            check_log(folder, self.identity)
        except VerificationError as error:
            return DamagedError(
                f"could not use log {folder}: {error}",
                remedy="restore the file from a copy of the log",
                file=error.place,
            )
        return DamagedError(f"could not use log {folder}: its files changed meanwhile")

    @contextlib.contextmanager
    def _damage_named(self) -> Iterator[None]:
        try:
            yield
        except VerificationError:
            raise self._damage() from None

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Takes the folder, and lets it go again if what follows fails."""
        self._lock.__enter__()
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        if not self._writable:
            raise UnavailableError(
                f"could not write to log {self._files.path}: it is closed or a write failed",
                remedy="open it again",
            )
        self._writable = False
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"could not write to log {self._files.path}: {error.strerror}",
                remedy="make room or mend the disk, then open the log again",
            ) from error
        self._writable = True

    def _signed(self) -> Note:
        assert self._note is not None, "a log is handed out only with its genesis signed"
        return self._note

    def _now(self) -> int:
        return self._clock.now_ns() // 10**9

    def _tile(self, level: int, index: int) -> list[bytes]:
        """The hashes at ``level`` from ``index`` tiles on: from memory at the edge, else disk."""
        if index == count_at(level + 1, self.size):
            return self._edge.levels[level]
        return self._whole_tile(Tile(level, index))

    def _bundle(self, index: int) -> list[bytes]:
        if index == self.size // TILE_WIDTH:
            return self._pending
        tile = Tile(ENTRIES, index)
        entries = self._files.entries(tile)
        if [leaf_hash(entry) for entry in entries] != self._tile(0, index):
            raise self._damage()
        return entries

    def _root_of(self, leaves: Range) -> bytes:
        return fold_peaks([self._subtree(*each) for each in whole_subtrees(*leaves)])

    def _subtree(self, level: int, index: int) -> bytes:
        """The root of the ``index``-th whole subtree of 2**level leaves, out of its one tile."""
        tile_level, inner = divmod(level, TILE_HEIGHT)
        tile, offset = divmod(index << inner, TILE_WIDTH)
        return root_of(self._tile(tile_level, tile)[offset : offset + (1 << inner)])


def _cosignature_line(text: str) -> SignatureLine:
    line = SignatureLine.parse(text)
    if len(line.blob) != _COSIGNATURE_SIZE:
        raise EncodingError(f"could not add a cosignature of {line.name}: not 8 + 64 bytes")
    return line


def _check_lines(note: Note, witnesses: Sequence[WitnessIdentity]) -> None:
    verifiers = [witness.verifier for witness in witnesses]
    found = signatures_by(note, verifiers, "cosignatures")
    known = {(v.note_key.name, v.note_key.key_id) for v in (verifiers[i] for i in found)}
    for line in note.signatures:
        if (line.name, line.key_id) not in known:
            raise VerificationError("no known witness", place=f"cosignatures: {line.name}")
