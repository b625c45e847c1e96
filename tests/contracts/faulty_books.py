"""What ought to be owed, bonded and voted, worked out from the events alone; a second opinion.

`Books` takes every event of a life and works out who won, what the scores come to and what each
place has earned. Where the contracts say or hold something else, it notes a broken invariant.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests.contracts.consortium import FUNDS
from tests.contracts.pair import Done
from tests.twins.table import Entry, digest_of, lanes_of, root_of, scores_of
from tests.twins.world import bits, places, two_thirds

UNREACHABLE, UNPAID, TWICE = "funds_unreachable", "unpaid_settled_work", "double_payments"
SUPPLY, BONDS, VOTES = "supply_violations", "bond_violations", "vote_violations"
KINDS = (UNREACHABLE, UNPAID, TWICE, SUPPLY, BONDS, VOTES)

ONCE = {
    "Committed": "participant",
    "IncludeCommitted": "validator",
    "VoteCommitted": "validator",
    "Included": "validator",
    "VoteRevealed": "validator",
}
Vote = tuple[bytes, bool, list[int]]  # aggregate, accept, a score per included participant


@dataclass
class Verdict:
    """What the votes of a round come to."""

    winners: int
    accepted: bool
    medians: list[int]
    amounts: Counter  # by place


@dataclass
class TaskBook:
    """One task and its newest round."""

    task: bytes
    terms: dict[str, Any]
    validators: list[str]
    controllers: dict[str, str]
    joined: list[str] = field(default_factory=list)
    stakes: dict[int, int] = field(default_factory=dict)  # by place, as last said by Seated
    entries: list[Entry] = field(default_factory=list)
    claimed: Counter = field(default_factory=Counter)  # by account
    refunded: bool = False
    ended: str = ""
    spent: int = 0
    number: int = 0
    open: bool = False
    seats: int = 0
    whole: int = 0
    included: int = 0
    committed: int = 0
    taken: int = 0  # validators whose commitment to a vote was taken and still counts
    bitmaps: dict[int, int] = field(default_factory=dict)  # by place, as revealed
    votes: dict[int, Vote] = field(default_factory=dict)
    suspended: dict[int, int] = field(default_factory=dict)  # place: round
    expelled: int = 0

    @property
    def escrow(self) -> int:
        terms = self.terms
        return terms["rounds"] * (terms["participant_reward"] + terms["validator_reward"])

    @property
    def roster(self) -> list[str]:
        return [*self.validators, *self.joined]

    @property
    def words(self) -> list[int]:
        return [entry.word() for entry in self.entries]

    def earned(self) -> Counter:
        """By account; somebody may have two places."""
        found: Counter = Counter()
        for who, entry in zip(self.roster, self.entries, strict=False):
            found[who] += entry.amount
        return found

    def open_round(self, number: int, seats: int) -> None:
        if not self.entries:
            self.entries = [Entry() for _ in self.roster]
        self.number, self.open, self.seats, self.votes = number, True, seats, {}
        self.included = self.committed = self.taken = 0
        self.bitmaps = {}
        self.whole = sum(self.stakes.get(place, 0) for place in places(seats))

    def sorted(self, signed: int) -> tuple[int, int]:
        """Who is in: held by two thirds. Who was absent: two thirds say that they do not hold it.

        Where no bitmap was revealed all validators signed the set.
        """
        if not self.bitmaps:
            return signed & self.committed, self.committed & ~signed
        included = absent = 0
        for i in places(self.committed):
            holders = [place for place, bitmap in self.bitmaps.items() if bitmap >> i & 1]
            held = sum(self.stakes[place] for place in holders)
            missing = sum(self.stakes[place] for place in self.bitmaps) - held
            included |= two_thirds(held, self.whole) << i
            absent |= (not two_thirds(held, self.whole) and two_thirds(missing, self.whole)) << i
        return included, absent

    def verdict(self, votes: dict[int, Vote]) -> Verdict | None:
        """None without two thirds of the seated stake behind one aggregate."""
        support: Counter = Counter()
        for place, vote in votes.items():
            support[vote[0]] += self.stakes[place]
        good = [digest for digest, stake in support.items() if two_thirds(stake, self.whole)]
        if not good:
            return None
        winners = [place for place in sorted(votes) if votes[place][0] == good[0]]
        accepting = sum(self.stakes[place] for place in winners if votes[place][1])
        accepted = two_thirds(accepting, self.whole)
        included = places(self.included)
        medians = [self._median(i, n, winners, votes) for n, i in enumerate(included)]
        amounts: Counter = Counter()
        for place in winners:
            amounts[place] += self.terms["validator_reward"] // self.seats.bit_count()
        positive = max(1, sum(score for score in medians if score > 0))
        for i, score in zip(included, medians, strict=True):
            if score > 0 and accepted:
                pool = self.terms["participant_reward"]
                amounts[len(self.validators) + i] += pool * score // positive
        return Verdict(bits(winners), accepted, medians, amounts)

    def judges(self, i: int, winners: list[int]) -> list[int]:
        """Nobody judges its own house."""
        house = self.controllers[self.joined[i]]
        return [place for place in winners if self.controllers[self.validators[place]] != house]

    def _median(self, i: int, n: int, winners: list[int], votes: dict[int, Vote]) -> int:
        """The greatest score that half of the judging stake scored or more."""
        judges = self.judges(i, winners)
        whole = sum(self.stakes[place] for place in judges)
        given = {place: votes[place][2][n] for place in judges}
        return max(
            (
                score
                for score in given.values()
                if 2 * sum(self.stakes[p] for p in judges if given[p] >= score) >= whole
            ),
            default=0,
        )


class Books:
    """All tasks of one life, all bonds, all that was burnt."""

    def __init__(self) -> None:
        self.tasks: dict[bytes, TaskBook] = {}
        self.bonds: Counter = Counter()  # by account and role, unbonding too
        self.unbonding: Counter = Counter()
        self.burnt: Counter = Counter()  # by account
        self.ballots: Counter = Counter()  # members' votes, by subject
        self.said: Counter = Counter()
        self.strays: Counter = Counter()  # sent to a contract by mistake, by account
        self.broken: list[tuple[str, str]] = []
        self.rounds = 0
        self.outcomes: Counter = Counter()  # how rounds and tasks ended, what was slashed

    def blame(self, kind: str, message: str) -> None:
        self.broken.append((kind, message))

    def check(self, good: bool, kind: str, message: str) -> None:
        if not good:
            self.blame(kind, message)

    def take(self, done: Done) -> None:
        """The events of one transaction, in order."""
        for contract, name, values in done.events:
            if contract == "Members" and name != "Voted":
                continue
            act = getattr(self, f"_{name}", None)
            if "task" not in values:
                if act is not None:
                    act(values)
            elif name != "TaskCreated":
                book = self.tasks[values["task"]]
                if name in ONCE:
                    self._once(book, name, values[ONCE[name]])
                if act is not None:
                    act(book, values)
        for values in done.named("Settled"):
            book = self.tasks[values["task"]]
            now = [place for place, number in book.suspended.items() if number == book.number]
            good = bits(book.votes) == book.taken == values["winners"] | bits(now)
            self.check(good, VOTES, "a vote that neither won nor was suspended")

    def _once(self, book: TaskBook, name: str, who: str) -> None:
        key = (book.task, book.number, name, who)
        self.said[key] += 1
        self.check(self.said[key] == 1, VOTES, f"{who} twice: {name} in round {book.number}")

    # --- people -----------------------------------------------------------------------------------

    def _Joined(self, book: TaskBook, values: dict) -> None:
        book.joined.append(values["participant"])

    def _Seated(self, book: TaskBook, values: dict) -> None:
        book.stakes[values["place"]] = values["stake"]
        barred = values["place"] in book.suspended or book.expelled >> values["place"] & 1
        bond = self.bonds[values["validator"], 4] - self.unbonding[values["validator"], 4]
        good = values["stake"] <= (0 if barred else bond)
        self.check(good, BONDS, f"seated with {values['stake']}, bond {bond}, barred {barred}")

    def _RoundOpened(self, book: TaskBook, values: dict) -> None:
        book.open_round(values["round"], values["seats"])
        self.check(values["stake"] == book.whole, VOTES, "seated stake is not the sum of seats")
        seated = bits(place for place, stake in book.stakes.items() if stake)
        self.check(values["seats"] == seated, VOTES, "a seat without stake, or stake without seat")
        self.rounds += 1

    def _Deposited(self, values: dict) -> None:
        self.bonds[values["account"], values["role"]] += values["amount"]

    def _UnbondRequested(self, values: dict) -> None:
        self.unbonding[values["account"], values["role"]] += values["amount"]

    def _Withdrawn(self, values: dict) -> None:
        self.bonds[values["account"], values["role"]] -= values["amount"]
        self.unbonding[values["account"], values["role"]] -= values["amount"]

    def _Slashed(self, values: dict) -> None:
        self.outcomes[f"slashed: {values['reason']}"] += 1
        key, amount = (values["account"], values["role"]), values["amount"]
        self.check(amount == min(values["due"], self.bonds[key]), BONDS, f"slashed {amount}")
        bonded = self.bonds[key] - self.unbonding[key]
        self.unbonding[key] -= max(0, amount - bonded)
        self.bonds[key] -= amount
        self.burnt[values["account"]] += amount

    def _Voted(self, values: dict) -> None:
        self.ballots[values["subject"]] += 1

    # --- rounds -----------------------------------------------------------------------------------

    def _Committed(self, book: TaskBook, values: dict) -> None:
        book.committed |= 1 << book.joined.index(values["participant"])

    def _CommittedMany(self, book: TaskBook, values: dict) -> None:
        for i in places(values["bits"]):
            self._once(book, "Committed", book.joined[i])
        book.committed |= values["bits"]

    def _SetFixed(self, book: TaskBook, values: dict) -> None:
        book.included = values["included"]
        good = (values["included"], values["absent"]) == book.sorted(values["included"])
        self.check(good, VOTES, "who is in and who was absent is not what the bitmaps say")

    def _Included(self, book: TaskBook, values: dict) -> None:
        book.bitmaps[book.validators.index(values["validator"])] = values["bitmap"]

    def _VoteCommitted(self, book: TaskBook, values: dict) -> None:
        book.taken |= 1 << book.validators.index(values["validator"])

    def _Concurred(self, book: TaskBook, values: dict) -> None:
        for place in places(values["seats"]):
            self._once(book, "VoteCommitted", book.validators[place])
        book.taken = values["seats"]

    def _VoteRevealed(self, book: TaskBook, values: dict) -> None:
        place = book.validators.index(values["validator"])
        self.check(bool(book.taken >> place & 1), VOTES, "a vote revealed that was not taken")
        book.votes[place] = (values["aggregate"], values["accept"], scores_of(values["lanes"]))

    def _Faulted(self, book: TaskBook, values: dict) -> None:
        self._drop(book, values["validator"])

    def _Equivocated(self, book: TaskBook, values: dict) -> None:
        self._expel(book, values["validator"])

    def _Suspended(self, book: TaskBook | None, values: dict) -> None:
        place = book.validators.index(values["validator"])
        self.check(place in book.votes, VOTES, "suspended for a vote that was not revealed")
        book.suspended[place] = values["round"]
        self.outcomes["validator suspended"] += 1

    def _Resolved(self, book: TaskBook, values: dict) -> None:
        self.outcomes["validator reinstated"] += values["reinstated"]
        if not values["reinstated"]:
            self._expel(book, values["validator"])
        book.suspended.pop(book.validators.index(values["validator"]), None)

    def _expel(self, book: TaskBook, who: str) -> None:
        self._drop(book, who)
        place = book.validators.index(who)
        book.suspended.pop(place, None)
        self.check(not book.expelled >> place & 1, BONDS, "expelled twice")
        book.expelled |= 1 << place
        self.outcomes["validator expelled"] += 1

    @staticmethod
    def _drop(book: TaskBook, who: str) -> None:
        place = book.validators.index(who)
        book.taken &= ~(1 << place)
        book.votes.pop(place, None)
        book.bitmaps.pop(place, None)

    def _Aborted(self, book: TaskBook, values: dict) -> None:
        if values["reason"] == "no agreement":
            self.check(book.verdict(book.votes) is None, VOTES, "aborted though two thirds agreed")
        book.open = False
        self.outcomes[f"aborted: {values['reason']}"] += 1

    def _Settled(self, book: TaskBook, values: dict) -> None:
        self.outcomes["settled, accepted" if values["accepted"] else "settled, rejected"] += 1
        book.open, found = False, book.verdict(book.votes)
        if found is None:
            self.blame(VOTES, "settled without two thirds")
            return
        said = (values["winners"], values["accepted"], values["included"], values["medians"])
        due = (found.winners, found.accepted, book.included, lanes_of(found.medians))
        self.check(said == due, VOTES, f"settled as {said}, the votes say {due}")
        for place, entry in enumerate(book.entries):
            entry.amount += found.amounts[place]
            entry.settled += found.winners >> place & 1
        for i, median in zip(places(book.included), found.medians, strict=True):
            book.entries[len(book.validators) + i].settled += 1
            book.entries[len(book.validators) + i].score += median
            self.outcomes["median below zero"] += median < 0
        book.spent += found.amounts.total()
        kind = UNPAID if values["spent"] < found.amounts.total() else TWICE
        good = values["spent"] == found.amounts.total()
        self.check(good, kind, f"spent {values['spent']}, earned {found.amounts.total()}")
        good = values["root"] == root_of(book.task, book.words)
        self.check(good, UNPAID, "the root is not that of what was earned")

    def _TaskEnded(self, book: TaskBook, values: dict) -> None:
        book.ended = values["reason"]
        first = "first opening: " if values["round"] == 0 else ""
        self.outcomes[f"task ended, {first}{values['reason']}"] += 1

    # --- money ------------------------------------------------------------------------------------

    def _Claimed(self, book: TaskBook, values: dict) -> None:
        self._pay(book, values["account"], values["amount"])

    def _ClaimedMany(self, book: TaskBook, values: dict) -> None:
        for place, amount in zip(values["places"], values["amounts"], strict=True):
            self._pay(book, book.roster[place], amount)

    def _Refunded(self, book: TaskBook, values: dict) -> None:
        self.check(not book.refunded, TWICE, "refunded twice")
        good = values["amount"] == book.escrow - book.spent
        kind = TWICE if values["amount"] > book.escrow - book.spent else UNPAID
        self.check(good, kind, f"refunded {values['amount']}")
        book.refunded = True

    def _pay(self, book: TaskBook, account: str, amount: int) -> None:
        book.claimed[account] += amount
        earned = book.earned()[account]
        good = book.claimed[account] <= earned
        self.check(good, TWICE, f"{account} was paid {book.claimed[account]}, earned {earned}")

    def held(self, book: TaskBook) -> int:
        """What of the escrow ought to be left."""
        owed = book.spent - book.claimed.total()
        return owed + (0 if book.refunded else book.escrow - book.spent)

    def fortunes(self, everybody: list[str]) -> dict[str, int]:
        """What each account ought to have once all is over."""
        found = {who: FUNDS - self.burnt[who] - self.strays[who] for who in everybody}
        for book in self.tasks.values():
            found[book.terms["sponsor"]] -= book.spent
            for who, amount in book.earned().items():
                found[who] += amount
        return found

    def digest(self, book: TaskBook) -> bytes:
        return digest_of(book.words)
