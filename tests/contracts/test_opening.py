"""Rounds: opening, who is in, reviewing, ending, letting go."""

import pytest

from tests.contracts.consortium import Consortium, terms
from tests.contracts.pair import DAY, PARTICIPANT, VALIDATOR, account, reverts, word
from tests.twins.table import COMMIT, ENDED, RUNNING


@pytest.fixture
def c():
    return Consortium()


def stakes(done):
    """What was computed anew, by validator."""
    return {s["validator"]: s["stake"] for s in done.named("Seated")}


def aborted(c, task):
    """The task's round ended without commitments."""
    c.wait(61)
    return c.rounds(c.stranger, "advance", task)


# --- the first opening ----------------------------------------------------------------------------


def test_open__first__who_and_when(c):
    task = c.create()
    c.tasks(c.p[0], "join", task, word("d"), 1)
    with reverts("Rounds: too few joined"):
        c.rounds(c.sponsor, "open", task)
    c.tasks(c.p[1], "join", task, word("d"), 1)
    with reverts("Rounds: too early to open"):
        c.rounds(c.stranger, "open", task)
    c.wait(100)
    with reverts("Rounds: too early to open"):
        c.rounds(c.stranger, "open", task)
    c.wait(1)
    done = c.rounds(c.stranger, "open", task)
    assert stakes(done) == dict.fromkeys(c.v, 5_000)
    assert done.named("RoundOpened") == [
        {"task": task, "round": 1, "eligible": 0b11, "seats": 0b1111, "stake": 20_000}
    ]
    assert done.named("PhaseStarted")[0]["phase"] == COMMIT
    assert c.state(task) == RUNNING
    assert [c.pair.view("Tasks", "stake_of", task, place) for place in range(5)] == [5_000] * 4 + [
        0
    ]
    assert [c.locks(who, VALIDATOR) for who in c.v] == [1] * 4


def test_open__first__fixes_places_roster_and_ledger(c):
    task = c.opened()
    everybody = [*c.v, *c.p]
    for place, who in enumerate(everybody):
        assert c.pair.view("Tasks", "account_at", task, place) == who
    assert c.pair.view("Tasks", "ledger_of", task)[3:] == (7, 0)
    assert c.pair.view("Tasks", "ledger_of", task)[0] == bytes(32)
    assert [c.pair.view("Rounds", "place_of", task, who) for who in c.v] == [1, 2, 3, 4]
    assert [c.pair.view("Rounds", "position_of", task, who) for who in c.p] == [1, 2, 3]
    assert c.pair.view("Rounds", "place_of", task, c.p[0]) == 0
    assert c.pair.view("Rounds", "position_of", task, c.v[0]) == 0


def test_open__too_few_joined_in_time__ends_the_task(c):
    task = c.create()
    c.tasks(c.p[0], "join", task, word("d"), 1)
    c.wait(100)
    for who in (c.sponsor, c.stranger):
        with reverts("Rounds: too few joined"):
            c.rounds(who, "open", task)
    c.wait(1)
    done = c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded") == [{"task": task, "round": 0, "reason": "too few joined"}]
    assert c.state(task) == ENDED
    c.release(task, c.p[0])
    assert c.locks(c.p[0], PARTICIPANT) == 0
    refunded = c.tasks(c.stranger, "refund", task).named("Refunded")
    assert refunded == [{"task": task, "sponsor": c.sponsor, "amount": 3_900}]
    assert c.balance(c.sponsor) == 1_000_000
    for function in ("open", "advance"):
        with reverts(
            {"open": "Rounds: no running task"}.get(function, "Rounds: not the phase for it")
        ):
            c.rounds(c.stranger, function, task)


def test_open__nobody_joined__ends_the_task(c):
    task = c.create()
    c.wait(101)
    assert c.rounds(c.stranger, "open", task).named("TaskEnded")
    c.tasks(c.stranger, "refund", task)
    c.check_money(task)


def test_open__no_such_or_ended_task__reverts(c):
    with reverts("Rounds: no running task"):
        c.rounds(c.sponsor, "open", word("no task"))
    task = c.create()
    c.wait(101)
    c.rounds(c.sponsor, "open", task)
    with reverts("Rounds: no running task"):
        c.rounds(c.sponsor, "open", task)


