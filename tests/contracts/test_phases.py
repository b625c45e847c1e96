"""Phases: who may act when, reveals that fail, deadlines, aborts, slashes."""

import pytest

from tests.contracts.consortium import Consortium
from tests.contracts.pair import PARTICIPANT, VALIDATOR, Reverted, reverts, word
from tests.twins.table import (
    ABORTED,
    COMMIT,
    ENDED,
    INCLUDE_COMMIT,
    INCLUDE_REVEAL,
    VOTE_COMMIT,
    VOTE_REVEAL,
    lanes_of,
    scores_of,
)

NO_HINTS = ([], bytes(28), b"", [])
LAPSE = {COMMIT: 60, INCLUDE_COMMIT: 50, INCLUDE_REVEAL: 30, VOTE_COMMIT: 40, VOTE_REVEAL: 30}


@pytest.fixture
def c():
    return Consortium()


def to_phase(c, phase, **changes):
    """A task in `phase` of round 1, everybody having acted before."""
    task = c.opened(**changes)
    if phase > COMMIT:
        c.commit_all(task)
    if phase > INCLUDE_COMMIT:
        for who in c.v:
            c.include_commit(task, who, 0b111)
    if phase > INCLUDE_REVEAL:
        for who in c.v:
            c.include_reveal(task, who, 0b111)
    if phase > VOTE_COMMIT:
        for who in c.v:
            c.vote_commit(task, who, vote())
    assert c.phase(task) == phase
    return task


def vote(name="aggregate", scores=(1, 2, 3), accept=True):
    return (word(name), list(scores), accept)


def lapse(c, task):
    c.wait(LAPSE[c.phase(task)] + 1)
    return c.rounds(c.stranger, "advance", task)


# --- commit -------------------------------------------------------------------------------------


def test_commit__all_eligible__goes_on_by_itself(c):
    task = c.opened()
    c.commit(task, c.p[0])
    c.commit(task, c.p[2])
    assert c.phase(task) == COMMIT
    done = c.commit(task, c.p[1])
    assert done.named("PhaseStarted") == [
        {"task": task, "round": 1, "phase": INCLUDE_COMMIT, "deadline": c.pair.now + 50}
    ]


def test_commit__refusals(c):
    task = c.opened()
    for who in (c.stranger, c.v[0], c.sponsor):
        with reverts("Rounds: not a participant here"):
            c.commit(task, who)
    with reverts("Rounds: no commitment"):
        c.rounds(c.p[0], "commit", task, bytes(32))
    c.commit(task, c.p[0])
    with reverts("Rounds: already committed"):
        c.rounds(c.p[0], "commit", task, word("better"))


def test_commit__last_second_counts_the_next_does_not(c):
    task = c.opened()
    c.wait(60)
    c.commit(task, c.p[0])
    c.wait(1)
    with reverts("Rounds: the phase is over"):
        c.commit(task, c.p[1])


def test_commit__some_missing_at_the_deadline__goes_on_without(c):
    task = c.opened()
    c.commit(task, c.p[0])
    c.commit(task, c.p[2])
    with reverts("Rounds: the phase is not over"):
        c.rounds(c.stranger, "advance", task)
    lapse(c, task)
    assert c.phase(task) == INCLUDE_COMMIT
    c.include_all(task)
    assert c.included(task) == 0b101
    assert c.bond(c.p[1], PARTICIPANT) == 3_000  # not committing costs nothing


def test_commit__fewer_than_min__aborts_with_all_bonds_safe(c):
    task = c.opened()
    c.commit(task, c.p[0])
    done = lapse(c, task)
    assert done.named("Aborted") == [{"task": task, "round": 1, "reason": "too few commitments"}]
    assert done.named("Slashed") == []
    assert c.phase(task) == ABORTED
    with reverts("Rounds: not the phase for it"):
        c.commit(task, c.p[1])


# --- acting in the wrong phase ------------------------------------------------------------------


