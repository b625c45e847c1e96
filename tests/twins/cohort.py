"""The people of a task in plain Python: who may act, with which stake, whose bond is held."""

from dataclasses import dataclass, field

from tests.twins.table import NO_TERMS, Entry, roster_of
from tests.twins.world import NOBODY, PARTICIPANT, VALIDATOR, ZERO, Twin, bits, need, places


@dataclass
class Judge:
    """A listed validator."""

    account: str
    controller: bytes
    cap: int  # the most that its stake can be: its bond at creation, four bonds of the terms
    stake: int = 0  # as last computed; 0 means no seat
    held: bool = False  # its bond, by this task
    suspended: bool = False
    expelled: bool = False
    marked: bool = False  # compute the stake again before the next round


@dataclass
class Trainee:
    """A participant; `conflicts` are the judges under its controller."""

    account: str
    dataset: bytes
    weight: int
    conflicts: set[int]
    eligible: bool = False
    held: bool = True
    marked: bool = False


@dataclass
class Job:
    """A task as Tasks knows it."""

    terms: dict
    judges: list[Judge]
    escrow: int
    left: int
    refunded: bool = False
    trainees: list[Trainee] = field(default_factory=list)
    roster: bytes = ZERO
    entries: list[Entry] = field(default_factory=list)  # from the first opening on
    root: bytes = ZERO
    claimed: dict[int, int] = field(default_factory=dict)  # by place, entries as words

    def people(self) -> list:
        return [*self.judges, *self.trainees]

    def accounts(self) -> list[str]:
        return [person.account for person in self.people()]


@dataclass
class State:
    jobs: dict[bytes, Job] = field(default_factory=dict)


