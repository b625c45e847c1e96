"""Witnesses asked again and again while a log is written: commits never wait for them.

Under load the log moves on while witnesses look at a checkpoint, so what they cosigned is kept
beside the head (`writer.Log.witnessed_note`) and receipts can be given under it.
"""

import threading
from collections.abc import Callable

from quorate.core.errors import QuorateError
from quorate.log.appender import Appender
from quorate.log.checkpoint import Checkpoint
from quorate.log.cosigning import Collected, Cosigning
from quorate.log.note import Note

DEFAULT_PAUSE = 1.0  # seconds between two rounds of asking
DEFAULT_BUDGET = 5.0  # seconds that witnesses have to answer


class Witnessing:
    """Rounds of asking the witnesses of an `Appender`'s log, in a thread of their own.

    ``report`` hears of every round whose outcome is not that of the round before.
    """

    def __init__(
        self,
        appender: Appender,
        cosigning: Cosigning,
        *,
        pause: float = DEFAULT_PAUSE,
        budget: float = DEFAULT_BUDGET,
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._appender = appender
        self._cosigning = cosigning
        self._pause = pause
        self._budget = budget
        self._report = report
        self._said = ""
        self._done_at = 0  # the size that every witness has cosigned
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
        """One round over the latest checkpoint; None if all have cosigned it already."""
        with self._appender.between_commits() as log:
            note = log.checkpoint_note()
        size = Checkpoint.parse(Note.parse(note).text).size
        if size == self._done_at:
            return None

        def prove(old_size: int) -> list[bytes]:
            with self._appender.between_commits() as log:
                return log.consistency(old_size, size)

        collected = self._cosigning.gather(note, prove, self._budget)
        if collected.lines:
            with self._appender.between_commits() as log:
                log.add_cosignatures(collected.lines, self._cosigning.identities, note=note)
        if collected.given == collected.wanted:
            self._done_at = size
        return collected

    def _run(self) -> None:
        while not self._stop.wait(self._pause):
            try:
                collected = self.ask()
                outcome = self._said if collected is None else str(collected)
            except QuorateError as error:
                outcome = f"could not collect cosignatures: {error}"
            if outcome != self._said:
                self._said = outcome
                self._report(outcome)
