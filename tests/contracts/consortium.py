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
    compact,
    signer,
    word,
)
from tests.twins.appeals import Appeals
from tests.twins.council import Council
from tests.twins.members import Members
from tests.twins.rounds import BALLOT_TYPE, COMMIT_TYPE, VOUCH_TYPE, Rounds
from tests.twins.signing import digest_in
from tests.twins.stakes import Stakes
from tests.twins.table import VOTE_COMMIT, entry_of, keccak, lanes_of, proof_of
from tests.twins.tasks import Tasks
from tests.twins.token import Token
from tests.twins.world import bits, places

FUNDS = 1_000_000
SCORE = 1_000_000  # one, in millionths
UNBONDING = 7 * DAY
INCLUDE_SALT, VOTE_SALT = b"\1" * 32, b"\2" * 32

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

# Fields of Rounds.round_of.
FACTS = ["state", "phase", "number", "deadline", "eligible", "committed", "included", "seats"]
FACTS += ["cast", "held", "stake"]


def terms(**changes: Any) -> tuple:
    """Terms in the order of the contract's struct."""
    return tuple((DEFAULTS | changes).values())


def names(prefix: str, count: int) -> list[str]:
    return [account(f"{prefix}{i}") for i in range(count)]


def founder(who: str, roles: int, controller: str | None = None) -> tuple:
    return (who, word(f"keys of {who}"), word(controller or f"house of {who}"), roles)


