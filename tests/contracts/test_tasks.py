"""Tasks: approval, creation, joining, cancelling, opening, ending, claiming."""

import hashlib

import pytest
from eth_abi.abi import encode

from tests.contracts.consortium import DEFAULTS, FUNDS, Consortium, founder, terms
from tests.contracts.pair import (
    CHAIN_ID,
    DAY,
    PARTICIPANT,
    VALIDATOR,
    Reverted,
    account,
    reverts,
    word,
)
from tests.twins.tasks import ENDED, JOINING, RUNNING, TERMS
from tests.twins.world import NOBODY

YEAR = 366 * DAY


@pytest.fixture
def c():
    return Consortium()


def approve_terms(c, agreed, validators=None):
    task = c.pair.view("Rounds", "task_id", agreed, c.v if validators is None else validators)
    c.approve(task)
    return task


def test_task_id__binds_chain_contract_terms_and_validators(c):
    agreed = terms()
    types = ["bytes32", "uint256", "address", TERMS, "address[]"]
    head = [b"quorate/task/v1".ljust(32, b"\0"), CHAIN_ID, c.pair.address("Rounds")]
    data = encode(types, [*head, agreed, c.v])
    assert c.pair.view("Rounds", "task_id", agreed, c.v) == hashlib.sha256(data).digest()
    others = [(terms(**{name: _other(value)}), c.v) for name, value in DEFAULTS.items()]
    others += [(agreed, c.v[::-1]), (agreed, c.v[:3]), (agreed, [])]
    ids = {c.pair.view("Rounds", "task_id", *other) for other in [(agreed, c.v), *others]}
    assert len(ids) == 1 + len(DEFAULTS) + 3


def _other(value):
    return {bytes: word("other"), str: account("other"), int: 7}[type(value)]


def test_create__approved__takes_the_whole_escrow(c):
    task = c.create()
    assert c.pair.view("Rounds", "task_of", task)[:3] == (JOINING, 0, 3 * 1_300)
    assert c.pair.view("Token", "balanceOf", c.sponsor) == FUNDS - 3_900
    assert c.pair.view("Rounds", "terms_of", task) == terms()
    assert c.pair.view("Rounds", "validators_of", task) == tuple(c.v)
    c.check_money(task)


def test_create__not_approved__reverts(c):
    task = c.pair.view("Rounds", "task_id", terms(), c.v)
    c.pair.send(c.m[0], "Members", "vote", task, True)
    with reverts("Rounds: not approved by members"):
        c.rounds(c.sponsor, "create", terms(), c.v)


def test_create__terms_other_than_approved__reverts(c):
    approve_terms(c, terms())
    with reverts("Rounds: not approved by members"):
        c.rounds(c.sponsor, "create", terms(lie_penalty=0), c.v)
    with reverts("Rounds: not approved by members"):
        c.rounds(c.sponsor, "create", terms(), c.v[:3])


def test_create__by_another__reverts(c):
    approve_terms(c, terms())
    with reverts("Rounds: only the sponsor creates"):
        c.rounds(c.stranger, "create", terms(), c.v)


def test_create__twice__reverts_even_when_ended(c):
    task = c.create()
    with reverts("Rounds: task exists"):
        c.rounds(c.sponsor, "create", terms(), c.v)
    c.wait(101)
    c.rounds(c.stranger, "cancel", task)
    with reverts("Rounds: task exists"):
        c.rounds(c.sponsor, "create", terms(), c.v)


@pytest.mark.parametrize(
    "changes",
    [
        {"rounds": 0},
        {"rounds": 10_001},
        {"min_participants": 0},
        {"min_participants": 33},
        {"weight_cap": 0},
        {"validator_bond": 0},
        {"join_seconds": 0},
        {"join_seconds": YEAR + 1},
        {"commit_seconds": 0},
        {"commit_seconds": 2**256 - 1},
        {"include_seconds": 0},
        {"include_seconds": YEAR + 1},
        {"vote_seconds": 0},
        {"vote_seconds": YEAR + 1},
        {"reveal_seconds": 0},
        {"reveal_seconds": YEAR + 1},
        {"appeal_seconds": 0},
        {"appeal_seconds": YEAR + 1},
    ],
)
def test_create__terms_out_of_range__reverts(c, changes):
    approve_terms(c, terms(**changes))
    with reverts("Rounds: terms out of range"):
        c.rounds(c.sponsor, "create", terms(**changes), c.v)


