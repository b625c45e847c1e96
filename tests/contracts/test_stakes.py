"""Stakes: deposits, delays, locks, slashing, reputation, votes by stake."""

import pytest

from tests.contracts.belonging import (
    COUNCIL,
    ROUNDS,
    TASKS,
    TIMELOCK,
    founder,
    membership,
    staking,
)
from tests.contracts.belonging import view_refused as refused
from tests.contracts.pair import (
    DAY,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    Reverted,
    account,
    reverts,
)
from tests.twins.stakes import Stakes

A, B, M = (account(name) for name in "abm")
DELAY = 7 * DAY
FOUNDERS = [founder(M, MEMBER), founder(A, PARTICIPANT | VALIDATOR), founder(B, VALIDATOR)]


@pytest.fixture
def pair():
    return staking(FOUNDERS, 1_000, DELAY)


def bond(pair, who=A, role=PARTICIPANT):
    return pair.view("Stakes", "bond_of", who, role)


def send(pair, who, function, *arguments):
    return pair.send(who, "Stakes", function, *arguments)


# --- deployment ---------------------------------------------------------------------------------


def test_deploy__delay_over_a_year__reverts():
    with reverts("Stakes: delay over 366 days"):
        membership(FOUNDERS).add("Stakes", Stakes, A, A, TASKS, ROUNDS, 366 * DAY + 1)
    membership(FOUNDERS).add("Stakes", Stakes, A, A, TASKS, ROUNDS, 366 * DAY)


def test_deploy__everything_it_relies_on_is_fixed(pair):
    assert pair.view("Stakes", "token") == pair.address("Token")
    assert pair.view("Stakes", "members") == pair.address("Members")
    assert (pair.view("Stakes", "tasks"), pair.view("Stakes", "rounds")) == (TASKS, ROUNDS)
    assert pair.view("Stakes", "unbonding_seconds") == DELAY


# --- deposit, unbond, withdraw ------------------------------------------------------------------


def test_deposit__per_role__kept_apart(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "deposit", VALIDATOR, 200)
    send(pair, A, "deposit", PARTICIPANT, 1)
    assert (bond(pair)[0], bond(pair, role=VALIDATOR)[0]) == (301, 200)
    assert pair.view("Stakes", "bond", A, PARTICIPANT) == 301
    assert pair.view("Token", "balanceOf", pair.address("Stakes")) == 501


@pytest.mark.parametrize(
    ("who", "role", "amount", "message"),
    [
        (A, MEMBER, 1, "Stakes: no such role"),
        (A, PARTICIPANT | VALIDATOR, 1, "Stakes: no such role"),
        (A, 0, 1, "Stakes: no such role"),
        (A, 2**256 - 1, 1, "Stakes: no such role"),
        (B, PARTICIPANT, 1, "Stakes: role not held"),
        (M, VALIDATOR, 1, "Stakes: role not held"),
        (A, PARTICIPANT, 0, "Stakes: nothing to deposit"),
        (A, PARTICIPANT, 1_001, "Token: allowance too low"),
        (A, PARTICIPANT, 2**96 - 1, "Token: allowance too low"),
        (A, PARTICIPANT, 2**96, "Stakes: amount too large"),
        (A, PARTICIPANT, 2**256 - 1, "Stakes: amount too large"),
    ],
)
def test_deposit__impossible__reverts(pair, who, role, amount, message):
    with reverts(message):
        send(pair, who, "deposit", role, amount)
    assert bond(pair, who, role) == (0, 0, 0, 0)


def test_deposit__would_run_over_its_bits__reverts(pair):
    send(pair, A, "deposit", PARTICIPANT, 1)
    for amount in (2**96 - 1, 2**256 - 1):
        with reverts("Stakes: amount too large"):
            send(pair, A, "deposit", PARTICIPANT, amount)
    assert bond(pair) == (1, 0, 0, 0)


