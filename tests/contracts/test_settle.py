"""Settling: agreement, medians, rewards, penalties, suspensions, rounding."""

import pytest

from tests.contracts.consortium import Consortium
from tests.contracts.pair import PARTICIPANT, VALIDATOR, Reverted, reverts, word
from tests.twins.tasks import ABORTED, SETTLED

TRUE, FALSE = word("aggregate"), word("another")


@pytest.fixture
def c():
    return Consortium()


def settled(c, votes, **changes):
    """(task, the settling transaction) of a first round with these votes."""
    task = c.opened(**changes)
    c.to_vote(task)
    c.vote_all(task, votes)
    return task, c.rounds(c.stranger, "settle", task)


def scored(done):
    return [(s["median"], s["reward"], s["penalty"]) for s in done.named("Scored")]


def test_settle__unanimous__pays_by_score_and_punishes_the_low(c):
    task, done = settled(c, c.agree([100, 200, -20_001]))
    assert done.named("Settled")[0] == {
        "task": task,
        "round": 1,
        "aggregate": TRUE,
        "included": 0b111,
        "accepted": True,
    }
    assert scored(done) == [(100, 300, 0), (200, 600, 0), (-20_001, 0, 300)]
    assert [r["amount"] for r in done.named("Rewarded")] == [100] * 4
    assert (c.owed(c.p[0]), c.owed(c.p[1]), c.owed(c.v[0])) == (300, 600, 100)
    assert c.bond(c.p[2], PARTICIPANT) == 2_700
    assert c.pair.view("Rounds", "result_of", task, 1) == (TRUE, 0b111, True)
    assert c.phase(task) == SETTLED
    c.check_money(task)


def test_settle__twice__reverts_and_pays_once(c):
    task, _ = settled(c, c.agree([1, 1, 1]))
    with reverts("Rounds: not the phase for it"):
        c.rounds(c.stranger, "settle", task)
    assert c.owed(c.p[0]) == 300
    assert c.rounds(c.p[0], "claim").value == 300
    with reverts("Rounds: nothing to claim"):
        c.rounds(c.p[0], "claim")
    c.check_money(task)


def test_settle__score_exactly_at_the_floor__no_penalty(c):
    _, done = settled(c, c.agree([-20_000, -20_001, 0]))
    assert scored(done) == [(-20_000, 0, 0), (-20_001, 0, 300), (0, 0, 0)]


def test_settle__all_scores_zero_or_below__nobody_paid(c):
    task, done = settled(c, c.agree([0, 0, -5]))
    assert [reward for _, reward, _ in scored(done)] == [0, 0, 0]
    assert c.pair.view("Rounds", "task_of", task)[2] == 3_900 - 400


def test_settle__rounding__down_and_the_rest_stays_in_escrow(c):
    task, done = settled(c, c.agree([1, 1, 1]), participant_reward=1_000, validator_reward=403)
    assert [reward for _, reward, _ in scored(done)] == [333, 333, 333]
    assert [r["amount"] for r in done.named("Rewarded")] == [100] * 4
    assert c.pair.view("Rounds", "task_of", task)[2] == 3 * 1_403 - 999 - 400
    c.check_money(task)


def test_settle__largest_numbers__no_overflow():
    """The pool may be the whole supply, and the score the largest."""
    c = Consortium(participants=3, validators=1)
    pool = 300_000
    _, done = settled(
        c, c.agree([10**9, 10**9, 10**9 - 1]), participant_reward=pool, validator_reward=0
    )
    total = 3 * 10**9 - 1
    assert [r for _, r, _ in scored(done)] == [
        pool * 10**9 // total,
        pool * 10**9 // total,
        pool * (10**9 - 1) // total,
    ]


def test_settle__not_accepted__penalty_but_no_participant_reward(c):
    task, done = settled(c, c.agree([100, 200, -20_001], accept=False))
    assert done.named("Settled")[0]["accepted"] is False
    assert scored(done) == [(100, 0, 0), (200, 0, 0), (-20_001, 0, 300)]
    assert [r["amount"] for r in done.named("Rewarded")] == [100] * 4
    assert c.pair.view("Rounds", "result_of", task, 1)[2] is False


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