def test_create__limits_of_the_range__accepted(c):
    ends = dict.fromkeys([name for name in DEFAULTS if name.endswith("_seconds")], YEAR)
    free = {"participant_reward": 0, "validator_reward": 0}
    c.create(rounds=10_000, min_participants=32, weight_cap=2**256 - 1, **free, **ends)
    c.create(rounds=1, min_participants=1, weight_cap=1, validator_bond=1, score_floor=-(2**255))


@pytest.mark.parametrize("build", [lambda v: [v[0], v[1], v[0]], lambda v: [v[0], NOBODY]])
def test_create__no_proper_list_of_validators__reverts(c, build):
    approve_terms(c, terms(), build(c.v))
    with reverts("Rounds: no list of validators"):
        c.rounds(c.sponsor, "create", terms(), build(c.v))


def test_create__no_validators__reverts(c):
    approve_terms(c, terms(), [])
    with reverts("Rounds: terms out of range"):
        c.rounds(c.sponsor, "create", terms(), [])


def test_create__seventeen_validators__refused_by_the_abi(c):
    many = [account(f"w{i}") for i in range(17)]
    with pytest.raises(Reverted, match="no reason given"):
        c.pair.chain.send(c.sponsor, "Rounds", "create", terms(), many)


def test_create__escrow_beyond_funds_or_numbers__reverts(c):
    for reward, message in ((FUNDS, "Token: allowance too low"), (2**255, "no reason given")):
        agreed = terms(participant_reward=reward)
        approve_terms(c, agreed)
        with reverts(message):
            c.rounds(c.sponsor, "create", agreed, c.v)


def test_create__failed_payment__can_be_tried_again(c):
    agreed = terms()
    approve_terms(c, agreed)
    c.pair.send(c.sponsor, "Token", "approve", c.pair.address("Rounds"), 3_899)
    with reverts("Token: allowance too low"):
        c.rounds(c.sponsor, "create", agreed, c.v)
    c.pair.send(c.sponsor, "Token", "approve", c.pair.address("Rounds"), 3_900)
    c.rounds(c.sponsor, "create", agreed, c.v)


def test_join__weights__capped_and_fixed(c):
    task = c.create(weight_cap=250)
    for i, (who, samples) in enumerate(zip(c.p, (1, 250, 10**30), strict=True)):
        c.rounds(who, "join", task, word("same data"), samples)
        weight = min(samples, 250)
        assert c.pair.view("Rounds", "participant_of", task, who) == (
            i + 1,
            word("same data"),
            weight,
        )
    assert c.pair.view("Rounds", "participants_of", task) == tuple(c.p)
    assert c.pair.view("Stakes", "bond_of", c.p[0], PARTICIPANT)[3] == 1


def test_join__refusals(c):
    task = c.create()
    who = c.p[0]
    for sender, dataset, samples, message in [
        (c.stranger, word("d"), 1, "Rounds: not a participant"),
        (c.v[0], word("d"), 1, "Rounds: not a participant"),
        (who, bytes(32), 1, "Rounds: no data"),
        (who, word("d"), 0, "Rounds: no data"),
    ]:
        with reverts(message):
            c.rounds(sender, "join", task, dataset, samples)
    with reverts("Rounds: not open to join"):
        c.rounds(who, "join", word("no task"), word("d"), 1)
    c.rounds(who, "join", task, word("d"), 1)
    with reverts("Rounds: already joined"):
        c.rounds(who, "join", task, word("e"), 2)