def test_open__while_a_round_is_open__reverts(c):
    task = c.opened()
    with reverts("Rounds: a round is still open"):
        c.rounds(c.sponsor, "open", task)


def test_open__unbonded_and_suspended_people__left_out(c):
    task = c.joined(min_participants=1)
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 2_001)
    c.pair.send(c.v[3], "Stakes", "request_unbond", VALIDATOR, 3_001)
    c.suspend(c.p[2])
    done = c.rounds(c.sponsor, "open", task)
    assert done.named("RoundOpened")[0]["eligible"] == 0b010
    assert list(stakes(done).values()) == [5_000, 5_000, 5_000, 0]
    for who in (c.p[0], c.p[2]):
        with reverts("Rounds: not eligible"):
            c.commit(task, who)
    assert c.locks(c.v[3], VALIDATOR) == 0


def test_open__bonds_exactly_enough__in(c):
    task = c.joined()
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 2_000)
    c.pair.send(c.v[3], "Stakes", "request_unbond", VALIDATOR, 3_000)
    done = c.rounds(c.sponsor, "open", task)
    assert done.named("RoundOpened")[0]["eligible"] == 0b111
    assert stakes(done)[c.v[3]] == 2_000


def test_open__suspended_validator_account__gets_no_seat(c):
    task = c.joined()
    c.suspend(c.v[1])
    done = c.rounds(c.sponsor, "open", task)
    assert list(stakes(done).values()) == [5_000, 0, 5_000, 5_000]
    assert done.named("RoundOpened")[0]["seats"] == 0b1101


def test_open__stake_bought_after_the_task_began__does_not_count(c):
    """Whoever sees the task cannot buy two thirds of it in the last second."""
    task = c.joined()
    c.pair.send(c.v[0], "Stakes", "deposit", VALIDATOR, 900_000)
    done = c.rounds(c.sponsor, "open", task)
    assert stakes(done)[c.v[0]] == 5_000


def test_open__too_few_eligible__waits_before_the_deadline_ends_after(c):
    task = c.joined(min_participants=3)
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 2_001)
    with reverts("Rounds: too few are eligible"):
        c.rounds(c.sponsor, "open", task)
    c.wait(101)
    done = c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded")[0]["reason"] == "too few are eligible"
    assert done.named("RoundOpened") == []
    assert c.number(task) == 0
    c.wind_up(task)
    for who in c.p:
        assert c.locks(who, PARTICIPANT) == 0
    assert c.balance(c.sponsor) == 1_000_000


