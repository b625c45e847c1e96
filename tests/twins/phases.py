"""A round in plain Python: who may act, phase by phase, up to the votes."""

from dataclasses import dataclass, field

from tests.twins.table import (
    ABORTED,
    COMMIT,
    ENDED,
    FIELDS,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    JOINING,
    NONE,
    RUNNING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
    keccak,
)
from tests.twins.world import (
    NOBODY,
    ZERO,
    Twin,
    World,
    bits,
    keccak_of,
    need,
    places,
    tag,
    two_thirds,
)


def vote_digest(aggregate: bytes, accept: bool, lanes: bytes) -> bytes:
    """What a revealed vote leaves in the place of its commitment: no salt in it."""
    return keccak_of(["bytes32", "bool", "bytes32"], [aggregate, accept, keccak(lanes)])


@dataclass
class Round:
    """A task and its newest round as Rounds knows them."""

    terms: dict
    validators: list[str]
    deadline: int
    participants: list[str] = field(default_factory=list)
    state: int = JOINING
    phase: int = NONE
    number: int = 0
    eligible: set[int] = field(default_factory=set)
    committed: set[int] = field(default_factory=set)
    included: set[int] = field(default_factory=set)
    seats: set[int] = field(default_factory=set)
    seated: int = 0  # seats when the round opened
    stake: int = 0  # of all of them
    cast: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)
    ballots: dict[int, bytes] = field(default_factory=dict)
    result: tuple = (0, ZERO, False)

    def place(self, account: str) -> int | None:
        return self.validators.index(account) if account in self.validators else None

    def index(self, account: str) -> int | None:
        return self.participants.index(account) if account in self.participants else None


@dataclass
class State:
    rounds: dict[bytes, Round] = field(default_factory=dict)


