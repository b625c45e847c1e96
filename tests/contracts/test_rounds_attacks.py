"""Attacks on Rounds: commitments, timing, stakes, doors that are not for everybody."""

import pytest
from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from tests.contracts.consortium import VOTE_SALT, Consortium, terms
from tests.contracts.pair import CHAIN_ID, DAY, VALIDATOR, Reverted, account, reverts, word
from tests.twins.table import COMMIT, ENDED, INCLUDE_REVEAL, JOINING, lanes_of

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


# --- doors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["stranger", "sponsor", "validator0", "timelock", "guard"])
def test_doors__for_other_contracts_only(c, who):
    task = c.opened()
    sender = account(who)
    with reverts("Rounds: only Tasks"):
        c.rounds(sender, "begin", word("mine"), terms(), c.v)
    with reverts("Rounds: only Tasks"):
        c.rounds(sender, "admit", task, sender, 3)
    for function, rest in (("expel", ("because",)), ("reinstate", ())):
        with reverts("Rounds: only Appeals"):
            c.rounds(sender, function, task, c.v[0], *rest)
    with reverts("Appeals: only Rounds"):
        c.appeals(sender, "suspend", task, 1, c.v[0], word("x"), 1)


def test_begin__a_task_of_another_contract__cannot_replace_one(c):
    """Only Tasks begins, and it begins each id once."""
    task = c.opened()
    before = c.pair.view("Rounds", "round_of", task)
    with reverts("Tasks: task exists"):
        c.tasks(c.sponsor, "create", terms(), c.v)
    assert c.pair.view("Rounds", "round_of", task) == before


# --- commitments ----------------------------------------------------------------------------------


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
    copied = c.vote_hash(task, c.v[0], VOTE)
    for who in c.v:
        c.rounds(who, "vote_commit", task, copied)
    assert c.vote_reveal(task, c.v[0], VOTE).named("VoteRevealed")
    for who in c.v[1:]:
        assert c.vote_reveal(task, who, VOTE).named("Faulted")


def test_vote__of_the_last_round__cannot_be_used_again(c):
    task = c.opened()
    c.to_vote(task)
    old = c.vote_hash(task, c.v[0], VOTE)
    c.vote_all(task, dict.fromkeys(c.v, VOTE))
    c.settle(task)
    c.rounds(c.stranger, "open", task)
    c.to_vote(task)
    c.rounds(c.v[0], "vote_commit", task, old)
    for who in c.v[1:]:
        c.vote_commit(task, who, VOTE)
    assert c.vote_reveal(task, c.v[0], VOTE).named("Faulted")


def test_vote__bound_to_the_set__cannot_be_prepared_for_another(c):
    task = c.opened()
    c.to_vote(task, 0b011)
    vote = (word("a"), [1, 2], True)
    for who, included in ((c.v[1], 0b101), (c.v[0], 0b011)):
        c.rounds(who, "vote_commit", task, c.vote_hash(task, who, vote, included))
    for who in c.v[2:]:
        c.vote_commit(task, who, vote)
    assert c.vote_reveal(task, c.v[0], vote).named("VoteRevealed")
    assert c.vote_reveal(task, c.v[1], vote).named("Faulted")


def test_include_commitment__left_over__is_no_vote(c):
    """A bitmap on record from the phase before cannot pass for a vote's commitment."""
    task = c.opened()
    c.to_vote(task)
    for who in c.v[:3]:
        c.vote_commit(task, who, VOTE)
    c.wait(41)
    c.rounds(c.stranger, "advance", task)
    c.votes[task, c.v[3]] = VOTE
    with reverts("Rounds: nothing to reveal"):
        c.settle(task, shown=c.v)
    with reverts("Rounds: nothing to reveal"):
        c.vote_reveal(task, c.v[3], VOTE)


# --- front-running and griefing -------------------------------------------------------------------


