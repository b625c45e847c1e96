"""Attacks on Appeals: endless appeals, votes used twice, forged hands, slashes used twice."""

import pytest

from tests.contracts.consortium import Consortium
from tests.contracts.pair import DAY, VALIDATOR, account, reverts, word
from tests.contracts.test_appeals import caught, proof, prove, reinstate
from tests.twins.table import ENDED


@pytest.fixture
def c():
    return Consortium()


def test_appeal__by_everybody_and_over_and_over__cannot_hold_the_slash_for_ever(c):
    task = caught(c)
    for number in range(5):
        for who in (c.stranger, c.v[3], c.p[0], c.sponsor):
            c.appeals(who, "appeal", task, 1, c.v[3], word(f"evidence {number}"))
        c.wait(DAY // 3)
    c.wait(DAY // 3 + 1)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert c.bond(c.v[3], VALIDATOR) == 3_500


def test_resolve__members_vote_of_another_task__does_not_count(c):
    first = caught(c)
    second = caught(c, spec=word("second"))
    c.approve(c.pair.view("Appeals", "appeal_subject", second, 1, c.v[3]))
    with reverts("Appeals: the window is open"):
        c.appeals(c.stranger, "resolve", first, 1, c.v[3])
    c.appeals(c.stranger, "resolve", second, 1, c.v[3])


def test_resolve__vote_taken_in_advance__frees_once_not_for_ever(c):
    """The members' yes is about one round of one task."""
    task = c.opened()
    reinstate(c, task, c.v[3])
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 1, 1]) | {c.v[3]: (word("lie"), [1, 1, 1], True)})
    c.settle(task)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert c.bond(c.v[3], VALIDATOR) == 5_000
    c.rounds(c.stranger, "open", task)
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 1, 1]) | {c.v[3]: (word("lie"), [1, 1, 1], True)})
    c.settle(task)
    with reverts("Appeals: the window is open"):
        c.appeals(c.stranger, "resolve", task, 2, c.v[3])


def test_resolve__twice__one_slash(c):
    task = caught(c)
    c.wait(DAY + 1)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    with reverts("Appeals: not suspended there"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    with reverts("Appeals: already expelled"):
        prove(c, proof(c, task))
    assert c.bond(c.v[3], VALIDATOR) == 3_500


def test_suspended__cannot_be_released_before_it_is_resolved(c):
    task = caught(c, rounds=1)
    assert c.state(task) == ENDED
    for who in (c.v[3], c.stranger):
        with reverts("Tasks: suspended"):
            c.release(task, c.v[3], who)
    c.pair.send(c.v[3], "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.wait(8 * DAY)
    with reverts("Stakes: locked by a task"):
        c.pair.send(c.v[3], "Stakes", "withdraw", VALIDATOR)


def test_suspended__review_gives_no_seat_back(c):
    task = caught(c)
    done = c.review(task, c.v[3], c.v[3])
    assert done.named("Seated")[0]["stake"] == 0
    c.appeals(c.stranger, "appeal", task, 1, c.v[3], word("e"))
    c.wait(2 * DAY + 1)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    done = c.review(task, c.v[3], c.v[3])
    assert done.named("Seated")[0]["stake"] == 0


def test_equivocation__framed_by_another__reverts(c):
    """Two ballots by one hand prove nothing about another."""
    task = c.opened()
    arguments = proof(c, task, who="validator2")
    with reverts("Appeals: not the validator's hand"):
        prove(c, arguments)
    arguments = proof(c, task)
    arguments[9] = proof(c, task, who="validator2")[9]
    with reverts("Appeals: not the validator's hand"):
        prove(c, arguments)


def test_equivocation__of_a_round_to_come__reverts(c):
    task = c.opened()
    with reverts("Appeals: no such round"):
        prove(c, proof(c, task, number=2))
    joining = c.joined(spec=word("second"))
    with reverts("Appeals: no such round"):
        prove(c, proof(c, joining))


def test_equivocation__in_the_middle_of_the_reveals__phase_can_end(c):
    """The last silent one is expelled: its reveal is due no more and `settle` goes through."""
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, c.agree([1, 1, 1])[who])
    for who in c.v[:3]:
        c.vote_reveal(task, who, c.agree([1, 1, 1])[who])
    prove(c, proof(c, task))
    done = c.settle(task)
    assert done.named("Faulted") == []
    assert done.named("Settled")[0]["winners"] == 0b0111


def test_equivocation__vote_of_the_expelled__cannot_be_shown_to_settle(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, c.agree([1, 1, 1])[who])
    prove(c, proof(c, task))
    with reverts("Rounds: nothing to reveal"):
        c.settle(task, shown=c.v)
    c.settle(task, shown=c.v[:3])


@pytest.mark.parametrize("who", ["stranger", "validator0", "timelock", "guard"])
def test_suspend__by_nobody_but_rounds(c, who):
    task = c.opened()
    with reverts("Appeals: only Rounds"):
        c.appeals(account(who), "suspend", task, 1, c.v[0], word("x"), DAY)