@pytest.mark.parametrize(
    "phase", [COMMIT, INCLUDE_COMMIT, INCLUDE_REVEAL, VOTE_COMMIT, VOTE_REVEAL]
)
def test_phase__other_acts__revert(c, phase):
    task = to_phase(c, phase)
    acts = {
        COMMIT: (c.p[0], "commit", word("x")),
        INCLUDE_COMMIT: (c.v[0], "include_commit", word("x")),
        INCLUDE_REVEAL: (c.v[0], "include_reveal", [(0, 1, word("x"))]),
        VOTE_COMMIT: (c.v[0], "vote_commit", word("x")),
        VOTE_REVEAL: (c.v[0], "vote_reveal", word("x"), True, word("x"), bytes(12)),
    }
    for due, (who, function, *arguments) in acts.items():
        if due != phase:
            with reverts("Rounds: not the phase for it"):
                c.rounds(who, function, task, *arguments)
    if phase != VOTE_REVEAL:
        with reverts("Rounds: not the phase for it"):
            c.rounds(c.stranger, "settle", task, *NO_HINTS)
    else:
        with reverts("Rounds: not the phase for it"):
            c.rounds(c.stranger, "advance", task)
        with reverts("Rounds: the phase is not over"):
            c.rounds(c.stranger, "settle", task, *NO_HINTS)


@pytest.mark.parametrize(
    "phase", [COMMIT, INCLUDE_COMMIT, INCLUDE_REVEAL, VOTE_COMMIT, VOTE_REVEAL]
)
def test_phase__past_its_deadline__nobody_acts(c, phase):
    task = to_phase(c, phase)
    c.wait(LAPSE[phase])
    if phase != VOTE_REVEAL:
        with reverts("Rounds: the phase is not over"):
            c.rounds(c.stranger, "advance", task)
    c.wait(1)
    acts = {
        COMMIT: (c.p[0], "commit", word("x")),
        INCLUDE_COMMIT: (c.v[0], "include_commit", word("x")),
        INCLUDE_REVEAL: (c.v[0], "include_reveal", [(0, 1, word("x"))]),
        VOTE_COMMIT: (c.v[0], "vote_commit", word("x")),
        VOTE_REVEAL: (c.v[0], "vote_reveal", word("x"), True, word("x"), bytes(12)),
    }
    who, function, *arguments = acts[phase]
    with reverts("Rounds: the phase is over"):
        c.rounds(who, function, task, *arguments)


def test_any_act__on_no_task__reverts(c):
    c.create()
    task = word("no task")
    for function, arguments in [
        ("commit", (word("x"),)),
        ("include_commit", (word("x"),)),
        ("include_reveal", ([(0, 1, word("x"))],)),
        ("vote_commit", (word("x"),)),
        ("vote_reveal", (word("x"), True, word("x"), b"")),
        ("advance", ()),
        ("settle", NO_HINTS),
    ]:
        with reverts("Rounds: not the phase for it"):
            c.rounds(c.v[0], function, task, *arguments)


# --- inclusion ----------------------------------------------------------------------------------


def test_include__two_thirds_of_stake__exactly():
    c = Consortium(validators=3, stakes=(3_000, 3_000, 3_000))
    task = c.opened(min_participants=1)
    c.commit_all(task)
    bitmaps = {c.v[0]: 0b111, c.v[1]: 0b011, c.v[2]: 0b001}
    c.include_all(task, bitmaps)
    assert c.included(task) == 0b011  # 3 of 3, 2 of 3, and 1 of 3


def test_include__one_unit_short_of_two_thirds__left_out_and_owes_nothing():
    c = Consortium(validators=3, stakes=(3_999, 4_000, 4_000))
    task = c.opened()
    c.commit_all(task)
    bitmaps = {c.v[0]: 0b111, c.v[1]: 0b111, c.v[2]: 0b011}
    for who in c.v:
        c.include_commit(task, who, bitmaps[who])
    for who in c.v[:2]:
        c.include_reveal(task, who, bitmaps[who])
    done = c.include_reveal(task, c.v[2], bitmaps[c.v[2]])
    # 7,999 of 11,999: 3 * 7,999 = 23,997 < 23,998
    assert done.named("SetFixed")[0] == {
        "task": task,
        "round": 1,
        "included": 0b011,
        "absent": 0,
    }
    assert done.named("Slashed") == []


