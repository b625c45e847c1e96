"""A small consortium on both sides, and the steps of a round as short calls."""

from dataclasses import dataclass, field
from typing import Any

from tests.contracts.pair import (
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Done,
    Pair,
    account,
    commitment,
    word,
)

FUNDS = 1_000_000
SCORE = 1_000_000  # one, in millionths

DEFAULTS: dict[str, Any] = {
    "spec": word("spec"),
    "sponsor": account("sponsor"),
    "rounds": 3,
    "min_participants": 2,
    "weight_cap": 500,
    "participant_bond": 1_000,
    "validator_bond": 2_000,
    "participant_reward": 900,
    "validator_reward": 400,
    "score_floor": -20_000,
    "low_score_penalty": 300,
    "absence_penalty": 100,
    "fault_penalty": 200,
    "lie_penalty": 1_500,
    "join_seconds": 100,
    "commit_seconds": 60,
    "include_seconds": 50,
    "vote_seconds": 40,
    "reveal_seconds": 30,
    "appeal_seconds": DAY,
}


def terms(**changes: Any) -> tuple:
    """Terms in the order of the contract's struct."""
    return tuple((DEFAULTS | changes).values())


def names(prefix: str, count: int) -> list[str]:
    return [account(f"{prefix}{i}") for i in range(count)]


def founder(who: str, roles: int, controller: str | None = None) -> tuple:
    return (who, word(f"keys of {who}"), word(controller or f"house of {who}"), roles)


