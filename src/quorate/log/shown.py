"""The heads that a log shows, each read once, and up to which of them a reader's policy is met.

A server may answer the same question differently each time. So whoever judges a head hands on the
very bytes that were judged: read again, the files that follow could be those of another tree.

Witnesses take their time, and a busy log outruns them: its checkpoint carries no cosignature yet,
while the one that they did cosign lies beside it (`storage.WITNESSED`). Either may fill a quorum.
"""

from dataclasses import dataclass

from quorate.core.errors import InputError, VerificationError
from quorate.log.checkpoint import LogIdentity
from quorate.log.note import MAX_NOTE_SIZE
from quorate.log.policy import NONE, Policy
from quorate.log.storage import CHECKPOINT, WITNESSED, LogReader, checkpoint_text
from quorate.log.verify import VerifiedNote, verify_note


@dataclass(frozen=True, slots=True)
class ShownHeads:
    """What was read once: the bytes of the checkpoint, and of the witnessed one if there is one.

    ``unreadable``: why the witnessed one could not be read although something lies there.
    """

    name: str
    checkpoint: bytes
    witnessed: bytes | None = None
    unreadable: str = ""

    def note(self) -> str:
        """The checkpoint's text; `DamagedError` if it is none."""
        return checkpoint_text(self.checkpoint, self.name)

    def witnessed_note(self) -> str | None:
        """The witnessed one's text, None where there is none; `InputError` if it is none."""
        if self.unreadable:
            raise InputError(self.unreadable)
        return None if self.witnessed is None else checkpoint_text(self.witnessed, self.name)


def read_heads(reader: LogReader) -> ShownHeads:
    """Both heads, the witnessed one first; `InputError` where no checkpoint is.

    In this order it cannot be the larger one, however fast an honest log grows between the two.
    """
    witnessed, unreadable = None, ""
    try:
        witnessed = reader.read(WITNESSED, MAX_NOTE_SIZE)
    except InputError as error:
        unreadable = "" if _is_absent(reader, WITNESSED) else error.message
    return ShownHeads(reader.name, read_head(reader), witnessed, unreadable)


def read_head(reader: LogReader) -> bytes:
    """The checkpoint's bytes; `InputError` where none is."""
    return reader.read(CHECKPOINT, MAX_NOTE_SIZE)


def accept(shown: ShownHeads, policy: Policy, log: LogIdentity) -> VerifiedNote | None:
    """The newest of the heads of ``log`` that satisfies ``policy``; `VerificationError` if none.

    None where the policy's quorum is none: nobody vouches for anything then.
    Both must be the log's own. That the log goes on from the witnessed one's tree is shown by
    whoever reads its tiles.
    """
    text = shown.note()
    point = verify_note(text, log).checkpoint
    try:
        found = policy.check(text, log=log)
        return None if policy.quorum == NONE else found
    except VerificationError as error:
        if error.step != "policy.quorum":
            raise
        refusal = error
    try:
        older = shown.witnessed_note()
        if older is None:
            raise refusal
        found = policy.check(older, log=log, place=WITNESSED)
    except InputError:
        raise refusal from None
    except VerificationError as error:
        message = refusal.message
        if error.place == WITNESSED:
            message += f", nor on the witnessed checkpoint ({error.message})"
        raise VerificationError(message, step=refusal.step, place=refusal.place) from None
    if found.checkpoint.size > point.size:
        raise VerificationError(
            f"covers {point.size} leaves where witnesses cosigned {found.checkpoint.size}: "
            "its tail was cut off",
            step="policy.quorum",
            place=CHECKPOINT,
        )
    return found


def _is_absent(reader: LogReader, path: str) -> bool:
    """Whether nothing lies there; what cannot be had from an address is not there."""
    length = getattr(reader, "length", None)
    return length is None or length(path) is None
