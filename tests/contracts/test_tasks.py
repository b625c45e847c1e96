"""Tasks: approval, creation, joining; and how Rounds opens and ends what they made."""

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
from tests.twins.table import ENDED, JOINING, TERMS
from tests.twins.world import NOBODY

YEAR = 366 * DAY
MOST = (2**96 - 1) // 2 // 10_000  # per pool and round


@pytest.fixture
def c():
    return Consortium()


def approve_terms(c, agreed, validators=None):
    task = c.pair.view("Tasks", "task_id", agreed, c.v if validators is None else validators)
    c.approve(task)
    return task


def test_task_id__binds_chain_contract_terms_and_validators(c):
    agreed = terms()
    types = ["bytes32", "uint256", "address", TERMS, "address[]"]
    head = [b"quorate/task/v1".ljust(32, b"\0"), CHAIN_ID, c.pair.address("Tasks")]
    data = encode(types, [*head, agreed, c.v])
    assert c.pair.view("Tasks", "task_id", agreed, c.v) == hashlib.sha256(data).digest()
    others = [(terms(**{name: _other(value)}), c.v) for name, value in DEFAULTS.items()]
    others += [(agreed, c.v[::-1]), (agreed, c.v[:3]), (agreed, [])]
    ids = {c.pair.view("Tasks", "task_id", *other) for other in [(agreed, c.v), *others]}
    assert len(ids) == 1 + len(DEFAULTS) + 3


def _other(value):
    return {bytes: word("other"), str: account("other"), int: 7}[type(value)]


def test_create__approved__takes_the_whole_escrow(c):
    task = c.create()
    assert (c.state(task), c.number(task)) == (JOINING, 0)
    assert c.left(task) == 3 * 1_300
    assert c.pair.view("Token", "balanceOf", c.sponsor) == FUNDS - 3_900
    assert c.pair.view("Tasks", "terms_of", task) == terms()
    assert c.pair.view("Tasks", "validators_of", task) == tuple(c.v)
    c.check_money(task)


def test_create__not_approved__reverts(c):
    task = c.pair.view("Tasks", "task_id", terms(), c.v)
    c.pair.send(c.m[0], "Members", "vote", task, True)
    with reverts("Tasks: not approved by members"):
        c.tasks(c.sponsor, "create", terms(), c.v)


def test_create__terms_other_than_approved__reverts(c):
    approve_terms(c, terms())
    with reverts("Tasks: not approved by members"):
        c.tasks(c.sponsor, "create", terms(lie_penalty=0), c.v)
    with reverts("Tasks: not approved by members"):
        c.tasks(c.sponsor, "create", terms(), c.v[:3])


def test_create__by_another__reverts(c):
    approve_terms(c, terms())
    with reverts("Tasks: only the sponsor creates"):
        c.tasks(c.stranger, "create", terms(), c.v)


def test_create__twice__reverts_even_when_ended(c):
    task = c.create()
    with reverts("Tasks: task exists"):
        c.tasks(c.sponsor, "create", terms(), c.v)
    c.wait(101)
    c.rounds(c.stranger, "open", task)
    assert c.state(task) == ENDED
    with reverts("Tasks: task exists"):
        c.tasks(c.sponsor, "create", terms(), c.v)


@pytest.mark.parametrize(
    "changes",
    [
        {"rounds": 0},
        {"rounds": 10_001},
        {"min_participants": 0},
        {"min_participants": 257},
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
        {"participant_reward": MOST + 1},
        {"participant_reward": 2**256 - 1},
        {"validator_reward": MOST + 1},
    ],
)
def test_create__terms_out_of_range__reverts(c, changes):
    approve_terms(c, terms(**changes))
    with reverts("Tasks: terms out of range"):
        c.tasks(c.sponsor, "create", terms(**changes), c.v)


def test_create__limits_of_the_range__accepted(c):
    ends = dict.fromkeys([name for name in DEFAULTS if name.endswith("_seconds")], YEAR)
    free = {"participant_reward": 0, "validator_reward": 0}
    most = dict.fromkeys([name for name in DEFAULTS if name.endswith("_penalty")], 2**256 - 1)
    c.create(rounds=10_000, min_participants=256, weight_cap=2**256 - 1, **free, **ends, **most)
    c.create(rounds=1, min_participants=1, weight_cap=1, validator_bond=1, score_floor=-(2**255))


