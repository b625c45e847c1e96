"""What `settle` is told: votes opened by anyone, hints that must be true."""

import pytest

from tests.contracts.consortium import VOTE_SALT, Consortium
from tests.contracts.pair import VALIDATOR, reverts, word
from tests.contracts.test_settle import FALSE, TRUE, medians, settled
from tests.twins.table import lanes_of


@pytest.fixture
def c():
    return Consortium()


def committed(c, **changes):
    """A task in VOTE_REVEAL, all having committed to scores 1, 2, 3."""
    task = c.opened(**changes)
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, (TRUE, [1, 2, 3], True))
    return task


def test_settle__opens_votes_that_nobody_revealed__before_the_deadline(c):
    task = committed(c)
    done = c.settle(task, shown=c.v)
    assert [v["validator"] for v in done.named("VoteRevealed")] == c.v
    assert done.named("Faulted") == []
    assert medians(done) == [1, 2, 3]


def test_settle__opens_the_rest__only_those_are_said_again(c):
    task = committed(c)
    for who in c.v[1:3]:
        c.vote_reveal(task, who, (TRUE, [1, 2, 3], True))
    done = c.settle(task, shown=c.v)
    assert [v["validator"] for v in done.named("VoteRevealed")] == [c.v[0], c.v[3]]


def test_settle__one_due_reveal_missing__waits_for_the_deadline(c):
    task = committed(c)
    with reverts("Rounds: the phase is not over"):
        c.settle(task, shown=c.v[:3])
    c.wait(30)
    with reverts("Rounds: the phase is not over"):
        c.settle(task, shown=c.v[:3])
    c.wait(1)
    done = c.settle(task, shown=c.v[:3])
    assert [f["validator"] for f in done.named("Faulted")] == [c.v[3]]
    assert done.named("Settled")[0]["winners"] == 0b0111


def test_settle__late_opening_by_the_settler__still_counts(c):
    task = committed(c)
    c.wait(31)
    with reverts("Rounds: the phase is over"):
        c.vote_reveal(task, c.v[0], (TRUE, [1, 2, 3], True))
    done = c.settle(task, shown=c.v)
    assert done.named("Faulted") == []


def test_settle__cannot_leave_out_a_revealed_vote(c):
    """Nobody can be made silent by whoever settles."""
    task = committed(c)
    for who in c.v:
        c.vote_reveal(task, who, (TRUE, [1, 2, 3], True))
    for left in c.v:
        with reverts("Rounds: a vote is missing"):
            c.settle(task, shown=[who for who in c.v if who != left])


def test_settle__votes_out_of_order_or_twice__reverts(c):
    task = committed(c)
    votes, lanes, medians_, before = c.hints(task, c.v)
    for order in ((0, 1, 3, 2), (1, 0, 2, 3), (0, 0, 1, 2), (0, 1, 2, 2)):
        with reverts("Rounds: votes out of order"):
            arranged = [votes[place] for place in order]
            c.rounds(c.stranger, "settle", task, arranged, lanes, medians_, before)


def test_settle__vote_not_as_committed__reverts_and_harms_nobody(c):
    task = committed(c)
    votes, lanes, hint, before = c.hints(task, c.v)
    for other in (
        (0, FALSE, True, VOTE_SALT),
        (0, TRUE, False, VOTE_SALT),
        (0, TRUE, True, word("salt")),
    ):
        with reverts("Rounds: vote does not match"):
            c.rounds(c.stranger, "settle", task, [other, *votes[1:]], lanes, hint, before)
    moved = lanes_of([1, 2, 4]) + lanes[12:]
    with reverts("Rounds: vote does not match"):
        c.rounds(c.stranger, "settle", task, votes, moved, hint, before)
    assert c.bond(c.v[0], VALIDATOR) == 5_000
    c.rounds(c.stranger, "settle", task, votes, lanes, hint, before)


@pytest.mark.parametrize("place", [4, 64, 255, 256, 2**255])
def test_settle__vote_of_nobody__reverts(c, place):
    task = committed(c)
    votes, lanes, hint, before = c.hints(task, c.v)
    votes = [*votes, (place, TRUE, True, VOTE_SALT)]
    lanes = lanes[:-28] + lanes_of([1, 2, 3]) + bytes(28)
    with reverts("Rounds: nothing to reveal"):
        c.rounds(c.stranger, "settle", task, votes, lanes, hint, before)


def test_settle__vote_of_one_who_did_not_commit__reverts(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v[:3]:
        c.vote_commit(task, who, (TRUE, [1, 2, 3], True))
    c.wait(41)
    c.rounds(c.stranger, "advance", task)
    c.votes[task, c.v[3]] = (TRUE, [1, 2, 3], True)
    with reverts("Rounds: nothing to reveal"):
        c.settle(task, shown=c.v)
    c.settle(task, shown=c.v[:3])


@pytest.mark.parametrize("change", [-28, -4, -1, 1, 4, 28])
def test_settle__wrong_number_of_scores__reverts(c, change):
    task = committed(c)
    votes, lanes, hint, before = c.hints(task, c.v)
    lanes = lanes[:change] if change < 0 else lanes + bytes(change)
    with reverts("Rounds: wrong number of scores"):
        c.rounds(c.stranger, "settle", task, votes, lanes, hint, before)


def test_settle__other_entries__reverts(c):
    task = committed(c)
    votes, lanes, hint, before = c.hints(task, c.v)
    for other in ([], before[:-1], [*before, 0], [1, *before[1:]]):
        with reverts("Tasks: not the ledger"):
            c.rounds(c.stranger, "settle", task, votes, lanes, hint, other)


def test_settle__entries_of_an_older_round__reverts(c):
    task, _ = settled(c, c.agree([1, 2, 3]))
    c.rounds(c.stranger, "open", task)
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 2, 3]))
    votes, lanes, hint, _ = c.hints(task)
    with reverts("Tasks: not the ledger"):
        c.rounds(c.stranger, "settle", task, votes, lanes, hint, [0] * 7)


def test_settle__without_agreement__needs_neither_medians_nor_entries(c):
    task = c.opened()
    c.to_vote(task)
    for i, who in enumerate(c.v):
        c.vote_commit(task, who, (word(f"own {i}"), [1, 2, 3], True))
    votes, lanes, hint, before = c.hints(task, c.v)
    assert (hint, before) == (b"", [])
    done = c.rounds(c.stranger, "settle", task, votes, lanes, hint, before)
    assert done.named("Aborted")[0]["reason"] == "no agreement"


def test_settle__unknown_task__reverts(c):
    with reverts("Rounds: not the phase for it"):
        c.rounds(c.stranger, "settle", word("none"), [], bytes(28), b"", [])


def test_settle__votes_revealed_before__need_no_salt(c):
    task = committed(c)
    for who in c.v:
        c.vote_reveal(task, who, (TRUE, [1, 2, 3], True))
    votes, *rest = c.hints(task, c.v)
    bare = [(place, aggregate, accept, bytes(32)) for place, aggregate, accept, _ in votes]
    told = [(place, FALSE, accept, salt) for place, _, accept, salt in votes]
    for wrong in (told, [(*votes[0][:2], False, votes[0][3]), *votes[1:]]):
        with reverts("Rounds: vote does not match"):
            c.rounds(c.stranger, "settle", task, wrong, *rest)
    done = c.rounds(c.stranger, "settle", task, bare, *rest)
    assert medians(done) == [1, 2, 3]
