"""Attacks on commitments and on re-entrancy; each is tried and must fail."""

import pytest
from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from tests.contracts.consortium import Consortium, founder, terms
from tests.contracts.hostile import HostileChain
from tests.contracts.pair import CHAIN_ID, MEMBER, VALIDATOR, Reverted, account, reverts, word
from tests.twins.tasks import INCLUDE_REVEAL

SALT = b"\1" * 32
VOTE = (word("aggregate"), [1, 2, 3], True)


@pytest.fixture
def c():
    return Consortium()


def forged(*, tag, chain, contract, task, number, sender, bitmap=0b111):
    """An include commitment whose binding can be chosen."""
    types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
    head = [tag.encode().ljust(32, b"\0"), chain, contract, task, number, sender]
    return keccak256(encode([*types, "uint256", "bytes32"], [*head, bitmap, SALT]))


@pytest.mark.parametrize(
    "change",
    [
        {"tag": "quorate/vote/v1"},
        {"chain": CHAIN_ID + 1},
        {"contract": account("another Rounds")},
        {"task": word("another task")},
        {"number": 2},
        {"number": 0},
        {"sender": account("validator1")},
    ],
)
def test_commitment__made_for_elsewhere__is_a_fault(c, change):
    task = c.opened()
    c.commit_all(task)
    right = {
        "tag": "quorate/include/v1",
        "chain": CHAIN_ID,
        "contract": c.pair.address("Rounds"),
        "task": task,
        "number": 1,
        "sender": c.v[0],
    }
    c.rounds(c.v[0], "include_commit", task, forged(**(right | change)))
    for who in c.v[1:]:
        c.include_commit(task, who, 0b111)
    assert c.phase(task) == INCLUDE_REVEAL
    assert c.include_reveal(task, c.v[0], 0b111).named("Faulted")
    # The same bytes without the change open: it is the binding that fails, not the test.
    assert forged(**right) == c.include_hash(task, c.v[0], 0b111)


def test_commitment__copied_from_another_validator__cannot_be_opened(c):
    task = c.opened()
    c.commit_all(task)
    copied = c.include_hash(task, c.v[0], 0b111)
    for who in c.v:
        c.rounds(who, "include_commit", task, copied)
    assert c.include_reveal(task, c.v[0], 0b111).named("Included")
    assert c.include_reveal(task, c.v[1], 0b111).named("Faulted")


def test_vote__copied_from_another_validator__cannot_be_opened(c):
    task = c.opened()
    c.to_vote(task)
    copied = c.vote_hash(task, c.v[0], *VOTE)
    for who in c.v:
        c.rounds(who, "vote_commit", task, copied)
    assert c.vote_reveal(task, c.v[0], VOTE).named("VoteRevealed")
    for who in c.v[1:]:
        assert c.vote_reveal(task, who, VOTE).named("Faulted")


def test_vote__of_the_last_round__cannot_be_used_again(c):
    task = c.opened()
    c.to_vote(task)
    old = c.vote_hash(task, c.v[0], *VOTE)
    c.vote_all(task, dict.fromkeys(c.v, VOTE))
    c.rounds(c.stranger, "settle", task)
    c.rounds(c.stranger, "open", task)
    c.to_vote(task)
    c.rounds(c.v[0], "vote_commit", task, old)
    for who in c.v[1:]:
        c.vote_commit(task, who, VOTE)
    assert c.vote_reveal(task, c.v[0], VOTE).named("Faulted")


def test_vote__bound_to_the_set__cannot_be_prepared_for_another(c):
    task = c.opened()
    c.to_vote(task, 0b011)
    types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
    types += ["uint256", "bytes32", "int256[]", "bool", "bytes32"]
    head = [b"quorate/vote/v1".ljust(32, b"\0"), CHAIN_ID, c.pair.address("Rounds"), task, 1]
    for included, kept in ((0b101, False), (0b011, True)):
        who = c.v[0] if kept else c.v[1]
        values = [*head, who, included, word("a"), [1, 2], True, b"\2" * 32]
        c.rounds(who, "vote_commit", task, keccak256(encode(types, values)))
    for who in c.v[2:]:
        c.vote_commit(task, who, (word("a"), [1, 2], True))
    assert c.vote_reveal(task, c.v[0], (word("a"), [1, 2], True)).named("VoteRevealed")
    assert c.vote_reveal(task, c.v[1], (word("a"), [1, 2], True)).named("Faulted")


