"""A witness: it cosigns a log's checkpoints only while each extends the last one it saw.

A log that shows two readers two trees needs two cosignatures of one witness on trees that do not
extend each other; an honest witness gives only one (C2SP tlog-witness v1.0.0). What the witness
has seen is durable before its signature leaves: a witness that forgot could be led to sign a fork.
Comparing and remembering are one step, under a lock that several processes share.

Steps, each named in the `VerificationError` that it raises:

1. ``note.log``             the checkpoint is signed by every key known of the log
2. ``witness.size``         its size is not below the size last seen, and the request starts there
3. ``witness.consistency``  the proof leads from the tree last seen to this one; for the same size
   the roots are equal, and for a log never seen before there is nothing to prove (empty proof)
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from quorate.core.errors import InputError, UnavailableError, VerificationError, disk_remedy
from quorate.core.files import FolderLock, make_lasting_folder
from quorate.core.filesystem import SYSTEM, FileSystem
from quorate.core.keys import ML_DSA_44, Signer
from quorate.core.sources import Clock
from quorate.log.checkpoint import (
    Checkpoint,
    LogIdentity,
    SubtreeVerifier,
    WitnessIdentity,
    sign_cosignature,
)
from quorate.log.cosigning import size_seen
from quorate.log.merkle import verify_consistency
from quorate.log.note import (
    ED25519_NOTE,
    ML_DSA_44_COSIGNATURE,
    Note,
    NoteKey,
    NoteVerifier,
    PlainVerifier,
    SignatureLine,
    check_key_name,
    signatures_by,
)
from quorate.log.verify import verify_note
from quorate.log.witness_protocol import (
    AddCheckpoint,
    ForkError,
    StaleSizeError,
    UnknownLogError,
    UnprovenError,
    UnsignedError,
)
from quorate.log.witness_state import Conflict, FolderState, MemoryState, Seen, State


@dataclass(frozen=True, slots=True)
class WitnessedLog:
    """A log whose checkpoints are witnessed: its origin, and every key that must have signed.

    A log of ours has two keys; of a foreign one an Ed25519 key is often all that is known.
    """

    origin: str
    verifiers: tuple[NoteVerifier, ...]

    def __post_init__(self) -> None:
        check_key_name(self.origin)
        names = {verifier.note_key.name for verifier in self.verifiers}
        if names != {self.origin}:
            raise InputError(f"could not witness {self.origin[:80]!r}: no key, or one of another")

    @classmethod
    def of(cls, log: LogIdentity) -> "WitnessedLog":
        """A log of ours."""
        return cls(log.origin, log.verifiers)

    @property
    def identity(self) -> LogIdentity | None:
        """The log as its readers know it, if both of its keys are known here."""
        keys = {each.note_key.kind: each.note_key.key for each in self.verifiers}
        if set(keys) != {ED25519_NOTE, ML_DSA_44_COSIGNATURE} or len(self.verifiers) != len(keys):
            return None
        return LogIdentity(self.origin, keys[ED25519_NOTE], keys[ML_DSA_44_COSIGNATURE])

    def signed(self, note: Note) -> Note:
        """``note`` with this log's signatures alone; `UnsignedError` if one is bad or missing."""
        try:
            found = signatures_by(note, self.verifiers, self.origin)
        except VerificationError as error:
            raise UnsignedError(error.message, step="note.log", place=error.place) from None
        if len(found) != len(self.verifiers):
            raise UnsignedError(
                f"{len(found)} of the log's {len(self.verifiers)} signatures are there",
                step="note.log",
                place=self.origin,
            )
        keys = [verifier.note_key for verifier in self.verifiers]
        return Note(
            note.text,
            tuple(SignatureLine(self.origin, key.key_id, found[i]) for i, key in enumerate(keys)),
        )


def logs_of(vkeys: Iterable[str]) -> dict[str, WitnessedLog]:
    """The logs that these verifier keys are of, by origin; several keys of one origin all count.

    Raises `InputError` for a key that is no log's: of type 0x04, or of another log's key twice.
    """
    keys: dict[str, dict[bytes, NoteVerifier]] = {}
    for vkey in vkeys:
        key = NoteKey.parse_vkey(vkey)
        if key.kind not in (ED25519_NOTE, ML_DSA_44_COSIGNATURE):
            raise InputError(f"could not witness {key.name[:80]!r}: a log has no {key.kind:#04x}")
        kind = PlainVerifier if key.kind == ED25519_NOTE else SubtreeVerifier
        keys.setdefault(key.name, {})[key.key_id] = kind(key.name, key.key)
    return {name: WitnessedLog(name, tuple(known.values())) for name, known in keys.items()}