class Cohort(Twin):
    """The half of Tasks that is about people."""

    state: State
    _members: str
    _stakes: str
    _rounds: str

    # --- who may act --------------------------------------------------------------------------

    def muster(self, sender: str, task: bytes, first: bool) -> tuple:
        """Joined, listed, eligible, seats and stake of the round that opens."""
        self._only_rounds(sender)
        job = self.state.jobs[task]
        if first:
            job.entries = [Entry() for _ in job.people()]
            job.roster = roster_of(job.accounts())
        for place, judge in enumerate(job.judges):
            if first or judge.marked:
                self._weigh(task, place)
        for index, trainee in enumerate(job.trainees):
            if first:
                trainee.eligible, trainee.marked = self._may(job, trainee), False
            elif trainee.marked:
                self._qualify(task, index)
        eligible = bits(i for i, trainee in enumerate(job.trainees) if trainee.eligible)
        seats = bits(place for place, judge in enumerate(job.judges) if judge.stake)
        stake = sum(judge.stake for judge in job.judges)
        return len(job.trainees), len(job.judges), eligible, seats, stake

    def review(self, sender: str, task: bytes, place: int) -> None:
        job = self.state.jobs.get(task)
        need(job is not None and place < len(job.people()), "Tasks: not in this task")
        if not self.world.at[self._rounds].idle(task):
            job.people()[place].marked = True
        elif place < len(job.judges):
            self._weigh(task, place)
        else:
            self._qualify(task, place - len(job.judges))

    def _weigh(self, task: bytes, place: int) -> None:
        job = self.state.jobs[task]
        judge = job.judges[place]
        stake = min(judge.cap, self.world.at[self._stakes].bond(judge.account, VALIDATOR))
        may = self.world.at[self._members].has_role(judge.account, VALIDATOR)
        may = may and not judge.suspended and not judge.expelled
        judge.stake = stake if may and stake >= job.terms["validator_bond"] else 0
        judge.marked = False
        self.emit("Seated", task=task, validator=judge.account, place=place, stake=judge.stake)
        if judge.stake and not judge.held:
            judge.held = True
            self.world.at[self._stakes].lock(self.address, judge.account, VALIDATOR)

    def _qualify(self, task: bytes, index: int) -> None:
        job = self.state.jobs[task]
        trainee = job.trainees[index]
        trainee.eligible = self._may(job, trainee)
        trainee.marked = False
        self.emit("Eligible", task=task, participant=trainee.account, eligible=trainee.eligible)

    def _may(self, job: Job, trainee: Trainee) -> bool:
        bond = self.world.at[self._stakes].bond(trainee.account, PARTICIPANT)
        holds = self.world.at[self._members].has_role(trainee.account, PARTICIPANT)
        return holds and bond >= job.terms["participant_bond"]

    # --- what Rounds decides about people -----------------------------------------------------

    def punish(self, sender: str, task: bytes, chosen: int, reason: str) -> None:
        self._only_rounds(sender)
        job = self.state.jobs[task]
        for place in places(chosen):
            self._slash_judge(job.judges[place], job.terms["fault_penalty"], reason)

    def mark_absent(self, sender: str, task: bytes, absent: int) -> None:
        self._only_rounds(sender)
        job = self.state.jobs[task]
        for index in places(absent):
            trainee = job.trainees[index]
            self._slash_trainee(trainee, job.terms["absence_penalty"], "absent")
            stakes = self.world.at[self._stakes]
            stakes.record(self.address, trainee.account, PARTICIPANT, 0, 0, 1)

    def suspend(self, sender: str, task: bytes, chosen: int) -> None:
        self._only_rounds(sender)
        for place in places(chosen):
            judge = self.state.jobs[task].judges[place]
            judge.suspended = judge.marked = True

    def expel(self, sender: str, task: bytes, place: int, reason: str) -> None:
        self._only_rounds(sender)
        job = self.state.jobs[task]
        judge = job.judges[place]
        judge.expelled, judge.suspended = True, False
        self._slash_judge(judge, job.terms["lie_penalty"], reason)
        self._let_go(judge, VALIDATOR)

    def reinstate(self, sender: str, task: bytes, place: int) -> None:
        self._only_rounds(sender)
        judge = self.state.jobs[task].judges[place]
        judge.suspended, judge.marked = False, True
        self._let_go(judge, VALIDATOR)

    def release(self, sender: str, task: bytes, place: int) -> None:
        need(self.world.at[self._rounds].ended(task), "Tasks: the task has not ended")
        job = self.state.jobs[task]
        person = job.people()[place] if place < len(job.people()) else None
        need(person is not None and person.held, "Tasks: nothing to release")
        judge = place < len(job.judges)
        need(not (judge and person.suspended), "Tasks: suspended")
        self._let_go(person, VALIDATOR if judge else PARTICIPANT)

    def _let_go(self, person: Judge | Trainee, role: int) -> None:
        if person.held:
            person.held = False
            self.world.at[self._stakes].unlock(self.address, person.account, role)

    def _slash_judge(self, judge: Judge, amount: int, reason: str) -> None:
        judge.marked = True
        stakes = self.world.at[self._stakes]
        stakes.slash(self.address, judge.account, VALIDATOR, amount, reason)
        stakes.record(self.address, judge.account, VALIDATOR, 0, 0, 1)

    def _slash_trainee(self, trainee: Trainee, amount: int, reason: str) -> None:
        trainee.marked = True
        stakes = self.world.at[self._stakes]
        stakes.slash(self.address, trainee.account, PARTICIPANT, amount, reason)

    def _only_rounds(self, sender: str) -> None:
        need(sender == self._rounds, "Tasks: only Rounds")

    # --- views --------------------------------------------------------------------------------

    def terms_of(self, task: bytes) -> tuple:
        job = self.state.jobs.get(task)
        return tuple(job.terms.values()) if job else NO_TERMS

    def validators_of(self, task: bytes) -> tuple:
        job = self.state.jobs.get(task)
        return tuple(judge.account for judge in job.judges) if job else ()

    def participants_of(self, task: bytes) -> tuple:
        job = self.state.jobs.get(task)
        return tuple(trainee.account for trainee in job.trainees) if job else ()

    def participant_of(self, task: bytes, account: str) -> tuple:
        job = self.state.jobs.get(task)
        for index, trainee in enumerate(job.trainees if job else ()):
            if trainee.account == account:
                return (index + 1, trainee.dataset, trainee.weight)
        return (0, ZERO, 0)

    def account_at(self, task: bytes, place: int) -> str:
        job = self.state.jobs.get(task)
        accounts = job.accounts() if job else []
        return accounts[place] if place < len(accounts) else NOBODY

    def role_at(self, task: bytes, place: int) -> int:
        job = self.state.jobs.get(task)
        return VALIDATOR if job and place < len(job.judges) else PARTICIPANT

    def stake_of(self, task: bytes, place: int) -> int:
        job = self.state.jobs.get(task)
        return job.judges[place].stake if job and place < len(job.judges) else 0

    def stake_in(self, task: bytes, chosen: int) -> int:
        return sum(self.stake_of(task, place) for place in places(chosen))

    def seats_of(self, task: bytes) -> tuple:
        """Account, stake, and whether it stands behind a participant, in one word each."""
        job = self.state.jobs.get(task)
        return tuple(
            int(judge.account, 16)
            + judge.stake * 2**160
            + bool(self.conflicts_of(task, place)) * 2**255
            for place, judge in enumerate(job.judges if job else ())
        )

    def conflicts_of(self, task: bytes, place: int) -> int:
        job = self.state.jobs.get(task)
        trainees = job.trainees if job else []
        return bits(i for i, trainee in enumerate(trainees) if place in trainee.conflicts)

    def roster_of(self, task: bytes) -> tuple:
        job = self.state.jobs.get(task)
        return (job.roster, len(job.judges)) if job else (ZERO, 0)

    def joined_of(self, task: bytes) -> int:
        return len(self.participants_of(task))

    def expelled(self, task: bytes, place: int) -> bool:
        job = self.state.jobs.get(task)
        return job is not None and place < len(job.judges) and job.judges[place].expelled

    def appeal_seconds(self, task: bytes) -> int:
        job = self.state.jobs.get(task)
        return job.terms["appeal_seconds"] if job else 0
