"""A witness: it cosigns a log's checkpoints only while each extends the last one it saw.

A log that shows two readers two trees needs two cosignatures of one witness on trees that do not
extend each other; an honest witness gives only one (C2SP tlog-witness v1.0.0). What the witness
has seen is durable before its signature leaves: a witness that forgot could be led to sign a fork.

Steps, each named in the `VerificationError` that it raises:

1. the checkpoint verifies as the log's own (`verify.verify_note`)
2. ``witness.size``         its size is not below the size last seen
3. ``witness.consistency``  the proof leads from the tree last seen to this one; for the same size
   the roots are equal, and for a log never seen before there is nothing to prove (empty proof)
"""

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from quorate.core.encoding import canonical_bytes, decode_hex, parse_canonical
from quorate.core.errors import DamagedError, EncodingError, VerificationError
from quorate.core.files import FolderLock, make_folder, read_file, remove_leftovers, write_durable
from quorate.core.hashing import Digest
from quorate.core.keys import Signer
from quorate.core.sources import Clock
from quorate.log.checkpoint import (
    Checkpoint,
    LogIdentity,
    WitnessIdentity,
    sign_cosignature,
)
from quorate.log.merkle import verify_consistency
from quorate.log.verify import verify_note


class Witness:
    """A cosigner under one name and Ed25519 key; several processes may share a state folder.

    Without a ``state_folder`` it remembers in memory only: for tests and simulations.
    """

    def __init__(self, name: str, signer: Signer, state_folder: Path | None, clock: Clock) -> None:
        self.identity = WitnessIdentity(name, signer.public_key)
        self._signer = signer
        self._folder = state_folder
        self._clock = clock
        self._memory: dict[str, Checkpoint] = {}
        if state_folder is not None:
            make_folder(state_folder)
            check_states(state_folder)  # found damaged later, work would have been done for nothing

    def size_seen(self, origin: str) -> int:
        """The size of the log's tree last cosigned, 0 if none: where its proof must start."""
        seen = self._seen(origin)
        return seen.size if seen else 0

    def cosign(self, note: str, log: LogIdentity, proof: Sequence[bytes]) -> str:
        """A signature line for ``note``, given the consistency ``proof`` from `size_seen`."""
        # 1.
        checkpoint = verify_note(note, log).checkpoint
        with self._exclusive():
            seen = self._seen(log.origin)
            _check_extends(seen, checkpoint, proof)
            if checkpoint != seen:
                self._remember(checkpoint)
        time = self._clock.now_ns() // 10**9
        return str(sign_cosignature(checkpoint, self.identity.name, self._signer, time))

    @contextlib.contextmanager
    def _exclusive(self) -> Iterator[None]:
        """Compare and write as one step: two cosigners at once could each pass and sign a fork."""
        if self._folder is None:
            yield
            return
        with FolderLock(self._folder, "witness state"):
            remove_leftovers(self._folder)
            yield

    def _seen(self, origin: str) -> Checkpoint | None:
        if self._folder is None:
            return self._memory.get(origin)
        path = self._path(origin)
        return _read_state(path) if path.exists() else None

    def _remember(self, checkpoint: Checkpoint) -> None:
        if self._folder is None:
            self._memory[checkpoint.origin] = checkpoint
            return
        value = {
            "origin": checkpoint.origin,
            "root": checkpoint.root.hex(),
            "size": checkpoint.size,
        }
        write_durable(self._path(checkpoint.origin), canonical_bytes(value))

    def _path(self, origin: str) -> Path:
        """One file per log, named by digest: an origin is a stranger's text."""
        assert self._folder is not None
        return self._folder / _file_name(origin)


def check_states(folder: Path) -> int:
    """Reads what a witness has seen of every log: how many; `DamagedError` naming a bad file."""
    return len([_read_state(path) for path in sorted(folder.glob("*.json"))])


def _file_name(origin: str) -> str:
    return f"{Digest.of(origin.encode()).hex}.json"


def _read_state(path: Path) -> Checkpoint:
    try:
        value = parse_canonical(read_file(path, "witness state", limit=65_536))
        seen = Checkpoint(value["origin"], value["size"], decode_hex(value["root"], 32))
    except (EncodingError, AttributeError, KeyError, TypeError):
        raise DamagedError(
            f"could not read witness state {path}: not as written",
            remedy="restore it from a copy: without it this witness could sign a fork",
        ) from None
    if path.name != _file_name(seen.origin):
        raise DamagedError(f"could not read witness state {path}: it is of another log")
    return seen


def _check_extends(seen: Checkpoint | None, new: Checkpoint, proof: Sequence[bytes]) -> None:
    # 2. witness.size
    if seen and new.size < seen.size:
        raise VerificationError(
            f"size {new.size} is below {seen.size}, which was cosigned",
            step="witness.size",
            place=new.origin,
        )
    # 3. witness.consistency
    try:
        if seen and seen.size:
            verify_consistency(seen.size, seen.root, new.size, new.root, proof)
        elif proof:
            raise VerificationError("a first checkpoint comes with no proof")
    except VerificationError as error:
        raise VerificationError(
            error.message, step="witness.consistency", place=new.origin
        ) from None
