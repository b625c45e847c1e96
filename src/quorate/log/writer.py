"""A log and its one writer, commit by commit.

The order of every commit: entry bundles and tiles are durable first, the checkpoint over them is
signed and durable last, the caller hears of it after that. A process killed anywhere leaves the
old log or the new one; what lies beyond the checkpoint was never signed, and opening removes it.

`appender.Appender` gathers the records of many callers into such commits.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from quorate.core.errors import (
    DamagedError,
    EncodingError,
    InputError,
    UnavailableError,
    VerificationError,
    disk_remedy,
)
from quorate.core.keys import Signer
from quorate.core.sources import Clock
from quorate.log.checkpoint import (
    Checkpoint,
    LogIdentity,
    WitnessIdentity,
    is_cosignature_size,
    sign_checkpoint,
)
from quorate.log.folder import FolderStorage
from quorate.log.note import MAX_NOTE_SIZE, MAX_SIGNATURES, Note, SignatureLine, signatures_by
from quorate.log.receipt import receipt_text
from quorate.log.recovery import check_lengths, tidy
from quorate.log.rollback import PUT_BACK, HeadMemory, RolledBackError, claimed, proven
from quorate.log.storage import WITNESSED, HeadMovedError, LogStorage, checkpoint_text
from quorate.log.tiles import check_leaves
from quorate.log.tree import StoredTree
from quorate.log.verify import genesis_leaf, verify_note

Enough = Callable[[Sequence[SignatureLine]], bool]
"""Whether the witnesses with these lines under a checkpoint make it a witnessed one."""

_MAX_RACES = 100  # commits lost in a row: each was another writer's progress


class Log:
    """One log, held open by one writer; made by `create` or `open`, released by `close`.

    Not for several threads at once. After a write has failed, nobody knows what the disk holds:
    the log then refuses to write until it is opened again, or it could sign two trees of one size.
    """

    def __init__(
        self,
        storage: LogStorage,
        identity: LogIdentity,
        signers: tuple[Signer, Signer],
        clock: Clock,
    ) -> None:
        self.identity = identity
        self._storage = storage
        self._signers = signers
        self._clock = clock
        self._writable = False
        self._tree = StoredTree.empty(storage, identity)
        self._note: Note | None = None
        self._head: bytes | None = None  # the note's bytes, as the storage holds them
        self._witnessed: Note | None = None

    @classmethod
    def create(
        cls,
        place: Path | LogStorage,
        origin: str,
        ed25519: Signer,
        ml_dsa_44: Signer,
        clock: Clock,
    ) -> "Log":
        """A new log whose first leaf is its genesis; `InputError` if ``place`` holds one."""
        log = cls._over(place, origin, ed25519, ml_dsa_44, clock)
        storage = log._storage
        taken = InputError(f"could not create a log in {storage.name}: there is one already")
        with log._reaching("create"):
            storage.prepare()
            with log._claimed():
                if storage.head() is not None:
                    raise taken
                if not storage.shared:  # else another writer may be at work
                    tidy(storage, 0)
                try:
                    log._commit([genesis_leaf(log.identity)])
                except HeadMovedError:
                    raise taken from None
                log._writable = True
        return log

    @classmethod
    def open(
        cls,
        place: Path | LogStorage,
        origin: str,
        ed25519: Signer,
        ml_dsa_44: Signer,
        clock: Clock,
        *,
        memories: Sequence[HeadMemory] = (),
    ) -> "Log":
        """The log in ``place`` as its last checkpoint says, whatever a kill left beside it.

        Raises `InputError` if there is none, `DamagedError` naming the file if one is not as
        written: lengths everywhere, contents at the right edge (`fsck` checks all contents), and
        `RolledBackError` if one of the ``memories`` holds a larger or another head.
        """
        log = cls._over(place, origin, ed25519, ml_dsa_44, clock)
        storage = log._storage
        with log._reaching("open"):
            if storage.head() is None:
                raise InputError(
                    f"could not open log {storage.name}: there is none", remedy="create it"
                )
            with log._claimed():
                log._load(check_lengths)
                if not storage.shared:  # else another writer may be at work beyond the head
                    tidy(storage, log.size)
                log._writable = True
                log.compare(memories)
        return log

    @classmethod
    def _over(
        cls, place: Path | LogStorage, origin: str, ed25519: Signer, ml_dsa_44: Signer, clock: Clock
    ) -> "Log":
        identity = LogIdentity(origin, ed25519.public_key, ml_dsa_44.public_key)
        storage = FolderStorage(place) if isinstance(place, Path) else place
        return cls(storage, identity, (ed25519, ml_dsa_44), clock)

    def __enter__(self) -> "Log":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Releases the log; what was appended is durable already."""
        self._writable = False
        self._storage.release()

    def compare(self, memories: Sequence[HeadMemory], *, proof: bool = False) -> int:
        """Asks each of ``memories`` for the largest head it has seen: how many could answer.

        If one holds a larger head, or another root at this size, this log signs nothing more
        (`RolledBackError`). ``proof``: what they say needs no further evidence.
        """
        answered = 0
        for memory in memories:
            try:
                seen = memory.size_seen(self.checkpoint_note())
            except UnavailableError:
                continue
            except VerificationError as error:
                what = f"another head ({error.message})"
                raise self.doubted(memory.name, what, proof=proof) from None
            answered += 1
            if seen > self.size:
                raise self.doubted(memory.name, f"a head of {seen} leaves", proof=proof)
        return answered

    def doubted(self, who: str, what: str, *, proof: bool = False) -> RolledBackError:
        """Signs nothing more; the error to raise, because ``who`` holds, or claims, ``what``."""
        self._writable = False
        return (proven if proof else claimed)(self._storage.name, self.size, who, what)

    # What it holds.

    @property
    def size(self) -> int:
        """The number of leaves, the genesis included."""
        return self._tree.size

    @property
    def root(self) -> bytes:
        """The 32-byte root over all leaves."""
        return self._tree.checkpoint.root

    @property
    def checkpoint(self) -> Checkpoint:
        """The latest checkpoint."""
        return self._tree.checkpoint

    def checkpoint_note(self) -> str:
        """The latest checkpoint as signed, with the cosignatures collected for it."""
        assert self._head is not None, "a log is handed out only with its genesis signed"
        return self._head.decode()

    def entry(self, index: int) -> bytes:
        """The leaf at ``index``, checked against the tree."""
        if not 0 <= index < self.size:
            raise InputError(f"could not read entry {index}: the log has {self.size}")
        return next(self.entries(index, index + 1))

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The leaves from ``start`` up to ``end`` (default: all), each checked against the tree."""
        if start < 0:
            raise InputError(f"could not read entries from {start}: they count from 0")
        return self._tree.entries(start, self.size if end is None else min(end, self.size))

    def leaf_hashes(self) -> list[bytes]:
        """The 32-byte hashes of all leaves."""
        return self._tree.leaf_hashes()

    def witnessed_note(self) -> str | None:
        """The latest checkpoint that witnesses cosigned, None if none ever did.

        Under load the log is ahead of it: witnesses are asked about one checkpoint after another.
        """
        return None if self._witnessed is None else str(self._witnessed)

    def receipt(self, index: int, *, witnessed: bool = False) -> str:
        """The `.tlog-proof` text of the leaf at ``index`` under the latest checkpoint.

        ``witnessed``: under the latest one that witnesses cosigned; `UnavailableError` while they
        have cosigned none that covers the leaf.
        """
        if not witnessed:
            return receipt_text(index, self._tree.inclusion_proof(index), self.checkpoint_note())
        note = self._witnessed
        size = 0 if note is None else Checkpoint.parse(note.text).size
        if note is None or not index < size:
            raise UnavailableError(
                f"could not give a witnessed receipt of leaf {index}: the witnesses have cosigned "
                f"{size} leaves",
                remedy="ask again when they have cosigned more, or take one without them",
            )
        return receipt_text(index, self._tree.inclusion_proof(index, size), str(note))

    def consistency(self, old_size: int, size: int | None = None) -> list[bytes]:
        """The proof that ``old_size`` leaves are a prefix of ``size`` (default all); none for 0."""
        return self._tree.consistency_proof(old_size, size)

    def root_at(self, size: int) -> bytes:
        """The 32-byte root over the first ``size`` leaves."""
        return self._tree.root_at(size)

    # What it takes.

    def append(self, leaf: bytes) -> int:
        """Logs one leaf of at most 65,535 bytes; durable and in the tree on return: its index."""
        return self.append_many([leaf])[0]

    def append_many(self, leaves: Iterable[bytes]) -> range:
        """Logs leaves under one checkpoint, all or none; durable on return: their indices."""
        batch = list(leaves)
        check_leaves(batch)
        if not batch:
            return range(self.size, self.size)
        with self._writing():
            for _ in range(_MAX_RACES):
                try:
                    self._commit(batch)
                    return range(self.size - len(batch), self.size)
                except HeadMovedError:
                    if not self._storage.shared:
                        raise
                    self._load()  # another writer came first: append after its leaves
        raise self._outraced()

    def _outraced(self) -> HeadMovedError:
        return HeadMovedError(
            f"could not write to log {self._storage.name}: other writers came first "
            f"{_MAX_RACES} times",
            remedy="try again, or let one writer gather the records of all",
        )

    def add_cosignatures(
        self,
        lines: Iterable[str],
        witnesses: Sequence[WitnessIdentity] = (),
        *,
        note: str | None = None,
        enough: Enough | None = None,
    ) -> None:
        """Adds witnesses' lines to a checkpoint, durably; a newer one replaces its key's.

        It becomes the witnessed one, unless that is a newer one, when ``enough`` says so of its
        lines; by default when as many witnesses cosigned it as the one before.

        ``note``: the checkpoint that they cosigned, which must be this log's; by default the
        latest. With ``witnesses`` each line must be a good one of theirs (`VerificationError`): a
        reader who knows the witness refuses a checkpoint with a bad line. Without, only the form
        of a line is checked, and whoever hands lines in is trusted not to spoil the note.
        """
        latest = self._signed()
        signed = latest if note is None else self._own(note)
        added = {(line.name, line.key_id): line for line in map(_cosignature_line, lines)}
        if not added:
            return
        if added.keys() & {(line.name, line.key_id) for line in latest.signatures[:2]}:
            raise InputError("could not add a cosignature: it bears the log's own key")
        if witnesses:
            _check_lines(Note(signed.text, tuple(added.values())), witnesses)
        for known in (latest, self._witnessed):  # with what was collected for it meanwhile
            if known is not None and known.text == signed.text:
                signed = known
                break
        kept = [s for s in signed.signatures if (s.name, s.key_id) not in added]
        if len(kept) + len(added) > MAX_SIGNATURES:
            raise InputError("could not add cosignatures: the checkpoint holds no more")
        cosigned = Note(signed.text, (*kept, *added.values()))
        with self._writing():
            for _ in range(_MAX_RACES):
                try:
                    self._keep_cosigned(cosigned, enough)
                    return
                except HeadMovedError:
                    if not self._storage.shared:
                        raise
                    self._load()
        raise self._outraced()

    def _own(self, text: str) -> Note:
        """A checkpoint of this log, perhaps an older one; `VerificationError` if it is none."""
        checkpoint = verify_note(text, self.identity).checkpoint
        if checkpoint.size > self.size or self.root_at(checkpoint.size) != checkpoint.root:
            raise VerificationError("is of another tree than this log's", place="checkpoint")
        return Note.parse(text)

    def _keep_cosigned(self, cosigned: Note, enough: Enough | None) -> None:
        """An older cosigned checkpoint is kept beside the head, for receipts that witnesses saw."""
        data = str(cosigned).encode()
        latest = cosigned.text == self._signed().text
        witnessed = self._surpasses(cosigned, enough)
        head = data if latest else self._head
        assert head is not None, "a log is handed out only with its genesis signed"
        if not latest and not witnessed:
            return  # nobody could use these lines
        self._storage.commit(self._head, {WITNESSED: data} if witnessed else {}, head)
        self._head = head
        if witnessed:
            self._witnessed = cosigned
        if latest:
            self._note = cosigned

    def _surpasses(self, cosigned: Note, enough: Enough | None) -> bool:
        """Whether ``cosigned`` takes the place of what witnesses cosigned last.

        Else any single witness could take its receipts from everybody who asks for more of them.
        """
        last = self._witnessed
        if last is not None and last.text == cosigned.text:
            return True
        if last is not None and _size(last) > _size(cosigned):
            return False
        if enough is not None:
            return enough(cosigned.signatures)
        return last is None or len(_cosigners(cosigned)) >= len(_cosigners(last))

    def _commit(self, batch: Sequence[bytes]) -> None:
        grown, objects = self._tree.grown(batch)
        note = sign_checkpoint(grown.checkpoint, *self._signers, self._clock.now_ns() // 10**9)
        head = str(note).encode()
        self._storage.commit(self._head, objects, head)
        before, self._tree, self._note, self._head = self._tree, grown, note, head
        for tile in before.partials_outgrown_by(grown.size):
            self._storage.remove_partials(tile)

    # How it holds together.

    def _load(self, check: Callable[[LogStorage, int], None] | None = None) -> None:
        """Takes in the head that the storage holds, and the right edge below it.

        Where writers race, a tile may be outgrown and gone before it was read: then the head has
        moved, and is taken in anew.
        """
        for _ in range(_MAX_RACES):
            head = self._storage.head()
            if head is None:
                return  # a shared storage in which nobody has committed yet
            try:
                self._take_in(head)
                if check is not None:
                    check(self._storage, self.size)
                return
            except DamagedError:
                if not self._storage.shared or self._storage.head() == head:
                    raise
        raise self._outraced()

    def _take_in(self, head: bytes) -> None:
        name = self._storage.name
        try:
            text = checkpoint_text(head, name)
            checkpoint = verify_note(text, self.identity).checkpoint
        except VerificationError as error:
            raise DamagedError(
                f"could not open log {name}: {error}",
                remedy="check that these are the log's keys, or restore the checkpoint",
            ) from None
        self._tree = StoredTree.load(self._storage, self.identity, checkpoint)
        self._note, self._head = Note.parse(text), head
        self._take_in_witnessed()

    def _take_in_witnessed(self) -> None:
        """What witnesses cosigned last; it can be older than the head, but never newer."""
        name = f"{self._storage.name}/{WITNESSED}"
        try:
            text = checkpoint_text(self._storage.read(WITNESSED, MAX_NOTE_SIZE), name)
        except DamagedError:
            raise
        except InputError:
            return
        try:
            size = verify_note(text, self.identity).checkpoint.size
            self._witnessed = self._own(text) if size <= self.size else None
        except VerificationError as error:
            raise DamagedError(
                f"could not open log {self._storage.name}: {WITNESSED}: {error.message}",
                remedy="remove this file, or restore it from a copy of the log",
                file=WITNESSED,
            ) from None
        if size > self.size and not self._storage.shared:
            raise RolledBackError(
                f"could not open log {self._storage.name}: it has {self.size} leaves, but its "
                f"own file {WITNESSED} covers {size}",
                remedy=PUT_BACK,
            )

    @contextlib.contextmanager
    def _reaching(self, verb: str) -> Iterator[None]:
        """What the disk refuses is told as the log's trouble, by its name."""
        try:
            yield
        except OSError as error:
            raise UnavailableError(
                f"could not {verb} log {self._storage.name}: {error.strerror}",
                remedy=f"{disk_remedy(error)}, then try again",
            ) from error

    @contextlib.contextmanager
    def _claimed(self) -> Iterator[None]:
        """Takes the log, and lets it go again if what follows fails."""
        self._storage.claim()
        try:
            yield
        except BaseException:
            self.close()
            raise

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        if not self._writable:
            raise UnavailableError(
                f"could not write to log {self._storage.name}: it is closed or a write failed",
                remedy="open it again",
            )
        self._writable = False
        try:
            yield
        except HeadMovedError:
            self._writable = self._storage.shared  # nothing was written
            raise
        except OSError as error:
            raise UnavailableError(
                f"could not write to log {self._storage.name}: {error.strerror}",
                remedy=f"{disk_remedy(error)}, then open the log again",
            ) from error
        self._writable = True

    def _signed(self) -> Note:
        assert self._note is not None, "a log is handed out only with its genesis signed"
        return self._note


def _size(note: Note) -> int:
    return Checkpoint.parse(note.text).size


def _cosigners(note: Note) -> set[str]:
    """By name: the keys of one name are one witness's."""
    return {line.name for line in note.signatures[2:]}  # the log's own come first


def _cosignature_line(text: str) -> SignatureLine:
    line = SignatureLine.parse(text)
    if not is_cosignature_size(len(line.blob)):
        raise EncodingError(f"could not add a cosignature of {line.name}: not of a known length")
    return line


def _check_lines(note: Note, witnesses: Sequence[WitnessIdentity]) -> None:
    verifiers = [witness.verifier for witness in witnesses]
    found = signatures_by(note, verifiers, "cosignatures")
    known = {(v.note_key.name, v.note_key.key_id) for v in (verifiers[i] for i in found)}
    for line in note.signatures:
        if (line.name, line.key_id) not in known:
            raise VerificationError("no known witness", place=f"cosignatures: {line.name}")