@dataclass
class Consortium:
    """Members vote, participants train, validators judge; all hold FUNDS and have approved all."""

    members: int = 3
    participants: int = 3
    validators: int = 4
    stakes: tuple[int, ...] = ()
    controllers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.m = names("member", self.members)
        self.p = names("participant", self.participants)
        self.v = names("validator", self.validators)
        self.sponsor = account("sponsor")
        self.stranger = account("stranger")
        people = [(who, MEMBER) for who in self.m]
        people += [(who, VALIDATOR) for who in self.v] + [(who, PARTICIPANT) for who in self.p]
        founders = [founder(who, roles, self.controllers.get(who)) for who, roles in people]
        holders = [(who, FUNDS) for who in (self.sponsor, *self.v, *self.p)]
        first = [*holders[:31], (self.m[0], FUNDS * len(holders[31:]))]  # 32 at deployment
        self.pair = Pair(founders[:32], first)
        for who, *facts in founders[32:]:
            self.approve(self.pair.view("Members", "admit_subject", who, *facts))
            self.pair.send(who, "Members", "admit", who, *facts)
        for who, amount in holders[31:]:
            self.pair.send(self.m[0], "Token", "transfer", who, amount)
        stakes = self.pair.address("Stakes")
        for who in (*self.p, *self.v):
            self.pair.send(who, "Token", "approve", stakes, FUNDS)
        for who in self.p:
            self.pair.send(who, "Stakes", "deposit", PARTICIPANT, 3_000)
        amounts = self.stakes or (5_000,) * self.validators
        for who, amount in zip(self.v, amounts, strict=True):
            self.pair.send(who, "Stakes", "deposit", VALIDATOR, amount)
        self.pair.send(self.sponsor, "Token", "approve", self.pair.address("Rounds"), FUNDS)

    # --- steps ------------------------------------------------------------------------------

    def rounds(self, sender: str, function: str, *arguments: Any) -> Done:
        return self.pair.send(sender, "Rounds", function, *arguments)

    def wait(self, seconds: int) -> None:
        self.pair.wait(seconds)

    def approve(self, subject: bytes) -> None:
        for who in self.m:
            if not self.pair.view("Members", "approved", subject):
                self.pair.send(who, "Members", "vote", subject, True)

    def create(self, **changes: Any) -> bytes:
        """An approved and paid task."""
        agreed = terms(**changes)
        task = self.pair.view("Rounds", "task_id", agreed, self.v)
        self.approve(task)
        self.rounds(self.sponsor, "create", agreed, self.v)
        return task

    def joined(self, **changes: Any) -> bytes:
        """A task that every participant joined."""
        task = self.create(**changes)
        for i, who in enumerate(self.p):
            self.rounds(who, "join", task, word(f"data {who}"), 100 * (i + 1))
        return task

    def opened(self, **changes: Any) -> bytes:
        """A task in round 1, phase COMMIT."""
        task = self.joined(**changes)
        self.rounds(self.sponsor, "open", task)
        return task

    def number(self, task: bytes) -> int:
        return int(self.pair.view("Rounds", "task_of", task)[1])

    def phase(self, task: bytes) -> int:
        return int(self.pair.view("Rounds", "round_of", task)[0])

    def state(self, task: bytes) -> int:
        return int(self.pair.view("Rounds", "task_of", task)[0])

    def included(self, task: bytes) -> int:
        return int(self.pair.view("Rounds", "round_of", task)[4])

    def commit(self, task: bytes, who: str) -> Done:
        return self.rounds(who, "commit", task, word(f"update {who}"))

    def include_hash(self, task: bytes, who: str, bitmap: int, salt: bytes = b"\1" * 32) -> bytes:
        place = (self.pair, "quorate/include/v1", task, self.number(task), who)
        return commitment(*place, ["uint256", "bytes32"], [bitmap, salt])

    def include_commit(self, task: bytes, who: str, bitmap: int) -> Done:
        return self.rounds(who, "include_commit", task, self.include_hash(task, who, bitmap))

    def include_reveal(self, task: bytes, who: str, bitmap: int) -> Done:
        return self.rounds(who, "include_reveal", task, bitmap, b"\1" * 32)

    def vote_hash(
        self, task: bytes, who: str, aggregate: bytes, scores: list[int], accept: bool
    ) -> bytes:
        place = (self.pair, "quorate/vote/v1", task, self.number(task), who)
        types = ["uint256", "bytes32", "int256[]", "bool", "bytes32"]
        values = [self.included(task), aggregate, scores, accept, b"\2" * 32]
        return commitment(*place, types, values)

    def vote_commit(self, task: bytes, who: str, vote: tuple) -> Done:
        return self.rounds(who, "vote_commit", task, self.vote_hash(task, who, *vote))

    def vote_reveal(self, task: bytes, who: str, vote: tuple) -> Done:
        return self.rounds(who, "vote_reveal", task, *vote, b"\2" * 32)

    # --- whole phases -----------------------------------------------------------------------

    def commit_all(self, task: bytes, who: list[str] | None = None) -> None:
        for each in self.p if who is None else who:
            self.commit(task, each)

    def include_all(self, task: bytes, bitmaps: dict[str, int] | int | None = None) -> None:
        """Every seated validator commits to its bitmap and reveals it."""
        committed = int(self.pair.view("Rounds", "round_of", task)[3])
        chosen = bitmaps if isinstance(bitmaps, dict) else {}
        same = bitmaps if isinstance(bitmaps, int) else committed
        seats = int(self.pair.view("Rounds", "round_of", task)[5])
        seated = [who for place, who in enumerate(self.v) if seats >> place & 1]
        for who in seated:
            self.include_commit(task, who, chosen.get(who, same))
        for who in seated:
            self.include_reveal(task, who, chosen.get(who, same))

    def vote_all(self, task: bytes, votes: dict[str, tuple]) -> None:
        """Those in `votes` commit and reveal; the phase is waited out if some are missing."""
        for who, vote in votes.items():
            self.vote_commit(task, who, vote)
        if self.phase(task) == 4:
            self.wait(41)
            self.rounds(self.stranger, "advance", task)
        for who, vote in votes.items():
            self.vote_reveal(task, who, vote)

    def to_vote(self, task: bytes, bitmaps: dict[str, int] | int | None = None) -> None:
        """From COMMIT to VOTE_COMMIT, everybody acting."""
        self.commit_all(task)
        self.include_all(task, bitmaps)

    def agree(self, scores: list[int], accept: bool = True) -> dict[str, tuple]:
        """The same vote by every validator."""
        return dict.fromkeys(self.v, (word("aggregate"), scores, accept))

    def bond(self, who: str, role: int) -> int:
        return int(self.pair.view("Stakes", "bond", who, role))

    def owed(self, who: str) -> int:
        return int(self.pair.view("Rounds", "owed", who))

    def check_money(self, *tasks: bytes) -> None:
        """What Rounds holds is exactly what it owes plus what tasks have not spent."""
        people = {*self.p, *self.v, self.sponsor, *self.m, self.stranger}
        owed = sum(self.owed(who) for who in people)
        escrow = sum(self.pair.view("Rounds", "task_of", task)[2] for task in tasks)
        held = self.pair.view("Token", "balanceOf", self.pair.address("Rounds"))
        assert held == owed + escrow
        bonds = 0
        for who, role in [*((w, PARTICIPANT) for w in self.p), *((w, VALIDATOR) for w in self.v)]:
            amount, unbonding, _, _ = self.pair.view("Stakes", "bond_of", who, role)
            bonds += amount + unbonding
        assert self.pair.view("Token", "balanceOf", self.pair.address("Stakes")) == bonds
