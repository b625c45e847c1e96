"""What the parties of a life do in each phase of a round, and how it goes wrong."""

from dataclasses import dataclass, field
from typing import Any

from tests.contracts.consortium import INCLUDE_SALT, VOTE_SALT
from tests.contracts.faulty_books import UNREACHABLE, VOTES, TaskBook, Verdict
from tests.contracts.faulty_parties import Parties
from tests.contracts.pair import Done, word
from tests.twins.table import (
    COMMIT,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    VOTE_COMMIT,
    VOTE_REVEAL,
    lanes_of,
)
from tests.twins.world import bits, places

SCORES = [-(2**31), -20_001, -20_000, -1, 0, 1, 7, 100, 999_999, 10**9, 2**31 - 1]
EXTREMES = [-(2**31), 2**31 - 1]
# Drawn per round; the rest of the kinds below come about between rounds or at the end.
FAULTS = (
    "dead participant",
    "dead validator",
    "lost transaction",
    "late transaction",
    "replayed transaction",
    "griefing call",
    "withheld update",
    "colluders vote for another aggregate",
    "colluders give extreme scores",
    "colluders leave a participant out",
    "colluders reject",
    "colluders do not act",
    "reveal does not match",
    "copied commitment",
    "equivocation",
)


@dataclass
class Plan:
    """What goes wrong in a round, who is behind it, and which acts go in batches."""

    faults: set[str]
    gang: set[int]  # places of the validators that collude or fail
    victim: int
    scores: list[int]
    accept: bool
    ways: dict[int, str]  # by phase
    votes: dict[int, tuple] = field(default_factory=dict)  # by place, as committed
    bitmaps: dict[int, int] = field(default_factory=dict)
    late: list[tuple] = field(default_factory=list)
    proven: bool = False
    hit: bool = False  # whether any fault came about

    def has(self, fault: str, place: int) -> bool:
        return fault in self.faults and place in self.gang