def test_unbond__delay__then_withdraw(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "request_unbond", PARTICIPANT, 120)
    assert bond(pair) == (180, 120, pair.now + DELAY, 0)
    pair.wait(DELAY - 1)
    with reverts("Stakes: still unbonding"):
        send(pair, A, "withdraw", PARTICIPANT)
    pair.wait(1)
    send(pair, A, "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 820
    with reverts("Stakes: nothing to withdraw"):
        send(pair, A, "withdraw", PARTICIPANT)


def test_unbond__more_than_bonded_or_nothing__reverts(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "request_unbond", PARTICIPANT, 200)
    with reverts("Stakes: more than is bonded"):
        send(pair, A, "request_unbond", PARTICIPANT, 101)
    with reverts("Stakes: nothing to unbond"):
        send(pair, A, "request_unbond", PARTICIPANT, 0)
    with reverts("Stakes: more than is bonded"):  # the other role is another bond
        send(pair, A, "request_unbond", VALIDATOR, 1)


def test_unbond__again__starts_the_delay_anew_for_all(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "request_unbond", PARTICIPANT, 100)
    pair.wait(DELAY)
    send(pair, A, "request_unbond", PARTICIPANT, 1)
    with reverts("Stakes: still unbonding"):
        send(pair, A, "withdraw", PARTICIPANT)


# --- locks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", [TASKS, ROUNDS])
def test_lock__two_tasks__both_must_let_go(pair, caller):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, caller, "lock", A, PARTICIPANT)
    send(pair, caller, "lock", A, PARTICIPANT)
    send(pair, A, "request_unbond", PARTICIPANT, 300)
    assert bond(pair) == (0, 300, pair.now + DELAY, 2)
    pair.wait(DELAY)
    send(pair, ROUNDS, "unlock", A, PARTICIPANT)
    with reverts("Stakes: locked by a task"):
        send(pair, A, "withdraw", PARTICIPANT)
    done = send(pair, ROUNDS, "unlock", A, PARTICIPANT)
    again = {"account": A, "role": PARTICIPANT, "amount": 0, "ready_at": pair.now + DELAY}
    assert done.named("UnbondRequested") == [again]
    pair.wait(DELAY - 1)
    with reverts("Stakes: still unbonding"):
        send(pair, A, "withdraw", PARTICIPANT)
    pair.wait(1)
    send(pair, A, "withdraw", PARTICIPANT)
    with reverts("Stakes: not locked"):
        send(pair, ROUNDS, "unlock", A, PARTICIPANT)


def test_lock__of_one_role__leaves_the_other_free(pair):
    send(pair, A, "deposit", VALIDATOR, 300)
    send(pair, TASKS, "lock", A, PARTICIPANT)
    send(pair, A, "request_unbond", VALIDATOR, 300)
    pair.wait(DELAY)
    send(pair, A, "withdraw", VALIDATOR)


# --- slashing -----------------------------------------------------------------------------------


@pytest.mark.parametrize("caller", [TASKS, ROUNDS])
@pytest.mark.parametrize(
    ("amount", "left"),
    [
        (0, (180, 120)),
        (100, (80, 120)),
        (180, (0, 120)),
        (250, (0, 50)),
        (300, (0, 0)),
        (2**256 - 1, (0, 0)),
    ],
)
def test_slash__bond_first_then_unbonding__never_more_than_there_is(pair, caller, amount, left):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "deposit", VALIDATOR, 300)
    send(pair, A, "request_unbond", PARTICIPANT, 120)
    done = send(pair, caller, "slash", A, PARTICIPANT, amount, "test")
    burnt = min(amount, 300)
    assert done.value == burnt
    assert done.named("Slashed")[0]["due"] == amount
    assert bond(pair)[:2] == left
    assert bond(pair, role=VALIDATOR)[0] == 300
    assert pair.view("Stakes", "getVotes", A) == left[0] + 300
    assert pair.view("Token", "totalSupply") == 3_000 - burnt
    assert pair.view("Token", "balanceOf", pair.address("Stakes")) == 600 - burnt