def test_settle__one_liar_of_four__suspended_others_paid(c):
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
    assert [m for m, _, _ in scored(done)] == [10, 20, 30]  # its scores do not count
    assert [r["validator"] for r in done.named("Rewarded")] == [c.v[0], c.v[1], c.v[3]]
    assert c.bond(c.v[2], VALIDATOR) == 5_000  # not yet slashed
    assert c.pair.view("Rounds", "suspension_of", task, c.v[2])[0] == 1
    c.check_money(task)


def test_settle__no_two_thirds__aborts_with_bonds_safe(c):
    votes = c.agree([1, 1, 1])
    votes |= {who: (FALSE, [1, 1, 1], True) for who in c.v[2:]}
    task, done = settled(c, votes)
    assert done.named("Aborted")[0]["reason"] == "no agreement"
    assert done.named("Slashed") == done.named("Suspended") == done.named("Scored") == []
    assert c.phase(task) == ABORTED
    assert c.pair.view("Rounds", "result_of", task, 1) == (bytes(32), 0, False)
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


def test_settle__silent_voter__slashed_and_its_stake_still_counts():
    c = Consortium(validators=3)
    task = c.opened()
    c.to_vote(task)
    votes = c.agree([1, 2, 3])
    for who in c.v:
        c.vote_commit(task, who, votes[who])
    c.vote_reveal(task, c.v[0], votes[c.v[0]])
    c.wait(31)
    done = c.rounds(c.stranger, "settle", task)
    assert [f["reason"] for f in done.named("Faulted")] == ["no reveal"] * 2
    assert done.named("Aborted")[0]["reason"] == "no agreement"
    assert c.bond(c.v[1], VALIDATOR) == 4_800
    assert c.bond(c.v[0], VALIDATOR) == 5_000


def test_settle__nobody_revealed__aborts_and_all_are_slashed(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, c.agree([1, 2, 3])[who])
    c.wait(31)
    done = c.rounds(c.stranger, "settle", task)
    assert len(done.named("Faulted")) == 4
    assert done.named("Aborted")


def test_settle__zero_digest__is_a_digest_like_any_other(c):
    _, done = settled(c, dict.fromkeys(c.v, (bytes(32), [1, 1, 1], True)))
    assert done.named("Settled")[0]["aggregate"] == bytes(32)


# --- medians ------------------------------------------------------------------------------------


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
    ],
)
def test_median__by_stake(scores, stakes, median):
    c = Consortium(
        participants=2, validators=len(scores), stakes=tuple(2_000 * stake for stake in stakes)
    )
    votes = {who: (TRUE, [score, 0], True) for who, score in zip(c.v, scores, strict=True)}
    _, done = settled(c, votes)
    assert done.named("Scored")[0]["median"] == median


