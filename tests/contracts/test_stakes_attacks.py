"""Attacks on Stakes: theft, escape from slashing, votes without stake, hostile tokens."""

import pytest

from quorate.ledger.contracts import load_artifact
from quorate.ledger.machine import Machine
from quorate.ledger.state import Writes
from tests.contracts.belonging import COUNCIL, ROUNDS, TASKS, TIMELOCK, founder, staking
from tests.contracts.pair import (
    CHAIN_ID,
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Reverted,
    account,
    reverts,
)
from tests.contracts.stubs.b_hostile import HostileStakes

A, B, D, M = (account(name) for name in "abdm")
DELAY = DAY

REFUSED_TO_STRANGERS = {
    "deposit": ((PARTICIPANT, 1), "Stakes: role not held"),
    "request_unbond": ((PARTICIPANT, 1), "Stakes: more than is bonded"),
    "withdraw": ((PARTICIPANT,), "Stakes: nothing to withdraw"),
    "lock": ((A, PARTICIPANT), "Stakes: only Tasks or Rounds"),
    "unlock": ((A, PARTICIPANT), "Stakes: only Tasks or Rounds"),
    "slash": ((A, PARTICIPANT, 1, "theft"), "Stakes: only Tasks or Rounds"),
    "record": ((A, PARTICIPANT, 1, 1, 0), "Stakes: only Tasks or Rounds"),
}
VIEWS = {
    "CLOCK_MODE",
    "bond",
    "bond_of",
    "clock",
    "delegates",
    "event_head",
    "getPastTotalSupply",
    "getPastVotes",
    "getVotes",
    "members",
    "reputation_of",
    "rounds",
    "tasks",
    "token",
    "unbonding_seconds",
}


@pytest.fixture
def pair():
    founders = [founder(M, MEMBER)]
    founders += [founder(who, PARTICIPANT | VALIDATOR) for who in (A, B)]
    pair = staking(founders, 1_000, DELAY)
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 100)
    return pair


def test_strangers__table_is_whole():
    assert set(load_artifact("Stakes").functions) == set(REFUSED_TO_STRANGERS) | VIEWS


@pytest.mark.parametrize("function", sorted(REFUSED_TO_STRANGERS))
def test_stranger__any_function__refused(pair, function):
    arguments, message = REFUSED_TO_STRANGERS[function]
    with reverts(message):
        pair.send(D, "Stakes", function, *arguments)


@pytest.mark.parametrize("function", ["lock", "unlock", "slash", "record"])
def test_work_only__owner_member_powers_and_deployer__refused(pair, function):
    arguments, message = REFUSED_TO_STRANGERS[function]
    for who in (A, M, TIMELOCK, COUNCIL, pair.deployer):
        with reverts(message):
            pair.send(who, "Stakes", function, *arguments)


def test_withdraw__of_another__takes_nothing(pair):
    pair.wait(DELAY)
    with reverts("Stakes: nothing to withdraw"):
        pair.send(B, "Stakes", "withdraw", PARTICIPANT)
    assert pair.view("Stakes", "bond_of", A, PARTICIPANT)[1] == 100


def test_allowance__of_another__cannot_be_bonded(pair):
    """B approved Stakes for 1,000; only B can deposit them."""
    with reverts("Stakes: role not held"):
        pair.send(D, "Stakes", "deposit", PARTICIPANT, 1_000)
    assert pair.view("Token", "balanceOf", B) == 1_000


@pytest.mark.parametrize(("early", "escapes"), [(1, False), (0, True), (-1, True)])
def test_unbonding__edge_of_the_delay__escapes_no_earlier(pair, early, escapes):
    pair.wait(DELAY - early)
    if not escapes:
        with reverts("Stakes: still unbonding"):
            pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    else:
        pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    burnt = pair.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, 300, "late").value
    assert burnt == (200 if escapes else 300)


def test_unbonding__asked_before_a_slash__saves_nothing(pair):
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 200)
    assert pair.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, 250, "x").value == 250
    pair.wait(DELAY)
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 750


def test_slash__of_one__never_touches_the_bond_of_another(pair):
    pair.send(B, "Stakes", "deposit", PARTICIPANT, 500)
    pair.send(A, "Stakes", "deposit", VALIDATOR, 50)
    assert pair.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, 2**256 - 1, "x").value == 300
    assert pair.view("Stakes", "bond", B, PARTICIPANT) == 500
    assert pair.view("Stakes", "bond", A, VALIDATOR) == 50
    assert pair.view("Token", "balanceOf", pair.address("Stakes")) == 550


def test_tokens_sent_by_hand__are_nobodys_bond(pair):
    pair.send(B, "Token", "transfer", pair.address("Stakes"), 400)
    assert pair.view("Stakes", "bond", B, PARTICIPANT) == 0
    assert pair.view("Stakes", "getVotes", B) == 0
    assert pair.send(ROUNDS, "Stakes", "slash", B, PARTICIPANT, 400, "x").value == 0


def test_votes__bonded_in_the_last_second__count_only_after_it(pair):
    """Who bonds and unbonds within one second never voted at any second that is over."""
    pair.wait(1)
    pair.send(B, "Stakes", "deposit", VALIDATOR, 1_000)
    pair.send(B, "Stakes", "request_unbond", VALIDATOR, 1_000)
    pair.wait(1)
    for ago in (1, 2):
        assert pair.view("Stakes", "getPastVotes", B, pair.now - ago) == 0


