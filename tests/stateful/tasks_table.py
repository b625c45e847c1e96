"""What the machines of Tasks, Rounds and Appeals share: acts, bookkeeping, invariants, the end."""

from collections import Counter
from typing import Any

from hypothesis.stateful import invariant

from quorate.learning.payouts import TaskLedger
from quorate.learning.settlement import FactsReader, SettlementTerms, medians_of, settle
from tests.contracts.consortium import DEFAULTS, INCLUDE_SALT, Consortium, terms
from tests.contracts.pair import PARTICIPANT, VALIDATOR, Done, account, word
from tests.stateful.pairs import PairMachine
from tests.twins.table import (
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    JOINING,
    NONE,
    RUNNING,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
    lanes_of,
)
from tests.twins.world import bits, places

PARTICIPANTS, VALIDATORS = 4, 4
WIDE = 0b10000  # a bit that no participant has
ONCE = {
    "Committed": "participant",
    "IncludeCommitted": "validator",
    "VoteCommitted": "validator",
    "Included": "validator",
    "VoteRevealed": "validator",
}


class TasksMachine(PairMachine):
    """Two tasks over the same people; subclasses say what may happen."""

    tasks: list[bytes]

    def found_with(self, stakes: list[int], shared: bool, changes: dict[str, Any]) -> None:
        houses = dict.fromkeys([account("participant0"), account("validator0")], "one house")
        self.c = Consortium(2, PARTICIPANTS, VALIDATORS, tuple(stakes), houses if shared else {})
        self.pair = self.c.pair
        changes = changes | {"participant_reward": 1_001, "validator_reward": 403}
        changes["lie_penalty"] = max(1_500, changes.get("low_score_penalty", 0))
        self.plain = DEFAULTS | changes
        self.agreed = [terms(**changes), terms(**(changes | {"spec": word("other")}))]
        self.tasks = [self.pair.view("Tasks", "task_id", t, self.c.v) for t in self.agreed]
        self.readers = {task: FactsReader() for task in self.tasks}
        self.ledgers: dict[bytes, TaskLedger] = {}
        self.due = {task: Counter() for task in self.tasks}
        self.said: Counter = Counter()  # what each may say once in a round
        self.votes_of: dict[bytes, dict[str, set[str]]] = {task: {} for task in self.tasks}
        self.bitmaps: dict = {}
        self.burnt = 0
        self.create(0)
        for i in range(PARTICIPANTS):
            self.join(0, i)

    # --- acts -----------------------------------------------------------------------------------

    def act(self, name: str, sender: str, function: str, *arguments: Any) -> Done | None:
        done = self.attempt(sender, name, function, *arguments)
        self.watch(done)
        return done

    def create(self, t: int) -> None:
        self.c.approve(self.tasks[t])
        self.act("Tasks", self.c.sponsor, "create", self.agreed[t], self.c.v)

    def join(self, t: int, i: int, samples: int = 10) -> None:
        self.act("Tasks", self.c.p[i], "join", self.tasks[t], word(f"data {i}"), samples)

    def on(self, t: int, sender: str, function: str, *arguments: Any) -> Done | None:
        """An act of Rounds."""
        return self.act("Rounds", sender, function, self.tasks[t], *arguments)

    def commit(self, t: int, i: int) -> None:
        self.on(t, self.c.p[i], "commit", word(f"update {i}"))

    def commit_many(self, t: int, chosen: int, foreign: bool = False) -> None:
        """With signatures, one of them a stranger's if `foreign`."""
        c, task = self.c, self.tasks[t]
        who = [c.p[i] for i in places(chosen)]
        hashes = [word(f"update {i}") for i in places(chosen)]
        hands = [c.stranger if foreign and n == 0 else each for n, each in enumerate(who)]
        signed = [c.sign_commit(task, *pair) for pair in zip(hands, hashes, strict=True)]
        self.on(t, c.stranger, "commit_many", c.roster(task), chosen, hashes, signed)

    def vouch(self, t: int, chosen: int) -> None:
        """All seated validators commit for the participants in `chosen`."""
        c, task = self.c, self.tasks[t]
        hashes = [word(f"update {i}") for i in places(chosen)]
        signed = [c.sign_vouch(task, who, chosen, hashes) for who in c.seated(task)]
        self.on(t, c.stranger, "vouch", chosen, hashes, signed)

    def include(self, t: int, v: int, bitmap: int) -> None:
        task, who = self.tasks[t], self.c.v[v]
        if bitmap != WIDE:
            bitmap &= self.c.fact(task, "committed")
        if self.on(t, who, "include_commit", self.c.include_hash(task, who, bitmap)):
            self.bitmaps[task, who] = bitmap

    def include_reveal(self, t: int, v: int, lie: bool) -> None:
        bitmap = self.bitmaps.get((self.tasks[t], self.c.v[v]), 0)
        self.on(t, self.c.v[v], "include_reveal", [(v, 0 if lie else bitmap, INCLUDE_SALT)])

    def include_reveal_all(self, t: int) -> None:
        task = self.tasks[t]
        reveals = [
            (place, self.bitmaps.get((task, self.c.v[place]), 0), INCLUDE_SALT)
            for place in places(self.c.fact(task, "cast"))
        ]
        self.on(t, self.c.stranger, "include_reveal", reveals)

    def fitting(self, t: int, vote: tuple, included: int | None = None) -> tuple:
        """The vote with as many scores as there are to give."""
        name, values, accept = vote
        included = self.c.included(self.tasks[t]) if included is None else included
        return (word(name), values[: included.bit_count()], accept)

    def vote(self, t: int, v: int, vote: tuple) -> None:
        task, who, vote = self.tasks[t], self.c.v[v], self.fitting(t, vote)
        if self.on(t, who, "vote_commit", self.c.vote_hash(task, who, vote)):
            self.c.votes[task, who] = vote

    def vote_reveal(self, t: int, v: int, lie: bool) -> None:
        task, who = self.tasks[t], self.c.v[v]
        aggregate, values, accept = self.c.votes.get((task, who), (word("x"), [], True))
        rest = (aggregate, accept != lie, b"\2" * 32, lanes_of(values))
        self.on(t, who, "vote_reveal", *rest)

    def concur(self, t: int, votes: dict[int, tuple], included: int) -> None:
        c, task = self.c, self.tasks[t]
        seated = places(c.fact(task, "seats"))
        fits = {v: self.fitting(t, votes[v], included) for v in seated}
        hashes = [c.vote_hash(task, c.v[v], fits[v], included) for v in seated]
        signed = [
            c.sign_ballot(task, c.v[v], included, hash_)
            for v, hash_ in zip(seated, hashes, strict=True)
        ]
        if self.on(t, c.stranger, "concur", included, hashes, signed):
            c.votes.update({(task, c.v[v]): vote for v, vote in fits.items()})

    def settle(self, t: int, whole: bool) -> None:
        """With the votes that were revealed; with all that are due too if `whole`."""
        task = self.tasks[t]
        if self.c.phase(task) != VOTE_REVEAL:
            self.on(t, self.c.stranger, "settle", [], bytes(28), b"", [])
            return
        shown = self.c.fact(task, "held") | (self.c.fact(task, "cast") if whole else 0)
        who = [self.c.v[place] for place in places(shown)]
        self.on(t, self.c.stranger, "settle", *self.c.hints(task, who))

    def act_in(
        self, phase: int, t: int, i: int, *, vote: tuple, bitmap: int = 0b1111, lie: bool = False
    ) -> None:
        """What place `i` has to do in `phase`."""
        if phase == COMMIT:
            self.commit(t, i)
        elif phase == INCLUDE_COMMIT:
            self.include(t, i, bitmap)
        elif phase == INCLUDE_REVEAL:
            self.include_reveal(t, i, lie)
        elif phase == VOTE_COMMIT:
            self.vote(t, i, vote)
        elif phase == VOTE_REVEAL:
            self.vote_reveal(t, i, lie)

    def push(self, t: int) -> None:
        """What a stranger can do to bring the task on."""
        task = self.tasks[t]
        state, phase = self.c.state(task), self.c.phase(task)
        if state == JOINING or (state == RUNNING and phase >= SETTLED):
            self.on(t, self.c.stranger, "open")
        elif phase == VOTE_REVEAL:
            self.settle(t, whole=False)
        elif state == RUNNING:
            self.on(t, self.c.stranger, "advance")

    def claim(self, t: int, place: int) -> None:
        task = self.tasks[t]
        if self.c.state(task) != NONE and place < len(self.c.entries(task)):
            self.act("Tasks", self.c.stranger, "claim", task, *self.c.proof(task, place))
            self.act("Tasks", self.c.stranger, "credit", task, *self.c.proof(task, place))

    def claim_many(self, t: int, chosen: list[int]) -> None:
        task = self.tasks[t]
        entries = self.c.entries(task) if self.c.state(task) != NONE else []
        chosen = [place for place in chosen if place < len(entries)]
        rest = (chosen, self.c.roster(task), entries)
        self.act("Tasks", self.c.stranger, "claim_many", task, *rest)

    def resolve(self, t: int, v: int, number: int = 0) -> None:
        number = self.suspended_in(t, v) or number
        arguments = (self.tasks[t], number, self.c.v[v])
        self.act("Appeals", self.c.stranger, "resolve", *arguments)

    def suspended_in(self, t: int, v: int) -> int:
        return self.pair.view("Appeals", "suspension_of", self.tasks[t], self.c.v[v])[0]

    def place_and_role(self, i: int, validator: bool) -> tuple[str, int]:
        return (self.c.v[i], VALIDATOR) if validator else (self.c.p[i], PARTICIPANT)

    # --- bookkeeping ----------------------------------------------------------------------------

    def watch(self, done: Done | None) -> None:
        """Notes what was said, and settles a closed round again from the events alone."""
        for contract, name, values in done.events if done else ():
            if name == "Slashed":
                self.burnt += values["amount"]
            if contract not in ("Tasks", "Rounds", "Appeals"):
                continue
            task = values["task"]
            self.readers[task].take(name, values)
            self.note(task, name, values)
        for _, name, values in done.events if done else ():
            if name == "Slashed" and values["reason"] not in ("lie", "equivocation"):
                (task,) = {v["task"] for place, _, v in done.events if place == "Rounds"}
                self.due[task][values["account"], values["due"], values["reason"]] += 1
        for contract, name, values in done.events if done else ():
            if contract == "Rounds" and name in ("Settled", "Aborted"):
                suspended = [s["validator"] for s in done.named("Suspended")]
                self.settle_again(values["task"], name, values, suspended)

    def note(self, task: bytes, name: str, values: dict[str, Any]) -> None:
        if name == "RoundOpened":
            self.due[task] = Counter()
            self.votes_of[task] = {"committed": set(), "gone": set()}
        if name in ONCE:
            self.said[task, values["round"], name, values[ONCE[name]]] += 1
        if name == "CommittedMany":
            for i in places(values["bits"]):
                self.said[task, values["round"], "Committed", self.c.p[i]] += 1
        voters = self.votes_of[task]
        if name == "VoteCommitted":
            voters["committed"].add(values["validator"])
        if name == "Concurred":
            voters["committed"] |= {self.c.v[v] for v in places(values["seats"])}
        if name == "Faulted" and values["phase"] == VOTE_REVEAL:
            voters["gone"].add(values["validator"])
        if name == "Equivocated" and voters:
            voters["gone"].add(values["validator"])

    def settle_again(self, task: bytes, name: str, values: dict, suspended: list[str]) -> None:
        """`quorate.learning.settlement` finds from the events what the contract decided."""
        facts = self.readers[task].facts()
        names = SettlementTerms.__slots__
        found = settle(facts, SettlementTerms(**{n: self.plain[n] for n in names}))
        assert (name == "Aborted") == bool(found.aborted)
        assert Counter((p.account, p.amount, p.reason) for p in found.penalties) == self.due[task]
        assert set(suspended) == set(found.suspended)
        if task not in self.ledgers:
            joined = self.pair.view("Tasks", "participants_of", task)
            self.ledgers[task] = TaskLedger(task, self.c.v, joined)
        ledger = self.ledgers[task]
        ledger.take(found)
        assert self.pair.view("Tasks", "ledger_of", task) == (
            ledger.root,
            ledger.digest,
            ledger.roster,
            len(ledger.entries),
            ledger.spent,
        )
        if name == "Aborted":
            assert values["reason"] == found.aborted
            return
        winners = bits(self.c.place(who) for who in found.validator_rewards)
        assert values["winners"] == winners
        assert values["medians"] == medians_of(facts, found)
        assert values["spent"] == found.spent
        assert values["aggregate"] == found.aggregate
        assert values["included"] == found.included
        assert values["accepted"] == found.accepted
        # Votes conserved: who revealed one has either won or is suspended.
        held = {self.c.place(who) for who in facts.votes.held}
        assert bits(held) == winners | bits(self.c.place(who) for who in suspended)

    # --- invariants -----------------------------------------------------------------------------

    @invariant()
    def supply_is_what_was_made_less_what_was_burnt(self):
        if hasattr(self, "c"):
            supply = self.pair.view("Token", "totalSupply")
            assert supply == self.c.supply - self.burnt
            people = {*self.c.m, *self.c.p, *self.c.v, self.c.sponsor, self.c.stranger}
            people |= {self.pair.address("Tasks"), self.pair.address("Stakes")}
            assert supply == sum(self.c.balance(who) for who in people)

    @invariant()
    def bonds_are_the_sum_of_stakes(self):
        if hasattr(self, "c"):
            assert self.c.balance(self.pair.address("Stakes")) == self.c.bonded()

    @invariant()
    def escrow_covers_everything_owed(self):
        if hasattr(self, "c"):
            left = [self.c.left(task) for task in self.tasks]
            assert self.c.balance(self.pair.address("Tasks")) == sum(left)
            for task, amount in zip(self.tasks, left, strict=True):
                assert amount == self.c.due(task)

    @invariant()
    def nobody_says_anything_twice(self):
        if hasattr(self, "c"):
            assert max(self.said.values(), default=1) == 1

    @invariant()
    def votes_are_conserved(self):
        """Whose vote was taken: due, revealed, faulted or expelled."""
        for task in self.tasks if hasattr(self, "c") else ():
            if self.c.phase(task) == VOTE_REVEAL:
                open_ = self.c.fact(task, "cast") | self.c.fact(task, "held")
                voters = self.votes_of[task]
                left = {self.c.place(who) for who in voters["committed"] - voters["gone"]}
                assert open_ == bits(left)

    @invariant()
    def locks_are_what_tasks_hold(self):
        if not hasattr(self, "c"):
            return
        jobs = self.pair.twins["Tasks"].state.jobs.values()
        for role, everybody in ((VALIDATOR, self.c.v), (PARTICIPANT, self.c.p)):
            for who in everybody:
                people = [job.judges if role == VALIDATOR else job.trainees for job in jobs]
                held = sum(p.account == who and p.held for group in people for p in group)
                assert self.c.locks(who, role) == held

    @invariant()
    def views_agree(self):
        if not hasattr(self, "c"):
            return
        for task in self.tasks:
            for name in ("round_of", "result_of", "idle", "ended"):
                self.pair.view("Rounds", name, task)
            for name in ("ledger_of", "participants_of", "seats_of", "roster_of", "deal_of"):
                self.pair.view("Tasks", name, task)
            for place, who in enumerate(self.c.v):
                self.pair.view("Rounds", "ballot_of", task, place)
                for name in ("stake_of", "conflicts_of", "account_at", "role_at"):
                    self.pair.view("Tasks", name, task, place)
                self.pair.view("Tasks", "expelled", task, place)
                self.pair.view("Appeals", "suspension_of", task, who)
                self.pair.view("Stakes", "reputation_of", who, VALIDATOR)
            for who in self.c.p:
                self.pair.view("Tasks", "participant_of", task, who)
                self.pair.view("Stakes", "reputation_of", who, PARTICIPANT)

    # --- the end --------------------------------------------------------------------------------

    def teardown(self):
        """Whatever happened: strangers and time end every task, and all money and bonds leave."""
        if not hasattr(self, "c"):
            return
        paused = self.pair.view("Council", "paused_until", self.pair.address("Rounds"))
        self.pair.wait(max(0, paused - self.pair.now))
        for t, task in enumerate(self.tasks):
            for _ in range(6 * self.plain["rounds"] + 2):
                if self.c.state(task) in (NONE, ENDED):
                    break
                self.pair.wait(101)
                self.push(t)
            assert self.c.state(task) in (NONE, ENDED)
        # The window and its one extension are open until their last second, that one included.
        self.pair.wait(2 * DEFAULTS["appeal_seconds"] + 1)
        for t, task in enumerate(self.tasks):
            for v in range(VALIDATORS):
                if self.suspended_in(t, v):
                    self.resolve(t, v)
            if self.c.state(task) == ENDED:
                self.c.wind_up(task)
        assert self.c.balance(self.pair.address("Tasks")) == 0
        for who, role in [(w, PARTICIPANT) for w in self.c.p] + [(w, VALIDATOR) for w in self.c.v]:
            assert self.c.locks(who, role) == 0
            if self.c.bond(who, role):
                self.pair.send(who, "Stakes", "request_unbond", role, self.c.bond(who, role))
        self.pair.wait(self.pair.view("Stakes", "unbonding_seconds"))
        for who, role in [(w, PARTICIPANT) for w in self.c.p] + [(w, VALIDATOR) for w in self.c.v]:
            self.attempt(who, "Stakes", "withdraw", role)
        assert self.c.balance(self.pair.address("Stakes")) == 0
