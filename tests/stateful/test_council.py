"""Council and its twin under any sequence of acts, good and bad, by seats and strangers."""

from itertools import pairwise

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from tests.contracts.pair import account, word
from tests.contracts.stubs.e_suite import SEATS, STRANGER, calldata, name_of, sign
from tests.contracts.test_council import LONGEST, TIMELOCK, Alone
from tests.stateful.pairs import LONG, QUICK, PairMachine

THINGS = [account("one contract"), account("another contract")]
PEOPLE = [*SEATS, STRANGER]

people = st.sampled_from([*PEOPLE, TIMELOCK])
things = st.sampled_from(THINGS)
seconds = st.sampled_from([0, 1, 10, 100, LONGEST, LONGEST + 1])
seats = st.lists(st.sampled_from(PEOPLE), max_size=6)


class CouncilMachine(PairMachine):
    """Remembers every pause that there was, as (start, end), and every act."""

    def __init__(self) -> None:
        super().__init__()
        self.council = Alone(SEATS, 3)
        self.pair = self.council.pair
        self.pauses: dict[str, list[list[int]]] = {thing: [] for thing in THINGS}
        self.acts = self.changes = self.records = 0

    def enough(self) -> list[str]:
        held = self.council.view("Council", "seats")
        return list(held)[: self.council.view("Council", "threshold")]

    def acted(self, target: str, data: bytes):
        deadline = self.pair.now
        consents = self.council.consents(target, data, deadline, self.enough())
        done = self.attempt(STRANGER, "Council", "execute", target, data, deadline, consents)
        self.acts += done is not None
        return done

    @rule(thing=things, length=seconds)
    def pause(self, thing, length):
        data = calldata("pause(address,uint256)", thing, length)
        if self.acted(self.council.council, data):
            self.pauses[thing].append([self.pair.now, self.pair.now + length])

    @rule(thing=things)
    def unpause(self, thing):
        if self.acted(self.council.council, calldata("unpause(address)", thing)):
            self.pauses[thing][-1][1] = self.pair.now

    @rule(who=people, thing=things)
    def unpause_past_it(self, who, thing):
        if self.attempt(who, "Council", "unpause", thing):
            assert who == TIMELOCK
            self.pauses[thing][-1][1] = self.pair.now

    @rule(who=people, thing=things, length=seconds)
    def pause_past_it(self, who, thing, length):
        assert self.attempt(who, "Council", "pause", thing, length) is None

    @rule(who=people, new=seats, threshold=st.integers(0, 6))
    def set_seats(self, who, new, threshold):
        if self.attempt(who, "Council", "set_seats", new, threshold):
            assert who == TIMELOCK
            self.changes += 1

    @rule(new=st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True), more=st.integers(0, 3))
    def set_good_seats(self, new, more):
        threshold = min(len(new) // 2 + 1 + more, len(new))
        assert self.attempt(TIMELOCK, "Council", "set_seats", new, threshold)
        self.changes += 1

    @rule(
        signers=st.lists(st.sampled_from(PEOPLE), max_size=6, unique=True),
        ordered=st.booleans(),
        fault=st.sampled_from(["", "", "", "empty", "foreign", "nonce", "late"]),
        caller=st.sampled_from(PEOPLE),
    )
    def act(self, signers, ordered, fault, caller):
        target, data = self.council.target, calldata("record(uint256)", 7)
        nonce = self.council.view("Council", "nonce") + (fault == "nonce")
        deadline = self.pair.now - (fault == "late")
        act = self.council.view("Council", "act_hash", target, data, nonce, deadline)
        act = word("another act") if fault == "foreign" else act
        consents = [(seat, sign(name_of(seat), act)) for seat in signers]
        if fault == "empty" and consents:
            consents[0] = (consents[0][0], b"")
        if ordered:
            consents.sort(key=lambda consent: int(consent[0], 16))
        held = set(self.council.view("Council", "seats"))
        due = self.council.view("Council", "threshold")
        done = self.attempt(caller, "Council", "execute", target, data, deadline, consents)
        if done:
            assert fault in ("", "empty")
            assert set(signers) <= held
            assert len(signers) >= due > len(held) / 2
            self.acts += 1
            self.records += 1

    @rule(who=people, after=st.integers(0, 1))
    def approve(self, who, after):
        nonce = self.council.view("Council", "nonce") + after
        data = calldata("record(uint256)", 7)
        act = self.council.view(
            "Council", "act_hash", self.council.target, data, nonce, self.pair.now
        )
        self.attempt(who, "Council", "approve_act", act)

    @rule(length=st.sampled_from([1, 9, 10, 100, LONGEST]))
    def wait(self, length):
        self.pair.wait(length)

    @invariant()
    def no_pause_is_longer_than_a_fortnight_and_each_is_followed_by_a_rest(self):
        for thing, pauses in self.pauses.items():
            for start, end in pauses:
                assert end - start <= LONGEST
            for (start, end), (following, _) in pairwise(pauses):
                assert following - end >= end - start
            on = bool(pauses) and self.pair.now < pauses[-1][1]
            assert self.council.view("Council", "paused", thing) == on
            self.council.view("Council", "pause_of", thing)
            self.council.view("Council", "paused_until", thing)

    @invariant()
    def every_number_is_an_act_or_a_change_of_seats(self):
        assert self.council.view("Council", "nonce") == self.acts + self.changes
        assert self.council.seen("calls") == self.records

    @invariant()
    def an_act_needs_more_than_half(self):
        held = self.council.view("Council", "seats")
        due = self.council.view("Council", "threshold")
        assert len(held) >= due > len(held) / 2
        for who in PEOPLE:
            assert self.council.view("Council", "is_seat", who) == (who in held)


def test_council__any_sequence__equals_the_twin():
    run_state_machine_as_test(CouncilMachine, settings=QUICK)


@pytest.mark.slow
def test_council__many_sequences__equal_the_twin():
    run_state_machine_as_test(CouncilMachine, settings=LONG)
