"""Lives of federated tasks with faults put in on purpose, from the first vote to the last token.

`live(seed)` founds a consortium, plays one or two tasks at once to their ends, each round with
faults drawn from the seed, then lets strangers bring everything home. What breaks an invariant is
kept in its `Report`, every fault is counted by its kind. With ``twins`` every transaction runs on
the Python twins too.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tests.contracts.consortium import DEFAULTS, UNBONDING, terms
from tests.contracts.faulty_acts import Acts
from tests.contracts.faulty_books import (
    BONDS,
    TWICE,
    UNPAID,
    UNREACHABLE,
    VOTES,
    TaskBook,
)
from tests.contracts.pair import DAY, VALIDATOR, Reverted, account, word
from tests.twins.table import COMMIT, ENDED, JOINING, SETTLED, VOTE_REVEAL


@dataclass
class Report:
    """What one life came to."""

    seed: int
    rounds: int  # all that were opened
    hit: int  # those of them in which a fault came about
    faults: Counter
    outcomes: Counter
    sent: Counter
    broken: list[tuple[str, str]]


class Stuck(Exception):
    """Nobody can bring the task on; the life is over."""


class Life(Acts):
    """One consortium and its tasks."""

    def __init__(self, seed: int, *, twins: bool) -> None:
        super().__init__(seed, twins)
        self.seed = seed
        self.plans = {}
        self.dead: set[str] = set()
        self.finished: set[bytes] = set()

    def live(self) -> Report:
        books, draw = self.books, self.draw
        try:
            for t in range(draw.choice([1, 1, 2])):
                self.begin(t)
            while open_ := [
                book for task, book in books.tasks.items() if task not in self.finished
            ]:
                self.step(draw.choice(open_))
            self.look()
            self.go_home()
        except Stuck as stuck:
            books.blame(UNREACHABLE, str(stuck))
        counts = (self.faults, books.outcomes, self.sent)
        return Report(self.seed, books.rounds, self.hit, *counts, books.broken)

    # --- from the vote on a task to its first round ---------------------------------------------

    def begin(self, t: int) -> None:
        """A task with terms of its own; its members argue, some join late, twice or never."""
        draw = self.draw
        seconds = ("join", "commit", "include", "vote", "reveal")
        changes: dict[str, Any] = {f"{name}_seconds": draw.randint(1, 100) for name in seconds}
        changes |= {
            "spec": word(f"spec {t}"),
            "sponsor": self.sponsors[t],
            "rounds": draw.randint(2, 9),
            "min_participants": draw.randint(1, max(1, len(self.p) - 1)),
            "participant_reward": draw.choice([0, 1, 901, 20_011]),
            "validator_reward": draw.choice([0, 3, 403, 9_001]),
            "score_floor": draw.choice([-(2**40), -20_000, 0, 50]),
            "low_score_penalty": draw.choice([0, 100, 300, 5_000]),
            "absence_penalty": draw.choice([0, 100, 900]),
            "fault_penalty": draw.choice([0, 200, 900, 2**90]),
            "lie_penalty": draw.choice([1_500, 5_000, 2**90]),
            "appeal_seconds": draw.choice([1, 500, DAY]),
        }
        changes["lie_penalty"] = max(changes["lie_penalty"], changes["low_score_penalty"])
        agreed = terms(**changes)
        task = self.pair.view("Tasks", "task_id", agreed, self.v)
        book = TaskBook(task, DEFAULTS | changes, self.v, self.controllers)
        self.books.tasks[task] = book
        self.refused(VOTES, self.sponsors[t], "Tasks", "create", agreed, self.v)
        self.approve(task)
        self.refused(VOTES, self.stranger, "Tasks", "create", agreed, self.v)
        self.must(UNREACHABLE, self.sponsors[t], "Tasks", "create", agreed, self.v)
        self.refused(TWICE, self.sponsors[t], "Tasks", "create", agreed, self.v)
        for i, who in enumerate(self.p):
            data = (task, word(f"data {i}"), 10)
            if draw.random() < 0.06:
                self.count("participant never joins")
            elif draw.random() < 0.04:
                self.count("late transaction")
                self.pair.wait(changes["join_seconds"] + 1)
                self.refused(VOTES, who, "Tasks", "join", *data)
            elif self.attempt(who, "Tasks", "join", *data) and draw.random() < 0.1:
                self.count("replayed transaction")
                self.refused(VOTES, who, "Tasks", "join", *data)

    def approve(self, subject: bytes) -> None:
        """By two thirds of the members; one may be dead, or against it, or vote twice."""
        draw, missing = self.draw, len(self.m) - -(-2 * len(self.m) // 3)
        for n, who in enumerate(draw.sample(self.m, len(self.m))):
            if n < missing and draw.random() < 0.5:
                self.count("dead member")
                continue
            against = n < missing and draw.random() < 0.5
            self.count("member votes no", int(against))
            self.attempt(who, "Members", "vote", subject, not against)
            if draw.random() < 0.1:
                self.count("member votes twice")
                self.refused(VOTES, who, "Members", "vote", subject, True)
        self.refused(VOTES, self.stranger, "Members", "vote", subject, True)

    # --- one step of one task -------------------------------------------------------------------

    def step(self, book: TaskBook) -> None:
        facts = self.facts(book.task)
        if facts.state == ENDED:
            self.pair.wait(1)
            self.finish(book)
        elif facts.state == JOINING:
            self.first_open(book)
        elif not COMMIT <= facts.phase < SETTLED:
            self.look()
            self.between(book)
            self.open(book)
        else:
            self.current = self.plans[book.task]
            self.phase(book, facts)
            self.current = None

    def phase(self, book: TaskBook, facts: Any) -> None:
        """All acts of one phase; one second after its deadline a stranger brings the task on."""
        plan = self.plans[book.task]
        if facts.deadline >= self.pair.now:
            self.act(book, facts.phase)
        if self.same(book, facts):
            self.pair.wait(max(0, facts.deadline + 1 - self.pair.now))
        for each in plan.late:
            self.count("late transaction")
            self.refused(VOTES, *each)
        plan.late.clear()
        if not self.same(book, facts):
            return
        if facts.phase == VOTE_REVEAL:
            moved = self.settle(book, plan)
        else:
            moved = self.attempt(self.stranger, "Rounds", "advance", book.task) is not None
        if not moved:
            raise Stuck(f"stuck in phase {facts.phase}: {self.why}")

    def first_open(self, book: TaskBook) -> None:
        """By the sponsor at once, or by anyone one second after the join deadline."""
        facts = self.facts(book.task)
        sponsor, early = book.terms["sponsor"], facts.deadline >= self.pair.now
        if early:
            self.refused(VOTES, self.stranger, "Rounds", "open", book.task)
            if self.draw.random() < 0.5 and self.attempt(sponsor, "Rounds", "open", book.task):
                self.opened(book)
                return
            self.count("dead sponsor")
            self.pair.wait(facts.deadline + 1 - self.pair.now)
        if self.draw.random() < 0.06:
            self.count("bonds asked back before the first round")
            for who in book.joined:
                self.attempt(who, "Stakes", "request_unbond", 2, self.bond(who, 2)[0] or 1)
        self.open(book)

    def open(self, book: TaskBook) -> None:
        """By a stranger; a pause is waited out, nothing else can hold it up."""
        if self.attempt(self.stranger, "Rounds", "open", book.task) is None:
            until = self.pair.view("Council", "paused_until", self.pair.address("Rounds"))
            self.books.check(until > self.pair.now, UNREACHABLE, f"open is refused: {self.why}")
            self.pair.wait(max(0, until + 1 - self.pair.now))
            if self.attempt(self.stranger, "Rounds", "open", book.task) is None:
                raise Stuck(f"a stranger cannot open: {self.why}")
        self.opened(book)

    def opened(self, book: TaskBook) -> None:
        if book.open:
            self.plans[book.task] = self.plan(book)

    # --- between rounds -------------------------------------------------------------------------

    def between(self, book: TaskBook) -> None:
        """Appeals, claims, pauses; bonds that come and go, members that are suspended, death."""
        draw = self.draw
        for place in list(book.suspended):
            if draw.random() < 0.6:
                self.appeal(book, place)
        if book.spent and draw.random() < 0.4:
            self.some_claims(book)
        who, role = draw.choice(self.roles())
        if draw.random() < 0.15:
            self.attempt(who, "Stakes", "deposit", role, draw.randint(1, 3_000))
        if draw.random() < 0.1:
            self.early_withdrawal(who, role)
        if draw.random() < 0.08:
            self.suspended_member(book, who)
        if draw.random() < 0.08:
            self.pause()
        if draw.random() < 0.05:
            self.mistake(who)
        if draw.random() < 0.05 and len(self.dead) < 2:
            self.dead.add(draw.choice([*self.v, *self.p]))
        self.review(book, draw.randrange(len(book.roster) + 1))

    def appeal(self, book: TaskBook, place: int) -> None:
        """Won by the members' vote, or lost after the window and its one extension."""
        who, number = book.validators[place], book.suspended[place]
        key = (book.task, number, who)
        won = self.draw.random() < 0.5
        if self.draw.random() < 0.5:
            self.attempt(self.stranger, "Appeals", "appeal", *key, word("evidence"))
            self.attempt(self.stranger, "Appeals", "appeal", *key, word("more of it"))
        if won:
            self.approve(self.pair.view("Appeals", "appeal_subject", *key))
        else:
            deadline = self.pair.view("Appeals", "suspension_of", book.task, who)[1]
            if deadline >= self.pair.now:
                self.refused(VOTES, self.stranger, "Appeals", "resolve", *key)
            self.pair.wait(max(0, deadline + 1 - self.pair.now))
        self.count("appeal won" if won else "appeal lost")
        self.must(UNREACHABLE, self.stranger, "Appeals", "resolve", *key)
        self.refused(BONDS, self.stranger, "Appeals", "resolve", *key)

    def some_claims(self, book: TaskBook) -> None:
        """In the middle of a task: one place, or several at once; a second time nothing."""
        size = len(book.roster)
        if self.draw.random() < 0.5:
            chosen = sorted(self.draw.sample(range(size), self.draw.randint(1, size)))
            rest = (book.task, chosen, book.roster, book.words)
            if self.attempt(self.stranger, "Tasks", "claim_many", *rest):
                self.count("claim twice")
                self.refused(TWICE, self.stranger, "Tasks", "claim_many", *rest)
            return
        place = self.draw.randrange(size)
        claim = self.claim(book, place)
        if self.attempt(self.stranger, "Tasks", "claim", *claim):
            self.count("claim twice")
            self.refused(TWICE, book.roster[place], "Tasks", "claim", *claim)
        self.attempt(self.stranger, "Tasks", "credit", *claim)
        self.count("claim for another place")
        other = (place + 1) % size
        if size > 1:
            self.refused(TWICE, book.roster[other], "Tasks", "claim", claim[0], other, *claim[2:])
        self.refused(TWICE, self.stranger, "Tasks", "claim", *claim[:2], claim[2] + 1, claim[3])

    def early_withdrawal(self, who: str, role: int) -> None:
        """Out with the bond while a task holds it: refused even after the delay."""
        amount, _, _, locks = self.bond(who, role)
        asked = self.draw.randint(1, max(1, amount))
        if locks and amount and self.attempt(who, "Stakes", "request_unbond", role, asked):
            if self.draw.random() < 0.3:
                self.pair.wait(UNBONDING)
            self.count("early withdrawal")
            self.refused(BONDS, who, "Stakes", "withdraw", role)

    def suspended_member(self, book: TaskBook, who: str) -> None:
        """Out of the consortium for good, or back before the next round."""
        self.count("suspended member")
        timelock = account("timelock")
        roles = self.pair.view("Members", "member", who)[3]
        if not self.attempt(timelock, "Members", "suspend", who):
            return
        if who in book.roster:
            self.review(book, book.roster.index(who))
        if self.draw.random() < 0.6:
            facts = (who, word(f"keys of {who}"), self.controllers[who], roles)
            self.must(UNREACHABLE, timelock, "Members", "admit", *facts)

    def review(self, book: TaskBook, place: int) -> None:
        """By anyone, of anyone."""
        known = place < len(book.roster)
        done = self.attempt(self.stranger, "Tasks", "review", book.task, place)
        self.books.check((done is not None) == known, UNREACHABLE, f"review of place {place}")

    def pause(self) -> None:
        """By the council: what is new waits, nothing else does."""
        council, guard = self.pair.chain.contracts["Council"], account("guard")
        target = self.pair.address(self.draw.choice(["Rounds", "Rounds", "Tasks"]))
        data = council.encode("pause", target, self.draw.choice([1, 1_000, 14 * DAY])).data
        rest = (council.address, data, 2**40, [(guard, b"")])
        try:
            self.pair.send(guard, "Council", "execute", *rest)
            self.count("pause")
        except Reverted:
            return

    def mistake(self, who: str) -> None:
        """Tokens sent to a contract, which nothing asks for."""
        name = self.draw.choice(["Tasks", "Stakes", "Rounds"])
        if self.attempt(who, "Token", "transfer", self.pair.address(name), 17):
            self.count("tokens sent by mistake")
            self.mistakes[name] += 17
            self.books.strays[who] += 17

    # --- the end ----------------------------------------------------------------------------------

    def finish(self, book: TaskBook) -> None:
        """One second after the end strangers pay, credit, refund and release everything."""
        draw, task, size = self.draw, book.task, len(book.roster)
        acts: list[tuple] = [("refund",)]
        acts += [("release", place) for place in range(size)]
        acts += [("pay", place) for place in range(size)]
        many = draw.random() < 0.3 and bool(book.entries)
        if many and book.spent > book.claimed.total():
            rest = (task, list(range(size)), book.roster, book.words)
            self.must(UNPAID, self.stranger, "Tasks", "claim_many", *rest)
        for act, *place in draw.sample(acts, len(acts)):
            if act == "refund":
                self.must(UNREACHABLE, self.stranger, "Tasks", "refund", task)
                self.refused(TWICE, book.terms["sponsor"], "Tasks", "refund", task)
            elif act == "pay" and book.entries:
                self.pay(book, place[0])
            elif act == "release":
                self.release(book, place[0])
        griefed = self.pair.chain.griefers & {*book.roster, book.terms["sponsor"]}
        self.count("griefing receiver", len(griefed))
        left = int(self.pair.view("Tasks", "deal_of", task)[1])
        self.books.check(left == 0, UNREACHABLE, f"{left} of the escrow left after the end")
        self.look()
        for place in list(book.suspended):  # their bonds wait for the window, and no longer
            self.count("suspended to the end")
            self.appeal(book, place)
            if self.bond(book.validators[place], VALIDATOR)[3]:
                self.release(book, place)
        self.finished.add(task)

    def pay(self, book: TaskBook, place: int) -> None:
        """What a place has earned and was not paid, and the work that was not yet recorded."""
        entry, claim = book.entries[place], self.claim(book, place)
        done = int(self.pair.view("Tasks", "claimed_of", book.task, place))
        if entry.amount > done % 2**96:
            self.must(UNPAID, self.stranger, "Tasks", "claim", *claim)
        if entry.settled > done >> 96 & 0xFFFFFFFF:
            self.must(UNPAID, self.stranger, "Tasks", "credit", *claim)
        found = int(self.pair.view("Tasks", "claimed_of", book.task, place))
        self.books.check(found == entry.word(), UNPAID, f"place {place}: {found} of {entry}")
        for function in ("claim", "credit"):
            self.refused(TWICE, book.roster[place], "Tasks", function, *claim)

    def release(self, book: TaskBook, place: int) -> None:
        """Participants always; validators unless they are suspended or not held."""
        done = self.attempt(self.stranger, "Tasks", "release", book.task, place)
        if place >= len(book.validators):
            self.books.check(done is not None, UNREACHABLE, "a participant's bond stays held")
        if done is not None:
            self.refused(BONDS, self.stranger, "Tasks", "release", book.task, place)

    def go_home(self) -> None:
        """Every bond leaves; then every account has what it began with, earned, and lost."""
        check = self.books.check
        for who, role in self.roles():
            amount, _, _, locks = self.bond(who, role)
            check(locks == 0, UNREACHABLE, f"{locks} locks left on a bond")
            if amount:
                self.must(UNREACHABLE, who, "Stakes", "request_unbond", role, amount)
        self.pair.wait(UNBONDING)
        for who, role in self.roles():
            if self.bond(who, role)[1]:
                self.must(UNREACHABLE, who, "Stakes", "withdraw", role)
        for name in ("Tasks", "Stakes", "Rounds"):
            left = self.balance(self.pair.address(name)) - self.mistakes[name]
            check(left == 0, UNREACHABLE, f"{left} left in {name}")
        due = self.books.fortunes(self.everybody)
        for who in self.everybody:
            found = self.balance(who)
            check(found >= due[who], UNPAID, f"{who} ends with {found}, {due[who]} due")
            check(found <= due[who], TWICE, f"{who} ends with {found}, {due[who]} due")
            self.look_at_work(who)
        self.look()

    def look_at_work(self, who: str) -> None:
        """Every settled round of every place is on record, once."""
        for role in (2, 4):
            settled = score = 0
            for book in self.books.tasks.values():
                judged = len(book.validators)
                for place, entry in enumerate(book.entries):
                    if book.roster[place] == who and (place < judged) == (role == VALIDATOR):
                        settled, score = settled + entry.settled, score + entry.score
            found = tuple(self.pair.view("Stakes", "reputation_of", who, role))
            good = found[:2] == (settled, score)
            self.books.check(good, UNPAID, f"on record {found}, worked {settled}, {score}")


def live(seed: int, *, twins: bool = False) -> Report:
    """One whole life. What no invariant foresaw is an invariant broken as well."""
    life = Life(seed, twins=twins)
    return life.live()