def test_bond__unbonding_before_every_penalty__saves_nothing(c):
    task = c.opened()
    for who in c.v:
        c.pair.send(who, "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.wait(10)
    c.commit_all(task)
    for who in c.v:
        c.include_commit(task, who, 0b111)
    c.wait(31)
    c.rounds(c.stranger, "advance", task)
    assert [c.pair.view("Stakes", "bond_of", who, VALIDATOR)[1] for who in c.v] == [4_800] * 4
    c.wait(10**7)
    for who in c.v:
        with reverts("Stakes: locked by a task"):
            c.pair.send(who, "Stakes", "withdraw", VALIDATOR)


def test_bond__one_bond_under_two_tasks__two_slashes_never_below_zero(c):
    tasks = [c.opened(spec=word(f"spec {i}"), fault_penalty=4_000) for i in range(2)]
    for task in tasks:
        c.commit_all(task)
        for who in c.v:
            c.include_commit(task, who, 0b111)
    burnt = [c.include_reveal(task, c.v[0], 0).named("Slashed")[0]["amount"] for task in tasks]
    assert burnt == [4_000, 1_000]
    c.check_money(*tasks)


def test_sponsor__cannot_take_the_escrow_of_a_running_task(c):
    task = c.opened()
    for function in ("cancel", "open", "settle", "advance"):
        with pytest.raises(Reverted):
            c.rounds(c.sponsor, function, task)
    with reverts("Rounds: nothing to claim"):
        c.rounds(c.sponsor, "claim")


# --- re-entrancy --------------------------------------------------------------------------------


@pytest.fixture
def hostile():
    """The token is a member with every role, so it can be sponsor and staker itself."""
    return HostileChain([founder(account("m"), MEMBER)], account("deployer"))


def hostile_task(chain, spec):
    agreed = terms(spec=word(spec), sponsor=chain.token)
    validators = [account("validator0")]
    task = chain.view("Rounds", "task_id", agreed, validators)
    chain.send(account("m"), "Members", "vote", task, True)
    chain.act("Members", "vote", task, True)
    return task, (agreed, validators)


def counts(chain):
    return chain.token_call("tries"), chain.token_call("successes")


def test_claim__re_entered_by_the_token__pays_once(hostile):
    task, create = hostile_task(hostile, "a")
    hostile.act("Rounds", "create", *create)
    hostile.now += 101
    hostile.send(account("x"), "Rounds", "cancel", task)
    owed = hostile.view("Rounds", "owed", hostile.token)
    assert owed == 3_900
    hostile.arm("Rounds", "claim")
    hostile.act("Rounds", "claim")
    assert counts(hostile) == (1, 0)
    assert hostile.view("Rounds", "owed", hostile.token) == 0


def test_create__re_entered_with_another_task__only_one_exists(hostile):
    first, create_first = hostile_task(hostile, "a")
    second, create_second = hostile_task(hostile, "b")
    hostile.arm("Rounds", "create", *create_second)
    hostile.act("Rounds", "create", *create_first)
    assert counts(hostile) == (1, 0)
    assert hostile.view("Rounds", "task_of", first)[0] == 1
    assert hostile.view("Rounds", "task_of", second)[0] == 0


def test_any_function__re_entered_in_a_claim__refused_though_fine_alone(hostile):
    first, create_first = hostile_task(hostile, "a")
    second, create_second = hostile_task(hostile, "b")
    for create in (create_first, create_second):
        hostile.act("Rounds", "create", *create)
    hostile.now += 101
    hostile.send(account("x"), "Rounds", "cancel", first)
    hostile.arm("Rounds", "cancel", second)
    hostile.act("Rounds", "claim")
    assert counts(hostile) == (1, 0)
    hostile.send(account("x"), "Rounds", "cancel", second)


@pytest.mark.parametrize(
    ("act", "again"),
    [
        (("deposit", 4, 5), ("deposit", 4, 5)),
        (("deposit", 4, 5), ("request_unbond", 4, 1)),
        (("withdraw", 4), ("withdraw", 4)),
        (("withdraw", 4), ("deposit", 4, 1)),
    ],
)
def test_stakes__re_entered__refused(hostile, act, again):
    hostile.act("Stakes", "deposit", 4, 100)
    hostile.act("Stakes", "request_unbond", 4, 10)
    hostile.arm("Stakes", *again)
    hostile.act("Stakes", *act)
    assert counts(hostile) == (1, 0)
