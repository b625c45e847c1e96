"""Tasks in plain Python: what is agreed, who joins, what is earned, whose money it is."""

from tests.twins.cohort import Cohort, Job, Judge, State, Trainee
from tests.twins.table import (
    FIELDS,
    TERMS,
    Entry,
    digest_of,
    entry_of,
    lanes_of,
    root_of,
    roster_of,
    scores_of,
)
from tests.twins.world import (
    PARTICIPANT,
    VALIDATOR,
    ZERO,
    World,
    bits,
    keccak_of,
    need,
    places,
    sha256_of,
    tag,
)


class Tasks(Cohort):
    def __init__(  # noqa: PLR0917 (the contract's own arguments)
        self,
        world: World,
        address: str,
        members: str,
        token: str,
        stakes: str,
        rounds: str,
        council: str,
    ) -> None:
        super().__init__(world, address, State())
        self._members, self._token, self._stakes = members, token, stakes
        self._rounds, self._council = rounds, council

    # --- beginning ----------------------------------------------------------------------------

    def create(self, sender: str, terms: tuple, validators: list[str]) -> bytes:
        self._need_running()
        task = self.task_id(terms, validators)
        t = dict(zip(FIELDS, terms, strict=True))
        need(sender == t["sponsor"], "Tasks: only the sponsor creates")
        need(task not in self.state.jobs, "Tasks: task exists")
        need(self.world.at[self._members].approved(task), "Tasks: not approved by members")
        need(sound(t) and 1 <= len(validators) <= 64, "Tasks: terms out of range")
        members, stakes = self.world.at[self._members], self.world.at[self._stakes]
        most = 4 * t["validator_bond"]
        judges = [
            Judge(who, members.controller_of(who), min(stakes.bond(who, VALIDATOR), most))
            for who in validators
        ]
        escrow = t["rounds"] * (t["participant_reward"] + t["validator_reward"])
        self.state.jobs[task] = Job(t, judges, escrow, left=escrow)
        self.emit(
            "TaskCreated",
            task=task,
            sponsor=sender,
            terms=tuple(terms),
            validators=tuple(validators),
            escrow=escrow,
            join_deadline=self.world.now + t["join_seconds"],
        )
        self.world.at[self._rounds].begin(self.address, task, terms, validators)
        self.world.at[self._token].transferFrom(self.address, sender, self.address, escrow)
        return task

    def join(self, sender: str, task: bytes, dataset: bytes, samples: int) -> None:
        self._need_running()
        members, stakes = self.world.at[self._members], self.world.at[self._stakes]
        need(members.has_role(sender, PARTICIPANT), "Tasks: not a participant")
        need(dataset != ZERO and samples > 0, "Tasks: no data")
        job = self.state.jobs.get(task)
        least = job.terms["participant_bond"] if job else 0
        need(stakes.bond(sender, PARTICIPANT) >= least, "Tasks: bond too low")
        index = len(job.trainees) if job else 0
        self.world.at[self._rounds].admit(self.address, task, sender, index)
        need(index < min(256, 2048 // len(job.judges)), "Tasks: the task is full")
        house = members.controller_of(sender)
        own = {place for place, judge in enumerate(job.judges) if judge.controller == house}
        weight = min(samples, job.terms["weight_cap"])
        job.trainees.append(Trainee(sender, dataset, weight, own))
        self.emit(
            "Joined",
            task=task,
            participant=sender,
            index=index,
            dataset=dataset,
            samples=samples,
            weight=weight,
            conflicts=bits(own),
        )
        stakes.lock(self.address, sender, PARTICIPANT)

    def _need_running(self) -> None:
        need(not self.world.at[self._council].paused(self.address), "Tasks: paused")

    # --- what a settled round adds ------------------------------------------------------------

    def settle(  # noqa: PLR0917 (the contract's own arguments)
        self,
        sender: str,
        task: bytes,
        outcome: tuple,
        lanes: bytes,
        medians: bytes,
        before: list[int],
    ) -> tuple[int, bytes]:
        """`outcome`: round, included, voted, winners, seated, accepted."""
        self._only_rounds(sender)
        number, included, voted, winners, seated, accepted = outcome
        job = self.state.jobs[task]
        need(len(medians) == 4 * included.bit_count(), "Tasks: not the median")
        need(list(before) == self.entries(task), "Tasks: not the ledger")
        width = len(medians)
        by_place = {
            place: lanes[nth * width : (nth + 1) * width] for nth, place in enumerate(places(voted))
        }
        true = self.medians(task, included, winners, by_place)
        need(medians == lanes_of(true), "Tasks: not the median")
        spent = sum(entry.amount for entry in job.entries)
        for place in places(winners):
            job.entries[place].amount += job.terms["validator_reward"] // seated
            job.entries[place].settled += 1
        positive = sum(max(median, 0) for median in true)
        for index, median in zip(places(included), true, strict=True):
            entry = job.entries[len(job.judges) + index]
            entry.settled += 1
            entry.score += median
            if accepted and median > 0:
                entry.amount += job.terms["participant_reward"] * median // positive
            if median < job.terms["score_floor"]:
                self._punish_low(task, number, index, median)
        job.root = root_of(task, self.entries(task))
        return sum(entry.amount for entry in job.entries) - spent, job.root

    def medians(
        self, task: bytes, included: int, winners: int, lanes: dict[int, bytes]
    ) -> list[int]:
        """Per included participant the greatest score that half of the stake gave or beat."""
        job = self.state.jobs[task]
        scores = {place: scores_of(lanes[place]) for place in places(winners)}
        found = []
        for nth, index in enumerate(places(included)):
            judges = scores.keys() - job.trainees[index].conflicts
            given = [(scores[place][nth], job.judges[place].stake) for place in judges]
            whole, above, median = sum(stake for _, stake in given), 0, 0
            for score, stake in sorted(given, reverse=True):
                above += stake
                if 2 * above >= whole:
                    median = score
                    break
            found.append(median)
        return found

    def _punish_low(self, task: bytes, number: int, index: int, median: int) -> None:
        job = self.state.jobs[task]
        trainee, penalty = job.trainees[index], job.terms["low_score_penalty"]
        self._slash_trainee(trainee, penalty, "low score")
        self.emit(
            "LowScore",
            task=task,
            round=number,
            participant=trainee.account,
            median=median,
            penalty=penalty,
        )

    # --- money --------------------------------------------------------------------------------

    def claim(self, sender: str, task: bytes, place: int, entry: int, proof: list[bytes]) -> None:
        job, done, due = self._proven(task, place, entry, proof)
        amount = due.amount - done.amount
        need(amount > 0, "Tasks: nothing to claim")
        job.claimed[place] = Entry(due.amount, done.settled, done.score).word()
        job.left -= amount
        account = job.people()[place].account
        self.emit("Claimed", task=task, account=account, amount=amount)
        self._send(account, amount)

    def credit(self, sender: str, task: bytes, place: int, entry: int, proof: list[bytes]) -> None:
        job, done, due = self._proven(task, place, entry, proof)
        need(due.settled > done.settled, "Tasks: nothing to credit")
        job.claimed[place] = Entry(done.amount, due.settled, due.score).word()
        account, role = job.people()[place].account, self.role_at(task, place)
        settled, score = due.settled - done.settled, due.score - done.score
        self.world.at[self._stakes].record(self.address, account, role, settled, score, 0)

    def _proven(
        self, task: bytes, place: int, entry: int, proof: list[bytes]
    ) -> tuple[Job, Entry, Entry]:
        """The task, what was paid and credited at this place, and what is due in all."""
        job = self.state.jobs.get(task)
        there = job is not None and place < len(job.people()) and job.root != ZERO
        there = there and climbed(task, place, entry, proof) == job.root
        need(there, "Tasks: not in the root")
        return job, entry_of(job.claimed.get(place, 0)), entry_of(entry)

    def claim_many(
        self,
        sender: str,
        task: bytes,
        chosen: list[int],
        roster: list[str],
        entries: list[int],
    ) -> None:
        job = self.state.jobs.get(task)
        need(job is not None and roster_of(roster) == job.roster, "Tasks: not the roster")
        need(entries and list(entries) == self.entries(task), "Tasks: not the ledger")
        ordered = list(chosen) == sorted(set(chosen))
        ordered = ordered and all(place < len(entries) for place in chosen)
        need(ordered, "Tasks: places out of order")
        amounts = []
        for place in chosen:
            before = job.claimed.get(place, 0)
            amounts.append(entry_of(entries[place]).amount - entry_of(before).amount)
            job.claimed[place] = before + amounts[-1]
        need(sum(amounts) > 0, "Tasks: nothing to claim")
        job.left -= sum(amounts)
        self.emit("ClaimedMany", task=task, places=tuple(chosen), amounts=tuple(amounts))
        for place, amount in zip(chosen, amounts, strict=True):
            self._send(roster[place], amount)

    def refund(self, sender: str, task: bytes) -> None:
        need(self.world.at[self._rounds].ended(task), "Tasks: the task has not ended")
        job = self.state.jobs[task]
        need(not job.refunded, "Tasks: already refunded")
        job.refunded = True
        amount = job.escrow - sum(entry.amount for entry in job.entries)
        job.left -= amount
        sponsor = job.terms["sponsor"]
        self.emit("Refunded", task=task, sponsor=sponsor, amount=amount)
        self._send(sponsor, amount)

    def _send(self, receiver: str, amount: int) -> None:
        if amount:
            self.world.at[self._token].transfer(self.address, receiver, amount)

    # --- views --------------------------------------------------------------------------------

    def task_id(self, terms: tuple, validators: list[str]) -> bytes:
        types = ["bytes32", "uint256", "address", TERMS, "address[]"]
        head = [tag("quorate/task/v1"), self.world.chain_id, self.address]
        return sha256_of(types, [*head, terms, list(validators)])

    def entries(self, task: bytes) -> list[int]:
        """Not in the contract: what its digest and root stand for."""
        return [entry.word() for entry in self.state.jobs[task].entries]

    def ledger_of(self, task: bytes) -> tuple:
        job = self.state.jobs.get(task)
        if job is None:
            return (ZERO, ZERO, ZERO, 0, 0)
        digest = digest_of(self.entries(task)) if job.entries else ZERO
        spent = sum(entry.amount for entry in job.entries)
        return (job.root, digest, job.roster, len(job.people()), spent)

    def deal_of(self, task: bytes) -> tuple:
        job = self.state.jobs.get(task)
        return (job.escrow, job.left, job.refunded) if job else (0, 0, False)

    def claimed_of(self, task: bytes, place: int) -> int:
        job = self.state.jobs.get(task)
        return job.claimed.get(place, 0) if job else 0

    def members(self) -> str:
        return self._members

    def token(self) -> str:
        return self._token

    def stakes(self) -> str:
        return self._stakes

    def rounds(self) -> str:
        return self._rounds

    def council(self) -> str:
        return self._council


def sound(t: dict) -> bool:
    """Whether a task with these terms can be run and paid."""
    times = [value for name, value in t.items() if name.endswith("_seconds")]
    most = (2**96 - 1) // 2 // 10_000  # per pool and round: a task's escrow fits 96 bits
    return (
        1 <= t["rounds"] <= 10_000
        and 1 <= t["min_participants"] <= 256
        and t["weight_cap"] > 0
        and t["validator_bond"] > 0
        and all(1 <= seconds <= 366 * 86400 for seconds in times)
        and t["participant_reward"] <= most
        and t["validator_reward"] <= most
    )


def climbed(task: bytes, place: int, entry: int, proof: list[bytes]) -> bytes:
    """The root that the proof leads to from this leaf; nothing if the place is not in its tree."""
    if place >> len(proof):
        return b""
    node = keccak_of(["bytes32", "uint256", "uint256"], [task, place, entry])
    for height, sibling in enumerate(proof):
        pair = [sibling, node] if place >> height & 1 else [node, sibling]
        node = keccak_of(["bytes32", "bytes32"], pair)
    return node
