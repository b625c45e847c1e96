"""A whole log judged with all that a reader holds: its files, and the heads that others hold."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from quorate.core.errors import InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, LogIdentity, WitnessIdentity
from quorate.log.folder import FolderReader
from quorate.log.fsck import LogReport, Progress, check_log
from quorate.log.heads import HeldHead, check_heads, check_sizes
from quorate.log.policy import Policy
from quorate.log.served import ServedTree
from quorate.log.shown import ShownHeads, accept, read_heads
from quorate.log.storage import LogReader
from quorate.log.verify import verify_note


def check_history(
    place: Path | LogReader,
    log: LogIdentity,
    heads: Sequence[HeldHead],
    witnesses: Sequence[WitnessIdentity] = (),
    quorum: int = 0,
    *,
    jobs: int = 1,
    gapless: bool = True,
    progress: Progress | None = None,
    shown: ShownHeads | None = None,
    policy: Policy | None = None,
) -> LogReport:
    """`fsck.check_log` of the log in ``place``, and that it goes on from every one of ``heads``.

    Raises `VerificationError` with the steps of `fsck` and `heads`. Sizes come before the files: an
    older checkpoint that was put back would else be reported as missing tiles. ``shown``: the heads
    that the caller has read already; every step goes on from these. With a ``policy`` the quorum
    must be satisfied by the checkpoint, or by the witnessed one, from which the log must go on.
    """
    files = FolderReader(place) if isinstance(place, Path) else place
    shown = shown or _shown(files)
    accepted = None
    if policy is not None:
        shown = shown or read_heads(files)
        accepted = accept(shown, policy, log)
    promised = None if shown is None else _promised(shown, log)
    if promised is not None:
        check_sizes(promised, heads)
    report = check_log(
        place, log, witnesses, quorum, jobs=jobs, gapless=gapless, progress=progress, shown=shown
    )
    found = Checkpoint(log.origin, report.size, report.root)
    check_heads(found, heads, ServedTree(files, found).root_over)
    if accepted is None:
        return report
    return replace(report, witnessed_size=accepted.checkpoint.size)


def _shown(files: LogReader) -> ShownHeads | None:
    """The heads, if they can be read; None leaves it to `check_log` to say what is wrong."""
    try:
        return read_heads(files)
    except InputError:
        return None


def _promised(shown: ShownHeads, log: LogIdentity) -> Checkpoint | None:
    """The checkpoint if the log signed it; None leaves it to `check_log` to say what is wrong."""
    try:
        return verify_note(shown.note(), log).checkpoint
    except (InputError, VerificationError):
        return None