def suite(pair: Pair, founders: list[tuple], holders: list[tuple[str, int]]) -> None:
    """Deploys all that tasks need; the timelock and the council's one seat are plain accounts."""
    order = ["Council", "Members", "Token", "Stakes", "Tasks", "Rounds", "Appeals"]
    at = {name: pair.predict(place) for place, name in enumerate(order)}
    timelock, supply = account("timelock"), sum(amount for _, amount in holders)
    pair.add("Council", Council, [account("guard")], 1, timelock)
    pair.add("Members", Members, founders, timelock, at["Council"])
    pair.add("Token", Token, "Quorate", "QRT", holders, supply, 0, DAY, timelock)
    around = (at["Token"], at["Members"], at["Tasks"], at["Rounds"])
    pair.add("Stakes", Stakes, *around, UNBONDING)
    around = (at["Members"], at["Token"], at["Stakes"], at["Rounds"], at["Council"])
    pair.add("Tasks", Tasks, *around)
    pair.add("Rounds", Rounds, at["Tasks"], at["Appeals"], at["Council"])
    pair.add("Appeals", Appeals, at["Members"], at["Rounds"], at["Tasks"])
    assert {name: pair.address(name) for name in order} == at


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
        self.keys = {account(name): signer(name) for name in self._names()}
        self.votes: dict[tuple[bytes, str], tuple] = {}  # what each validator committed to
        people = [(who, MEMBER) for who in self.m]
        people += [(who, VALIDATOR) for who in self.v] + [(who, PARTICIPANT) for who in self.p]
        founders = [founder(who, roles, self.controllers.get(who)) for who, roles in people]
        holders = [(who, FUNDS) for who in (self.sponsor, *self.v, *self.p)]
        first = [*holders[:31], (self.m[0], FUNDS * len(holders[31:]))]  # 32 at deployment
        self.pair = Pair()
        suite(self.pair, founders, first)
        self.supply = FUNDS * len(holders)
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
        self.pair.send(self.sponsor, "Token", "approve", self.pair.address("Tasks"), FUNDS)

    def _names(self) -> list[str]:
        counts = {"participant": self.participants, "validator": self.validators}
        numbered = [f"{prefix}{i}" for prefix, count in counts.items() for i in range(count)]
        return [*numbered, "stranger", "sponsor"]

    # --- steps --------------------------------------------------------------------------------

    def tasks(self, sender: str, function: str, *arguments: Any) -> Done:
        return self.pair.send(sender, "Tasks", function, *arguments)

    def rounds(self, sender: str, function: str, *arguments: Any) -> Done:
        return self.pair.send(sender, "Rounds", function, *arguments)

    def appeals(self, sender: str, function: str, *arguments: Any) -> Done:
        return self.pair.send(sender, "Appeals", function, *arguments)

    def wait(self, seconds: int) -> None:
        self.pair.wait(seconds)

    def approve(self, subject: bytes) -> None:
        for who in self.m:
            if not self.pair.view("Members", "approved", subject):
                self.pair.send(who, "Members", "vote", subject, True)

    def pause(self, name: str, seconds: int = DAY) -> None:
        council, guard = self.pair.chain.contracts["Council"], account("guard")
        data = council.encode("pause", self.pair.address(name), seconds).data
        consents = [(guard, b"")]
        self.pair.send(guard, "Council", "execute", council.address, data, 2**40, consents)

    def suspend(self, who: str) -> None:
        """As a member, for good."""
        self.pair.send(account("timelock"), "Members", "suspend", who)

    def create(self, **changes: Any) -> bytes:
        """An approved and paid task."""
        agreed = terms(**changes)
        task = self.pair.view("Tasks", "task_id", agreed, self.v)
        self.approve(task)
        self.tasks(self.sponsor, "create", agreed, self.v)
        return task

    def joined(self, **changes: Any) -> bytes:
        """A task that every participant joined."""
        task = self.create(**changes)
        for i, who in enumerate(self.p):
            self.tasks(who, "join", task, word(f"data {who}"), 100 * (i + 1))
        return task

    def opened(self, **changes: Any) -> bytes:
        """A task in round 1, phase COMMIT."""
        task = self.joined(**changes)
        self.rounds(self.sponsor, "open", task)
        return task

    def fact(self, task: bytes, name: str) -> int:
        return int(self.pair.view("Rounds", "round_of", task)[FACTS.index(name)])

    def number(self, task: bytes) -> int:
        return self.fact(task, "number")

    def phase(self, task: bytes) -> int:
        return self.fact(task, "phase")

    def state(self, task: bytes) -> int:
        return self.fact(task, "state")

    def included(self, task: bytes) -> int:
        return self.fact(task, "included")

    def place(self, who: str) -> int:
        """In every task of this consortium."""
        return self.v.index(who)

    def commit(self, task: bytes, who: str) -> Done:
        return self.rounds(who, "commit", task, word(f"update {who}"))

    def include_hash(self, task: bytes, who: str, bitmap: int, salt: bytes = INCLUDE_SALT) -> bytes:
        place = (self.pair, "quorate/include/v1", task, self.number(task), who)
        return commitment(*place, ["uint256", "bytes32"], [bitmap, salt])

    def include_commit(self, task: bytes, who: str, bitmap: int) -> Done:
        return self.rounds(who, "include_commit", task, self.include_hash(task, who, bitmap))

    def include_reveal(self, task: bytes, who: str, bitmap: int, sender: str | None = None) -> Done:
        reveals = [(self.place(who), bitmap, INCLUDE_SALT)]
        return self.rounds(sender or who, "include_reveal", task, reveals)

    def vote_hash(self, task: bytes, who: str, vote: tuple, included: int | None = None) -> bytes:
        aggregate, scores, accept = vote
        included = self.included(task) if included is None else included
        place = (self.pair, "quorate/vote/v1", task, self.number(task), who)
        types = ["uint256", "bytes32", "bool", "bytes32", "bytes32"]
        values = [included, aggregate, accept, VOTE_SALT, keccak(lanes_of(scores))]
        return commitment(*place, types, values)

    def vote_commit(self, task: bytes, who: str, vote: tuple) -> Done:
        done = self.rounds(who, "vote_commit", task, self.vote_hash(task, who, vote))
        self.votes[task, who] = vote
        return done

    def vote_reveal(self, task: bytes, who: str, vote: tuple) -> Done:
        aggregate, scores, accept = vote
        rest = (aggregate, accept, VOTE_SALT, lanes_of(scores))
        return self.rounds(who, "vote_reveal", task, *rest)

    # --- settling -----------------------------------------------------------------------------

    def hints(self, task: bytes, shown: list[str] | None = None) -> tuple:
        """What `settle` needs to be told when it opens the votes of `shown`."""
        if shown is None:
            shown = [self.v[place] for place in places(self.fact(task, "held"))]
        shown = sorted(shown, key=self.place)
        votes = [(self.place(who), *self._opening(task, who)) for who in shown]
        lanes = {self.place(who): lanes_of(self.votes[task, who][1]) for who in shown}
        packed = b"".join(lanes.values()) + bytes(28)
        aggregates = {self.place(who): self.votes[task, who][0] for who in shown}
        winners = bits(self.pair.twins["Rounds"].winners(task, aggregates))
        if not winners:
            return votes, packed, b"", []
        twin = self.pair.twins["Tasks"]
        medians = lanes_of(twin.medians(task, self.included(task), winners, lanes))
        return votes, packed, medians, twin.entries(task)

    def _opening(self, task: bytes, who: str) -> tuple:
        aggregate, _, accept = self.votes[task, who]
        return (aggregate, accept, VOTE_SALT)

    def settle(
        self, task: bytes, shown: list[str] | None = None, sender: str | None = None
    ) -> Done:
        """With the votes that were revealed, or with those of `shown`."""
        return self.rounds(sender or self.stranger, "settle", task, *self.hints(task, shown))

    # --- whole phases -------------------------------------------------------------------------

    def commit_all(self, task: bytes, who: list[str] | None = None) -> None:
        for each in self.p if who is None else who:
            self.commit(task, each)

    def seated(self, task: bytes) -> list[str]:
        return [self.v[place] for place in places(self.fact(task, "seats"))]

    def include_all(self, task: bytes, bitmaps: dict[str, int] | int | None = None) -> Done:
        """Every seated validator commits to its bitmap and reveals it."""
        chosen = bitmaps if isinstance(bitmaps, dict) else {}
        same = bitmaps if isinstance(bitmaps, int) else self.fact(task, "committed")
        seated = self.seated(task)
        for who in seated:
            self.include_commit(task, who, chosen.get(who, same))
        for who in seated:
            done = self.include_reveal(task, who, chosen.get(who, same))
        return done

    def vote_all(self, task: bytes, votes: dict[str, tuple]) -> None:
        """Those in `votes` commit and reveal; the phase is waited out if some are missing."""
        for who, vote in votes.items():
            self.vote_commit(task, who, vote)
        if self.phase(task) == VOTE_COMMIT:
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

    def whole_round(self, task: bytes, votes: dict[str, tuple]) -> Done:
        """From COMMIT to the settlement."""
        self.to_vote(task)
        self.vote_all(task, votes)
        return self.settle(task)

    # --- signed batches -----------------------------------------------------------------------

    def _sign(self, who: str, shape: str, types: list[str], values: list) -> tuple[bytes, bytes]:
        digest = digest_in(self.pair.view("Rounds", "separator"), shape, types, values)
        return compact(self.keys[who].sign_digest(digest))

    def sign_commit(self, task: bytes, who: str, hash_: bytes, number: int | None = None) -> tuple:
        number = self.number(task) if number is None else number
        return self._sign(
            who, COMMIT_TYPE, ["bytes32", "uint256", "bytes32"], [task, number, hash_]
        )

    def sign_ballot(  # noqa: PLR0917 (what is signed)
        self,
        task: bytes,
        who: str,
        included: int,
        hash_: bytes,
        phase: int = VOTE_COMMIT,
        number: int | None = None,
    ) -> tuple[bytes, bytes]:
        number = self.number(task) if number is None else number
        types = ["bytes32", "uint256", "uint256", "uint256", "bytes32"]
        return self._sign(who, BALLOT_TYPE, types, [task, number, phase, included, hash_])

    def roster(self, task: bytes) -> list[str]:
        return [*self.v, *self.pair.view("Tasks", "participants_of", task)]

    def commit_many(self, task: bytes, who: list[str]) -> Done:
        joined = list(self.pair.view("Tasks", "participants_of", task))
        who = sorted(who, key=joined.index)
        hashes = [word(f"update {each}") for each in who]
        signed = [self.sign_commit(task, *pair) for pair in zip(who, hashes, strict=True)]
        chosen = sum(1 << joined.index(each) for each in who)
        batch = (self.roster(task), chosen, hashes, signed)
        return self.rounds(self.stranger, "commit_many", task, *batch)

    def vouch(self, task: bytes, who: list[str]) -> Done:
        """All seated validators commit for these participants."""
        joined = list(self.pair.view("Tasks", "participants_of", task))
        who = sorted(who, key=joined.index)
        hashes = [word(f"update {each}") for each in who]
        chosen = sum(1 << joined.index(each) for each in who)
        signed = [self.sign_vouch(task, each, chosen, hashes) for each in self.seated(task)]
        return self.rounds(self.stranger, "vouch", task, chosen, hashes, signed)

    def sign_vouch(
        self, task: bytes, who: str, chosen: int, hashes: list[bytes], number: int | None = None
    ) -> tuple[bytes, bytes]:
        number = self.number(task) if number is None else number
        types = ["bytes32", "uint256", "uint256", "bytes32"]
        values = [task, number, chosen, keccak(b"".join(hashes))]
        return self._sign(who, VOUCH_TYPE, types, values)

    def concur(self, task: bytes, included: int, votes: dict[str, tuple]) -> Done:
        seated = self.seated(task)
        for who in seated:
            self.votes[task, who] = votes[who]
        hashes = [self.vote_hash(task, who, votes[who], included) for who in seated]
        signed = [
            self.sign_ballot(task, who, included, hash_)
            for who, hash_ in zip(seated, hashes, strict=True)
        ]
        return self.rounds(self.stranger, "concur", task, included, hashes, signed)

    # --- money --------------------------------------------------------------------------------

    def entries(self, task: bytes) -> list[int]:
        return self.pair.twins["Tasks"].entries(task)

    def proof(self, task: bytes, place: int) -> tuple[int, int, list[bytes]]:
        """The arguments of `claim` after the task."""
        entries = self.entries(task)
        return place, entries[place], proof_of(task, entries, place)

    def claim(self, task: bytes, who: str, sender: str | None = None) -> Done:
        place = self.roster(task).index(who)
        return self.tasks(sender or self.stranger, "claim", task, *self.proof(task, place))

    def credit(self, task: bytes, who: str) -> Done:
        place = self.roster(task).index(who)
        return self.tasks(self.stranger, "credit", task, *self.proof(task, place))

    def claim_many(self, task: bytes, chosen: list[int]) -> Done:
        rest = (chosen, self.roster(task), self.entries(task))
        return self.tasks(self.stranger, "claim_many", task, *rest)

    def owed(self, task: bytes, who: str) -> int:
        """What `claim` would pay."""
        place = self.roster(task).index(who)
        claimed = self.pair.view("Tasks", "claimed_of", task, place)
        return entry_of(self.entries(task)[place]).amount - entry_of(claimed).amount

    def left(self, task: bytes) -> int:
        """Of the task's escrow."""
        return int(self.pair.view("Tasks", "deal_of", task)[1])

    def release(self, task: bytes, who: str, sender: str | None = None) -> Done:
        return self.tasks(sender or self.stranger, "release", task, self.roster(task).index(who))

    def review(self, task: bytes, who: str, sender: str | None = None) -> Done:
        return self.tasks(sender or self.stranger, "review", task, self.roster(task).index(who))

    def balance(self, who: str) -> int:
        return int(self.pair.view("Token", "balanceOf", who))

    def bond(self, who: str, role: int) -> int:
        return int(self.pair.view("Stakes", "bond", who, role))

    def locks(self, who: str, role: int) -> int:
        return int(self.pair.view("Stakes", "bond_of", who, role)[3])

    def bonded(self) -> int:
        """All that is bonded or unbonding."""
        pairs = [*((w, PARTICIPANT) for w in self.p), *((w, VALIDATOR) for w in self.v)]
        return sum(sum(self.pair.view("Stakes", "bond_of", *pair)[:2]) for pair in pairs)

    def check_money(self, *tasks: bytes) -> None:
        """Supply, bonds and escrow: named in `tests.stateful.test_rounds` as well."""
        escrow = 0
        for task in tasks:
            left = self.left(task)
            assert left >= self.due(task)
            escrow += left
        assert self.balance(self.pair.address("Tasks")) == escrow
        assert self.balance(self.pair.address("Stakes")) == self.bonded()

    def due(self, task: bytes) -> int:
        """What the task owes: entries not yet claimed, and what is not spent to the sponsor."""
        if self.state(task) == 0:
            return 0
        spent = self.pair.view("Tasks", "ledger_of", task)[4]
        deal = self.pair.twins["Tasks"].state.jobs[task]
        claimed = sum(entry_of(entry).amount for entry in deal.claimed.values())
        return spent - claimed + (0 if deal.refunded else deal.escrow - spent)

    def wind_up(self, task: bytes) -> None:
        """Strangers alone: everything owed is paid, every bond let go, nothing is left."""
        size = len(self.entries(task))
        for place in range(size):
            due = self.entries(task)[place]
            done = self.pair.view("Tasks", "claimed_of", task, place)
            if entry_of(due).amount != entry_of(done).amount:
                self.tasks(self.stranger, "claim", task, *self.proof(task, place))
            if entry_of(due).settled != entry_of(done).settled:
                self.tasks(self.stranger, "credit", task, *self.proof(task, place))
            assert self.pair.view("Tasks", "claimed_of", task, place) == due
        deal = self.pair.twins["Tasks"].state.jobs[task]
        if not deal.refunded:
            self.tasks(self.stranger, "refund", task)
        for place, person in enumerate(deal.people()):
            if person.held:
                self.tasks(self.stranger, "release", task, place)
        assert self.left(task) == 0