@pytest.mark.parametrize(("gone", "opens"), [(1, True), (2, False)])
def test_open__less_than_two_thirds_of_the_listed_seats__ends_the_task(c, gone, opens):
    task = c.joined()
    for who in c.v[:gone]:
        c.pair.send(who, "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.wait(101)
    done = c.rounds(c.stranger, "open", task)
    assert bool(done.named("RoundOpened")) == opens
    assert (c.state(task) == ENDED) != opens
    if not opens:
        c.wind_up(task)
        assert c.locks(c.v[3], VALIDATOR) == 0
    c.check_money(task)


def test_open__listed_validator_who_is_none__has_no_seat(c):
    validators = [*c.v[:3], c.p[0]]
    agreed = terms()
    task = c.pair.view("Tasks", "task_id", agreed, validators)
    c.approve(task)
    c.tasks(c.sponsor, "create", agreed, validators)
    for who in c.p:
        c.tasks(who, "join", task, word("d"), 1)
    done = c.rounds(c.sponsor, "open", task)
    assert stakes(done)[c.p[0]] == 0
    # Its own house cannot score it, seat or not.
    assert c.pair.view("Tasks", "conflicts_of", task, 3) == 1


def test_open__paused__nothing_begins_but_the_round_goes_on(c):
    task = c.opened()
    c.pause("Rounds", DAY)
    c.whole_round(task, c.agree([1, 1, 1]))
    with reverts("Rounds: paused"):
        c.rounds(c.stranger, "open", task)
    c.wait(DAY)
    c.rounds(c.stranger, "open", task)


# --- later openings -------------------------------------------------------------------------------


def test_open__later__computes_only_whom_something_happened_to(c):
    task = c.opened()
    c.pair.send(c.v[0], "Stakes", "request_unbond", VALIDATOR, 1_000)
    aborted(c, task)
    done = c.rounds(c.stranger, "open", task)
    assert stakes(done) == {}
    assert done.named("RoundOpened")[0]["stake"] == 20_000
    assert c.locks(c.v[0], VALIDATOR) == 1


@pytest.mark.parametrize(("penalty", "left"), [(3_000, 2_000), (3_001, 0)])
def test_open__later__the_slashed_are_computed_again(c, penalty, left):
    task = c.opened(fault_penalty=penalty)
    c.commit_all(task)
    for who in c.v:
        c.include_commit(task, who, 0b111)
    c.include_reveal(task, c.v[0], 0b001)
    for who in c.v[1:]:
        c.include_reveal(task, who, 0b111)
    c.wait(41)
    assert c.rounds(c.stranger, "advance", task).named("Aborted")
    done = c.rounds(c.stranger, "open", task)
    assert stakes(done) == {c.v[0]: left}


def test_review__bond_asked_back__loses_the_seat(c):
    task = c.opened()
    aborted(c, task)
    c.pair.send(c.v[0], "Stakes", "request_unbond", VALIDATOR, 3_001)
    c.pair.send(c.p[1], "Stakes", "request_unbond", PARTICIPANT, 2_001)
    assert stakes(c.review(task, c.v[0])) == {c.v[0]: 0}
    done = c.review(task, c.p[1])
    assert done.named("Eligible") == [{"task": task, "participant": c.p[1], "eligible": False}]
    (opened,) = c.rounds(c.stranger, "open", task).named("RoundOpened")
    assert (opened["seats"], opened["eligible"]) == (0b1110, 0b101)


def test_review__topped_up_again__seated_up_to_the_cap(c):
    task = c.opened()
    aborted(c, task)
    c.pair.send(c.v[0], "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.review(task, c.v[0])
    c.pair.send(c.v[0], "Stakes", "deposit", VALIDATOR, 9_000)
    assert stakes(c.review(task, c.v[0])) == {c.v[0]: 5_000}


def test_review__validator_who_bonds_late__seated_and_locked_then(c):
    task = c.joined()
    c.pair.send(c.v[2], "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.rounds(c.sponsor, "open", task)
    assert c.locks(c.v[2], VALIDATOR) == 0
    aborted(c, task)
    c.pair.send(c.v[2], "Stakes", "deposit", VALIDATOR, 2_000)
    assert stakes(c.review(task, c.v[2])) == {c.v[2]: 2_000}
    (opened,) = c.rounds(c.stranger, "open", task).named("RoundOpened")
    assert (opened["seats"], opened["stake"]) == (0b1111, 17_000)
    assert [c.locks(who, VALIDATOR) for who in c.v] == [1] * 4


def test_review__suspended_member__out_and_back(c):
    task = c.opened()
    aborted(c, task)
    c.suspend(c.v[1])
    c.suspend(c.p[0])
    assert stakes(c.review(task, c.v[1])) == {c.v[1]: 0}
    assert not c.review(task, c.p[0]).named("Eligible")[0]["eligible"]
    for who, role in ((c.v[1], VALIDATOR), (c.p[0], PARTICIPANT)):
        facts = (word("keys"), word("house"), role)
        c.pair.send(account("timelock"), "Members", "admit", who, *facts)
        c.review(task, who)
    (opened,) = c.rounds(c.stranger, "open", task).named("RoundOpened")
    assert (opened["seats"], opened["eligible"]) == (0b1111, 0b111)


def test_review__while_a_round_is_open__counts_when_the_next_one_opens(c):
    """Else whoever settles and opens in one go would keep everybody from being reviewed."""
    task = c.joined()
    c.review(task, c.p[1])  # before the first round everybody is computed anyway
    c.rounds(c.sponsor, "open", task)
    c.suspend(c.v[1])
    c.suspend(c.p[0])
    for who in (c.v[1], c.p[0]):
        assert c.review(task, who).events == []
    assert c.fact(task, "seats") == 0b1111
    aborted(c, task)
    done = c.rounds(c.stranger, "open", task)
    assert stakes(done) == {c.v[1]: 0}
    (opened,) = done.named("RoundOpened")
    assert (opened["seats"], opened["eligible"]) == (0b1101, 0b110)


def test_stake__whale_at_the_last_moment__counts_four_bonds_at_most(c):
    c.pair.send(c.v[0], "Stakes", "deposit", VALIDATOR, 100_000)
    task = c.joined()
    assert stakes(c.rounds(c.sponsor, "open", task))[c.v[0]] == 4 * 2_000


def test_review__refusals(c):
    task = c.joined()
    with reverts("Tasks: not in this task"):
        c.tasks(c.stranger, "review", word("no task"), 0)
    c.rounds(c.sponsor, "open", task)
    aborted(c, task)
    for place in (7, 255, 2**255):
        with reverts("Tasks: not in this task"):
            c.tasks(c.stranger, "review", task, place)


# --- ending ---------------------------------------------------------------------------------------


def test_end__after_the_last_round__all_can_leave(c):
    task = c.opened(rounds=2)
    for number in (1, 2):
        assert c.number(task) == number
        done = aborted(c, task)
        assert done.named("Aborted")[0]["reason"] == "too few commitments"
        if number == 1:
            assert done.named("TaskEnded") == []
            with reverts("Tasks: the task has not ended"):
                c.release(task, c.p[0])
            with reverts("Tasks: the task has not ended"):
                c.tasks(c.sponsor, "refund", task)
            c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded") == [{"task": task, "round": 2, "reason": "all rounds done"}]
    with reverts("Rounds: no running task"):
        c.rounds(c.stranger, "open", task)
    c.wind_up(task)
    for who, role in [(c.p[0], PARTICIPANT), (c.v[0], VALIDATOR)]:
        assert c.locks(who, role) == 0
    c.check_money(task)


def test_release__each_once_and_nobody_else(c):
    task = c.opened(rounds=1)
    with reverts("Tasks: the task has not ended"):
        c.release(task, c.p[0], c.p[0])
    with reverts("Tasks: the task has not ended"):
        c.tasks(c.p[0], "release", word("no task"), 0)
    aborted(c, task)
    for place in (7, 255, 2**255):
        with reverts("Tasks: nothing to release"):
            c.tasks(c.stranger, "release", task, place)
    for who in (*c.p, *c.v):
        assert len(c.release(task, who).named("Unlocked")) == 1
        with reverts("Tasks: nothing to release"):
            c.release(task, who)


def test_two_tasks__one_bond__held_until_both_let_go(c):
    first = c.opened(rounds=1)
    second = c.joined(spec=word("second"), rounds=1)
    assert c.locks(c.p[0], PARTICIPANT) == 2
    c.rounds(c.sponsor, "open", second)
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 3_000)
    aborted(c, first)
    c.wind_up(first)
    c.wait(8 * DAY)
    with reverts("Stakes: locked by a task"):
        c.pair.send(c.p[0], "Stakes", "withdraw", PARTICIPANT)
    c.rounds(c.stranger, "advance", second)
    c.wind_up(second)
    c.wait(8 * DAY)
    c.pair.send(c.p[0], "Stakes", "withdraw", PARTICIPANT)
    c.check_money(first, second)


def test_two_roles__validator_who_trains_too__both_bonds_let_go():
    """One account with two roles judges in the task that it joins; its house never scores it."""
    c = Consortium()
    both = c.v[0]
    c.suspend(both)
    facts = (both, word("keys"), word(f"house of {both}"), PARTICIPANT | VALIDATOR)
    c.pair.send(account("timelock"), "Members", "admit", *facts)
    c.pair.send(both, "Stakes", "deposit", PARTICIPANT, 1_000)
    task = c.create(rounds=1)
    for who in (both, *c.p[:2]):
        c.tasks(who, "join", task, word("d"), 1)
    c.rounds(c.sponsor, "open", task)
    assert c.pair.view("Tasks", "conflicts_of", task, 0) == 1
    aborted(c, task)
    for place, role in ((0, VALIDATOR), (4, PARTICIPANT)):
        assert c.locks(both, role) == 1
        c.tasks(c.stranger, "release", task, place)
        assert c.locks(both, role) == 0
        with reverts("Tasks: nothing to release"):
            c.tasks(c.stranger, "release", task, place)
