"""Timelock and its twin under any sequence of acts by Governor, Council and strangers."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from tests.contracts.pair import account
from tests.contracts.stubs.e_suite import NEVER, calldata
from tests.contracts.test_timelock import COUNCIL, GOVERNOR, SALT, Lock
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.timelock import DONE, READY, UNSET

ANYONE = account("anyone")
MOST = 30 * 86_400
FIRST = 100  # the least delay at first

DATA = [
    calldata("record(uint256)", 1),
    calldata("record(uint256)", 2),
    calldata("refuse()"),
    calldata("refuse_silently()"),
    calldata("poke()"),
    b"",
]
people = st.sampled_from([GOVERNOR, GOVERNOR, GOVERNOR, COUNCIL, ANYONE])
data = st.sampled_from([*DATA[:2], *DATA])
lists = st.lists(data, min_size=0, max_size=3)
delays = st.sampled_from([0, 1, FIRST - 1, FIRST, FIRST + 1, 2 * FIRST, MOST, MOST + 1, NEVER])
graces = st.sampled_from([NEVER, NEVER, 0, 1, 50, 366 * 86_400, 366 * 86_400 + 1])


class TimelockMachine(PairMachine):
    """Up to the last rule every operation is remembered with the time when it may run."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = Lock(FIRST)
        self.pair = self.lock.pair
        self.known: dict[bytes, tuple] = {}
        self.earliest: dict[bytes, int] = {}
        self.done: dict[bytes, int] = {}
        self.expected = 0

    def pick(self, number: int) -> bytes:
        names = sorted(self.known)
        return names[number % len(names)] if names else bytes(32)

    def announce(self, who, call, delay, grace) -> None:
        many = "Batch" if isinstance(call[0], list) else ""
        done = self.attempt(who, "Timelock", f"schedule{many}", *call, delay, grace)
        if done:
            assert who == GOVERNOR
            name = done.named("CallScheduled")[0]["id"]
            least = self.lock.view("Timelock", "getMinDelay")
            self.known[name] = call
            self.earliest[name] = self.pair.now + least

    @rule(who=people, one=data, before=st.integers(-9, 9), delay=delays, grace=graces)
    def schedule(self, who, one, before, delay, grace):
        predecessor = self.pick(before) if before >= 0 else bytes(32)
        self.announce(who, (self.lock.target, 0, one, predecessor, SALT), delay, grace)

    @rule(who=people, several=lists, delay=delays, grace=graces, ether=st.booleans())
    def schedule_batch(self, who, several, delay, grace, ether):
        size = len(several)
        values = [0] * size
        if ether and size:
            values[-1] = 1
        call = ([self.lock.target] * size, values, several, bytes(32), SALT)
        self.announce(who, call, delay, grace)

    @rule(delay=st.sampled_from([0, 1, 5, FIRST, MOST, MOST + 1]))
    def plan_another_delay(self, delay):
        call = calldata("updateDelay(uint256)", delay)
        self.announce(GOVERNOR, (self.lock.address, 0, call, bytes(32), SALT), 2 * FIRST, NEVER)

    @rule(who=people, number=st.integers(0, 9))
    def execute(self, who, number):
        name = self.pick(number)
        if name not in self.known:
            return
        call = self.known[name]
        many = "Batch" if isinstance(call[0], list) else ""
        done = self.attempt(who, "Timelock", f"execute{many}", *call)
        if done:
            assert name not in self.done, "an operation ran twice"
            assert self.pair.now >= self.earliest[name], "an operation ran before its time"
            self.done[name] = self.pair.now
            targets = [event["target"] for event in done.named("CallExecuted")]
            self.expected += targets.count(self.lock.target)

    @rule(who=people, number=st.integers(0, 9))
    def cancel(self, who, number):
        name = self.pick(number)
        if self.attempt(who, "Timelock", "cancel", name):
            assert name not in self.done, "what is done was cancelled"

    @rule(who=people, delay=delays)
    def change_the_delay_past_it(self, who, delay):
        assert self.attempt(who, "Timelock", "updateDelay", delay) is None

    @rule(seconds=st.sampled_from([1, 49, 50, 99, 100, 200]))
    def wait(self, seconds):
        self.pair.wait(seconds)

    @invariant()
    def every_view_agrees(self):
        for call in self.known.values():
            name = self.lock.id(call)
            assert self.lock.is_in(call, self.lock.view("Timelock", "getOperationState", name))
        assert 1 <= self.lock.view("Timelock", "getMinDelay") <= MOST

    @invariant()
    def done_is_done_and_nothing_else_is(self):
        for name in self.known:
            state = self.lock.view("Timelock", "getOperationState", name)
            assert (state == DONE) == (name in self.done)

    @invariant()
    def what_ran_is_what_was_announced(self):
        assert self.lock.seen("calls") == self.expected
        assert self.lock.seen("successes") == self.expected_pokes()

    def expected_pokes(self) -> int:
        """Calls back go to nobody, and such a call succeeds and does nothing."""
        pokes = 0
        for name in self.done:
            payload = self.known[name][2]
            pokes += (payload if isinstance(payload, list) else [payload]).count(DATA[4])
        return pokes

    @invariant()
    def nothing_is_ready_before_its_time(self):
        for name, earliest in self.earliest.items():
            state = self.lock.view("Timelock", "getOperationState", name)
            assert state in (UNSET, DONE) or state != READY or self.pair.now >= earliest


def test_timelock__any_sequence__equals_the_twin():
    run_state_machine_as_test(TimelockMachine, settings=QUICK)


@pytest.mark.slow
def test_timelock__many_sequences__equal_the_twin():
    run_state_machine_as_test(TimelockMachine, settings=LONG)