def test_settle__front_run_with_a_wrong_opening__harms_nobody(c):
    """A stranger who guesses at others' votes only loses gas."""
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, VOTE)
    lanes = lanes_of([9, 9, 9]) * 4 + bytes(28)
    guess = [(place, word("aggregate"), True, VOTE_SALT) for place in range(4)]
    with reverts("Rounds: vote does not match"):
        c.rounds(c.stranger, "settle", task, guess, lanes, lanes_of([9, 9, 9]), [0] * 7)
    c.settle(task, shown=c.v)


def test_settle__by_a_loser_who_leaves_itself_out__is_a_fault_of_its_own(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, VOTE)
    c.wait(31)
    done = c.settle(task, shown=c.v[1:], sender=c.v[0])
    assert [f["validator"] for f in done.named("Faulted")] == [c.v[0]]


def test_review__in_the_middle_of_a_round__cannot_unseat_anybody(c):
    task = c.opened()
    c.pair.send(c.v[0], "Stakes", "request_unbond", VALIDATOR, 5_000)
    for who in (*c.v, *c.p):
        assert c.review(task, who).events == []
    assert (c.fact(task, "seats"), c.fact(task, "eligible")) == (0b1111, 0b111)


def test_review__again_and_again__changes_nothing_more(c):
    task = c.opened()
    c.wait(61)
    c.rounds(c.stranger, "advance", task)
    events = [c.review(task, c.v[0]).events for _ in range(3)]
    assert events[0] == events[1] == events[2]


def test_sponsor__cannot_take_the_escrow_of_a_running_task(c):
    task = c.opened()
    for function in ("open", "advance"):
        with pytest.raises(Reverted):
            c.rounds(c.sponsor, function, task)
    with reverts("Tasks: the task has not ended"):
        c.tasks(c.sponsor, "refund", task)
    with reverts("Tasks: not in the root"):
        c.tasks(c.sponsor, "claim", task, 0, 10**6, [])


def test_release__of_a_running_or_joining_task__nobody_gets_out(c):
    task = c.joined()
    with reverts("Tasks: the task has not ended"):
        c.release(task, c.p[0], c.p[0])
    c.rounds(c.sponsor, "open", task)
    with reverts("Tasks: the task has not ended"):
        c.release(task, c.v[0], c.v[0])


# --- stakes at the last moment --------------------------------------------------------------------


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


def test_stake__bought_after_the_members_agreed__gives_no_more_weight(c):
    """Two of four cannot outvote the others with what they add before the first round."""
    task = c.joined()
    for who in c.v[:2]:
        c.pair.send(who, "Stakes", "deposit", VALIDATOR, 500_000)
    c.rounds(c.sponsor, "open", task)
    c.to_vote(task)
    votes = c.agree([1, 1, 1]) | dict.fromkeys(c.v[:2], (word("lie"), [9, 9, 9], True))
    c.vote_all(task, votes)
    assert c.settle(task).named("Aborted")[0]["reason"] == "no agreement"


@pytest.mark.parametrize("early", [True, False])
def test_deadlines__exactly_at_and_one_second_after(c, early):
    """The join window, by the one who gains from either side."""
    task = c.joined()
    c.wait(100 if early else 101)
    if early:
        with reverts("Rounds: too early to open"):
            c.rounds(c.p[0], "open", task)
        assert c.state(task) == JOINING
    else:
        c.rounds(c.p[0], "open", task)
        assert c.phase(task) == COMMIT


def test_pause__cannot_hold_bonds_or_money_of_an_ended_task(c):
    task = c.opened(rounds=1)
    c.whole_round(task, c.agree([1, 1, 1]))
    for name in ("Rounds", "Tasks", "Stakes", "Appeals"):
        c.pause(name, 14 * DAY)
    assert c.state(task) == ENDED
    c.wind_up(task)
    for who in c.v:
        c.pair.send(who, "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.wait(7 * DAY)
    for who in c.v:
        c.pair.send(who, "Stakes", "withdraw", VALIDATOR)
    c.check_money(task)


def test_pause__cannot_hold_a_task_that_nobody_joined(c):
    """Ending is no new work."""
    task = c.create()
    c.pause("Rounds", 14 * DAY)
    c.wait(101)
    c.rounds(c.stranger, "open", task)
    assert c.state(task) == ENDED
    c.tasks(c.stranger, "refund", task)
