"""A log collects cosignatures from its witnesses: all asked at once, within one time budget.

Whoever has not answered by then is counted as missing, never waited for: a slow witness cannot hold
a log up. The proofs are computed in the caller's thread, because a log is not for several threads.
"""

import queue
import threading
from collections.abc import Callable, Collection, Sequence
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
class Claim:
    """A witness says, and need not prove, that it cosigned a head that was not asked about.

    ``size`` is that head's, in leaves; ``other``: it is of another tree, not only a larger one.
    """

    witness: str
    size: int
    other: bool

    def __str__(self) -> str:
        return f"{'another head' if self.other else 'a head'} of {self.size} leaves"


@dataclass(frozen=True, slots=True)
class Collected:
    """What came of asking: ``given`` of ``wanted`` witnesses cosigned, with ``lines``.

    The lines are those of this round; ``given`` counts who cosigned the checkpoint earlier too.
    """

    given: int
    wanted: int
    lines: tuple[str, ...]
    failures: tuple[Failure, ...]
    claims: tuple[Claim, ...] = ()

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


@dataclass(slots=True)
class _Member:
    """One witness, and what is known of it from earlier rounds."""

    witness: CheckpointWitness
    size: int = 0  # it cosigned last, as far as we know
    cosigned: str = ""  # the text of the checkpoint that it cosigned for us last
    busy: bool = False
    reason: str = ""  # why it did not cosign when it was asked last
    failures: int = 0  # in a row


class Cosigning:
    """The witnesses of one log, and what each of them saw last."""

    def __init__(self, witnesses: Sequence[CheckpointWitness]) -> None:
        self._members = tuple(map(_Member, witnesses))

    @property
    def identities(self) -> list[WitnessIdentity]:
        """The keys of all witnesses."""
        return [each for member in self._members for each in member.witness.identities]

    def missing(self, note: str) -> dict[int, int]:
        """Who has not cosigned the checkpoint ``note``: its place, and its failures in a row."""
        text = Note.parse(note).text
        members = enumerate(self._members)
        return {place: each.failures for place, each in members if each.cosigned != text}

    def collect(self, log: CosignedLog, seconds: float) -> Collected:
        """Asks every witness, waits ``seconds`` at most, adds to ``log`` what came."""
        collected = self.gather(log.checkpoint_note(), log.consistency, seconds)
        if collected.lines:
            log.add_cosignatures(collected.lines, self.identities)
        return collected

    def gather(
        self, note: str, prove: Prove, seconds: float, *, among: Collection[int] | None = None
    ) -> Collected:
        """Lines under the checkpoint ``note``; ``prove`` is called in this thread.

        ``among``: the places of those to ask, by default all.
        """
        places = range(len(self._members)) if among is None else among
        return _Gathering(self._members, places, note).run(prove, seconds)


_Outcome = tuple[_Member, "tuple[str, ...] | Exception"]


class _Gathering:
    """One round of asking. A witness still busy with an earlier round is not asked again: one that
    never answers costs one thread, not one for each checkpoint.
    """

    def __init__(self, members: Sequence[_Member], places: Collection[int], note: str) -> None:
        self._members = members
        self._asked = [members[place] for place in sorted(places)]
        self._note = note
        self._text = Note.parse(note).text
        self._size = Checkpoint.parse(self._text).size
        self._news: queue.SimpleQueue[_Outcome | None] = queue.SimpleQueue()
        self._lines: dict[int, tuple[str, ...]] = {}
        self._claims: list[Claim] = []
        self._starts: dict[int, int] = {}  # by id: the old size of the latest request
        self._retried: set[int] = set()

    def run(self, prove: Prove, seconds: float) -> Collected:
        waiting = set()
        for member in self._asked:
            member.failures += 1  # until it has cosigned
            if member.busy:
                member.reason = "is still busy with an earlier checkpoint"
            else:
                member.reason = "did not answer in time"
                waiting.add(id(member))
                self._ask(member, min(member.size, self._size), prove)
        bell = threading.Timer(seconds, self._news.put, [None])
        bell.daemon = True
        bell.start()
        try:
            while waiting and (news := self._news.get()) is not None:
                member, outcome = news
                if self._is_settled(member, outcome):
                    waiting.discard(id(member))
                else:
                    self._ask(member, member.size, prove)
        finally:
            bell.cancel()
        return self._result()

    def _ask(self, member: _Member, old_size: int, prove: Prove) -> None:
        proof, note = tuple(prove(old_size)), self._note
        self._starts[id(member)] = old_size

        def ask() -> None:
            outcome: tuple[str, ...] | Exception
            try:
                outcome = member.witness.add_checkpoint(old_size, proof, note)
            except Exception as error:  # a thread has nobody above it: whatever it is, is reported
                outcome = error
            member.busy = False
            self._news.put((member, outcome))

        member.busy = True
        name = f"asking {member.witness.name}"
        threading.Thread(target=ask, name=name, daemon=True).start()

    def _is_settled(self, member: _Member, outcome: tuple[str, ...] | Exception) -> bool:
        if not isinstance(outcome, Exception):
            self._lines[id(member)] = outcome
            return True
        member.reason = _reason(outcome)
        start = self._starts[id(member)]
        if isinstance(outcome, UnprovenError) and start:
            # It starts where we said, and nothing leads here from its tree.
            self._claims.append(Claim(member.witness.name, start, other=True))
        if not isinstance(outcome, StaleSizeError):
            return True
        if isinstance(outcome, ForkError) or outcome.size > self._size:
            other = isinstance(outcome, ForkError)
            self._claims.append(Claim(member.witness.name, outcome.size, other))
            if not other:
                member.reason = f"cosigned a larger tree of this log, of size {outcome.size}"
            return True
        member.size = outcome.size
        again = id(member) in self._retried
        self._retried.add(id(member))
        return again

    def _result(self) -> Collected:
        for member in self._asked:
            if id(member) in self._lines:
                member.size, member.cosigned = self._size, self._text
                member.failures, member.reason = 0, ""
        failures = tuple(
            Failure(member.witness.name, member.reason)
            for member in self._members
            if member.cosigned != self._text and member.reason
        )
        given = sum(member.cosigned == self._text for member in self._members)
        lines = tuple(line for member in self._asked for line in self._lines.get(id(member), ()))
        return Collected(given, len(self._members), lines, failures, tuple(self._claims))


def _reason(error: Exception) -> str:
    if isinstance(error, VerificationError):
        text = error.message
    else:
        text = str(error) if isinstance(error, QuorateError) else type(error).__name__
    return text if len(text) <= MAX_REASON else f"{text[:MAX_REASON]}…"