@pytest.mark.parametrize(
    ("stakes", "absent"), [((4_000, 4_000, 4_000), True), ((4_002, 4_000, 4_000), False)]
)
def test_include__two_thirds_lack_it__absent(stakes, absent):
    c = Consortium(validators=3, stakes=stakes)
    task = c.opened()
    c.commit_all(task)
    bitmaps = {c.v[0]: 0b111, c.v[1]: 0b011, c.v[2]: 0b011}
    for who in c.v:
        c.include_commit(task, who, bitmaps[who])
    for who in c.v:
        done = c.include_reveal(task, who, bitmaps[who])
    assert done.named("SetFixed")[0]["included"] == 0b011
    assert done.named("SetFixed")[0]["absent"] == (0b100 if absent else 0)
    if not absent:
        assert done.named("Slashed") == []
        return
    (slashed,) = done.named("Slashed")
    assert (slashed["account"], slashed["amount"], slashed["reason"]) == (c.p[2], 100, "absent")
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (0, 0, 1)


def test_include__absence_is_due_even_if_too_few_are_left(c):
    task = c.opened(min_participants=3)
    c.commit_all(task)
    for who in c.v:
        c.include_commit(task, who, 0b011)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0b011)
    done = c.include_reveal(task, c.v[3], 0b011)
    assert done.named("Aborted")[0]["reason"] == "too few included"
    assert [s["account"] for s in done.named("Slashed")] == [c.p[2]]


def test_include__refusals(c):
    task = to_phase(c, INCLUDE_COMMIT)
    for who in (c.stranger, c.p[0]):
        with reverts("Rounds: not a validator here"):
            c.rounds(who, "include_commit", task, word("x"))
    with reverts("Rounds: no commitment"):
        c.rounds(c.v[0], "include_commit", task, bytes(32))
    c.include_commit(task, c.v[0], 0b111)
    with reverts("Rounds: already committed"):
        c.rounds(c.v[0], "include_commit", task, word("x"))


def test_include__validator_without_a_seat__reverts(c):
    c.pair.send(c.v[3], "Stakes", "request_unbond", VALIDATOR, 5_000)
    task = to_commit = c.opened()
    c.commit_all(to_commit)
    with reverts("Rounds: not seated"):
        c.rounds(c.v[3], "include_commit", task, word("x"))


def test_include__under_two_thirds_commit__aborts_and_slashes_nobody(c):
    task = to_phase(c, INCLUDE_COMMIT)
    for who in c.v[:2]:
        c.include_commit(task, who, 0b111)
    done = lapse(c, task)
    assert done.named("Aborted")[0]["reason"] == "too few validators"
    assert done.named("Slashed") == []


def test_include__abstainer__no_loss_but_its_stake_counts(c):
    task = to_phase(c, INCLUDE_COMMIT)
    for who, bitmap in zip(c.v, (0b111, 0b111, 0b011), strict=False):
        c.include_commit(task, who, bitmap)
    lapse(c, task)
    for who in c.v[:2]:
        c.include_reveal(task, who, 0b111)
    c.include_reveal(task, c.v[2], 0b011)
    assert c.included(task) == 0b011  # two of four hold the third: not two thirds
    assert c.bond(c.v[3], VALIDATOR) == 5_000
    with reverts("Rounds: not the phase for it"):
        c.include_reveal(task, c.v[3], 0b111)


def test_include_reveal__without_commitment__reverts(c):
    task = to_phase(c, INCLUDE_COMMIT)
    for who in c.v[:3]:
        c.include_commit(task, who, 0b111)
    lapse(c, task)
    with reverts("Rounds: nothing to reveal"):
        c.include_reveal(task, c.v[3], 0b111)
    c.include_reveal(task, c.v[0], 0b111)
    with reverts("Rounds: nothing to reveal"):
        c.include_reveal(task, c.v[0], 0b111)
    with reverts("Rounds: nothing to reveal"):
        c.rounds(c.stranger, "include_reveal", task, [(4, 0b111, word("x"))])
    with reverts("Rounds: nothing to reveal"):
        c.rounds(c.stranger, "include_reveal", task, [(2**255, 0b111, word("x"))])