def test_join__bond_exactly_enough_or_one_short(c):
    task = c.create()
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 2_000)
    c.rounds(c.p[0], "join", task, word("d"), 1)
    c.pair.send(c.p[1], "Stakes", "request_unbond", PARTICIPANT, 2_001)
    with reverts("Rounds: bond too low"):
        c.rounds(c.p[1], "join", task, word("d"), 1)


def test_join__last_second_and_after(c):
    task = c.create()
    c.wait(100)
    c.rounds(c.p[0], "join", task, word("d"), 1)
    c.wait(1)
    with reverts("Rounds: the join window is over"):
        c.rounds(c.p[1], "join", task, word("d"), 1)


def test_join__once_opened__reverts(c):
    task = c.create()
    for who in c.p[:2]:
        c.rounds(who, "join", task, word("d"), 1)
    c.rounds(c.sponsor, "open", task)
    with reverts("Rounds: not open to join"):
        c.rounds(c.p[2], "join", task, word("d"), 1)


def test_join__32_participants__and_no_more():
    c = Consortium(participants=33)
    task = c.create()
    for who in c.p[:32]:
        c.rounds(who, "join", task, word("d"), 1)
    with reverts("Rounds: the task is full"):
        c.rounds(c.p[32], "join", task, word("d"), 1)


def test_cancel__too_few_in_time__refunds_and_unlocks(c):
    task = c.create()
    c.rounds(c.p[0], "join", task, word("d"), 1)
    with reverts("Rounds: the join window is open"):
        c.rounds(c.sponsor, "cancel", task)
    c.wait(101)
    done = c.rounds(c.stranger, "cancel", task)
    assert done.named("TaskEnded") == [{"task": task, "refund": 3_900, "reason": "too few joined"}]
    assert c.state(task) == ENDED
    assert c.pair.view("Stakes", "bond_of", c.p[0], PARTICIPANT)[3] == 0
    assert c.rounds(c.sponsor, "claim").value == 3_900
    assert c.pair.view("Token", "balanceOf", c.sponsor) == FUNDS
    with reverts("Rounds: not open to join"):
        c.rounds(c.stranger, "cancel", task)


def test_cancel__enough_joined__reverts(c):
    task = c.joined()
    c.wait(101)
    with reverts("Rounds: enough joined"):
        c.rounds(c.sponsor, "cancel", task)


def test_open__first__who_and_when(c):
    task = c.create()
    c.rounds(c.p[0], "join", task, word("d"), 1)
    with reverts("Rounds: too few joined"):
        c.rounds(c.sponsor, "open", task)
    c.rounds(c.p[1], "join", task, word("d"), 1)
    with reverts("Rounds: too early to open"):
        c.rounds(c.stranger, "open", task)
    c.wait(100)
    with reverts("Rounds: too early to open"):
        c.rounds(c.stranger, "open", task)
    c.wait(1)
    done = c.rounds(c.stranger, "open", task)
    assert done.named("RoundOpened") == [
        {
            "task": task,
            "round": 1,
            "eligible": 0b11,
            "validators": tuple(c.v),
            "stakes": (5_000,) * 4,
        }
    ]
    assert c.state(task) == RUNNING


def test_open__no_such_or_ended_task__reverts(c):
    with reverts("Rounds: no running task"):
        c.rounds(c.sponsor, "open", word("no task"))
    task = c.create()
    c.wait(101)
    c.rounds(c.sponsor, "cancel", task)
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
    c.approve(c.pair.view("Members", "suspend_subject", c.p[2]))
    c.pair.send(c.m[0], "Members", "suspend", c.p[2])
    (opened,) = c.rounds(c.sponsor, "open", task).named("RoundOpened")
    assert opened["eligible"] == 0b010
    assert opened["stakes"] == (5_000, 5_000, 5_000, 0)
    with reverts("Rounds: not eligible"):
        c.commit(task, c.p[0])
    with reverts("Rounds: not eligible"):
        c.commit(task, c.p[2])
    assert c.pair.view("Stakes", "bond_of", c.v[3], VALIDATOR)[3] == 0


