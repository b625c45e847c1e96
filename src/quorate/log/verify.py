"""What an auditor does with a log's words: pure, offline, and it raises.

Steps of every check, each named in the `VerificationError` that it raises:

1. ``receipt.form``    the receipt is in its one spelling
2. ``note.form``       the note is in its one spelling and its text is a checkpoint
3. ``note.origin``     the checkpoint is of the log that the reader trusts
4. ``note.log``        the log signed it with Ed25519 and with ML-DSA-44
5. ``note.witnesses``  no known witness's line is bad, and enough different witnesses cosigned
6. ``receipt.proof``   the inclusion proof leads from the leaf to the checkpoint's root
7. ``log.size``        there are as many entries as the checkpoint says
8. ``log.genesis``     the first entry is the genesis of this log and these keys
9. ``log.root``        the entries hash to the checkpoint's root
"""

from collections.abc import Sequence
from dataclasses import dataclass

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import (
    Checkpoint,
    Cosignature,
    LogIdentity,
    WitnessIdentity,
    time_of,
    witnesses_among,
)
from quorate.log.merkle import leaf_hash, root_of, verify_inclusion
from quorate.log.note import Note, NoteVerifier, signatures_by
from quorate.log.receipt import Receipt


@dataclass(frozen=True, slots=True)
class VerifiedNote:
    """A checkpoint that the log signed, and which known witnesses cosigned it when."""

    checkpoint: Checkpoint
    cosigners: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class VerifiedReceipt:
    """That a leaf stands at ``index`` of the checkpoint's tree."""

    index: int
    checkpoint: Checkpoint
    cosigners: tuple[Cosignature, ...]


@dataclass(frozen=True, slots=True)
class VerifiedLog:
    """That some entries are the whole of a log at its checkpoint."""

    checkpoint: Checkpoint
    cosigners: tuple[Cosignature, ...]
    leaf_hashes: tuple[bytes, ...]


def genesis_leaf(log: LogIdentity) -> bytes:
    """The first leaf of a log: it binds the tree to the log's origin and keys."""
    keys = [str(log.ed25519), str(log.ml_dsa_44)]
    return canonical_bytes({"keys": keys, "origin": log.origin, "type": "genesis", "v": 1})


def verify_note(
    note: str,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
    *,
    place: str = "checkpoint",
) -> VerifiedNote:
    """The checkpoint in ``note``, by steps 2 to 5.

    ``quorum`` counts different ``witnesses``: one key under two names, or one name with two keys,
    counts once (`checkpoint.witnesses_among`), and a key of the log itself not at all.
    """
    # 2. note.form
    try:
        parsed = Note.parse(note)
        checkpoint = Checkpoint.parse(parsed.text)
    except EncodingError as error:
        raise VerificationError(error.message, step="note.form", place=place) from None
    # 3. note.origin
    if checkpoint.origin != log.origin:
        raise VerificationError(
            f"is of the log {checkpoint.origin!r}, not {log.origin!r}",
            step="note.origin",
            place=place,
        )
    # 4. note.log
    found = _signatures(parsed, log, witnesses, place)
    for position, scheme in enumerate(("Ed25519", "ML-DSA-44")):
        if position not in found:
            raise VerificationError(
                f"the log's {scheme} signature is missing", step="note.log", place=place
            )
    # 5. note.witnesses
    cosigners = tuple(
        Cosignature(witness, time_of(found[position], place))
        for position, witness in enumerate(witnesses, start=2)
        if position in found
    )
    counted = [c.witness for c in cosigners if c.witness.key not in (log.ed25519, log.ml_dsa_44)]
    _check_quorum(witnesses_among(counted, witnesses), quorum, place)
    return VerifiedNote(checkpoint, cosigners)


def _signatures(
    note: Note, log: LogIdentity, witnesses: Sequence[WitnessIdentity], place: str
) -> dict[int, bytes]:
    """Signatures by position: 0 and 1 are the log's, a witness's is its position plus 2."""
    own = _step("note.log", note, log.verifiers, place)
    known = [witness.verifier for witness in witnesses]
    others = _step("note.witnesses", note, known, place)
    return own | {position + 2: blob for position, blob in others.items()}


def _step(step: str, note: Note, verifiers: Sequence[NoteVerifier], place: str) -> dict[int, bytes]:
    try:
        return signatures_by(note, verifiers, place)
    except VerificationError as error:
        raise VerificationError(error.message, step=step, place=error.place) from None


def _check_quorum(count: int, quorum: int, place: str) -> None:
    if count < quorum:
        raise VerificationError(
            f"{count} of the {quorum} demanded witnesses cosigned",
            step="note.witnesses",
            place=place,
        )


def verify_receipt(
    text: str,
    leaf: bytes,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
    *,
    place: str = "receipt",
) -> VerifiedReceipt:
    """That the receipt ``text`` proves ``leaf`` to be in ``log``, by steps 1 to 6."""
    # 1. receipt.form
    try:
        receipt = Receipt.parse(text)
    except EncodingError as error:
        raise VerificationError(error.message, step="receipt.form", place=place) from None
    # 2. to 5.
    verified = verify_note(str(receipt.note), log, witnesses, quorum, place=place)
    # 6. receipt.proof
    checkpoint = verified.checkpoint
    try:
        verify_inclusion(
            leaf_hash(leaf), receipt.index, checkpoint.size, receipt.proof, checkpoint.root
        )
    except VerificationError as error:
        raise VerificationError(error.message, step="receipt.proof", place=place) from None
    return VerifiedReceipt(receipt.index, checkpoint, verified.cosigners)


def verify_log(
    entries: Sequence[bytes],
    note: str,
    log: LogIdentity,
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
    *,
    place: str = "log",
) -> VerifiedLog:
    """That ``entries`` are all leaves under the checkpoint ``note``, by steps 2 to 5 and 7 to 9."""
    # 2. to 5.
    verified = verify_note(note, log, witnesses, quorum, place=place)
    checkpoint = verified.checkpoint
    # 7. log.size
    if len(entries) != checkpoint.size:
        raise VerificationError(
            f"{len(entries)} entries where the checkpoint says {checkpoint.size}",
            step="log.size",
            place=place,
        )
    # 8. log.genesis
    if not entries or entries[0] != genesis_leaf(log):
        raise VerificationError(
            "its first entry is not the genesis of this log and these keys",
            step="log.genesis",
            place=f"{place}: entry 0",
        )
    # 9. log.root
    hashes = tuple(leaf_hash(entry) for entry in entries)
    if root_of(hashes) != checkpoint.root:
        raise VerificationError(
            "entries do not hash to the checkpoint's root", step="log.root", place=place
        )
    return VerifiedLog(checkpoint, verified.cosigners, hashes)
