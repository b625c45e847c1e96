"""A log whose files are older than what it has signed: who says so, and what is to be done.

A log that was put back from a backup would sign other leaves at indices that it has signed before.
What the log itself or the chain holds is proof of that; what a witness says is a number that
anybody on the way could have written, so it stops the log and leaves the judgement to its operator.
"""

from typing import Protocol

from quorate.core.errors import DamagedError

PUT_BACK = (
    "restore the newest copy of the log's folder; if none is left, end this log and create one "
    "under another origin"
)


class RolledBackError(DamagedError):
    """Somebody holds, or says that he holds, a newer head of this log or another one."""


class HeadMemory(Protocol):
    """Whoever has seen heads of this log and cannot be made to forget: a witness, an anchor."""

    name: str
    """How messages call it."""

    def size_seen(self, note: str) -> int:
        """The size of the largest head that it holds of this log, 0 for none.

        ``note`` is the log's latest checkpoint. Raises `VerificationError` if it holds another
        root for that size, `UnavailableError` if it cannot be asked now.
        """
        ...


def proven(log: str, size: int, who: str, what: str) -> RolledBackError:
    """What to say when ``who`` holds ``what`` for certain, and the log has ``size`` leaves."""
    message = f"could not open log {log}: it has {size} leaves, but {who} holds {what}"
    return RolledBackError(message, remedy=PUT_BACK)


def claimed(log: str, size: int, who: str, what: str) -> RolledBackError:
    """What to say when the witness ``who`` says so, and may be lying."""
    return RolledBackError(
        f"could not sign for log {log}: {who} claims {what}; this log has {size}: either these "
        "files were put back, or the witness is wrong",
        remedy="restore the newest copy; if there is none newer, ask the witness for the "
        "checkpoint that it signed, and if it cannot show one go on with "
        f"--without {who}",
    )
