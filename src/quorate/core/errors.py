"""The one tree of expected failures. Anything else that is raised is a bug.

Exit codes 0, 1 and 2 are verdicts only (yes, no, cannot tell); the others say why no verdict
was reached, with the numbers of BSD ``sysexits.h``::

    QuorateError
    ├── VerificationError      1   the evidence is wrong, and here is where
    ├── UndecidedError         2   the evidence does not suffice to decide
    ├── UsageError            64   the command line was wrong
    ├── InputError            65   a file or value handed to us was wrong
    │   ├── EncodingError          bytes that are not in the one accepted spelling
    │   ├── TaskError              a task that cannot be run as written
    │   ├── RuleError              an aggregation rule whose condition does not hold
    │   ├── KeyFileError           a key file that cannot be opened
    │   └── DamagedError           our own stored files are not what we wrote
    ├── UnavailableError      69   something we need is not there now
    │   ├── LockedError            another process holds it
    │   ├── MissingPartError       an optional part is not installed
    │   └── RefusedError           the ledger refused a transaction or a call
    ├── InternalError         70   a state that should be impossible
    └── CancelledError       130   the user interrupted

Every error speaks to three readers: the program (type and ``fields``), the operator
(``message`` and ``remedy``) and the stranger (``public``, one sentence that gives nothing away).
"""

import errno
from typing import Any, ClassVar

_REMEDIES = {
    errno.ENOSPC: "make room",
    errno.EDQUOT: "make room, or have the quota raised",
    errno.EACCES: "let this user write there",
    errno.EPERM: "let this user write there",
    errno.EROFS: "make the file system writable",
    errno.EMFILE: "let it open more files (ulimit -n)",
    errno.ENFILE: "let the system open more files",
    errno.ENOENT: "check the path",
    errno.ENOTDIR: "check the path",
}


class QuorateError(Exception):
    """An expected failure: what could not be done, to what, why (``message``), what to do next."""

    exit_code: ClassVar[int] = 70
    public: ClassVar[str] = "The request could not be completed."

    def __init__(self, message: str, *, remedy: str = "", **fields: Any) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.fields = fields

    def __str__(self) -> str:
        return f"{self.message}; {self.remedy}" if self.remedy else self.message


class VerificationError(QuorateError):
    """The evidence contradicts itself or the roots; ``step`` and ``place`` name the first fault."""

    exit_code = 1
    public = "The evidence does not verify."

    def __init__(
        self, message: str, *, step: str = "", place: str = "", remedy: str = "", **fields: Any
    ) -> None:
        super().__init__(message, remedy=remedy, **fields)
        self.step = step
        self.place = place

    def __str__(self) -> str:
        return f"{self.place}: {self.message}" if self.place else self.message


class UndecidedError(QuorateError):
    """The evidence is not wrong, but something needed to decide is missing."""

    exit_code = 2
    public = "The evidence does not suffice to decide."


class UsageError(QuorateError):
    """The command line was wrong."""

    exit_code = 64
    public = "The request was not understood."


class InputError(QuorateError):
    """A file or a value that somebody handed to us is wrong; nothing was changed."""

    exit_code = 65
    public = "The input was not accepted."


class EncodingError(InputError):
    """Bytes that are not in the one accepted spelling."""


class TaskError(InputError):
    """A task that cannot be run as it is written."""


class RuleError(InputError):
    """An aggregation rule whose condition on participants and faults does not hold."""


class KeyFileError(InputError):
    """A key file that cannot be opened: wrong passphrase, wrong form, wrong permissions."""


class DamagedError(InputError):
    """Files that we wrote ourselves are not what we wrote."""


class UnavailableError(QuorateError):
    """Something that is needed is not there now; trying again later may help."""

    exit_code = 69
    public = "The service is not available."


class LockedError(UnavailableError):
    """Another process holds the resource."""


class MissingPartError(UnavailableError):
    """An optional part is not installed; ``remedy`` says how to get it."""


class RefusedError(UnavailableError):
    """The ledger refused a transaction or call; ``fields["reason"]`` holds its words."""


class InternalError(QuorateError):
    """A state that should be impossible: a bug of ours."""

    exit_code = 70


class CancelledError(QuorateError):
    """The user interrupted the work; what was durable stays so, and a new run continues."""

    exit_code = 130
    public = "The request was interrupted."


def disk_remedy(error: OSError) -> str:
    """What to do about a disk that refused, by its reason."""
    return _REMEDIES.get(error.errno or 0, "mend the disk")
