"""`quorate.learning.ballots` computes what the contract demands."""

import pytest

from quorate.learning.ballots import (
    INCLUDE_PHASE,
    VOTE_PHASE,
    Ballot,
    Place,
    commit_to_inclusion,
    sign_commitment,
)
from tests.contracts.consortium import Consortium
from tests.contracts.pair import CHAIN_ID, signer, word

SALT = word("salt")


@pytest.fixture
def c():
    return Consortium()


def place(c, task, who):
    return Place(CHAIN_ID, c.pair.address("Rounds"), task, 1, who)


def test_inclusion_and_vote__as_the_package_commits__open_on_the_chain(c):
    task = c.opened()
    c.commit_all(task)
    for who in c.v:
        commitment = commit_to_inclusion(place(c, task, who), 0b111, SALT)
        c.rounds(who, "include_commit", task, commitment)
    for who in c.v:
        assert c.rounds(who, "include_reveal", task, 0b111, SALT).named("Included")
    ballot = Ballot(0b111, word("aggregate"), (5, -6, 0), True)
    for who in c.v:
        c.rounds(who, "vote_commit", task, ballot.commit(place(c, task, who), SALT))
    for who in c.v:
        vote = (ballot.aggregate, ballot.scores, ballot.accept)
        assert c.rounds(who, "vote_reveal", task, *vote, SALT).named("VoteRevealed")


@pytest.mark.parametrize("phase", [INCLUDE_PHASE, VOTE_PHASE])
def test_signatures__two_as_the_package_signs__prove_equivocation(c, phase):
    task = c.opened()
    arguments = []
    for commitment in (word("one"), word("two")):
        key = signer("validator3")
        signature = sign_commitment(place(c, task, c.v[3]), phase, commitment, key)
        arguments += [commitment, (signature[:32], signature[32:])]
    done = c.rounds(c.stranger, "prove_equivocation", task, 1, c.v[3], phase, *arguments)
    assert done.named("Equivocated")
