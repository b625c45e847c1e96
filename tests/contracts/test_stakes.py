"""Stakes: deposits, delays, locks, slashing, reputation; Rounds is played by an account."""

import pytest

from tests.contracts.consortium import founder
from tests.contracts.pair import (
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Pair,
    Reverted,
    account,
    reverts,
)
from tests.twins.world import NOBODY, Revert

A, B, M, ROUNDS = (account(name) for name in ("a", "b", "m", "rounds"))
DELAY = 7 * DAY


@pytest.fixture
def pair():
    """A suite whose Stakes is bound to the account ROUNDS."""
    founders = [founder(M, MEMBER), founder(A, PARTICIPANT | VALIDATOR), founder(B, VALIDATOR)]
    pair = Pair(founders, [(A, 1_000), (B, 1_000), (M, 1_000)], bound=ROUNDS)
    for who in (A, B, M):
        pair.send(who, "Token", "approve", pair.address("Stakes"), 1_000)
    return pair


def bond(pair, who=A, role=PARTICIPANT):
    return pair.view("Stakes", "bond_of", who, role)


def test_deploy__delay_over_a_year__reverts():
    with pytest.raises(Revert, match="Stakes: delay over 366 days"):
        Pair([founder(A, MEMBER)], [], 366 * DAY + 1)


def test_bind__once_and_by_the_deployer__only(pair):
    for who, message in ((A, "Stakes: only the deployer binds"), (pair.deployer, "")):
        with reverts(message or "Stakes: already bound"):
            pair.send(who, "Stakes", "bind", A)
    assert pair.view("Stakes", "rounds") == ROUNDS


def test_bind__nobody__reverts():
    pair = Pair([founder(A, MEMBER)], [], bound=None)
    with reverts("Stakes: no contract to bind"):
        pair.send(pair.deployer, "Stakes", "bind", NOBODY)
    with reverts("Stakes: only Rounds"):
        pair.send(pair.deployer, "Stakes", "slash", A, PARTICIPANT, 1, "x")
    with reverts("Stakes: only Rounds"):
        pair.send(A, "Stakes", "lock", A, PARTICIPANT)


def test_deposit__per_role__kept_apart(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "deposit", VALIDATOR, 200)
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 1)
    assert (bond(pair)[0], bond(pair, role=VALIDATOR)[0]) == (301, 200)
    assert pair.view("Token", "balanceOf", pair.address("Stakes")) == 501


@pytest.mark.parametrize(
    ("who", "role", "amount", "message"),
    [
        (A, MEMBER, 1, "Stakes: no such role"),
        (A, PARTICIPANT | VALIDATOR, 1, "Stakes: no such role"),
        (A, 0, 1, "Stakes: no such role"),
        (B, PARTICIPANT, 1, "Stakes: role not held"),
        (M, VALIDATOR, 1, "Stakes: role not held"),
        (A, PARTICIPANT, 0, "Stakes: nothing to deposit"),
        (A, PARTICIPANT, 1_001, "Token: allowance too low"),
    ],
)
def test_deposit__impossible__reverts(pair, who, role, amount, message):
    with reverts(message):
        pair.send(who, "Stakes", "deposit", role, amount)
    assert bond(pair, who, role) == (0, 0, 0, 0)


def test_unbond__delay__then_withdraw(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 120)
    assert bond(pair) == (180, 120, pair.now + DELAY, 0)
    pair.wait(DELAY - 1)
    with reverts("Stakes: still unbonding"):
        pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    pair.wait(1)
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 820
    with reverts("Stakes: nothing to withdraw"):
        pair.send(A, "Stakes", "withdraw", PARTICIPANT)


def test_unbond__more_than_bonded_or_nothing__reverts(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 200)
    with reverts("Stakes: more than is bonded"):
        pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 101)
    with reverts("Stakes: nothing to unbond"):
        pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 0)
    with reverts("Stakes: more than is bonded"):  # the other role is another bond
        pair.send(A, "Stakes", "request_unbond", VALIDATOR, 1)


def test_unbond__again__starts_the_delay_anew_for_all(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 100)
    pair.wait(DELAY)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 1)
    with reverts("Stakes: still unbonding"):
        pair.send(A, "Stakes", "withdraw", PARTICIPANT)


def test_lock__two_tasks__both_must_let_go(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(ROUNDS, "Stakes", "lock", A, PARTICIPANT)
    pair.send(ROUNDS, "Stakes", "lock", A, PARTICIPANT)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 300)
    pair.wait(DELAY)
    pair.send(ROUNDS, "Stakes", "unlock", A, PARTICIPANT)
    with reverts("Stakes: locked by a task"):
        pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    pair.send(ROUNDS, "Stakes", "unlock", A, PARTICIPANT)
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    with reverts("Stakes: not locked"):
        pair.send(ROUNDS, "Stakes", "unlock", A, PARTICIPANT)


@pytest.mark.parametrize(
    ("amount", "left"),
    [(0, (180, 120)), (100, (80, 120)), (180, (0, 120)), (250, (0, 50)), (999, (0, 0))],
)
def test_slash__bond_first_then_unbonding__never_more_than_there_is(pair, amount, left):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "deposit", VALIDATOR, 300)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 120)
    done = pair.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, amount, "test")
    burnt = min(amount, 300)
    assert done.value == burnt
    assert bond(pair)[:2] == left
    assert bond(pair, role=VALIDATOR)[0] == 300
    assert pair.view("Token", "totalSupply") == 3_000 - burnt
    assert pair.view("Token", "balanceOf", pair.address("Stakes")) == 600 - burnt


def test_slash__while_unbonding_is_ready__still_possible(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 300)
    pair.wait(2 * DELAY)
    pair.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, 299, "test")
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 701


def test_record__scores_and_faults__add_up(pair):
    for score, fault in ((500, False), (-700, False), (0, True), (123, True)):
        pair.send(ROUNDS, "Stakes", "record", A, PARTICIPANT, score, fault)
    assert pair.view("Stakes", "reputation_of", A, PARTICIPANT) == (2, -200, 2)
    assert pair.view("Stakes", "reputation_of", A, VALIDATOR) == (0, 0, 0)


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("lock", (A, PARTICIPANT)),
        ("unlock", (A, PARTICIPANT)),
        ("slash", (A, PARTICIPANT, 1, "theft")),
        ("record", (A, PARTICIPANT, 1, False)),
    ],
)
def test_rounds_only__anyone_else__reverts(pair, function, arguments):
    for who in (A, M, pair.deployer):
        with reverts("Stakes: only Rounds"):
            pair.send(who, "Stakes", function, *arguments)


def test_suspended_member__gets_its_bond_back_but_adds_nothing(pair):
    pair.send(A, "Stakes", "deposit", PARTICIPANT, 300)
    pair.send(M, "Members", "vote", pair.view("Members", "suspend_subject", A), True)
    pair.send(M, "Members", "suspend", A)
    with reverts("Stakes: role not held"):
        pair.send(A, "Stakes", "deposit", PARTICIPANT, 1)
    pair.send(A, "Stakes", "request_unbond", PARTICIPANT, 300)
    pair.wait(DELAY)
    pair.send(A, "Stakes", "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 1_000


def test_reason__longer_than_32__is_refused_by_the_abi(pair):
    with pytest.raises(Reverted, match="no reason given"):
        pair.chain.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, 1, "x" * 33)