def test_median__stake_is_the_snapshot__not_what_is_bonded_now(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v[1:]:
        c.pair.send(who, "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.pair.send(c.v[0], "Stakes", "deposit", VALIDATOR, 500_000)
    votes = c.agree([7, 7, 7]) | {c.v[0]: (TRUE, [9, 9, 9], True)}
    c.vote_all(task, votes)
    done = c.rounds(c.stranger, "settle", task)
    assert [m for m, _, _ in scored(done)] == [7, 7, 7]


def test_median__score_for_the_own_party__ignored():
    c = Consortium()
    c = Consortium(controllers={c.v[0]: "one house", c.p[0]: "one house"})
    votes = {who: (TRUE, [10 * i, 1, 1], True) for i, who in enumerate(c.v)}
    votes[c.v[0]] = (TRUE, [10**9, 1, 1], True)
    _, done = settled(c, votes)
    assert done.named("Scored")[0]["median"] == 20  # of 10, 20, 30


def test_median__all_scorers_are_the_own_party__zero():
    c = Consortium(participants=2)
    c = Consortium(participants=2, controllers=dict.fromkeys([*c.v, c.p[0]], "one house"))
    _, done = settled(c, c.agree([10**9, 5]))
    assert scored(done) == [(0, 0, 0), (5, 900, 0)]


@pytest.mark.parametrize("gap", [0, 1, 2])
def test_median__set_with_a_gap__scores_go_to_the_right_people(c, gap):
    task = c.opened()
    c.to_vote(task, 0b111 & ~(1 << gap))
    c.vote_all(task, c.agree([40, 50]))
    done = c.rounds(c.stranger, "settle", task)
    left = [who for i, who in enumerate(c.p) if i != gap]
    assert [(s["participant"], s["median"]) for s in done.named("Scored")] == [
        (left[0], 40),
        (left[1], 50),
    ]
    assert c.bond(c.p[gap], PARTICIPANT) == 2_900  # absent


def test_settle__32_participants_16_validators__fits_a_block():
    c = Consortium(participants=32, validators=16)
    task, done = settled(
        c,
        {who: (TRUE, [i * 1_000 - j for j in range(32)], True) for i, who in enumerate(c.v)},
        participant_reward=100_000,
        validator_reward=16_000,
        score_floor=7_999,
    )
    assert len(done.named("Scored")) == 32
    assert done.gas < 15_000_000
    assert scored(done)[0][0] == 8_000
    assert scored(done)[31][0] == 8_000 - 31
    c.check_money(task)


def test_settle__penalty_larger_than_the_bond__scored_says_due_slashed_says_burnt(c):
    _, done = settled(c, c.agree([1, 1, -30_000]), low_score_penalty=10**20)
    assert scored(done)[2] == (-30_000, 0, 10**20)
    assert [(s["amount"], s["due"]) for s in done.named("Slashed")] == [(3_000, 10**20)]


# --- over several rounds ------------------------------------------------------------------------


def test_rounds__nothing_of_the_last_round_leaks_into_the_next(c):
    task, _ = settled(c, c.agree([100, 200, 300]))
    c.rounds(c.stranger, "open", task)
    record = c.pair.view("Rounds", "round_of", task)
    assert record[3:5] == (0, 0)  # committed, included
    assert record[8:] == (0, 0, 0)  # cast, waiting, held
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
    done = c.rounds(c.stranger, "settle", task)
    assert done.named("Settled")[0]["aggregate"] == FALSE
    assert done.named("Suspended") == []  # v3's vote of round 1 is no lie in round 2


def test_rounds__all_of_them__money_adds_up(c):
    task = c.joined()
    c.rounds(c.sponsor, "open", task)
    for number in (1, 2, 3):
        c.to_vote(task)
        c.vote_all(task, c.agree([number, 2 * number, -30_000]))
        done = c.rounds(c.stranger, "settle", task)
        c.check_money(task)
        if number < 3:
            c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded")[0]["refund"] == 0
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (3, -90_000, 0)
    assert c.pair.view("Stakes", "reputation_of", c.v[0], VALIDATOR) == (3, 0, 0)
    paid = sum(c.rounds(who, "claim").value for who in (*c.p[:2], *c.v))
    assert paid == 3_900
    c.check_money(task)


def test_rounds__penalties_make_ineligible__task_goes_on_without(c):
    task, _ = settled(c, c.agree([1, 1, -30_000]), low_score_penalty=2_500)
    (opened,) = c.rounds(c.stranger, "open", task).named("RoundOpened")
    assert opened["eligible"] == 0b011
    with reverts("Rounds: not eligible"):
        c.commit(task, c.p[2])
    c.pair.send(c.p[2], "Stakes", "deposit", PARTICIPANT, 500)
    with reverts("Rounds: not eligible"):  # who may act was fixed at opening
        c.commit(task, c.p[2])


def test_settle__unknown_task__reverts(c):
    with pytest.raises(Reverted):
        c.rounds(c.stranger, "settle", word("none"))
