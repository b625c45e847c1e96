"""Tasks in plain Python: terms, people, money; what a round stands on."""

from dataclasses import dataclass, field

from tests.twins.members import Members
from tests.twins.stakes import Stakes
from tests.twins.token import Token
from tests.twins.world import (
    NOBODY,
    PARTICIPANT,
    VALIDATOR,
    ZERO,
    Revert,
    Twin,
    World,
    bits,
    keccak_of,
    need,
    sha256_of,
    tag,
)

NONE, JOINING, RUNNING, ENDED = range(4)
COMMIT, INCLUDE_COMMIT, INCLUDE_REVEAL, VOTE_COMMIT, VOTE_REVEAL, SETTLED, ABORTED = range(1, 8)

FIELDS = [
    "spec",
    "sponsor",
    "rounds",
    "min_participants",
    "weight_cap",
    "participant_bond",
    "validator_bond",
    "participant_reward",
    "validator_reward",
    "score_floor",
    "low_score_penalty",
    "absence_penalty",
    "fault_penalty",
    "lie_penalty",
    "join_seconds",
    "commit_seconds",
    "include_seconds",
    "vote_seconds",
    "reveal_seconds",
    "appeal_seconds",
]
TERMS = "(bytes32,address" + ",uint256" * 7 + ",int256" + ",uint256" * 10 + ")"
NO_TERMS = (ZERO, NOBODY) + (0,) * 18


@dataclass
class Ballot:
    stake: int = 0
    commitment: bytes = ZERO
    bitmap: int = 0
    aggregate: bytes = ZERO
    accept: bool = False
    scores: tuple[int, ...] = ()
    voted: bool = False  # ever: packed scores are zeros before, offsets after


@dataclass
class Round:
    phase: int = 0
    deadline: int = 0
    eligible: set[int] = field(default_factory=set)
    committed: set[int] = field(default_factory=set)
    included: set[int] = field(default_factory=set)
    seats: set[int] = field(default_factory=set)
    seated: int = 0
    stake: int = 0
    cast: set[int] = field(default_factory=set)
    waiting: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)


@dataclass
class Suspension:
    round: int
    deadline: int
    appealed: bool = False


@dataclass
class Task:
    terms: dict
    validators: list[str]
    escrow: int
    join_deadline: int
    state: int = JOINING
    number: int = 0
    round: Round = field(default_factory=Round)
    participants: list[str] = field(default_factory=list)
    people: dict[str, tuple[int, bytes, int]] = field(default_factory=dict)
    ballots: dict[int, Ballot] = field(default_factory=dict)
    results: dict[int, tuple] = field(default_factory=dict)
    locked: set[int] = field(default_factory=set)
    suspensions: dict[int, Suspension] = field(default_factory=dict)
    expelled: set[int] = field(default_factory=set)


@dataclass
class State:
    tasks: dict[bytes, Task] = field(default_factory=dict)
    owed: dict[str, int] = field(default_factory=dict)