@pytest.mark.parametrize("bitmap", [0b1000, 0b1111, 1 << 32, 1 << 255, 2**256 - 1, 0b100])
def test_include_reveal__bit_without_commitment__reverts(c, bitmap):
    task = c.opened()
    c.commit(task, c.p[0])
    c.commit(task, c.p[1])
    lapse(c, task)
    for who in c.v:
        c.include_commit(task, who, bitmap)
    with reverts("Rounds: bit without commitment"):
        c.include_reveal(task, c.v[0], bitmap)


def test_include_reveal__empty_bitmap__is_a_vote(c):
    task = to_phase(c, INCLUDE_COMMIT)
    for who in c.v:
        c.include_commit(task, who, 0)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0)
    done = c.include_reveal(task, c.v[3], 0)
    assert done.named("Aborted")[0]["reason"] == "too few included"


def test_include_reveal__not_as_committed__slashed_at_once_and_ignored(c):
    task = to_phase(c, INCLUDE_REVEAL)
    done = c.include_reveal(task, c.v[0], 0b110)
    assert done.named("Faulted") == [
        {
            "task": task,
            "round": 1,
            "validator": c.v[0],
            "phase": INCLUDE_REVEAL,
            "reason": "reveal does not match",
        }
    ]
    assert c.bond(c.v[0], VALIDATOR) == 4_800
    with reverts("Rounds: nothing to reveal"):  # no second try, no second slash
        c.include_reveal(task, c.v[0], 0b111)
    for who in c.v[1:]:
        c.include_reveal(task, who, 0b111)
    assert c.phase(task) == VOTE_COMMIT
    assert c.included(task) == 0b111
    assert c.bond(c.v[0], VALIDATOR) == 4_800


def test_include_reveal__two_of_four_fault__aborts_without_absence(c):
    task = to_phase(c, INCLUDE_REVEAL)
    for who in c.v[:2]:
        c.include_reveal(task, who, 0b001)
    c.include_reveal(task, c.v[2], 0b111)
    done = c.include_reveal(task, c.v[3], 0b111)
    assert done.named("Aborted")[0]["reason"] == "too few validators"
    assert done.named("Slashed") == []


def test_include_reveal__silent__slashed_when_the_phase_ends(c):
    task = to_phase(c, INCLUDE_REVEAL)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0b111)
    done = lapse(c, task)
    assert [(f["validator"], f["reason"]) for f in done.named("Faulted")] == [(c.v[3], "no reveal")]
    assert c.bond(c.v[3], VALIDATOR) == 4_800
    assert c.phase(task) == VOTE_COMMIT


# --- vote ---------------------------------------------------------------------------------------


def test_vote__under_two_thirds_commit__aborts(c):
    task = to_phase(c, VOTE_COMMIT)
    for who in c.v[:2]:
        c.vote_commit(task, who, vote())
    done = lapse(c, task)
    assert done.named("Aborted")[0]["reason"] == "too few validators"
    assert done.named("Slashed") == []


def test_vote__who_abstained_from_inclusion__may_vote(c):
    task = to_phase(c, INCLUDE_COMMIT)
    for who in c.v[:3]:
        c.include_commit(task, who, 0b111)
    lapse(c, task)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0b111)
    c.vote_commit(task, c.v[3], vote())
    with reverts("Rounds: already committed"):
        c.vote_commit(task, c.v[3], vote())


