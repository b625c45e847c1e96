"""Tasks in plain Python: what is agreed, who joins, whose money it is."""

from dataclasses import dataclass, field

from tests.twins.table import ENDED, FIELDS, TERMS, digest_of, entry_of, roster_of
from tests.twins.world import (
    NOBODY,
    PARTICIPANT,
    ZERO,
    Twin,
    World,
    keccak_of,
    need,
    sha256_of,
    tag,
)

MONEY = ["participant_reward", "validator_reward"]
MONEY += ["low_score_penalty", "absence_penalty", "fault_penalty", "lie_penalty"]


@dataclass
class Deal:
    sponsor: str
    weight_cap: int
    participant_bond: int
    escrow: int
    left: int
    refunded: bool = False
    people: dict[str, tuple[int, bytes, int]] = field(default_factory=dict)
    claimed: dict[int, int] = field(default_factory=dict)  # by place, entries as words


@dataclass
class State:
    deals: dict[bytes, Deal] = field(default_factory=dict)


class Tasks(Twin):
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
        task = self.task_id(terms, validators)
        t = dict(zip(FIELDS, terms, strict=True))
        need(sender == t["sponsor"], "Tasks: only the sponsor creates")
        need(task not in self.state.deals, "Tasks: task exists")
        need(self.world.at[self._members].approved(task), "Tasks: not approved by members")
        need(sound(t) and 1 <= len(validators) <= 64, "Tasks: terms out of range")
        self._need_running()
        escrow = t["rounds"] * (t["participant_reward"] + t["validator_reward"])
        self.state.deals[task] = Deal(
            sender, t["weight_cap"], t["participant_bond"], escrow, left=escrow
        )
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
        holds = self.world.at[self._members].has_role(sender, PARTICIPANT)
        need(holds, "Tasks: not a participant")
        need(dataset != ZERO and samples > 0, "Tasks: no data")
        deal = self.state.deals.get(task)
        bond = self.world.at[self._stakes].bond(sender, PARTICIPANT)
        need(deal is None or bond >= deal.participant_bond, "Tasks: bond too low")
        index, conflicts = self.world.at[self._rounds].admit(self.address, task, sender)
        weight = min(samples, deal.weight_cap)
        deal.people[sender] = (index + 1, dataset, weight)
        self.world.at[self._stakes].lock(self.address, sender, PARTICIPANT)
        self.emit(
            "Joined",
            task=task,
            participant=sender,
            index=index,
            dataset=dataset,
            samples=samples,
            weight=weight,
            conflicts=conflicts,
        )

    def _need_running(self) -> None:
        need(not self.world.at[self._council].paused(self.address), "Tasks: paused")

    # --- money --------------------------------------------------------------------------------

    def claim(self, sender: str, task: bytes, place: int, entry: int, proof: list[bytes]) -> None:
        root = self.world.at[self._rounds].ledger_of(task)[0]
        need(climbed(task, place, entry, proof) == root, "Tasks: not in the root")
        deal = self.state.deals[task]
        before, after = entry_of(deal.claimed.get(place, 0)), entry_of(entry)
        need(before != after, "Tasks: nothing to claim")
        deal.claimed[place] = entry
        amount = after.amount - before.amount
        settled, score = after.settled - before.settled, after.score - before.score
        deal.left -= amount
        account = self.world.at[self._rounds].account_at(task, place)
        self.emit(
            "Claimed", task=task, account=account, amount=amount, settled=settled, score=score
        )
        role = self.world.at[self._rounds].role_at(task, place)
        if settled:
            stakes = self.world.at[self._stakes]
            stakes.record(self.address, account, role, settled, score, 0)
        if amount:
            self.world.at[self._token].transfer(self.address, account, amount)

    def claim_many(
        self,
        sender: str,
        task: bytes,
        chosen: list[int],
        roster: list[str],
        entries: list[int],
    ) -> None:
        ledger = self.world.at[self._rounds].ledger_of(task)
        need(roster_of(roster) == ledger[2], "Tasks: not the roster")
        need(digest_of(entries) == ledger[1], "Tasks: not the ledger")
        need(list(chosen) == sorted(set(chosen)), "Tasks: places out of order")
        need(all(place < len(entries) for place in chosen), "Tasks: no such place")
        deal = self.state.deals[task]
        amounts = []
        for place in chosen:
            before = deal.claimed.get(place, 0)
            amount = entries[place] % 2**96 - before % 2**96
            amounts.append(amount)
            deal.claimed[place] = before + amount
            deal.left -= amount
        self.emit("ClaimedMany", task=task, places=tuple(chosen), amounts=tuple(amounts))
        for place, amount in zip(chosen, amounts, strict=True):
            if amount:
                self.world.at[self._token].transfer(self.address, roster[place], amount)

    def refund(self, sender: str, task: bytes) -> None:
        ended = self.world.at[self._rounds].round_of(task)[0] == ENDED
        need(ended, "Tasks: the task has not ended")
        deal = self.state.deals[task]
        need(not deal.refunded, "Tasks: already refunded")
        deal.refunded = True
        amount = deal.escrow - self.world.at[self._rounds].ledger_of(task)[4]
        deal.left -= amount
        self.emit("Refunded", task=task, sponsor=deal.sponsor, amount=amount)
        if amount:
            self.world.at[self._token].transfer(self.address, deal.sponsor, amount)

    # --- views --------------------------------------------------------------------------------

    def task_id(self, terms: tuple, validators: list[str]) -> bytes:
        types = ["bytes32", "uint256", "address", TERMS, "address[]"]
        head = [tag("quorate/task/v1"), self.world.chain_id, self.address]
        return sha256_of(types, [*head, terms, list(validators)])

    def participant_of(self, task: bytes, account: str) -> tuple:
        deal = self.state.deals.get(task)
        return deal.people.get(account, (0, ZERO, 0)) if deal else (0, ZERO, 0)

    def escrow_of(self, task: bytes) -> int:
        deal = self.state.deals.get(task)
        return deal.left if deal else 0

    def deal_of(self, task: bytes) -> tuple:
        deal = self.state.deals.get(task)
        if deal is None:
            return (NOBODY, 0, 0, 0, 0, False)
        head = (deal.sponsor, deal.weight_cap, deal.participant_bond)
        return (*head, deal.escrow, deal.left, deal.refunded)

    def claimed_of(self, task: bytes, place: int) -> int:
        deal = self.state.deals.get(task)
        return deal.claimed.get(place, 0) if deal else 0

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
    return (
        1 <= t["rounds"] <= 10_000
        and 1 <= t["min_participants"] <= 256
        and t["weight_cap"] > 0
        and t["validator_bond"] > 0
        and all(1 <= seconds <= 366 * 86400 for seconds in times)
        and all(t[name] < 2**95 for name in MONEY)
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