class Acts(Parties):
    """One phase of a round at a time."""

    plans: dict[bytes, Plan]
    current: Plan | None = None  # of the round in which something happens now
    hit = 0  # rounds in which a fault came about

    def plan(self, book: TaskBook) -> Plan:
        """Up to three faults, by a minority of the round's stake, seldom by one greater party."""
        draw = self.draw
        faults = set(draw.sample(FAULTS, draw.choice([0, 1, 1, 2, 2, 3])))
        seated = places(book.seats)
        gang: set[int] = set()
        for place in draw.sample(seated, len(seated)):
            stake = sum(book.stakes[each] for each in (*gang, place))
            if 3 * stake <= book.whole or (not gang and draw.random() < 0.15):
                gang.add(place)
            if draw.random() < 0.4:
                break
        ways = {
            COMMIT: draw.choice(["single", "many", "vouch", "mixed"]),
            INCLUDE_COMMIT: draw.choice(["single", "concur"]),
            INCLUDE_REVEAL: draw.choice(["single", "batch"]),
            VOTE_REVEAL: draw.choice(["single", "settle", "mixed"]),
        }
        scores = draw.choices(SCORES, k=len(book.joined))
        victim = draw.randrange(max(1, len(book.joined)))
        return Plan(faults, gang, victim, scores, draw.random() < 0.85, ways)

    def count(self, fault: str, times: int = 1) -> None:
        self.faults[fault] += times
        if times and self.current is not None and not self.current.hit:
            self.current.hit = True
            self.hit += 1

    # --- one act and its fate ---------------------------------------------------------------------

    def alive(self, plan: Plan, place: int | None, who: str) -> bool:
        """Whether a party acts at all now."""
        if who in self.dead:
            self.count("dead party, for good")
            return False
        if place is None and "dead participant" in plan.faults and self.draw.random() < 0.4:
            self.count("dead participant")
            return False
        for fault in ("dead validator", "colluders do not act"):
            if place is not None and plan.has(fault, place) and self.draw.random() < 0.6:
                self.count(fault)
                return False
        if "lost transaction" in plan.faults and self.draw.random() < 0.25:
            self.count("lost transaction")
            return False
        return True

    def deliver(self, plan: Plan, who: str, function: str, *arguments: Any) -> Done | None:
        """The transaction of somebody who is alive: in time, late, or twice."""
        if "late transaction" in plan.faults and self.draw.random() < 0.3:
            plan.late.append((who, "Rounds", function, *arguments))
            return None
        done = self.attempt(who, "Rounds", function, *arguments)
        if done is not None and "replayed transaction" in plan.faults and self.draw.random() < 0.5:
            self.count("replayed transaction")
            self.refused(VOTES, who, "Rounds", function, *arguments)
        return done

    # --- phases -----------------------------------------------------------------------------------

    def act(self, book: TaskBook, phase: int) -> None:
        """All that is due in a phase, by all who are there."""
        plan, facts = self.plans[book.task], self.facts(book.task)
        if "griefing call" in plan.faults:
            self.grief(book, plan, phase)
        if "equivocation" in plan.faults and not plan.proven and self.draw.random() < 0.35:
            self.prove(book, plan, phase)
            facts = self.facts(book.task)
        acts = {
            COMMIT: self.commits,
            INCLUDE_COMMIT: self.includes,
            INCLUDE_REVEAL: self.include_reveals,
            VOTE_COMMIT: self.votes,
            VOTE_REVEAL: self.vote_reveals,
        }
        acts[phase](book, plan, facts)

    def same(self, book: TaskBook, facts: Any) -> bool:
        """Whether the phase still lasts."""
        now = self.facts(book.task)
        return (now.state, now.phase, now.number) == (facts.state, facts.phase, facts.number)

    def commits(self, book: TaskBook, plan: Plan, facts: Any) -> None:
        due = places(facts.eligible & ~facts.committed)
        due = [i for i in due if self.alive(plan, None, book.joined[i])]
        way, batch = plan.ways[COMMIT], []
        if (
            way == "vouch"
            and facts.seats
            and all(self.there(plan, book, v) for v in places(facts.seats))
        ):
            batch = due
        elif way in ("many", "mixed"):
            batch = [i for i in due if self.can_sign(book.joined[i])]
            batch = batch if way == "many" else batch[::2]
        for i in due:
            if i not in batch:
                hash_ = word(f"update {book.number} {i}")
                self.deliver(plan, book.joined[i], "commit", book.task, hash_)
        if batch and self.same(book, facts):
            self.commit_batch(book, plan, batch, facts.seats if way == "vouch" else 0)

    def commit_batch(self, book: TaskBook, plan: Plan, batch: list[int], seats: int) -> None:
        hashes = [word(f"update {book.number} {i}") for i in batch]
        chosen = bits(batch)
        if seats:
            judges = [book.validators[v] for v in places(seats)]
            signed = [self.sign_vouch(book, who, chosen, hashes) for who in judges]
            self.deliver(plan, self.stranger, "vouch", book.task, chosen, hashes, signed)
            return
        who = [book.joined[i] for i in batch]
        signed = [self.sign_commit(book, *each) for each in zip(who, hashes, strict=True)]
        rest = (book.task, book.roster, chosen, hashes)
        if "griefing call" in plan.faults:
            self.count("forged signature in a batch")
            forged = [self.sign_commit(book, self.stranger, hashes[0]), *signed[1:]]
            self.refused(VOTES, self.stranger, "Rounds", "commit_many", *rest, forged)
        self.deliver(plan, self.stranger, "commit_many", *rest, signed)

    def there(self, plan: Plan, book: TaskBook, place: int) -> bool:
        """A validator that signs what others bring to the chain."""
        who = book.validators[place]
        return self.can_sign(who) and self.alive(plan, place, who)

    def held(self, book: TaskBook, plan: Plan, place: int, committed: int) -> int:
        """Whose updates a validator holds, or says so."""
        if "withheld update" in plan.faults and committed >> plan.victim & 1:
            self.count("withheld update")
            committed &= ~(1 << plan.victim)
        if plan.has("colluders leave a participant out", place):
            self.count("colluders leave a participant out")
            committed &= committed - 1
        return committed

    def includes(self, book: TaskBook, plan: Plan, facts: Any) -> None:
        seated = places(facts.seats)
        held = {place: self.held(book, plan, place, facts.committed) for place in seated}
        alike = plan.ways[INCLUDE_COMMIT] == "concur" and len(set(held.values())) == 1
        if alike and all(self.there(plan, book, place) for place in seated):
            self.concur(book, plan, seated, held[seated[0]])
            if not self.same(book, facts):
                return
        others = list(seated)
        for place in self.draw.sample(seated, len(seated)):
            who = book.validators[place]
            if not self.alive(plan, place, who) or not self.same(book, facts):
                continue
            hash_ = self.include_hash(book.task, book.number, who, held[place])
            if plan.has("copied commitment", place) and len(others) > 1:
                self.count("copied commitment")
                other = next(each for each in others if each != place)
                hash_ = self.include_hash(
                    book.task, book.number, book.validators[other], held[other]
                )
            if self.deliver(plan, who, "include_commit", book.task, hash_):
                plan.bitmaps[place] = held[place]

    def include_reveals(self, book: TaskBook, plan: Plan, facts: Any) -> None:
        due, whole = places(facts.cast), []
        for place in due:
            who = book.validators[place]
            if not self.alive(plan, place, who) or not self.same(book, facts):
                continue
            reveal = (place, plan.bitmaps.get(place, 0), INCLUDE_SALT)
            if plan.has("reveal does not match", place):
                self.count("reveal does not match")
                reveal = (place, reveal[1], VOTE_SALT)
                self.refused(VOTES, self.stranger, "Rounds", "include_reveal", book.task, [reveal])
            elif plan.ways[INCLUDE_REVEAL] == "batch" and not plan.has("copied commitment", place):
                whole.append(reveal)
                continue
            self.deliver(plan, who, "include_reveal", book.task, [reveal])
        if whole and self.same(book, facts):
            self.deliver(plan, self.stranger, "include_reveal", book.task, whole)

    def opinion(self, book: TaskBook, plan: Plan, place: int, included: int) -> tuple:
        """Aggregate, accept, and a score for each who is included."""
        aggregate, accept = word(f"aggregate {book.number}"), plan.accept
        scores = [plan.scores[i] for i in places(included)]
        if plan.has("colluders vote for another aggregate", place):
            self.count("colluders vote for another aggregate")
            return word("false"), True, [7] * len(scores)
        if plan.has("colluders reject", place):
            self.count("colluders reject")
            accept = False
        if plan.has("colluders give extreme scores", place):
            self.count("colluders give extreme scores")
            scores = self.draw.choices(EXTREMES, k=len(scores))
        return aggregate, accept, scores

    def concur(self, book: TaskBook, plan: Plan, seated: list[int], included: int) -> None:
        votes = {place: self.opinion(book, plan, place, included) for place in seated}
        who = [book.validators[place] for place in seated]
        hashes = [
            self.vote_hash(book, book.validators[place], vote, included)
            for place, vote in votes.items()
        ]
        signed = [
            self.sign_ballot(book, each, VOTE_COMMIT, included, hash_)
            for each, hash_ in zip(who, hashes, strict=True)
        ]
        if self.deliver(plan, self.stranger, "concur", book.task, included, hashes, signed):
            plan.votes = votes

    def votes(self, book: TaskBook, plan: Plan, facts: Any) -> None:
        seated = places(facts.seats)
        for place in self.draw.sample(seated, len(seated)):
            who = book.validators[place]
            if not self.alive(plan, place, who) or not self.same(book, facts):
                continue
            vote = self.opinion(book, plan, place, facts.included)
            hash_ = self.vote_hash(book, who, vote, facts.included)
            if plan.has("copied commitment", place) and plan.votes:
                self.count("copied commitment")
                other, vote = next(iter(plan.votes.items()))
                hash_ = self.vote_hash(book, book.validators[other], vote, facts.included)
            if self.deliver(plan, who, "vote_commit", book.task, hash_):
                plan.votes[place] = vote

    def vote_reveals(self, book: TaskBook, plan: Plan, facts: Any) -> None:
        """Alone, or by the hand of whoever settles; whoever lies or copied does so alone."""
        shown = set()
        for place in places(facts.cast):
            who, vote = book.validators[place], plan.votes.get(place)
            way = plan.ways[VOTE_REVEAL]
            if vote is None or not self.alive(plan, place, who):
                continue
            wrong = plan.has("reveal does not match", place)
            copied = plan.has("copied commitment", place)
            if not wrong and not copied and (way == "settle" or (way == "mixed" and place % 2)):
                shown.add(place)
                continue
            aggregate, accept, scores = vote
            if wrong:
                self.count("reveal does not match")
                accept = not accept
            rest = (book.task, aggregate, accept, VOTE_SALT, lanes_of(scores))
            self.deliver(plan, who, "vote_reveal", *rest)
        self.settle(book, plan, shown)

    def settle(self, book: TaskBook, plan: Plan, shown: set[int] | None = None) -> bool:
        """With every vote that was revealed, and those in `shown` that are still due."""
        facts = self.facts(book.task)
        votes = {place: book.votes[place] for place in places(facts.held) if place in book.votes}
        for place in sorted(shown or ()):
            if facts.cast >> place & 1:
                votes[place] = plan.votes[place]
        votes = dict(sorted(votes.items()))
        found = book.verdict(votes)
        packed = b"".join(lanes_of(scores) for _, _, scores in votes.values()) + bytes(28)
        # Of votes that were revealed a stranger knows what the events say: no salt.
        salts = {place: VOTE_SALT if facts.cast >> place & 1 else bytes(32) for place in votes}
        heads = [(place, vote[0], vote[1], salts[place]) for place, vote in votes.items()]
        hints = (lanes_of(found.medians), book.words) if found else (b"", [])
        done = self.attempt(self.stranger, "Rounds", "settle", book.task, heads, packed, *hints)
        if done and found:
            self.between_honest(book, plan, found)
        return done is not None

    def between_honest(self, book: TaskBook, plan: Plan, found: Verdict) -> None:
        """Colluders below half of the judging stake move no score."""
        if "colluders give extreme scores" not in plan.faults:
            return
        for i, median in zip(places(book.included), found.medians, strict=True):
            judges = book.judges(i, places(found.winners))
            false = sum(book.stakes[place] for place in judges if place in plan.gang)
            if judges and 2 * false < sum(book.stakes[place] for place in judges):
                good = median == plan.scores[i]
                self.books.check(good, VOTES, f"a minority moved a score to {median}")

    # --- what others try --------------------------------------------------------------------------

    def grief(self, book: TaskBook, plan: Plan, phase: int) -> None:
        """Everything that a stranger might try at the wrong time; all of it is refused."""
        facts, task = self.facts(book.task), book.task
        place = self.draw.randrange(len(book.roster))
        pairs: list[tuple] = [
            ("Rounds", "open", task),
            ("Rounds", "commit", task, word("x")),
            ("Rounds", "include_commit", task, word("x")),
            ("Rounds", "vote_commit", task, word("x")),
            ("Rounds", "settle", task, [], bytes(28), b"", []),
            ("Rounds", "expel", task, book.validators[0], "lie"),
            ("Rounds", "begin", task, (b"\1" * 32, self.stranger, *(1,) * 18), book.validators),
            ("Tasks", "release", task, place),
            ("Tasks", "refund", task),
            ("Tasks", "join", task, word("data"), 5),
            ("Stakes", "slash", book.validators[0], 4, 1, "lie"),
            ("Stakes", "unlock", book.validators[0], 4),
            ("Appeals", "resolve", task, book.number + 1, book.validators[0]),
            ("Appeals", "appeal", task, book.number + 1, book.validators[0], word("e")),
        ]
        early = facts.deadline >= self.pair.now
        if early and not book.expelled:  # an expulsion can leave nobody who is still to act
            pairs.append(("Rounds", "advance", task))
        if phase == VOTE_REVEAL and not (early and facts.cast):
            pairs.remove(("Rounds", "settle", task, [], bytes(28), b"", []))
        if self.draw.random() < 0.2:  # it may wait until the round is over
            self.attempt(self.stranger, "Tasks", "review", task, place)
        for pair in self.draw.sample(pairs, 3):
            self.count("griefing call")
            self.refused(VOTES, self.stranger, *pair)

    def prove(self, book: TaskBook, plan: Plan, phase: int) -> None:
        """Two ballots of one validator, which somebody kept."""
        open_ = [place for place in plan.gang if self.can_sign(book.validators[place])]
        open_ = [place for place in open_ if not book.expelled >> place & 1]
        if not open_:
            return
        who, kind = book.validators[open_[0]], self.draw.choice([INCLUDE_COMMIT, VOTE_COMMIT])
        start = (book.task, book.number, who, kind)
        included = 0 if kind == INCLUDE_COMMIT else 0b11
        one, other, third = (
            (each, hash_, self.sign_ballot(book, who, kind, each, hash_))
            for each, hash_ in (
                (included, word("one")),
                (included, word("other")),
                (included ^ 1, word("third")),
            )
        )
        self.count("ballots for two sets, which is no lie")
        prove = (self.stranger, "Appeals", "prove_equivocation", *start)
        self.refused(VOTES, *prove, *one, *third)
        rest = (*start, *one, *other)
        plan.proven = True
        self.count("equivocation")
        self.must(UNREACHABLE, self.stranger, "Appeals", "prove_equivocation", *rest)
        self.refused(VOTES, self.stranger, "Appeals", "prove_equivocation", *rest)