def test_vote_reveal__refusals(c):
    task = to_phase(c, VOTE_REVEAL)
    with reverts("Rounds: not a validator here"):
        c.vote_reveal(task, c.stranger, vote())
    for scores in ((), (1, 2), (1, 2, 3, 4), (0,) * 32):
        with reverts("Rounds: one score per included"):
            c.vote_reveal(task, c.v[0], vote(scores=scores))
    for size in (1, 11, 13):
        with reverts("Rounds: one score per included"):
            c.rounds(c.v[0], "vote_reveal", task, word("a"), True, word("s"), bytes(size))
    with pytest.raises(Reverted, match="no reason given"):
        values = (word("a"), True, word("s"), bytes(1025))
        c.pair.chain.send(c.v[0], "Rounds", "vote_reveal", task, *values)
    c.vote_reveal(task, c.v[0], vote())
    with reverts("Rounds: nothing to reveal"):
        c.vote_reveal(task, c.v[0], vote())


def test_vote_reveal__extreme_scores__kept_exactly(c):
    task = to_phase(c, VOTE_COMMIT)
    extreme = vote(scores=(2**31 - 1, -(2**31), 0))
    for who in c.v:
        c.vote_commit(task, who, extreme)
    for who in c.v:
        c.vote_reveal(task, who, extreme)
    (settled,) = c.settle(task).named("Settled")
    assert scores_of(settled["medians"]) == [2**31 - 1, -(2**31), 0]


@pytest.mark.parametrize(
    "other",
    [
        vote("another"),
        vote(scores=(1, 2, 4)),
        vote(scores=(1, 3, 2)),
        vote(accept=False),
    ],
)
def test_vote_reveal__not_as_committed__slashed_at_once_and_ignored(c, other):
    task = to_phase(c, VOTE_REVEAL)
    done = c.vote_reveal(task, c.v[0], other)
    assert [f["phase"] for f in done.named("Faulted")] == [VOTE_REVEAL]
    assert c.bond(c.v[0], VALIDATOR) == 4_800
    with reverts("Rounds: nothing to reveal"):
        c.vote_reveal(task, c.v[0], vote())
    for who in c.v[1:]:
        c.vote_reveal(task, who, vote())
    done = c.settle(task)
    assert done.named("Settled")[0]["winners"] == 0b1110
    assert done.named("Suspended") == []  # it said nothing that counts
    assert c.bond(c.v[0], VALIDATOR) == 4_800


def test_vote_reveal__wrong_salt__is_a_fault(c):
    task = to_phase(c, VOTE_REVEAL)
    rest = (word("aggregate"), True, word("wrong salt"), lanes_of([1, 2, 3]))
    done = c.rounds(c.v[0], "vote_reveal", task, *rest)
    assert done.named("Faulted")


def test_vote_reveal__all__only_then_settle_early(c):
    task = to_phase(c, VOTE_REVEAL)
    for who in c.v[:3]:
        c.vote_reveal(task, who, vote())
    with reverts("Rounds: the phase is not over"):
        c.settle(task)
    c.vote_reveal(task, c.v[3], vote())
    c.settle(task)


def test_penalty__larger_than_the_bond__takes_what_there_is(c):
    task = to_phase(c, INCLUDE_REVEAL, fault_penalty=2**95 - 1)
    done = c.include_reveal(task, c.v[0], 0b001)
    (slashed,) = done.named("Slashed")
    assert (slashed["amount"], slashed["due"]) == (5_000, 2**95 - 1)
    assert c.bond(c.v[0], VALIDATOR) == 0


@pytest.mark.parametrize("reached", range(COMMIT, VOTE_REVEAL + 1))
def test_task__left_alone_in_any_phase__strangers_bring_it_to_its_end(c, reached):
    task = to_phase(c, reached, rounds=2)
    for _ in range(12):
        c.wait(10**5)
        for function, hints in (("advance", ()), ("settle", NO_HINTS), ("open", ())):
            try:
                c.rounds(c.stranger, function, task, *hints)
            except Reverted:
                continue
        if c.state(task) == ENDED:
            break
    assert c.state(task) == ENDED
    c.wind_up(task)
    assert [c.locks(who, PARTICIPANT) for who in c.p] == [0] * 3
    assert [c.locks(who, VALIDATOR) for who in c.v] == [0] * 4
    c.check_money(task)
    assert c.balance(c.sponsor) == 1_000_000
