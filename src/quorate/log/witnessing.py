"""Witnesses asked again and again while a log is written: commits never wait for them.

Under load the log moves on while witnesses look at a checkpoint, so what they cosigned is kept
beside the head (`writer.Log.witnessed_note`) and receipts can be given under it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from quorate.core.errors import QuorateError
from quorate.core.sources import stopwatch
from quorate.log.appender import Appender
from quorate.log.cosigning import Collected, Cosigning
from quorate.log.rollback import RolledBackError
from quorate.log.writer import Enough, Log

DEFAULT_PAUSE = 1.0  # seconds between two rounds of asking
DEFAULT_BUDGET = 5.0  # seconds that witnesses have to answer
DEFAULT_PATIENCE = 60.0  # seconds between two askings of one that keeps failing, at most


def ask_all(
    log: Log, cosigning: Cosigning, seconds: float, enough: Enough | None = None
) -> Collected:
    """One round over the latest checkpoint of ``log``, before anything is appended or after.

    A witness that cosigned has seen that this log extends whatever it saw before. Raises
    `RolledBackError` if one claims a larger or another head: then the log signs nothing more.
    """
    note = log.checkpoint_note()
    collected = cosigning.gather(note, log.consistency, seconds)
    _take_in(log, note, collected, cosigning, enough)
    return collected


def _take_in(
    log: Log, note: str, collected: Collected, cosigning: Cosigning, enough: Enough | None
) -> None:
    for claim in collected.claims:
        # Only larger than an older checkpoint that was asked about: the log has grown since.
        if claim.other or claim.size > log.size:
            raise log.doubted(claim.witness, str(claim))
    if collected.lines:
        log.add_cosignatures(collected.lines, cosigning.identities, note=note, enough=enough)


@dataclass(slots=True)
class _Turn:
    """When a witness that failed is asked again."""

    failures: int = 0
    due: float = 0.0


class Witnessing:
    """Rounds of asking the witnesses of an `Appender`'s log, in a thread of their own.

    Only those that have not cosigned the latest checkpoint are asked; one that keeps failing is
    asked after ``pause`` seconds, then after twice as long, up to ``patience``. ``enough`` says
    whose lines make a checkpoint a witnessed one. ``report`` hears of every round whose outcome is
    not that of the round before. When a witness claims a larger or another head, the appender
    takes nothing more, ``stopped`` hears why, and the rounds end.
    """

    def __init__(
        self,
        appender: Appender,
        cosigning: Cosigning,
        *,
        enough: Enough | None = None,
        pause: float = DEFAULT_PAUSE,
        budget: float = DEFAULT_BUDGET,
        patience: float = DEFAULT_PATIENCE,
        report: Callable[[str], None] = lambda _: None,
        stopped: Callable[[QuorateError], None] = lambda _: None,
    ) -> None:
        self._appender = appender
        self._cosigning = cosigning
        self._enough = enough
        self._pause = pause
        self._budget = budget
        self._patience = patience
        self._report = report
        self._stopped = stopped
        self._said = ""
        self._turns: dict[int, _Turn] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="log witnessing", daemon=True)

    def __enter__(self) -> "Witnessing":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Ends after the round under way."""
        self._stop.set()
        self._thread.join()

    def ask(self) -> Collected | None:
        """One round over the latest checkpoint; None if there is nobody to ask now."""
        with self._appender.between_commits() as log:
            note, size = log.checkpoint_note(), log.size
        among = [
            place
            for place, failed in self._cosigning.missing(note).items()
            if self._is_due(place, failed)
        ]
        if not among:
            return None

        def prove(old_size: int) -> list[bytes]:
            with self._appender.between_commits() as log:
                return log.consistency(old_size, size)

        collected = self._cosigning.gather(note, prove, self._budget, among=among)
        with self._appender.between_commits() as log:
            try:
                _take_in(log, note, collected, self._cosigning, self._enough)
            except RolledBackError as error:
                self._stopped(error)
                self._appender.fail(error)  # before the next commit could begin
                raise
        return collected

    def _is_due(self, place: int, failures: int) -> bool:
        """Whether it is this witness's turn, whose last ``failures`` answers were none."""
        turn = self._turns.setdefault(place, _Turn())
        if failures != turn.failures:
            wait = self._pause * 2 ** min(failures - 1, 30) if failures else 0.0
            turn.failures, turn.due = failures, stopwatch() + min(wait, self._patience)
        return failures == 0 or stopwatch() >= turn.due

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                collected = self.ask()
                outcome = self._said if collected is None else str(collected)
            except RolledBackError:
                return
            except QuorateError as error:
                outcome = f"could not collect cosignatures: {error}"
            if outcome != self._said:
                self._said = outcome
                self._report(outcome)
