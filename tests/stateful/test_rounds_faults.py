"""Rounds with faults put in on purpose: the dead, the late, the lost, griefers and colluders.

Every life of a task draws its terms and, per round, who does what wrong; it ends with strangers
taking everything home. QUORATE_FAULT_ROUNDS says how many rounds the slow test plays.
"""

import os
import random
from collections import Counter

import pytest

from tests.contracts.pair import Reverted, account
from tests.stateful.tasks_table import PARTICIPANTS, VALIDATORS, TasksMachine
from tests.twins.table import (
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    SETTLED,
    VOTE_COMMIT,
    VOTE_REVEAL,
)

SCORES = [-(2**31), -20_001, -1, 0, 1, 7, 100, 10**9, 2**31 - 1]
INVARIANTS = (
    "supply_is_what_was_made_less_what_was_burnt",
    "bonds_are_the_sum_of_stakes",
    "escrow_covers_everything_owed",
    "nobody_says_anything_twice",
    "votes_are_conserved",
    "locks_are_what_tasks_hold",
)
FAULTS = ("dead", "late", "lost", "wrong", "liars", "twice", "grief", "absent")


class FaultyLife(TasksMachine):
    """One task from its creation to the last token, with faults drawn from `seed`."""

    def __init__(self, seed: int) -> None:  # no machine of Hypothesis: it draws for itself
        self.draw = random.Random(seed)
        self.seen: Counter = Counter()
        self.held = 0b1111  # whose updates the validators hold

    def live(self) -> int:
        """How many rounds were played."""
        draw = self.draw
        changes = {
            "rounds": draw.randint(3, 8),
            "min_participants": draw.randint(1, 3),
            "score_floor": draw.choice([-20_000, 0]),
            "low_score_penalty": draw.choice([0, 100, 300]),
            "fault_penalty": draw.choice([0, 200, 900]),
        }
        stakes = [draw.randint(3_000, 6_000) for _ in range(VALIDATORS)]
        self.found_with(stakes, draw.random() < 0.3, changes)
        while self.c.state(self.tasks[0]) != ENDED:
            if self.c.phase(self.tasks[0]) in (COMMIT - 1, SETTLED, SETTLED + 1):
                self.between()
                self.on(0, self.c.sponsor, "open")
                if not COMMIT <= self.c.phase(self.tasks[0]) < SETTLED:
                    self.pair.wait(200_000)  # a pause is over then
                    self.on(0, self.c.stranger, "open")
                continue
            self.round()
            for name in INVARIANTS:
                getattr(self, name)()
        rounds = self.c.number(self.tasks[0])
        self.teardown()
        return rounds

    def round(self) -> None:
        """From COMMIT to its end, with up to three kinds of faults."""
        draw = self.draw
        faults = set(draw.sample(FAULTS, draw.randint(0, 3)))
        self.seen.update(faults or {"none"})
        task = self.tasks[0]
        culprits = set(draw.sample(range(VALIDATORS), draw.choice([1, 1, 1, 2])))
        votes = self.opinions(culprits if "liars" in faults else set())
        batched = draw.random() < 0.5
        self.held = 0b1110 if "absent" in faults else 0b1111
        while COMMIT <= (phase := self.c.phase(task)) < SETTLED:
            if "grief" in faults:
                self.grief()
            if "twice" in faults and phase == VOTE_REVEAL:
                self.equivocate(min(culprits))
            if "dead" in faults or "lost" in faults:
                silent = culprits if "dead" in faults or draw.random() < 0.3 else set()
            else:
                silent = set()
            self.phase(phase, votes, silent, culprits if "wrong" in faults else set(), batched)
            if "late" in faults and self.c.phase(task) == phase:
                self.pair.wait(61)
                self.phase(phase, votes, set(), set(), batched=False)
            if self.c.phase(task) == phase:
                self.pair.wait(61)
                self.push(0)

    def opinions(self, liars: set[int]) -> dict[int, tuple]:
        values = self.draw.choices(SCORES, k=PARTICIPANTS)
        accept = self.draw.random() < 0.8
        lie = ("false", self.draw.choices(SCORES, k=PARTICIPANTS), True)
        return {v: lie if v in liars else ("true", values, accept) for v in range(VALIDATORS)}

    def phase(
        self, phase: int, votes: dict, silent: set[int], wrong: set[int], batched: bool
    ) -> None:
        """What is due in the phase, by all who are neither dead nor cut off."""
        task = self.tasks[0]
        if batched and phase == COMMIT:
            due = self.c.fact(task, "eligible") & ~self.c.fact(task, "committed")
            due &= ~sum(1 << i for i in silent)
            self.draw.choice([self.commit_many, self.vouch])(0, due)
        elif batched and phase == INCLUDE_COMMIT and not silent:
            self.concur(0, votes, self.c.fact(task, "committed") & self.held)
        elif batched and phase == INCLUDE_REVEAL and not wrong and not silent:
            self.include_reveal_all(0)
        elif not (batched and phase == VOTE_REVEAL and not silent):
            for i in self.draw.sample(range(VALIDATORS), VALIDATORS):
                if i not in silent and self.c.phase(task) == phase:
                    own = {"vote": votes[i], "bitmap": self.held, "lie": i in wrong}
                    self.act_in(phase, 0, i, **own)
        if phase == VOTE_REVEAL and self.c.phase(task) == phase:
            self.settle(0, whole=batched and not silent)

    # --- what others do meanwhile ---------------------------------------------------------------

    def grief(self) -> None:
        """Everything that a stranger might try at the wrong time."""
        place = self.draw.randrange(PARTICIPANTS + VALIDATORS)
        for function in ("advance", "open"):
            self.on(0, self.c.stranger, function)
        for function in ("review", "release"):
            self.act("Tasks", self.c.stranger, function, self.tasks[0], place)
        self.act("Tasks", self.c.stranger, "refund", self.tasks[0])
        self.claim(0, place)
        self.act_in(
            self.draw.randint(COMMIT, VOTE_REVEAL), 0, 0, vote=("x", [1] * PARTICIPANTS, True)
        )

    def equivocate(self, v: int) -> None:
        task, who, pair = self.tasks[0], self.c.v[v], []
        for included in (0b1, 0b11):
            pair += [included, b"\7" * 32, self.c.sign_ballot(task, who, included, b"\7" * 32)]
        rest = (task, self.c.number(task), who, VOTE_COMMIT, *pair)
        self.act("Appeals", self.c.stranger, "prove_equivocation", *rest)

    def between(self) -> None:
        """Between rounds: appeals, claims, pauses, bonds that come and go."""
        draw = self.draw
        for v in range(VALIDATORS):
            number = self.suspended_in(0, v)
            if number and draw.random() < 0.5:
                who = self.c.v[v]
                self.c.approve(
                    self.pair.view("Appeals", "appeal_subject", self.tasks[0], number, who)
                )
                self.resolve(0, v)
        if draw.random() < 0.3:
            self.claim_many(0, sorted(draw.sample(range(PARTICIPANTS + VALIDATORS), 3)))
        if draw.random() < 0.2:
            who, role = self.place_and_role(draw.randrange(4), draw.random() < 0.5)
            function = draw.choice(["deposit", "request_unbond"])
            self.attempt(who, "Stakes", function, role, draw.randint(1, 2_000))
        if draw.random() < 0.1:
            self.attempt(account("timelock"), "Members", "suspend", self.c.p[draw.randrange(4)])
        if draw.random() < 0.1:
            try:
                self.c.pause(draw.choice(["Rounds", "Tasks"]), draw.choice([1, 1_000, 86_400]))
            except Reverted:
                return


def play(rounds: int, seed: int) -> Counter:
    """Lives until so many rounds are over; which faults they saw."""
    seen: Counter = Counter()
    played = 0
    while played < rounds:
        life = FaultyLife(seed)
        played += life.live()
        seen += life.seen
        seed += 1
    return seen


def test_rounds__with_faults__all_end_and_all_is_paid():
    assert play(12, seed=1).total() >= 12


@pytest.mark.slow
def test_rounds__with_many_faults__all_end_and_all_is_paid():
    rounds = int(os.environ.get("QUORATE_FAULT_ROUNDS", "150"))
    seen = play(rounds, seed=1_000)
    assert set(seen) == {*FAULTS, "none"}