@pytest.mark.parametrize("build", [lambda v: [v[0], v[1], v[0]], lambda v: [v[0], NOBODY]])
def test_create__no_proper_list_of_validators__reverts(c, build):
    approve_terms(c, terms(), build(c.v))
    with reverts("Rounds: no list of validators"):
        c.tasks(c.sponsor, "create", terms(), build(c.v))


def test_create__no_validators__reverts(c):
    approve_terms(c, terms(), [])
    with reverts("Tasks: terms out of range"):
        c.tasks(c.sponsor, "create", terms(), [])


def test_create__65_validators__refused_by_the_abi(c):
    many = [account(f"w{i}") for i in range(65)]
    with pytest.raises(Reverted, match="no reason given"):
        c.pair.chain.send(c.sponsor, "Tasks", "create", terms(), many)


def test_create__escrow_beyond_funds_or_numbers__reverts(c):
    for reward in (FUNDS, MOST):
        agreed = terms(participant_reward=reward)
        approve_terms(c, agreed)
        with reverts("Token: allowance too low"):
            c.tasks(c.sponsor, "create", agreed, c.v)


def test_create__failed_payment__can_be_tried_again(c):
    agreed = terms()
    approve_terms(c, agreed)
    c.pair.send(c.sponsor, "Token", "approve", c.pair.address("Tasks"), 3_899)
    with reverts("Token: allowance too low"):
        c.tasks(c.sponsor, "create", agreed, c.v)
    c.pair.send(c.sponsor, "Token", "approve", c.pair.address("Tasks"), 3_900)
    c.tasks(c.sponsor, "create", agreed, c.v)


def test_join__weights__capped_and_fixed(c):
    task = c.create(weight_cap=250)
    for i, (who, samples) in enumerate(zip(c.p, (1, 250, 10**30), strict=True)):
        c.tasks(who, "join", task, word("same data"), samples)
        weight = min(samples, 250)
        assert c.pair.view("Tasks", "participant_of", task, who) == (
            i + 1,
            word("same data"),
            weight,
        )
    assert c.pair.view("Tasks", "participants_of", task) == tuple(c.p)
    assert c.pair.view("Stakes", "bond_of", c.p[0], PARTICIPANT)[3] == 1


def test_join__refusals(c):
    task = c.create()
    who = c.p[0]
    for sender, dataset, samples, message in [
        (c.stranger, word("d"), 1, "Tasks: not a participant"),
        (c.v[0], word("d"), 1, "Tasks: not a participant"),
        (who, bytes(32), 1, "Tasks: no data"),
        (who, word("d"), 0, "Tasks: no data"),
    ]:
        with reverts(message):
            c.tasks(sender, "join", task, dataset, samples)
    with reverts("Rounds: not open to join"):
        c.tasks(who, "join", word("no task"), word("d"), 1)
    c.tasks(who, "join", task, word("d"), 1)
    with reverts("Rounds: already joined"):
        c.tasks(who, "join", task, word("e"), 2)


def test_join__bond_exactly_enough_or_one_short(c):
    task = c.create()
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 2_000)
    c.tasks(c.p[0], "join", task, word("d"), 1)
    c.pair.send(c.p[1], "Stakes", "request_unbond", PARTICIPANT, 2_001)
    with reverts("Tasks: bond too low"):
        c.tasks(c.p[1], "join", task, word("d"), 1)


def test_join__last_second_and_after(c):
    task = c.create()
    c.wait(100)
    c.tasks(c.p[0], "join", task, word("d"), 1)
    c.wait(1)
    with reverts("Rounds: the join window is over"):
        c.tasks(c.p[1], "join", task, word("d"), 1)


def test_join__once_opened__reverts(c):
    task = c.create()
    for who in c.p[:2]:
        c.tasks(who, "join", task, word("d"), 1)
    c.rounds(c.sponsor, "open", task)
    with reverts("Rounds: not open to join"):
        c.tasks(c.p[2], "join", task, word("d"), 1)


def test_join__conflicts__validators_of_the_same_house(c):
    c = Consortium(controllers=dict.fromkeys([c.v[1], c.v[3], c.p[0]], "one house"))
    task = c.create()
    joined = c.tasks(c.p[0], "join", task, word("d"), 1).named("Joined")
    assert joined[0]["conflicts"] == 0b1010
    assert c.tasks(c.p[1], "join", task, word("d"), 1).named("Joined")[0]["conflicts"] == 0
    conflicts = [c.pair.view("Tasks", "conflicts_of", task, place) for place in range(4)]
    assert conflicts == [0, 1, 0, 1]


