"""A whole log judged with all that a reader holds: its files, and the heads that others hold."""

from collections.abc import Sequence
from pathlib import Path

from quorate.core.errors import InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, LogIdentity, WitnessIdentity
from quorate.log.folder import FolderReader
from quorate.log.fsck import LogReport, Progress, check_log
from quorate.log.heads import HeldHead, check_heads, check_sizes
from quorate.log.served import ServedTree
from quorate.log.storage import LogReader, read_checkpoint
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
) -> LogReport:
    """`fsck.check_log` of the log in ``place``, and that it goes on from every one of ``heads``.

    Raises `VerificationError` with the steps of `fsck` and `heads`. Sizes come before the files: an
    older checkpoint that was put back would else be reported as missing tiles.
    """
    files = FolderReader(place) if isinstance(place, Path) else place
    promised = _promised(files, log)
    if promised is not None:
        check_sizes(promised, heads)
    report = check_log(place, log, witnesses, quorum, jobs=jobs, gapless=gapless, progress=progress)
    found = Checkpoint(log.origin, report.size, report.root)
    check_heads(found, heads, ServedTree(files, found).root_over)
    return report


def _promised(files: LogReader, log: LogIdentity) -> Checkpoint | None:
    """The checkpoint if the log signed it; None leaves it to `check_log` to say what is wrong."""
    try:
        return verify_note(read_checkpoint(files), log).checkpoint
    except (InputError, VerificationError):
        return None
