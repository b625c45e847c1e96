"""Settling: agreement, medians, what is earned, penalties, suspensions, rounding."""

import pytest

from tests.contracts.consortium import Consortium
from tests.contracts.pair import PARTICIPANT, VALIDATOR, reverts, word
from tests.twins.table import ABORTED, SETTLED, digest_of, entry_of, lanes_of, root_of, scores_of

TRUE, FALSE = word("aggregate"), word("another")


@pytest.fixture
def c():
    return Consortium()


def settled(c, votes, **changes):
    """(task, the settling transaction) of a first round with these votes."""
    task = c.opened(**changes)
    c.to_vote(task)
    c.vote_all(task, votes)
    return task, c.settle(task)


def medians(done):
    return scores_of(done.named("Settled")[0]["medians"])


def earned(c, task):
    """(amount, settled, score) by place."""
    entries = [entry_of(word) for word in c.entries(task)]
    return [(entry.amount, entry.settled, entry.score) for entry in entries]


def lows(done):
    return [(low["participant"], low["median"], low["penalty"]) for low in done.named("LowScore")]


# --- what follows ---------------------------------------------------------------------------------


def test_settle__unanimous__earned_by_score_and_the_low_punished(c):
    task, done = settled(c, c.agree([100, 200, -20_001]))
    words = c.entries(task)
    assert done.named("Settled") == [
        {
            "task": task,
            "round": 1,
            "aggregate": TRUE,
            "included": 0b111,
            "accepted": True,
            "winners": 0b1111,
            "medians": lanes_of([100, 200, -20_001]),
            "spent": 1_300,
            "root": root_of(task, words),
        }
    ]
    rest = [(300, 1, 100), (600, 1, 200), (0, 1, -20_001)]
    assert earned(c, task) == [(100, 1, 0)] * 4 + rest
    assert lows(done) == [(c.p[2], -20_001, 300)]
    assert c.bond(c.p[2], PARTICIPANT) == 2_700
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (0, 0, 0)
    assert c.pair.view("Rounds", "result_of", task) == (1, TRUE, True)
    ledger = c.pair.view("Tasks", "ledger_of", task)
    assert ledger[:2] == (root_of(task, words), digest_of(words))
    assert ledger[3:] == (7, 1_300)
    assert c.phase(task) == SETTLED
    c.check_money(task)


def test_settle__twice__reverts(c):
    task, _ = settled(c, c.agree([1, 1, 1]))
    with reverts("Rounds: not the phase for it"):
        c.settle(task)


def test_settle__score_exactly_at_the_floor__no_penalty(c):
    _, done = settled(c, c.agree([-20_000, -20_001, 0]))
    assert lows(done) == [(c.p[1], -20_001, 300)]


def test_settle__all_scores_zero_or_below__nobody_paid(c):
    task, done = settled(c, c.agree([0, 0, -5]))
    assert done.named("Settled")[0]["spent"] == 400
    assert [amount for amount, _, _ in earned(c, task)[4:]] == [0, 0, 0]


def test_settle__rounding__down_and_the_rest_is_not_spent(c):
    task, done = settled(c, c.agree([1, 1, 1]), participant_reward=1_000, validator_reward=403)
    assert [amount for amount, _, _ in earned(c, task)] == [100] * 4 + [333] * 3
    assert done.named("Settled")[0]["spent"] == 1_399
    c.check_money(task)