class Tasks(Twin):
    def __init__(
        self, world: World, address: str, members: Members, token: Token, stakes: Stakes
    ) -> None:
        super().__init__(world, address, State())
        self._members, self._token, self._stakes = members, token, stakes

    # --- a task's beginning and end ---------------------------------------------------------

    def create(self, sender: str, terms: tuple, validators: list[str]) -> bytes:
        task = self.task_id(terms, validators)
        t = dict(zip(FIELDS, terms, strict=True))
        need(sender == t["sponsor"], "Rounds: only the sponsor creates")
        need(task not in self.state.tasks, "Rounds: task exists")
        need(self._members.approved(task), "Rounds: not approved by members")
        times = [value for name, value in t.items() if name.endswith("_seconds")]
        sound = (
            1 <= t["rounds"] <= 10_000
            and 1 <= t["min_participants"] <= 32
            and t["weight_cap"] > 0
            and t["validator_bond"] > 0
            and all(1 <= seconds <= 366 * 86400 for seconds in times)
        )
        need(sound and len(validators) > 0, "Rounds: terms out of range")
        unique = len(set(validators)) == len(validators) and NOBODY not in validators
        need(unique, "Rounds: no list of validators")
        escrow = t["rounds"] * (t["participant_reward"] + t["validator_reward"])
        need(escrow < 2**256, "no reason given")
        deadline = self.world.now + t["join_seconds"]
        self.state.tasks[task] = Task(t, list(validators), escrow, deadline)
        self.emit(
            "TaskCreated",
            task=task,
            sponsor=sender,
            terms=tuple(terms),
            validators=tuple(validators),
            escrow=escrow,
            join_deadline=deadline,
        )
        self._token.transferFrom(self.address, sender, self.address, escrow)
        return task

    def join(self, sender: str, task: bytes, dataset: bytes, samples: int) -> None:
        t = self._joining(task)
        need(self.world.now <= t.join_deadline, "Rounds: the join window is over")
        need(self._members.has_role(sender, PARTICIPANT), "Rounds: not a participant")
        need(sender not in t.people, "Rounds: already joined")
        need(dataset != ZERO and samples > 0, "Rounds: no data")
        bond = self._stakes.bond(sender, PARTICIPANT)
        need(bond >= t.terms["participant_bond"], "Rounds: bond too low")
        index = len(t.participants)
        need(index < 32, "Rounds: the task is full")
        weight = min(samples, t.terms["weight_cap"])
        t.participants.append(sender)
        t.people[sender] = (index + 1, dataset, weight)
        self._stakes.lock(self.address, sender, PARTICIPANT)
        self.emit(
            "Joined",
            task=task,
            participant=sender,
            index=index,
            dataset=dataset,
            samples=samples,
            weight=weight,
        )

    def cancel(self, sender: str, task: bytes) -> None:
        t = self._joining(task)
        need(self.world.now > t.join_deadline, "Rounds: the join window is open")
        need(len(t.participants) < t.terms["min_participants"], "Rounds: enough joined")
        self._finish(task, "too few joined")

    def claim(self, sender: str) -> int:
        amount = self.owed(sender)
        need(amount > 0, "Rounds: nothing to claim")
        self.state.owed[sender] = 0
        self.emit("Claimed", account=sender, amount=amount)
        self._token.transfer(self.address, sender, amount)
        return amount

    def _finish(self, task: bytes, reason: str) -> None:
        t = self._task(task)
        t.state = ENDED
        for account in t.participants:
            self._stakes.unlock(self.address, account, PARTICIPANT)
        for place in sorted(t.locked - set(t.suspensions)):
            self._stakes.unlock(self.address, t.validators[place], VALIDATOR)
        t.locked &= set(t.suspensions)
        refund, t.escrow = t.escrow, 0
        self._owe(t.terms["sponsor"], refund)
        self.emit("TaskEnded", task=task, refund=refund, reason=reason)

    # --- what the others use ----------------------------------------------------------------

    def _task(self, task: bytes) -> Task:
        return self.state.tasks[task]

    def _joining(self, task: bytes) -> Task:
        t = self.state.tasks.get(task)
        need(t is not None and t.state == JOINING, "Rounds: not open to join")
        return t

    def _in_phase(self, task: bytes, phase: int) -> Task:
        t = self.state.tasks.get(task)
        need(t is not None and t.round.phase == phase, "Rounds: not the phase for it")
        need(self.world.now <= t.round.deadline, "Rounds: the phase is over")
        return t

    def _place(self, t: Task, account: str) -> int:
        need(account in t.validators, "Rounds: not a validator here")
        return t.validators.index(account)

    def _stake(self, t: Task, seats: set[int]) -> int:
        return sum(t.ballots[place].stake for place in seats)

    def _owe(self, account: str, amount: int) -> None:
        self.state.owed[account] = self.owed(account) + amount

    def _punish(self, account: str, role: int, amount: int, reason: str) -> None:
        self._stakes.slash(self.address, account, role, amount, reason)
        self._stakes.record(self.address, account, role, 0, True)

    def _hash(  # noqa: PLR0917 (what it binds)
        self, name: str, task: bytes, sender: str, types: list[str], payload: list, salt: bytes
    ) -> bytes:
        head_types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        number = self._task(task).number
        head = [tag(name), self.world.chain_id, self.address, task, number, sender]
        return keccak_of([*head_types, *types, "bytes32"], [*head, *payload, salt])

    # --- views ------------------------------------------------------------------------------

    def task_id(self, terms: tuple, validators: list[str]) -> bytes:
        types = ["bytes32", "uint256", "address", TERMS, "address[]"]
        head = [tag("quorate/task/v1"), self.world.chain_id, self.address]
        return sha256_of(types, [*head, terms, list(validators)])

    def appeal_subject(self, task: bytes, number: int, validator: str) -> bytes:
        types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        head = [tag("quorate/appeal/v1"), self.world.chain_id, self.address]
        return sha256_of(types, [*head, task, number, validator])

    def terms_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return tuple(t.terms.values()) if t else NO_TERMS

    def task_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        if t is None:
            return (0,) * 7
        flags = (bits(t.locked), bits(t.suspensions), bits(t.expelled))
        return (t.state, t.number, t.escrow, t.join_deadline, *flags)

    def round_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        r = t.round if t else Round()
        sets = (bits(r.eligible), bits(r.committed), bits(r.included), bits(r.seats))
        ends = (bits(r.cast), bits(r.waiting), bits(r.held))
        return (r.phase, r.deadline, *sets, r.seated, r.stake, *ends)

    def ballot_of(self, task: bytes, place: int) -> tuple:
        t = self.state.tasks.get(task)
        b = t.ballots.get(place, Ballot()) if t else Ballot()
        words = [0, 0, 0, 0]
        for nth, score in enumerate(b.scores if b.voted else ()):
            words[nth // 8] += (score + 2**31) * 2 ** (32 * (nth % 8))
        return (b.stake, b.commitment, b.bitmap, b.aggregate, b.accept, tuple(words))

    def result_of(self, task: bytes, number: int) -> tuple:
        t = self.state.tasks.get(task)
        return t.results.get(number, (ZERO, 0, False)) if t else (ZERO, 0, False)

    def suspension_of(self, task: bytes, validator: str) -> tuple:
        try:
            place = self._place(self.state.tasks[task], validator)
            s = self.state.tasks[task].suspensions[place]
        except (KeyError, Revert):
            return (0, 0, False)
        return (s.round, s.deadline, s.appealed)

    def validators_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return tuple(t.validators) if t else ()

    def participants_of(self, task: bytes) -> tuple:
        t = self.state.tasks.get(task)
        return tuple(t.participants) if t else ()

    def participant_of(self, task: bytes, account: str) -> tuple:
        t = self.state.tasks.get(task)
        return t.people.get(account, (0, ZERO, 0)) if t else (0, ZERO, 0)

    def owed(self, account: str) -> int:
        return self.state.owed.get(account, 0)

    def members(self) -> str:
        return self._members.address

    def token(self) -> str:
        return self._token.address

    def stakes(self) -> str:
        return self._stakes.address