class Witness:
    """A cosigner under one name and its keys; threads and processes may share a state folder.

    It signs with ``signer`` and, when there is one, with ``quantum_signer`` (ML-DSA-44) beside it.
    Without a ``state_folder`` it remembers in memory only: for tests and simulations.
    """

    def __init__(
        self,
        name: str,
        signer: Signer,
        state_folder: Path | None,
        clock: Clock,
        *,
        quantum_signer: Signer | None = None,
        disk: FileSystem = SYSTEM,
    ) -> None:
        if quantum_signer is not None and quantum_signer.public_key.scheme != ML_DSA_44:
            raise InputError(f"could not open witness {name}: its second key is not ML-DSA-44")
        self._signers = (signer, *([quantum_signer] if quantum_signer else []))
        self.identities = tuple(WitnessIdentity(name, each.public_key) for each in self._signers)
        self.identity = self.identities[0]
        self._clock = clock
        self._thread_lock = threading.Lock()
        self._state_lock: FolderLock | None = None
        self._state: State = MemoryState()
        self._unsure: set[str] = set()
        if state_folder is not None:
            self._state = FolderState(state_folder, disk=disk)
            self._state_lock = FolderLock(state_folder, "witness state", disk=disk)
            try:
                make_lasting_folder(state_folder, disk=disk)
                self._state.check()  # found damaged later, work would have been done for nothing
            except OSError as error:
                raise UnavailableError(
                    f"could not open witness state {state_folder}: {error.strerror}",
                    remedy=f"{disk_remedy(error)}, then try again",
                ) from error

    def size_seen(self, origin: str) -> int:
        """The size of the log's tree last cosigned, 0 if none: where its proof must start."""
        seen = self._state.read(origin)
        return seen.checkpoint.size if seen else 0

    def seen(self) -> Sequence[Seen]:
        """What it cosigned last, of every log, by origin."""
        return self._state.all()

    def conflicts(self) -> Sequence[Conflict]:
        """Pairs of trees of one size that a log signed: proof that it showed two faces."""
        return self._state.conflicts()

    def cosign(self, note: str, log: LogIdentity, proof: Sequence[bytes]) -> str:
        """A line by each key for ``note``, given the consistency ``proof`` from `size_seen`."""
        # 1. with the steps of the one who knows all keys
        verify_note(note, log)
        return "".join(self._extend(Note.parse(note), WitnessedLog.of(log), None, proof))

    def add_checkpoint(
        self, request: AddCheckpoint, logs: Mapping[str, WitnessedLog]
    ) -> tuple[str, ...]:
        """A line by each key under the checkpoint in ``request``, of one of ``logs``.

        Raises the errors of `witness_protocol`, `EncodingError` if the note is no checkpoint, and
        `UnavailableError` or `OSError` if the state cannot be kept: then nothing was signed.
        """
        log = logs.get(request.origin)
        if log is None:
            raise UnknownLogError(f"could not witness {request.origin[:80]!r}: not a known log")
        return self._extend(request.note, log, request, request.proof)

    def _extend(
        self, note: Note, log: WitnessedLog, request: AddCheckpoint | None, proof: Sequence[bytes]
    ) -> tuple[str, ...]:
        # 1.
        signed = log.signed(note)
        new = request.checkpoint() if request else Checkpoint.parse(note.text)
        with self._exclusive():
            seen = self._state.read(log.origin)
            try:
                _check_extends(seen, new, request.old_size if request else None, proof)
            except ForkError:
                self._keep_conflict(seen, signed)
                raise
            self._remember(seen, new, signed)
        time = self._clock.now_ns() // 10**9
        return tuple(
            str(sign_cosignature(new, self.identity.name, signer, time)) for signer in self._signers
        )

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Compare and write as one step: two cosigners at once could each pass and sign a fork."""
        with self._thread_lock, self._state_lock or contextlib.nullcontext():
            yield

    def _remember(self, seen: Seen | None, new: Checkpoint, signed: Note) -> None:
        """On return the tree is on the disk, even if it was this process that was killed before."""
        known = seen is not None and seen.checkpoint == new and seen.note
        if known and new.origin not in self._unsure:
            self._state.sync()
            return
        self._unsure.add(new.origin)  # until it is known that the disk holds it
        self._state.write(Seen(new, str(signed)))
        self._unsure.discard(new.origin)

    def _keep_conflict(self, seen: Seen | None, signed: Note) -> None:
        if seen is not None and seen.note:
            self._state.keep(Conflict(seen.checkpoint.origin, seen.note, str(signed)))


class LocalWitness:
    """The port `cosigning.CheckpointWitness` over a witness in this process."""

    def __init__(self, witness: Witness, logs: Mapping[str, WitnessedLog]) -> None:
        self.name = witness.identity.name
        self.identities = witness.identities
        self._witness = witness
        self._logs = logs

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note: str) -> tuple[str, ...]:
        """The witness's lines under ``note``; raises the errors of `witness_protocol`."""
        return self._witness.add_checkpoint(AddCheckpoint.of(old_size, proof, note), self._logs)

    def size_seen(self, note: str) -> int:
        """As `cosigning.size_seen` says."""
        return size_seen(self, note)


def _check_extends(
    seen: Seen | None, new: Checkpoint, old_size: int | None, proof: Sequence[bytes]
) -> None:
    last = seen.checkpoint if seen else None
    size = last.size if last else 0
    if last and new.size == size and new.root != last.root:
        # 3. said first: whatever the request starts from, this is proof against the log
        message = f"another tree of size {size} was cosigned"
        raise ForkError(size, message, step="witness.consistency", place=new.origin)
    # 2. witness.size
    if new.size < size or old_size not in (None, size):
        raise StaleSizeError(
            size,
            f"size {size} was cosigned last; the request goes from {old_size} to {new.size}"
            if old_size is not None
            else f"size {new.size} is below {size}, which was cosigned",
            step="witness.size",
            place=new.origin,
        )
    # 3. witness.consistency
    try:
        if last and size:
            verify_consistency(size, last.root, new.size, new.root, proof)
        elif proof:
            raise VerificationError("a first checkpoint comes with no proof")
    except VerificationError as error:
        raise UnprovenError(error.message, step="witness.consistency", place=new.origin) from None