def test_settle__largest_numbers__no_overflow():
    """The pool may be nearly the whole supply, and the scores the largest."""
    c = Consortium(participants=3, validators=1)
    pool, top = 300_000, 2**31 - 1
    task, _ = settled(c, c.agree([top, top, top - 1]), participant_reward=pool, validator_reward=0)
    total = 3 * top - 1
    shares = [pool * top // total, pool * top // total, pool * (top - 1) // total]
    assert [amount for amount, _, _ in earned(c, task)[1:]] == shares


def test_settle__lowest_scores__kept_as_a_negative_sum(c):
    task, _ = settled(c, c.agree([-(2**31)] * 3), low_score_penalty=0)
    c.rounds(c.stranger, "open", task)
    c.whole_round(task, c.agree([-(2**31), 2**31 - 1, 0]))
    assert [score for _, _, score in earned(c, task)[4:]] == [-(2**32), -1, -(2**31)]


def test_settle__not_accepted__penalty_but_no_participant_reward(c):
    task, done = settled(c, c.agree([100, 200, -20_001], accept=False))
    assert done.named("Settled")[0]["accepted"] is False
    rest = [(0, 1, 100), (0, 1, 200), (0, 1, -20_001)]
    assert earned(c, task) == [(100, 1, 0)] * 4 + rest
    assert lows(done) == [(c.p[2], -20_001, 300)]
    assert c.pair.view("Rounds", "result_of", task) == (1, TRUE, False)


@pytest.mark.parametrize(("yes", "accepted"), [(1, False), (2, True), (3, True)])
def test_settle__acceptance__two_thirds_of_all_stake(yes, accepted):
    c = Consortium(validators=3)
    votes = {who: (TRUE, [1, 1, 1], i < yes) for i, who in enumerate(c.v)}
    _, done = settled(c, votes)
    assert done.named("Settled")[0]["accepted"] is accepted


def test_settle__yes_of_a_liar__does_not_count(c):
    votes = {who: (TRUE, [1, 1, 1], i < 2) for i, who in enumerate(c.v)}
    votes[c.v[3]] = (FALSE, [1, 1, 1], True)
    _, done = settled(c, votes)
    assert done.named("Settled")[0]["accepted"] is False


def test_settle__one_liar_of_four__suspended_others_earn(c):
    votes = c.agree([10, 20, 30]) | {c.v[2]: (FALSE, [10**9, -(10**9), 0], True)}
    task, done = settled(c, votes)
    assert done.named("Suspended") == [
        {
            "task": task,
            "round": 1,
            "validator": c.v[2],
            "aggregate": FALSE,
            "deadline": c.pair.now + 86_400,
        }
    ]
    assert medians(done) == [10, 20, 30]  # its scores do not count
    assert done.named("Settled")[0]["winners"] == 0b1011
    assert [amount for amount, _, _ in earned(c, task)[:4]] == [100, 100, 0, 100]
    assert c.bond(c.v[2], VALIDATOR) == 5_000  # not yet slashed
    assert c.pair.view("Appeals", "suspension_of", task, c.v[2])[0] == 1
    c.check_money(task)


def test_settle__no_two_thirds__aborts_with_bonds_safe(c):
    votes = c.agree([1, 1, 1])
    votes |= {who: (FALSE, [1, 1, 1], True) for who in c.v[2:]}
    task, done = settled(c, votes)
    assert done.named("Aborted")[0]["reason"] == "no agreement"
    assert done.named("Slashed") == done.named("Suspended") == done.named("Settled") == []
    assert c.phase(task) == ABORTED
    assert c.pair.view("Rounds", "result_of", task) == (0, bytes(32), False)
    assert c.pair.view("Tasks", "ledger_of", task)[0] == bytes(32)
    c.rounds(c.stranger, "open", task)
    assert c.number(task) == 2


def test_settle__exactly_two_thirds__agrees():
    c = Consortium(validators=3)
    votes = c.agree([5, 5, 5]) | {c.v[0]: (FALSE, [9, 9, 9], True)}
    _, done = settled(c, votes)
    assert done.named("Settled")[0]["aggregate"] == TRUE


def test_settle__one_unit_short_of_two_thirds__aborts():
    c = Consortium(validators=3, stakes=(4_001, 4_000, 4_000))
    votes = c.agree([5, 5, 5]) | {c.v[0]: (FALSE, [9, 9, 9], True)}
    _, done = settled(c, votes)
    assert done.named("Aborted")[0]["reason"] == "no agreement"


def test_settle__silent_voters__slashed_and_their_stake_still_counts():
    c = Consortium(validators=3)
    task = c.opened()
    c.to_vote(task)
    votes = c.agree([1, 2, 3])
    for who in c.v:
        c.vote_commit(task, who, votes[who])
    c.vote_reveal(task, c.v[0], votes[c.v[0]])
    c.wait(31)
    done = c.settle(task)
    assert [f["reason"] for f in done.named("Faulted")] == ["no reveal"] * 2
    assert done.named("Aborted")[0]["reason"] == "no agreement"
    assert c.bond(c.v[1], VALIDATOR) == 4_800
    assert c.bond(c.v[0], VALIDATOR) == 5_000
    assert c.pair.view("Stakes", "reputation_of", c.v[1], VALIDATOR) == (0, 0, 1)


def test_settle__nobody_revealed__aborts_and_all_are_slashed(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, c.agree([1, 2, 3])[who])
    c.wait(31)
    done = c.settle(task)
    assert len(done.named("Faulted")) == 4
    assert done.named("Aborted")


def test_settle__zero_digest__is_a_digest_like_any_other(c):
    _, done = settled(c, dict.fromkeys(c.v, (bytes(32), [1, 1, 1], True)))
    assert done.named("Settled")[0]["aggregate"] == bytes(32)


# --- over several rounds --------------------------------------------------------------------------


def test_rounds__nothing_of_the_last_round_leaks_into_the_next(c):
    task, _ = settled(c, c.agree([100, 200, 300]))
    c.rounds(c.stranger, "open", task)
    assert [c.fact(task, name) for name in ("committed", "included", "cast", "held")] == [0] * 4
    c.commit(task, c.p[0])
    c.commit(task, c.p[1])
    c.wait(61)
    c.rounds(c.stranger, "advance", task)
    for who in c.v[:3]:
        c.include_commit(task, who, 0b11)
    c.wait(51)
    c.rounds(c.stranger, "advance", task)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0b11)
    assert c.included(task) == 0b11  # the bitmap that v3 revealed in round 1 is not counted
    c.vote_all(task, {who: (FALSE, [1, 1], True) for who in c.v[:3]})
    done = c.settle(task)
    assert done.named("Settled")[0]["aggregate"] == FALSE
    assert done.named("Suspended") == []  # v3's vote of round 1 is no lie in round 2


def test_rounds__all_of_them__money_adds_up(c):
    task = c.opened()
    for number in (1, 2, 3):
        done = c.whole_round(task, c.agree([number, 2 * number, -30_000]))
        c.check_money(task)
        if number < 3:
            c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded") == [{"task": task, "round": 3, "reason": "all rounds done"}]
    before = {who: c.balance(who) for who in (*c.p, *c.v, c.sponsor)}
    c.wind_up(task)
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (3, -90_000, 0)
    assert c.pair.view("Stakes", "reputation_of", c.v[0], VALIDATOR) == (3, 0, 0)
    assert sum(c.balance(who) - had for who, had in before.items()) == 3_900
    assert c.balance(c.sponsor) == before[c.sponsor]  # nothing was left
    c.check_money(task)


def test_rounds__penalties_make_ineligible__task_goes_on_without(c):
    task, _ = settled(c, c.agree([1, 1, -30_000]), low_score_penalty=2_500)
    (opened,) = c.rounds(c.stranger, "open", task).named("RoundOpened")
    assert opened["eligible"] == 0b011
    c.pair.send(c.p[2], "Stakes", "deposit", PARTICIPANT, 500)
    with reverts("Rounds: not eligible"):  # who may act was fixed at opening
        c.commit(task, c.p[2])