def test_join__conflicts__as_the_houses_stood_at_the_time(c):
    """Who moves to another house later does not change who scores whom."""
    c = Consortium(controllers=dict.fromkeys([c.v[1], c.p[0]], "one house"))
    task = c.create()
    c.suspend(c.v[1])
    facts = (c.v[1], word("keys"), word("new house"), VALIDATOR)
    c.pair.send(account("timelock"), "Members", "admit", *facts)
    c.tasks(c.p[0], "join", task, word("d"), 1)
    assert c.pair.view("Tasks", "conflicts_of", task, 1) == 1


@pytest.mark.parametrize(
    ("validators", "room"),
    [
        pytest.param(8, 256, marks=pytest.mark.slow),
        pytest.param(9, 227, marks=pytest.mark.slow),
        (64, 32),
    ],
)
def test_join__as_many_as_votes_can_carry__and_no_more(validators, room):
    c = Consortium(members=1, participants=min(room + 1, 255 - validators), validators=validators)
    task = c.create()
    fits = c.p[:room]
    for who in fits:
        c.tasks(who, "join", task, word("d"), 1)
    assert len(c.pair.view("Tasks", "participants_of", task)) == len(fits)
    if len(c.p) > room:
        with reverts("Tasks: the task is full"):
            c.tasks(c.p[room], "join", task, word("d"), 1)


def test_pause__no_new_task_and_no_joining_but_everything_else(c):
    task = c.create()
    agreed = terms(spec=word("second"))
    approve_terms(c, agreed)
    c.pause("Tasks", 50)
    with reverts("Tasks: paused"):
        c.tasks(c.sponsor, "create", agreed, c.v)
    with reverts("Tasks: paused"):
        c.tasks(c.p[0], "join", task, word("d"), 1)
    c.wait(49)
    with reverts("Tasks: paused"):
        c.tasks(c.p[0], "join", task, word("d"), 1)
    c.wait(1)
    c.tasks(c.p[0], "join", task, word("d"), 1)
    c.tasks(c.sponsor, "create", agreed, c.v)


def test_pause__of_tasks__pays_all_the_same(c):
    task = c.opened(rounds=1)
    c.pause("Tasks", 14 * DAY)
    c.whole_round(task, c.agree([1, 1, 1]))
    c.wind_up(task)
    c.check_money(task)


def test_addresses__all_fixed_at_deployment(c):
    for name in ("members", "token", "stakes", "rounds", "council"):
        assert c.pair.view("Tasks", name) == c.pair.address(name.capitalize())
    for name in ("tasks", "appeals", "council"):
        assert c.pair.view("Rounds", name) == c.pair.address(name.capitalize())
    for name in ("members", "rounds", "tasks"):
        assert c.pair.view("Appeals", name) == c.pair.address(name.capitalize())


def test_views__of_no_task__are_empty(c):
    none = word("no task")
    assert c.pair.view("Tasks", "participant_of", none, c.p[0]) == (0, bytes(32), 0)
    assert c.left(none) == 0
    assert c.pair.view("Tasks", "claimed_of", none, 0) == 0
    for name in ("round_of", "result_of", "idle", "ended"):
        c.pair.view("Rounds", name, none)
    for name in ("terms_of", "ledger_of", "validators_of", "participants_of", "seats_of"):
        c.pair.view("Tasks", name, none)
    for name in ("roster_of", "joined_of", "appeal_seconds", "deal_of"):
        c.pair.view("Tasks", name, none)
    for place in (0, 1, 63, 64, 2**255):
        c.pair.view("Rounds", "ballot_of", none, place)
        for name in ("stake_of", "account_at", "role_at", "conflicts_of", "expelled"):
            c.pair.view("Tasks", name, none, place)
    for name in ("place_of", "position_of"):
        assert c.pair.view("Rounds", name, none, c.v[0]) == 0
    assert c.pair.view("Appeals", "suspension_of", none, c.v[0]) == (0, 0, False)


def test_founder_helper__controllers_differ():
    assert founder("a", 1)[2] != founder("b", 1)[2]
