"""`quorate.learning.ballots` computes what the contract demands."""

import pytest

from quorate.learning.ballots import (
    INCLUDE_PHASE,
    VOTE_PHASE,
    Ballot,
    Place,
    commit_digest,
    commit_to_inclusion,
    domain_separator,
    sign_ballot,
    vouch_digest,
)
from quorate.learning.payouts import TaskLedger
from tests.contracts.consortium import Consortium
from tests.contracts.pair import CHAIN_ID, compact, word

SALT = word("salt")


@pytest.fixture
def c():
    return Consortium()


def place(c, task, who):
    return Place(CHAIN_ID, c.pair.address("Rounds"), task, 1, who)


def two(signature):
    return signature[:32], signature[32:]


def test_inclusion_and_vote__as_the_package_commits__open_on_the_chain(c):
    task = c.opened()
    c.commit_all(task)
    for who in c.v:
        commitment = commit_to_inclusion(place(c, task, who), 0b111, SALT)
        c.rounds(who, "include_commit", task, commitment)
    for i, who in enumerate(c.v):
        assert c.rounds(who, "include_reveal", task, [(i, 0b111, SALT)]).named("Included")
    ballot = Ballot(0b111, word("aggregate"), (5, -6, 0), True)
    for who in c.v:
        c.rounds(who, "vote_commit", task, ballot.commit(place(c, task, who), SALT))
    for who in c.v:
        vote = (ballot.aggregate, ballot.accept, SALT, ballot.lanes)
        assert c.rounds(who, "vote_reveal", task, *vote).named("VoteRevealed")


@pytest.mark.parametrize("phase", [INCLUDE_PHASE, VOTE_PHASE])
def test_ballots__two_as_the_package_signs__prove_equivocation(c, phase):
    task = c.opened()
    arguments = []
    for commitment in (word("one"), word("two")):
        key = c.keys[c.v[3]]
        signature = sign_ballot(place(c, task, c.v[3]), phase, 0b111, commitment, key)
        arguments += [0b111, commitment, two(signature)]
    done = c.appeals(c.stranger, "prove_equivocation", task, 1, c.v[3], phase, *arguments)
    assert done.named("Equivocated")


def test_batches__as_the_package_signs__taken_by_the_chain(c):
    task = c.opened()
    hashes, signed = [word(f"update {who}") for who in c.p], []
    for who, hash_ in zip(c.p, hashes, strict=True):
        digest = commit_digest(place(c, task, who), hash_)
        signed.append(compact(c.keys[who].sign_digest(digest)))
    c.rounds(c.stranger, "commit_many", task, c.roster(task), 0b111, hashes, signed)
    ballot = Ballot(0b111, word("aggregate"), (5, -6, 0), True)
    hashes = [ballot.commit(place(c, task, who), SALT) for who in c.v]
    signed = [
        two(sign_ballot(place(c, task, who), VOTE_PHASE, 0b111, hash_, c.keys[who]))
        for who, hash_ in zip(c.v, hashes, strict=True)
    ]
    assert c.rounds(c.stranger, "concur", task, 0b111, hashes, signed).named("Concurred")


def test_vouch__as_the_package_signs__taken_by_the_chain(c):
    task = c.opened()
    hashes = [word(f"update {who}") for who in c.p]
    digest = vouch_digest(place(c, task, c.v[0]), 0b111, hashes)
    signed = [compact(c.keys[who].sign_digest(digest)) for who in c.v]
    done = c.rounds(c.stranger, "vouch", task, 0b111, hashes, signed)
    assert done.named("CommittedMany")


def test_separator__as_the_package_says(c):
    expected = domain_separator(CHAIN_ID, c.pair.address("Rounds"))
    assert c.pair.view("Rounds", "separator") == expected


def test_ledger__as_the_package_keeps_it__pays(c):
    task = c.opened()
    ledger = TaskLedger(task, c.v, c.p)
    digest, roster = ledger.digest, ledger.roster
    assert c.pair.view("Tasks", "ledger_of", task)[:3] == (bytes(32), digest, roster)
    c.whole_round(task, c.agree([1, 2, 3]))
    for place_ in range(4):
        ledger._add(place_, 100, 0)
    for place_, (amount, score) in enumerate([(150, 1), (300, 2), (450, 3)]):
        ledger._add(4 + place_, amount, score)
    ledger._settled = True
    assert c.pair.view("Tasks", "ledger_of", task)[:2] == (ledger.root, ledger.digest)
    c.tasks(c.stranger, "claim", task, 5, ledger.packed[5], ledger.proof(5))
