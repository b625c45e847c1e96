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
    Entry,
    keccak,
)
from tests.twins.world import (
    NOBODY,
    PARTICIPANT,
    VALIDATOR,
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


@dataclass
class Judge:
    """A listed validator."""

    account: str
    controller: bytes
    cap: int  # its bond when the task began: its stake is never more
    stake: int = 0  # as last computed; 0 means no seat
    locked: bool = False
    suspended: bool = False
    expelled: bool = False
    dirty: bool = True  # compute the stake again before the next round


@dataclass
class Trainee:
    """A participant; `conflicts` are the judges under its controller."""

    account: str
    conflicts: set[int]
    eligible: bool = False
    locked: bool = True
    dirty: bool = True


@dataclass
class Task:
    terms: dict
    judges: list[Judge]
    deadline: int
    trainees: list[Trainee] = field(default_factory=list)
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
    entries: list[Entry] = field(default_factory=list)  # once opened
    root: bytes = ZERO

    def place(self, account: str) -> int | None:
        accounts = [judge.account for judge in self.judges]
        return accounts.index(account) if account in accounts else None

    def index(self, account: str) -> int | None:
        accounts = [trainee.account for trainee in self.trainees]
        return accounts.index(account) if account in accounts else None

    def accounts(self) -> list[str]:
        return [person.account for person in (*self.judges, *self.trainees)]

    def stake_of(self, seats: set[int]) -> int:
        return sum(self.judges[place].stake for place in seats)


@dataclass
class State:
    tasks: dict[bytes, Task] = field(default_factory=dict)


class Phases(Twin):
    """Beginning, opening, committing, revealing, going on."""

    def __init__(  # noqa: PLR0917 (the contract's own arguments)
        self,
        world: World,
        address: str,
        members: str,
        stakes: str,
        tasks: str,
        appeals: str,
        council: str,
    ) -> None:
        super().__init__(world, address, State())
        self._members, self._stakes, self._tasks = members, stakes, tasks
        self._appeals, self._council = appeals, council

    # --- beginning ----------------------------------------------------------------------------

    def begin(self, sender: str, task: bytes, terms: tuple, validators: list[str]) -> None:
        need(sender == self._tasks, "Rounds: only Tasks")
        unique = len(set(validators)) == len(validators) and NOBODY not in validators
        need(unique, "Rounds: no list of validators")
        members, stakes = self.world.at[self._members], self.world.at[self._stakes]
        judges = [
            Judge(who, members.controller_of(who), stakes.bond(who, VALIDATOR))
            for who in validators
        ]
        t = dict(zip(FIELDS, terms, strict=True))
        self.state.tasks[task] = Task(t, judges, self.world.now + t["join_seconds"])

    def admit(self, sender: str, task: bytes, account: str) -> tuple[int, int]:
        need(sender == self._tasks, "Rounds: only Tasks")
        t = self.state.tasks.get(task)
        need(t is not None and t.state == JOINING, "Rounds: not open to join")
        need(self.world.now <= t.deadline, "Rounds: the join window is over")
        need(t.index(account) is None, "Rounds: already joined")
        room = min(256, 2048 // len(t.judges))
        need(len(t.trainees) < room, "Rounds: the task is full")
        house = self.world.at[self._members].controller_of(account)
        own = {place for place, judge in enumerate(t.judges) if judge.controller == house}
        t.trainees.append(Trainee(account, own))
        return len(t.trainees) - 1, bits(own)

    # --- opening ------------------------------------------------------------------------------

    def open(self, sender: str, task: bytes) -> None:
        t = self.state.tasks.get(task)
        need(t is not None and t.state in (JOINING, RUNNING), "Rounds: no running task")
        need(not self.world.at[self._council].paused(self.address), "Rounds: paused")
        least = t.terms["min_participants"]
        early = False
        if t.state == JOINING:
            early = self.world.now <= t.deadline
            if len(t.trainees) < least:
                need(not early, "Rounds: too few joined")
                self._end(task, "too few joined")
                return
            need(not early or sender == t.terms["sponsor"], "Rounds: too early to open")
            t.entries = [Entry() for _ in t.accounts()]
        else:
            need(t.phase >= SETTLED, "Rounds: a round is still open")
        self._compute_dirty(task)
        eligible = {i for i, trainee in enumerate(t.trainees) if trainee.eligible}
        seats = {place for place, judge in enumerate(t.judges) if judge.stake}
        if len(eligible) < least or not two_thirds(len(seats), len(t.judges)):
            need(not early, "Rounds: too few are eligible")
            self._end(task, "too few are eligible")
            return
        for place in sorted(seats):
            self._hold(t.judges[place])
        t.state = RUNNING
        t.number += 1
        t.eligible, t.seats, t.seated = eligible, seats, len(seats)
        t.stake = t.stake_of(seats)
        t.committed, t.included, t.cast, t.held = set(), set(), set(), set()
        self.emit(
            "RoundOpened",
            task=task,
            round=t.number,
            eligible=bits(eligible),
            seats=bits(seats),
            stake=t.stake,
        )
        self._enter(task, COMMIT, "commit_seconds")

    def review(self, sender: str, task: bytes, account: str) -> None:
        t = self.state.tasks.get(task)
        running = t is not None and t.state == RUNNING
        need(running, "Rounds: no running task")
        need(t.phase >= SETTLED, "Rounds: a round is still open")
        place, index = t.place(account), t.index(account)
        need(place is not None or index is not None, "Rounds: not in this task")
        if place is not None:
            self._compute_stake(task, place)
        if index is not None:
            self._compute_eligible(t, index)
            eligible = t.trainees[index].eligible
            self.emit("Eligible", task=task, participant=account, eligible=eligible)

    def _compute_dirty(self, task: bytes) -> None:
        t = self._task(task)
        for index, trainee in enumerate(t.trainees):
            if trainee.dirty:
                self._compute_eligible(t, index)
        for place, judge in enumerate(t.judges):
            if judge.dirty:
                self._compute_stake(task, place)

    def _compute_eligible(self, t: Task, index: int) -> None:
        trainee = t.trainees[index]
        bond = self.world.at[self._stakes].bond(trainee.account, PARTICIPANT)
        holds = self.world.at[self._members].has_role(trainee.account, PARTICIPANT)
        trainee.eligible = holds and bond >= t.terms["participant_bond"]
        trainee.dirty = False

    def _compute_stake(self, task: bytes, place: int) -> None:
        t = self._task(task)
        judge = t.judges[place]
        bond = self.world.at[self._stakes].bond(judge.account, VALIDATOR)
        stake = min(judge.cap, bond)
        may = self.world.at[self._members].has_role(judge.account, VALIDATOR)
        may = may and not judge.suspended and not judge.expelled
        judge.stake = stake if may and stake >= t.terms["validator_bond"] else 0
        judge.dirty = False
        self.emit("Seated", task=task, validator=judge.account, place=place, stake=judge.stake)

    def _hold(self, judge: Judge) -> None:
        if not judge.locked:
            judge.locked = True
            self.world.at[self._stakes].lock(self.address, judge.account, VALIDATOR)

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
            who = t.judges[place].account
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
        vote = [t.judges[place].account, bits(t.included), aggregate, accept, salt]
        return keccak_of(types, [*head, *vote, keccak(lanes)])

    def _vote(  # noqa: PLR0917 (what the event says)
        self, task: bytes, place: int, aggregate: bytes, accept: bool, lanes: bytes
    ) -> None:
        t = self._task(task)
        t.held.add(place)
        self.emit(
            "VoteRevealed",
            task=task,
            round=t.number,
            validator=t.judges[place].account,
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
        t = self.state.tasks.get(task)
        phase = t.phase if t else NONE
        need(COMMIT <= phase < VOTE_REVEAL, "Rounds: not the phase for it")
        over = self.world.now > t.deadline or self._done(t)
        need(over, "Rounds: the phase is not over")
        self._leave(task)

    def _in_phase(self, task: bytes, phase: int) -> Task:
        t = self.state.tasks.get(task)
        need(t is not None and t.phase == phase, "Rounds: not the phase for it")
        need(self.world.now <= t.deadline, "Rounds: the phase is over")
        return t

    def _done(self, t: Task) -> bool:
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
        elif not two_thirds(t.stake_of(t.cast), t.stake):
            self._abort(task, "too few validators")
        else:
            self._enter(task, t.phase + 1, "reveal_seconds")

    def _count_inclusion(self, task: bytes) -> None:
        t = self._task(task)
        self._fault_silent(task, t.cast)
        if not two_thirds(t.stake_of(t.held), t.stake):
            self._abort(task, "too few validators")
            return
        included = set()
        for index in range(len(t.trainees)):
            holders = {
                place for place in t.held if int.from_bytes(t.ballots[place], "big") >> index & 1
            }
            if two_thirds(t.stake_of(holders), t.stake):
                included.add(index)
        self._fix(task, included)
        if len(included) < t.terms["min_participants"]:
            self._abort(task, "too few included")
        else:
            t.cast, t.held = set(), set()
            self._enter(task, VOTE_COMMIT, "vote_seconds")

    def _fix(self, task: bytes, included: set[int]) -> None:
        """The set is known: who committed and is not in it is punished."""
        t = self._task(task)
        t.included = included
        absent = t.committed - included
        self.emit(
            "SetFixed", task=task, round=t.number, included=bits(included), absent=bits(absent)
        )
        for index in sorted(absent):
            self._punish_trainee(t, index, t.terms["absence_penalty"], "absent")

    def _enter(self, task: bytes, phase: int, seconds: str) -> None:
        t = self._task(task)
        t.phase = phase
        t.deadline = self.world.now + t.terms[seconds]
        self.emit("PhaseStarted", task=task, round=t.number, phase=phase, deadline=t.deadline)

    def _abort(self, task: bytes, reason: str) -> None:
        self.emit("Aborted", task=task, round=self._task(task).number, reason=reason)
        self._close(task, ABORTED)

    def _close(self, task: bytes, phase: int) -> None:
        t = self._task(task)
        t.phase = phase
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
            validator=t.judges[place].account,
            phase=t.phase,
            reason=reason,
        )
        self._punish_judge(t, place, t.terms["fault_penalty"], reason)

    def _punish_judge(self, t: Task, place: int, amount: int, reason: str) -> None:
        t.judges[place].dirty = True
        stakes, account = self.world.at[self._stakes], t.judges[place].account
        stakes.slash(self.address, account, VALIDATOR, amount, reason)
        stakes.record(self.address, account, VALIDATOR, 0, 0, 1)

    def _punish_trainee(self, t: Task, index: int, amount: int, reason: str) -> None:
        t.trainees[index].dirty = True
        stakes, account = self.world.at[self._stakes], t.trainees[index].account
        stakes.slash(self.address, account, PARTICIPANT, amount, reason)
        stakes.record(self.address, account, PARTICIPANT, 0, 0, 1)

    def _task(self, task: bytes) -> Task:
        return self.state.tasks[task]
