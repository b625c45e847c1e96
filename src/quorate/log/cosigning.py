"""A log collects cosignatures from its witnesses: all asked at once, within one time budget.

Whoever has not answered by then is counted as missing, never waited for: a slow witness cannot hold
a log up. The proofs are computed in the caller's thread, because a log is not for several threads.
"""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from quorate.core.errors import QuorateError, UnavailableError, VerificationError
from quorate.log.checkpoint import Checkpoint, WitnessIdentity
from quorate.log.note import Note
from quorate.log.witness_protocol import ForkError, StaleSizeError, UnprovenError

Prove = Callable[[int], Sequence[bytes]]
"""The consistency proof from a size to the checkpoint, 32-byte hashes; empty from 0."""

MAX_REASON = 200  # characters of what a witness, who is a stranger, makes us report


class CheckpointWitness(Protocol):
    """Somebody who cosigns checkpoints, here or far away; may be called from any thread."""

    @property
    def name(self) -> str:
        """What it is called, on its signature lines and in reports."""
        ...

    @property
    def identities(self) -> Sequence[WitnessIdentity]:
        """Its keys, as its lines are verified."""
        ...

    def add_checkpoint(self, old_size: int, proof: Sequence[bytes], note: str) -> tuple[str, ...]:
        """Its verified lines under ``note``, whose tree extends the first ``old_size`` leaves.

        What it signed it remembers durably. Raises the errors of `witness_protocol` when it
        refuses, `VerificationError` when its answer is not to be believed, `UnavailableError` when
        there is none.
        """
        ...

    def size_seen(self, note: str) -> int:
        """As `size_seen` below."""
        ...