class Phases(Twin):
    """Beginning, opening, committing, revealing, going on."""

    def __init__(self, world: World, address: str, tasks: str, appeals: str, council: str) -> None:
        super().__init__(world, address, State())
        self._tasks, self._appeals, self._council = tasks, appeals, council

    # --- beginning ----------------------------------------------------------------------------

    def begin(self, sender: str, task: bytes, terms: tuple, validators: list[str]) -> None:
        need(sender == self._tasks, "Rounds: only Tasks")
        unique = len(set(validators)) == len(validators) and NOBODY not in validators
        need(unique, "Rounds: no list of validators")
        t = dict(zip(FIELDS, terms, strict=True))
        deadline = self.world.now + t["join_seconds"]
        self.state.rounds[task] = Round(t, list(validators), deadline)

    def admit(self, sender: str, task: bytes, account: str, index: int) -> None:
        need(sender == self._tasks, "Rounds: only Tasks")
        t = self.state.rounds.get(task)
        need(t is not None and t.state == JOINING, "Rounds: not open to join")
        need(self.world.now <= t.deadline, "Rounds: the join window is over")
        need(t.index(account) is None, "Rounds: already joined")
        t.participants.append(account)
        assert len(t.participants) == index + 1

    # --- opening ------------------------------------------------------------------------------

    def open(self, sender: str, task: bytes) -> None:
        t = self.state.rounds.get(task)
        need(t is not None and t.state in (JOINING, RUNNING), "Rounds: no running task")
        least = t.terms["min_participants"]
        joining = t.state == JOINING
        early = joining and self.world.now <= t.deadline
        if joining:
            if len(t.participants) < least:
                need(not early, "Rounds: too few joined")
                self._end(task, "too few joined")
                return
            need(not early or sender == t.terms["sponsor"], "Rounds: too early to open")
        else:
            need(t.phase >= SETTLED, "Rounds: a round is still open")
        tasks = self.world.at[self._tasks]
        _, listed, eligible, seats, stake = tasks.muster(self.address, task, joining)
        if eligible.bit_count() < least or not two_thirds(seats.bit_count(), listed):
            need(not early, "Rounds: too few are eligible")
            self._end(task, "too few are eligible")
            return
        # A pause holds up what is new, not the end of a task.
        need(not self.world.at[self._council].paused(self.address), "Rounds: paused")
        t.state = RUNNING
        t.number += 1
        t.eligible, t.seats = set(places(eligible)), set(places(seats))
        t.seated, t.stake = len(t.seats), stake
        t.committed, t.included, t.cast, t.held = set(), set(), set(), set()
        self.emit(
            "RoundOpened",
            task=task,
            round=t.number,
            eligible=eligible,
            seats=seats,
            stake=stake,
        )
        self._enter(task, COMMIT, "commit_seconds")

    # --- committing ---------------------------------------------------------------------------

    def commit(self, sender: str, task: bytes, commitment: bytes) -> None:
        t = self._in_phase(task, COMMIT)
        index = t.index(sender)
        need(index is not None, "Rounds: not a participant here")
        need(index in t.eligible, "Rounds: not eligible")
        need(index not in t.committed, "Rounds: already committed")
        need(commitment != ZERO, "Rounds: no commitment")
        t.committed.add(index)
        self.emit("Committed", task=task, round=t.number, participant=sender, commitment=commitment)
        self._step(task)

    def include_commit(self, sender: str, task: bytes, commitment: bytes) -> None:
        self._pledge(sender, task, INCLUDE_COMMIT, commitment, "IncludeCommitted")

    def vote_commit(self, sender: str, task: bytes, commitment: bytes) -> None:
        self._pledge(sender, task, VOTE_COMMIT, commitment, "VoteCommitted")

    def _pledge(self, sender: str, task: bytes, phase: int, commitment: bytes, event: str) -> None:
        t = self._in_phase(task, phase)
        place = t.place(sender)
        need(place is not None, "Rounds: not a validator here")
        need(place in t.seats, "Rounds: not seated")
        need(place not in t.cast, "Rounds: already committed")
        need(commitment != ZERO, "Rounds: no commitment")
        t.cast.add(place)
        t.ballots[place] = commitment
        self.emit(event, task=task, round=t.number, validator=sender, commitment=commitment)
        self._step(task)

    # --- revealing ----------------------------------------------------------------------------

    def include_reveal(self, sender: str, task: bytes, reveals: list[tuple]) -> None:
        t = self._in_phase(task, INCLUDE_REVEAL)
        for place, bitmap, salt in reveals:
            need(place in t.cast, "Rounds: nothing to reveal")
            need(set(places(bitmap)) <= t.committed, "Rounds: bit without commitment")
            who = t.validators[place]
            found = self._hash("quorate/include/v1", task, who, ["uint256"], [bitmap], salt)
            t.cast.remove(place)
            if found == t.ballots[place]:
                t.held.add(place)
                t.ballots[place] = bitmap.to_bytes(32, "big")
                self.emit("Included", task=task, round=t.number, validator=who, bitmap=bitmap)
            else:
                need(who == sender, "Rounds: reveal does not match")
                self._fault(task, place, "reveal does not match")
        self._step(task)

    def vote_reveal(  # noqa: PLR0917 (the contract's own arguments)
        self, sender: str, task: bytes, aggregate: bytes, accept: bool, salt: bytes, lanes: bytes
    ) -> None:
        t = self._in_phase(task, VOTE_REVEAL)
        place = t.place(sender)
        need(place is not None, "Rounds: not a validator here")
        need(place in t.cast, "Rounds: nothing to reveal")
        need(len(lanes) == 4 * len(t.included), "Rounds: one score per included")
        t.cast.remove(place)
        if self.vote_hash(task, place, aggregate, accept, salt, lanes) == t.ballots[place]:
            t.ballots[place] = vote_digest(aggregate, accept, lanes)
            self._vote(task, place, aggregate, accept, lanes)
        else:
            self._fault(task, place, "reveal does not match")

    def vote_hash(  # noqa: PLR0917 (what it binds)
        self, task: bytes, place: int, aggregate: bytes, accept: bool, salt: bytes, lanes: bytes
    ) -> bytes:
        t = self._task(task)
        types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        types += ["uint256", "bytes32", "bool", "bytes32", "bytes32"]
        head = [tag("quorate/vote/v1"), self.world.chain_id, self.address, task, t.number]
        vote = [t.validators[place], bits(t.included), aggregate, accept, salt]
        return keccak_of(types, [*head, *vote, keccak(lanes)])

    def _vote(self, task: bytes, place: int, aggregate: bytes, accept: bool, lanes: bytes) -> None:
        t = self._task(task)
        t.held.add(place)
        self.emit(
            "VoteRevealed",
            task=task,
            round=t.number,
            validator=t.validators[place],
            aggregate=aggregate,
            accept=accept,
            lanes=lanes,
        )

    def _hash(  # noqa: PLR0917 (what it binds)
        self, name: str, task: bytes, sender: str, types: list[str], payload: list, salt: bytes
    ) -> bytes:
        head_types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        number = self._task(task).number
        head = [tag(name), self.world.chain_id, self.address, task, number, sender]
        return keccak_of([*head_types, *types, "bytes32"], [*head, *payload, salt])

    # --- from phase to phase ------------------------------------------------------------------

    def advance(self, sender: str, task: bytes) -> None:
        t = self.state.rounds.get(task)
        phase = t.phase if t else NONE
        running = t is not None and t.state == RUNNING
        need(running and COMMIT <= phase < VOTE_REVEAL, "Rounds: not the phase for it")
        over = self.world.now > t.deadline or self._done(t)
        need(over, "Rounds: the phase is not over")
        self._leave(task)

    def _in_phase(self, task: bytes, phase: int) -> Round:
        t = self.state.rounds.get(task)
        there = t is not None and t.phase == phase and t.state == RUNNING
        need(there, "Rounds: not the phase for it")
        need(self.world.now <= t.deadline, "Rounds: the phase is over")
        return t

    def _done(self, t: Round) -> bool:
        """Whether all who may act in this phase have acted."""
        if t.phase == COMMIT:
            return t.committed == t.eligible
        if t.phase in (INCLUDE_COMMIT, VOTE_COMMIT):
            return t.cast == t.seats
        return not t.cast

    def _step(self, task: bytes) -> None:
        if self._done(self._task(task)):
            self._leave(task)

    def _leave(self, task: bytes) -> None:
        t = self._task(task)
        if t.phase == COMMIT:
            if len(t.committed) < t.terms["min_participants"]:
                self._abort(task, "too few commitments")
            else:
                self._enter(task, INCLUDE_COMMIT, "include_seconds")
        elif t.phase == INCLUDE_REVEAL:
            self._count_inclusion(task)
        elif not two_thirds(self._stake(task, t.cast), t.stake):
            self._abort(task, "too few validators")
        else:
            t.held = set()
            self._enter(task, t.phase + 1, "reveal_seconds")

    def _count_inclusion(self, task: bytes) -> None:
        t = self._task(task)
        self._fault_silent(task, t.cast)
        if not two_thirds(self._stake(task, t.held), t.stake):
            self._abort(task, "too few validators")
            return
        included, absent = set(), set()
        for index in sorted(t.committed):
            holders = {
                place for place in t.held if int.from_bytes(t.ballots[place], "big") >> index & 1
            }
            if two_thirds(self._stake(task, holders), t.stake):
                included.add(index)
            elif two_thirds(self._stake(task, t.held - holders), t.stake):
                absent.add(index)
        self._fix(task, included, absent)
        if len(included) < t.terms["min_participants"]:
            self._abort(task, "too few included")
        else:
            t.cast, t.held = set(), set()
            self._enter(task, VOTE_COMMIT, "vote_seconds")

    def _fix(self, task: bytes, included: set[int], absent: set[int]) -> None:
        """The set is known: who committed to what two thirds did not get is punished."""
        t = self._task(task)
        t.included = included
        self.emit(
            "SetFixed", task=task, round=t.number, included=bits(included), absent=bits(absent)
        )
        t.committed = included
        self.world.at[self._tasks].mark_absent(self.address, task, bits(absent))

    def _enter(self, task: bytes, phase: int, seconds: str) -> None:
        t = self._task(task)
        t.phase = phase
        t.deadline = self.world.now + t.terms[seconds]
        self.emit("PhaseStarted", task=task, round=t.number, phase=phase, deadline=t.deadline)

    def _abort(self, task: bytes, reason: str) -> None:
        t = self._task(task)
        t.committed, t.included = set(), set()
        self.emit("Aborted", task=task, round=self._task(task).number, reason=reason)
        self._close(task, ABORTED)

    def _close(self, task: bytes, phase: int) -> None:
        t = self._task(task)
        t.phase, t.cast, t.held = phase, set(), set()
        if t.number == t.terms["rounds"]:
            self._end(task, "all rounds done")

    def _end(self, task: bytes, reason: str) -> None:
        t = self._task(task)
        t.state = ENDED
        self.emit("TaskEnded", task=task, round=t.number, reason=reason)

    # --- punishing ----------------------------------------------------------------------------

    def _fault_silent(self, task: bytes, silent: set[int]) -> None:
        t = self._task(task)
        t.cast = t.cast - silent
        for place in sorted(silent):
            self._fault(task, place, "no reveal")

    def _fault(self, task: bytes, place: int, reason: str) -> None:
        t = self._task(task)
        self.emit(
            "Faulted",
            task=task,
            round=t.number,
            validator=t.validators[place],
            phase=t.phase,
            reason=reason,
        )
        self.world.at[self._tasks].punish(self.address, task, 1 << place, reason)

    def _stake(self, task: bytes, seats: set[int]) -> int:
        tasks = self.world.at[self._tasks]
        return sum(tasks.stake_of(task, place) for place in seats)

    def _task(self, task: bytes) -> Round:
        return self.state.rounds[task]
