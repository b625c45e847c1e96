"""Medians by stake: verified from a hint, not sorted on the chain."""

import pytest

from tests.contracts.consortium import Consortium
from tests.contracts.pair import PARTICIPANT, VALIDATOR, reverts
from tests.contracts.test_settle import TRUE, earned, lows, medians, settled
from tests.twins.table import lanes_of, scores_of


@pytest.fixture
def c():
    return Consortium()


@pytest.mark.parametrize(
    ("scores", "stakes", "median"),
    [
        ((1, 2, 3), (1, 1, 1), 2),
        ((3, 1, 2), (1, 1, 1), 2),
        ((1, 2), (1, 1), 2),  # half is enough: the upper of two
        ((1, 2, 3, 4), (1, 1, 1, 1), 3),
        ((1, 2, 3), (4, 1, 1), 1),
        ((1, 2, 3), (3, 1, 2), 2),
        ((5, 5, -7), (1, 1, 3), -7),
        ((-3, -2, -1), (1, 1, 1), -2),
        ((10**9, 0, 0), (49, 25, 26), 0),
        ((10**9, 0, 0), (50, 25, 25), 10**9),
        ((0, 0, 0), (1, 1, 1), 0),
        ((-(2**31), 2**31 - 1), (1, 1), 2**31 - 1),
    ],
)
def test_median__by_stake(scores, stakes, median):
    bonds = tuple(2_000 * stake // min(stakes) for stake in stakes)  # two to eight thousand count
    c = Consortium(participants=2, validators=len(scores), stakes=bonds)
    votes = {who: (TRUE, [score, 0], True) for who, score in zip(c.v, scores, strict=True)}
    _, done = settled(c, votes)
    assert medians(done) == [median, 0]


@pytest.mark.parametrize("shift", [-1, 1, 7])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_median__another_hint__reverts(c, place, shift):
    task = c.opened()
    c.to_vote(task)
    c.vote_all(task, {who: (TRUE, [10 * i, 5, -i], True) for i, who in enumerate(c.v)})
    votes, lanes, hint, before = c.hints(task)
    wrong = scores_of(hint)
    wrong[place] += shift
    with reverts("Tasks: not the median"):
        c.rounds(c.stranger, "settle", task, votes, lanes, lanes_of(wrong), before)
    c.rounds(c.stranger, "settle", task, votes, lanes, hint, before)


@pytest.mark.parametrize("cut", [0, 4, 11, 13, 16])
def test_median__hints_too_few_or_too_many__reverts(c, cut):
    task = c.opened()
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 2, 3]))
    votes, lanes, hint, before = c.hints(task)
    with reverts("Tasks: not the median"):
        c.rounds(c.stranger, "settle", task, votes, lanes, (hint * 2)[:cut], before)


def test_median__stake_is_the_snapshot__not_what_is_bonded_now(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v[1:]:
        c.pair.send(who, "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.pair.send(c.v[0], "Stakes", "deposit", VALIDATOR, 500_000)
    votes = c.agree([7, 7, 7]) | {c.v[0]: (TRUE, [9, 9, 9], True)}
    c.vote_all(task, votes)
    assert medians(c.settle(task)) == [7, 7, 7]


def test_median__score_for_the_own_party__ignored():
    names = Consortium()
    c = Consortium(controllers=dict.fromkeys([names.v[0], names.p[0]], "one house"))
    votes = {who: (TRUE, [10 * i, 1, 1], True) for i, who in enumerate(c.v)}
    votes[c.v[0]] = (TRUE, [10**9, 1, 1], True)
    _, done = settled(c, votes)
    assert medians(done)[0] == 20  # of 10, 20, 30


@pytest.mark.parametrize("wrong", [-1, 9, 11, 19, 21, 29, 30, 31, 10**9])
def test_median__of_a_contested_participant__another_hint__reverts(wrong):
    names = Consortium()
    c = Consortium(controllers=dict.fromkeys([names.v[0], names.p[0]], "one house"))
    task = c.opened()
    c.to_vote(task)
    c.vote_all(task, {who: (TRUE, [10 * i, 1, 1], True) for i, who in enumerate(c.v)})
    votes, lanes, _, before = c.hints(task)
    with reverts("Tasks: not the median"):
        c.rounds(c.stranger, "settle", task, votes, lanes, lanes_of([wrong, 1, 1]), before)
    c.rounds(c.stranger, "settle", task, votes, lanes, lanes_of([20, 1, 1]), before)


def test_median__all_scorers_are_the_own_party__zero():
    names = Consortium(participants=2)
    c = Consortium(participants=2, controllers=dict.fromkeys([*names.v, names.p[0]], "one house"))
    task, done = settled(c, c.agree([10**9, 5]))
    assert medians(done) == [0, 5]
    assert [amount for amount, _, _ in earned(c, task)[4:]] == [0, 900]


@pytest.mark.parametrize("gap", [0, 1, 2])
def test_median__set_with_a_gap__scores_go_to_the_right_people(c, gap):
    task = c.opened()
    c.to_vote(task, 0b111 & ~(1 << gap))
    c.vote_all(task, c.agree([40, 50]))
    done = c.settle(task)
    assert medians(done) == [40, 50]
    scores = [score for _, _, score in earned(c, task)[4:]]
    assert scores == [*[40, 50][:gap], 0, *[40, 50][gap:]]
    assert c.bond(c.p[gap], PARTICIPANT) == 2_900  # absent


@pytest.mark.slow
def test_settle__32_participants_64_validators__fits_a_block():
    c = Consortium(members=1, participants=32, validators=64)
    votes = {who: (TRUE, [i * 1_000 - j for j in range(32)], True) for i, who in enumerate(c.v)}
    task, done = settled(
        c, votes, participant_reward=100_000, validator_reward=64_000, score_floor=31_999
    )
    assert done.gas < 15_000_000
    assert medians(done) == [32_000 - j for j in range(32)]
    assert len(lows(done)) == 30
    c.check_money(task)


def test_settle__penalty_larger_than_the_bond__event_says_due_slashed_says_burnt(c):
    _, done = settled(c, c.agree([1, 1, -30_000]), low_score_penalty=2**95 - 1)
    assert lows(done) == [(c.p[2], -30_000, 2**95 - 1)]
    assert [(s["amount"], s["due"]) for s in done.named("Slashed")] == [(3_000, 2**95 - 1)]