def test_open__suspended_validator_account__gets_no_seat(c):
    task = c.joined()
    c.approve(c.pair.view("Members", "suspend_subject", c.v[1]))
    c.pair.send(c.m[0], "Members", "suspend", c.v[1])
    (opened,) = c.rounds(c.sponsor, "open", task).named("RoundOpened")
    assert opened["stakes"] == (5_000, 0, 5_000, 5_000)


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
    for who in c.p:
        assert c.pair.view("Stakes", "bond_of", who, PARTICIPANT)[3] == 0
    assert c.owed(c.sponsor) == 3_900


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
        assert c.pair.view("Stakes", "bond_of", c.v[3], VALIDATOR)[3] == 0
    c.check_money(task)


def test_open__listed_validator_who_is_none__has_no_seat(c):
    validators = [*c.v[:3], c.p[0]]
    task = approve_terms(c, terms(), validators)
    c.rounds(c.sponsor, "create", terms(), validators)
    for who in c.p:
        c.rounds(who, "join", task, word("d"), 1)
    (opened,) = c.rounds(c.sponsor, "open", task).named("RoundOpened")
    assert opened["stakes"] == (5_000, 5_000, 5_000, 0)


def test_open__validator_bonds_later__seated_and_locked_then(c):
    c.pair.send(c.v[2], "Stakes", "request_unbond", VALIDATOR, 5_000)
    task = c.opened()
    c.wait(61)
    c.rounds(c.stranger, "advance", task)
    c.pair.send(c.v[2], "Stakes", "deposit", VALIDATOR, 2_000)
    (opened,) = c.rounds(c.stranger, "open", task).named("RoundOpened")
    assert opened["stakes"] == (5_000, 5_000, 2_000, 5_000)
    assert c.pair.view("Stakes", "bond_of", c.v[2], VALIDATOR)[3] == 1
    assert c.pair.view("Stakes", "bond_of", c.v[0], VALIDATOR)[3] == 1


def test_end__after_the_last_round__unlocks_all_and_refunds_the_rest(c):
    task = c.opened(rounds=2)
    for number in (1, 2):
        assert c.number(task) == number
        c.wait(61)
        done = c.rounds(c.stranger, "advance", task)
        assert done.named("Aborted")[0]["reason"] == "too few commitments"
        if number == 1:
            assert done.named("TaskEnded") == []
            c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded") == [{"task": task, "refund": 2_600, "reason": "all rounds done"}]
    for who, role in [(c.p[0], PARTICIPANT), (c.v[0], VALIDATOR)]:
        assert c.pair.view("Stakes", "bond_of", who, role)[3] == 0
    with reverts("Rounds: no running task"):
        c.rounds(c.stranger, "open", task)
    c.check_money(task)


def test_claim__nothing_owed__reverts(c):
    with reverts("Rounds: nothing to claim"):
        c.rounds(c.p[0], "claim")


def test_two_tasks__one_bond__unlocked_by_both(c):
    first = c.opened()
    second = c.joined(spec=word("second"))
    assert c.pair.view("Stakes", "bond_of", c.p[0], PARTICIPANT)[3] == 2
    c.rounds(c.sponsor, "open", second)
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 3_000)
    for task in (first, second):
        for number in (1, 2, 3):
            c.wait(61)
            if number == 1 and task == second:
                c.wait(61)
            c.rounds(c.stranger, "advance", task)
            if c.state(task) != ENDED:
                c.rounds(c.stranger, "open", task)
        if task == first:
            c.wait(8 * DAY)
            with reverts("Stakes: locked by a task"):
                c.pair.send(c.p[0], "Stakes", "withdraw", PARTICIPANT)
    c.pair.send(c.p[0], "Stakes", "withdraw", PARTICIPANT)
    c.check_money(first, second)


def test_founder_helper__controllers_differ():
    assert founder("a", 1)[2] != founder("b", 1)[2]