def test_votes__the_same_tokens__never_vote_for_two(pair):
    """Tokens that left one bond can vote again only after the delay, and not for the first."""
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 200)
    pair.wait(DELAY)
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    pair.send(A, "Token", "transfer", B, 300)
    pair.send(B, "Stakes", "deposit", VALIDATOR, 300)
    moved = pair.now
    pair.wait(1)
    for second in (moved - DELAY, moved - 1, moved):
        votes = [pair.view("Stakes", "getPastVotes", who, second) for who in (A, B)]
        assert sum(votes) == pair.view("Stakes", "getPastTotalSupply", second) <= 300


def test_lock__griefing__needs_tasks_or_rounds_and_ends(pair):
    for _ in range(3):
        pair.send(TASKS, "Stakes", "lock", A, PARTICIPANT)
    pair.wait(DELAY)
    for _ in range(3):
        with reverts("Stakes: locked by a task"):
            pair.send(A, "Stakes", "withdraw", PARTICIPANT)
        pair.send(ROUNDS, "Stakes", "unlock", A, PARTICIPANT)
    pair.wait(DELAY)
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)


def test_lock__16_777_215_times__and_not_once_more():
    """The count has 24 bits; one more would spill over. The slot is set by hand."""
    chain = HostileStakes([A])
    chain.send(TASKS, "Stakes", "lock", A, VALIDATOR)
    state = chain.machine.state
    (slot,) = (key for key, value in state.slots.items() if value == 1 << 232)
    state.apply(Writes({}, {slot: (2**24 - 2) << 232}))
    chain.machine = Machine(state, CHAIN_ID)
    chain.send(TASKS, "Stakes", "lock", A, VALIDATOR)
    with pytest.raises(Reverted, match="Stakes: too many locks"):
        chain.send(TASKS, "Stakes", "lock", A, VALIDATOR)
    assert chain.view("Stakes", "bond_of", A, VALIDATOR) == (0, 0, 0, 2**24 - 1)


# --- hostile tokens -----------------------------------------------------------------------------

RE_ENTRIES = [
    (("deposit", VALIDATOR, 5), ("deposit", VALIDATOR, 5)),
    (("deposit", VALIDATOR, 5), ("request_unbond", VALIDATOR, 1)),
    (("withdraw", VALIDATOR), ("withdraw", VALIDATOR)),
    (("withdraw", VALIDATOR), ("deposit", VALIDATOR, 1)),
]


@pytest.mark.parametrize(("act", "again"), RE_ENTRIES)
def test_re_entered__by_the_token__refused(act, again):
    chain = HostileStakes([])
    chain.act("deposit", VALIDATOR, 100)
    chain.act("request_unbond", VALIDATOR, 10)
    chain.arm(*again)
    chain.act(*act)
    assert chain.calls_back() == (1, 0)


@pytest.mark.parametrize("again", ["slash", "withdraw", "lock", "record"])
def test_slash__re_entered_while_burning__burns_once(again):
    chain = HostileStakes([])
    chain.act("deposit", VALIDATOR, 100)
    chain.act("request_unbond", VALIDATOR, 50)
    arguments = {
        "slash": (chain.token, VALIDATOR, 30, "twice"),
        "withdraw": (VALIDATOR,),
        "lock": (chain.token, VALIDATOR),
        "record": (chain.token, VALIDATOR, 1, 1, 0),
    }[again]
    chain.arm(again, *arguments)
    chain.act("slash", chain.token, VALIDATOR, 30, "once")
    assert chain.calls_back() == (1, 0)
    assert chain.view("Stakes", "bond", chain.token, VALIDATOR) == 20


@pytest.mark.parametrize("act", [("deposit", VALIDATOR, 5), ("withdraw", VALIDATOR)])
def test_token__that_answers_false__changes_nothing(act):
    chain = HostileStakes([A])
    chain.send(A, "Stakes", "deposit", VALIDATOR, 100)
    chain.send(A, "Stakes", "request_unbond", VALIDATOR, 10)
    before = chain.view("Stakes", "bond_of", A, VALIDATOR)
    head = chain.view("Stakes", "event_head")
    chain.tell("refuse", True)
    with pytest.raises(Reverted, match="Stakes: transfer failed"):
        chain.send(A, "Stakes", *act)
    assert chain.view("Stakes", "bond_of", A, VALIDATOR) == before
    assert chain.view("Stakes", "event_head") == head


def test_token__of_endless_supply__cannot_run_a_bond_over():
    """Our token's supply is below 2**96; with another nothing spills into its neighbour's bits."""
    chain = HostileStakes([A])
    chain.send(A, "Stakes", "deposit", VALIDATOR, 2**96 - 1)
    with pytest.raises(Reverted, match="Stakes: amount too large"):
        chain.send(A, "Stakes", "deposit", VALIDATOR, 1)
    chain.send(A, "Stakes", "request_unbond", VALIDATOR, 2**96 - 1)
    chain.send(A, "Stakes", "deposit", VALIDATOR, 1)
    with pytest.raises(Reverted, match="Stakes: amount too large"):
        chain.send(A, "Stakes", "request_unbond", VALIDATOR, 1)
    assert chain.view("Stakes", "bond_of", A, VALIDATOR)[:2] == (1, 2**96 - 1)