class CosignedLog(Protocol):
    """What a log does to be cosigned (`writer.Log`)."""

    def checkpoint_note(self) -> str:
        """The latest checkpoint as signed."""
        ...

    def consistency(self, old_size: int) -> Sequence[bytes]:
        """The proof from the first ``old_size`` leaves to the latest checkpoint."""
        ...

    def add_cosignatures(
        self, lines: Sequence[str], witnesses: Sequence[WitnessIdentity] = ()
    ) -> None:
        """Adds lines of ``witnesses`` to the latest checkpoint, durably."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a witness did not cosign."""

    witness: str
    reason: str


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of asking: ``given`` of ``wanted`` witnesses cosigned, with ``lines``."""

    given: int
    wanted: int
    lines: tuple[str, ...]
    failures: tuple[Failure, ...]

    def __str__(self) -> str:
        reasons = "".join(f"; {each.witness}: {each.reason}" for each in self.failures)
        return f"{self.given} of {self.wanted} witnesses cosigned{reasons}"


def size_seen(witness: CheckpointWitness, note: str) -> int:
    """The size that ``witness`` cosigned last of the log whose signed checkpoint is ``note``.

    It is asked to cosign the checkpoint as one that it has seen; it then says what it has seen.
    Raises `ForkError` if that is another tree of the same size, and `UnavailableError` if it does
    not say, for whatever reason.
    """
    size = Checkpoint.parse(Note.parse(note).text).size
    try:
        witness.add_checkpoint(size, (), note)
    except (ForkError, UnavailableError):
        raise
    except StaleSizeError as error:
        return error.size
    except UnprovenError as error:  # it starts where we say, and nothing leads here from its tree
        text = f"{witness.name} cosigned another tree of size {size}"
        raise ForkError(size, text, step=error.step, place=error.place) from None
    except QuorateError as error:
        message = f"could not ask witness {witness.name} what it has seen: {_reason(error)}"
        raise UnavailableError(message) from None
    return size


class Cosigning:
    """The witnesses of one log, and the size that each of them saw last."""

    def __init__(self, witnesses: Sequence[CheckpointWitness]) -> None:
        self._witnesses = tuple(witnesses)
        self._sizes = dict.fromkeys(range(len(witnesses)), 0)
        self._busy: set[int] = set()

    @property
    def identities(self) -> list[WitnessIdentity]:
        """The keys of all witnesses."""
        return [each for witness in self._witnesses for each in witness.identities]

    def collect(self, log: CosignedLog, seconds: float) -> Collected:
        """Asks every witness, waits ``seconds`` at most, adds to ``log`` what came."""
        collected = self.gather(log.checkpoint_note(), log.consistency, seconds)
        if collected.lines:
            log.add_cosignatures(collected.lines, self.identities)
        return collected

    def gather(self, note: str, prove: Prove, seconds: float) -> Collected:
        """Lines under the checkpoint ``note``; ``prove`` is called in this thread."""
        return _Gathering(self._witnesses, self._sizes, self._busy).run(note, prove, seconds)


_Outcome = tuple[int, "tuple[str, ...] | Exception"]


class _Gathering:
    """One round of asking. A witness still busy with an earlier round is not asked again: one that
    never answers costs one thread, not one for each checkpoint.
    """

    def __init__(
        self, witnesses: Sequence[CheckpointWitness], sizes: dict[int, int], busy: set[int]
    ) -> None:
        self._witnesses = witnesses
        self._sizes = sizes
        self._busy = busy
        self._news: queue.SimpleQueue[_Outcome | None] = queue.SimpleQueue()
        self._reasons = dict.fromkeys(range(len(witnesses)), "did not answer in time")
        self._lines: dict[int, tuple[str, ...]] = {}
        self._retried: set[int] = set()

    def run(self, note: str, prove: Prove, seconds: float) -> Collected:
        size = Checkpoint.parse(Note.parse(note).text).size
        waiting = set()
        for number in range(len(self._witnesses)):
            if number in self._busy:
                self._reasons[number] = "is still busy with an earlier checkpoint"
            else:
                waiting.add(number)
                self._ask(number, min(self._sizes[number], size), note, prove)
        bell = threading.Timer(seconds, self._news.put, [None])
        bell.daemon = True
        bell.start()
        try:
            while waiting and (news := self._news.get()) is not None:
                number, outcome = news
                if self._is_settled(number, outcome, size):
                    waiting.discard(number)
                else:
                    self._ask(number, self._sizes[number], note, prove)
        finally:
            bell.cancel()
        return self._result(size)

    def _ask(self, number: int, old_size: int, note: str, prove: Prove) -> None:
        witness = self._witnesses[number]
        proof = tuple(prove(old_size))

        def ask() -> None:
            outcome: tuple[str, ...] | Exception
            try:
                outcome = witness.add_checkpoint(old_size, proof, note)
            except Exception as error:  # a thread has nobody above it: whatever it is, is reported
                outcome = error
            self._busy.discard(number)
            self._news.put((number, outcome))

        self._busy.add(number)
        threading.Thread(target=ask, name=f"asking {witness.name}", daemon=True).start()

    def _is_settled(self, number: int, outcome: tuple[str, ...] | Exception, size: int) -> bool:
        if not isinstance(outcome, Exception):
            self._lines[number] = outcome
            return True
        self._reasons[number] = _reason(outcome)
        if isinstance(outcome, ForkError) or not isinstance(outcome, StaleSizeError):
            return True
        if outcome.size > size:
            self._reasons[number] = f"cosigned a larger tree of this log, of size {outcome.size}"
            return True
        self._sizes[number] = outcome.size
        again = number in self._retried
        self._retried.add(number)
        return again

    def _result(self, size: int) -> Collected:
        for number in self._lines:
            self._sizes[number] = size
        failures = tuple(
            Failure(witness.name, self._reasons[number])
            for number, witness in enumerate(self._witnesses)
            if number not in self._lines
        )
        lines = tuple(line for number in sorted(self._lines) for line in self._lines[number])
        return Collected(len(self._lines), len(self._witnesses), lines, failures)


def _reason(error: Exception) -> str:
    if isinstance(error, VerificationError):
        text = error.message
    else:
        text = str(error) if isinstance(error, QuorateError) else type(error).__name__
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"