def test_slash__while_unbonding_is_ready__still_possible(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "request_unbond", PARTICIPANT, 300)
    pair.wait(2 * DELAY)
    send(pair, ROUNDS, "slash", A, PARTICIPANT, 299, "test")
    send(pair, A, "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 701


def test_slash__keeps_locks_and_delay(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, TASKS, "lock", A, PARTICIPANT)
    send(pair, A, "request_unbond", PARTICIPANT, 100)
    ready = pair.now + DELAY
    send(pair, ROUNDS, "slash", A, PARTICIPANT, 250, "test")
    assert bond(pair) == (0, 50, ready, 1)


def test_slash__of_nothing__says_so(pair):
    done = send(pair, ROUNDS, "slash", B, VALIDATOR, 5, "absent")
    assert done.value == 0
    assert [event for _, event, _ in done.events] == ["Slashed"]


def test_reason__longer_than_32__is_refused_by_the_abi(pair):
    with pytest.raises(Reverted, match="no reason given"):
        pair.chain.send(ROUNDS, "Stakes", "slash", A, PARTICIPANT, 1, "x" * 33)


# --- reputation ---------------------------------------------------------------------------------


def reputation(pair, role=PARTICIPANT):
    return pair.view("Stakes", "reputation_of", A, role)


def test_record__adds_up_per_role(pair):
    for caller, settled, score, faults in (
        (TASKS, 3, 500, 0),
        (TASKS, 1, -700, 0),
        (ROUNDS, 0, 0, 1),
        (ROUNDS, 2, 0, 2),
    ):
        send(pair, caller, "record", A, PARTICIPANT, settled, score, faults)
    assert reputation(pair) == (6, -200, 3)
    send(pair, TASKS, "record", A, PARTICIPANT, 0, 200, 0)
    assert reputation(pair) == (6, 0, 3)
    assert reputation(pair, VALIDATOR) == (0, 0, 0)


@pytest.mark.parametrize("sign", [1, -1])
def test_record__at_the_limits__exact(pair, sign):
    most = 2**127 - 1
    send(pair, TASKS, "record", A, PARTICIPANT, 2**64 - 1, sign * most, 2**64 - 1)
    assert reputation(pair) == (2**64 - 1, sign * most, 2**64 - 1)
    for more in ((1, 0, 0), (0, sign, 0), (0, 0, 1)):
        with reverts("Stakes: too much to record"):
            send(pair, TASKS, "record", A, PARTICIPANT, *more)
    send(pair, TASKS, "record", A, PARTICIPANT, 0, -sign, 0)
    assert reputation(pair) == (2**64 - 1, sign * (most - 1), 2**64 - 1)


@pytest.mark.parametrize(
    "much",
    [
        (2**64, 0, 0),
        (2**256 - 1, 0, 0),
        (0, 0, 2**64),
        (0, 0, 2**256 - 1),
        (0, 2**127, 0),
        (0, -(2**127), 0),
        (0, 2**255 - 1, 0),
        (0, -(2**255), 0),
    ],
)
def test_record__more_than_fits__reverts(pair, much):
    send(pair, TASKS, "record", A, PARTICIPANT, 1, -1, 1)
    with reverts("Stakes: too much to record"):
        send(pair, TASKS, "record", A, PARTICIPANT, *much)
    assert reputation(pair) == (1, -1, 1)


# --- the way out --------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["suspend", "suspend_until", "replace"])
def test_stopped_member__gets_its_bond_back_but_adds_nothing(pair, how):
    send(pair, A, "deposit", PARTICIPANT, 300)
    if how == "suspend":
        pair.send(TIMELOCK, "Members", how, A)
    elif how == "suspend_until":
        pair.send(COUNCIL, "Members", how, A, pair.now + 14 * DAY)
    else:
        pair.send(TIMELOCK, "Members", how, A, account("new"), b"k" * 32)
    with reverts("Stakes: role not held"):
        send(pair, A, "deposit", PARTICIPANT, 1)
    send(pair, A, "request_unbond", PARTICIPANT, 300)
    pair.wait(DELAY)
    send(pair, A, "withdraw", PARTICIPANT)
    assert pair.view("Token", "balanceOf", A) == 1_000


# --- votes by stake -----------------------------------------------------------------------------


def test_votes__all_bonds_of_all_roles__without_what_is_unbonding(pair):
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, A, "deposit", VALIDATOR, 200)
    assert pair.view("Stakes", "getVotes", A) == 500
    send(pair, A, "request_unbond", VALIDATOR, 50)
    assert pair.view("Stakes", "getVotes", A) == 450
    assert pair.view("Stakes", "getVotes", B) == 0
    assert pair.view("Stakes", "delegates", A) == A


def test_votes__of_the_past__as_they_were(pair):
    start = pair.now
    send(pair, A, "deposit", PARTICIPANT, 300)
    send(pair, B, "deposit", VALIDATOR, 100)
    pair.wait(10)
    send(pair, ROUNDS, "slash", A, PARTICIPANT, 60, "test")
    pair.wait(10)
    send(pair, B, "request_unbond", VALIDATOR, 100)
    pair.wait(10)
    held = []
    for second in (start - 1, start, start + 9, start + 10, start + 20, start + 29):
        votes = [pair.view("Stakes", "getPastVotes", who, second) for who in (A, B)]
        held.append(votes)
        assert sum(votes) == pair.view("Stakes", "getPastTotalSupply", second)
    assert held == [[0, 0], [300, 100], [300, 100], [240, 100], [240, 0], [240, 0]]


@pytest.mark.parametrize("ahead", [0, 1, 10**9])
def test_past__not_in_the_past__reverts(pair, ahead):
    for arguments in (("getPastVotes", A), ("getPastTotalSupply",)):
        refused(pair, "Votes: not in the past", "Stakes", *arguments, pair.now + ahead)


def test_clock__counts_seconds(pair):
    assert pair.view("Stakes", "clock") == pair.now
    assert pair.view("Stakes", "CLOCK_MODE") == "mode=timestamp"
