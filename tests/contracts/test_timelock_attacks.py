"""Timelock under attack: re-entrancy, look-alike operations, targets that grief, no way round."""

import pytest

from tests.contracts.pair import reverts
from tests.contracts.stubs.e_suite import NEVER, ZERO, calldata
from tests.contracts.test_timelock import ANYONE, COUNCIL, DELAY, GOVERNOR, Lock
from tests.twins.timelock import DONE, READY

POKE = calldata("poke()")


@pytest.fixture
def lock():
    return Lock()


def encoded(lock, function, *arguments):
    return lock.pair.chain.contracts["Timelock"].encode(function, *arguments).data


def ready(lock, *calls):
    for call in calls:
        lock.schedule(call)
    lock.pair.wait(DELAY)


def test_reentrancy__every_function_that_changes_something__is_locked(lock):
    call, other = lock.one(POKE), lock.one()
    ready(lock, call, other)
    inside = [
        encoded(lock, "execute", *call),
        encoded(lock, "execute", *other),
        encoded(lock, "executeBatch", *lock.several(POKE)),
        encoded(lock, "schedule", *other, DELAY, NEVER),
        encoded(lock, "scheduleBatch", *lock.several(POKE), DELAY, NEVER),
        encoded(lock, "cancel", lock.id(other)),
        encoded(lock, "updateDelay", 1),
    ]
    lock.arm(lock.address, inside[0])
    lock.execute(call)
    for number, payload in enumerate(inside[1:]):
        lock.arm(lock.address, payload)
        again = (lock.target, 0, POKE, ZERO, bytes([number + 1]) * 32)
        ready(lock, again)
        lock.execute(again)
    assert (lock.seen("calls"), lock.seen("successes")) == (len(inside), 0)
    assert lock.is_in(call, DONE)
    assert lock.is_in(other, READY)
    lock.execute(other)


def test_reentrancy__the_timelock_calls_itself__only_to_change_its_delay(lock):
    """Even a vote cannot have it execute within an execution."""
    inner = lock.one()
    outer = lock.one(encoded(lock, "execute", *inner), target=lock.address)
    ready(lock, inner)
    lock.schedule((*outer[:4], ZERO))
    lock.pair.wait(DELAY)
    with reverts("Timelock: the call failed"):
        lock.execute((*outer[:4], ZERO))
    assert lock.is_in(inner, READY)


def test_look_alike__single_and_batch_of_one__are_two_operations(lock):
    single, batch = lock.one(), lock.several(calldata("record(uint256)", 7))
    ready(lock, single)
    with reverts("Timelock: not scheduled"):
        lock.execute(batch)


def test_look_alike__calls_split_otherwise__are_other_operations(lock):
    first = lock.several(b"ab", b"c")
    ready(lock, first)
    for other in (lock.several(b"a", b"bc"), lock.several(b"abc"), lock.several(b"c", b"ab")):
        with reverts("Timelock: not scheduled"):
            lock.execute(other)


def test_griefing_target__holds_up_no_other_operation(lock):
    bad, good = lock.one(calldata("burn_gas()")), lock.one()
    ready(lock, bad, good)
    with reverts("Timelock: the call failed"):
        lock.execute(bad)
    lock.execute(good)
    assert lock.seen("number") == 7
    lock.send(COUNCIL, "Timelock", "cancel", lock.id(bad))


def test_griefing_target__20000_bytes_of_reason__are_not_copied(lock):
    lock.arm(lock.target, b"\x08\xc3\x79\xa0" + bytes(19_996))
    call = lock.one(calldata("refuse_hugely()"))
    ready(lock, call)
    with reverts("Timelock: the call failed"):
        lock.execute(call)


def test_batch__last_call_fails__the_first_is_undone(lock):
    call = lock.several(*[calldata("record(uint256)", n) for n in range(7)], calldata("refuse()"))
    ready(lock, call)
    with reverts("Target: not today"):
        lock.execute(call)
    assert lock.seen("calls") == 0
    assert lock.is_in(call, READY)


def test_delay__lowered__does_not_shorten_what_waits(lock):
    waiting = lock.one()
    lower = lock.one(calldata("updateDelay(uint256)", 1), target=lock.address)
    ready(lock, lower)
    lock.schedule(waiting)
    lock.execute(lower)
    lock.pair.wait(DELAY - 1)
    with reverts("Timelock: not ready yet"):
        lock.execute(waiting)


@pytest.mark.parametrize("who", [ANYONE, COUNCIL, GOVERNOR])
def test_powers__nobody_but_an_operation__calls_through_it(lock, who):
    with reverts("Timelock: only Timelock"):
        lock.send(who, "Timelock", "updateDelay", 5)
    with reverts("Timelock: not scheduled"):
        lock.execute(lock.one(), who=who)
    if who != GOVERNOR:
        with reverts("Timelock: only Governor"):
            lock.schedule(lock.one(), who=who)
    if who == ANYONE:
        lock.schedule(lock.one())
        with reverts("Timelock: only Governor, Council"):
            lock.send(who, "Timelock", "cancel", lock.id(lock.one()))
