"""Attacks on Tasks: re-entrancy through the token, replays, other people's money."""

import pytest

from tests.contracts.consortium import VOTE_SALT, Consortium, founder, terms
from tests.contracts.hostile import HostileChain
from tests.contracts.pair import (
    CHAIN_ID,
    MEMBER,
    PARTICIPANT,
    VALIDATOR,
    account,
    compact,
    reverts,
    signer,
    word,
)
from tests.twins.rounds import BALLOT_TYPE
from tests.twins.signing import digest_in, separator_of
from tests.twins.table import Entry, keccak, lanes_of, proof_of
from tests.twins.world import keccak_of, tag

JUDGE, TRAINEE = account("validator0"), account("participant0")


@pytest.fixture
def hostile():
    """The token is a member with every role, so it can be sponsor and staker itself."""
    people = [(account("m"), MEMBER), (JUDGE, VALIDATOR), (TRAINEE, PARTICIPANT)]
    chain = HostileChain([founder(*person) for person in people], account("deployer"))
    chain.send(JUDGE, "Stakes", "deposit", VALIDATOR, 5_000)
    chain.send(TRAINEE, "Stakes", "deposit", PARTICIPANT, 5_000)
    return chain


def hostile_task(chain, spec):
    agreed = terms(spec=word(spec), sponsor=chain.token, rounds=1, min_participants=1)
    task = chain.view("Tasks", "task_id", agreed, [JUDGE])
    chain.send(account("m"), "Members", "vote", task, True)
    chain.act("Members", "vote", task, True)
    return task, (agreed, [JUDGE])


def ended(chain, spec):
    """A task that nobody joined."""
    task, create = hostile_task(chain, spec)
    chain.act("Tasks", "create", *create)
    chain.now += 101
    chain.send(account("x"), "Rounds", "open", task)
    return task


def settled(chain, spec):
    """(task, its entries) after one round of one judge and one trainee."""
    task, create = hostile_task(chain, spec)
    chain.act("Tasks", "create", *create)
    chain.send(TRAINEE, "Tasks", "join", task, word("d"), 1)
    chain.now += 101
    chain.send(account("x"), "Rounds", "open", task)
    chain.send(TRAINEE, "Rounds", "commit", task, word("update"))
    rounds, lanes = chain.contracts["Rounds"].address, lanes_of([5])
    types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
    types += ["uint256", "bytes32", "bool", "bytes32", "bytes32"]
    vote = [1, word("aggregate"), True, VOTE_SALT, keccak(lanes)]
    head = [tag("quorate/vote/v1"), CHAIN_ID, rounds, task, 1, JUDGE]
    hash_ = keccak_of(types, [*head, *vote])
    types = ["bytes32", "uint256", "uint256", "uint256", "bytes32"]
    separator = separator_of("Quorate Rounds", CHAIN_ID, rounds)
    digest = digest_in(separator, BALLOT_TYPE, types, [task, 1, 4, 1, hash_])
    signed = compact(signer("validator0").sign_digest(digest))
    chain.send(account("x"), "Rounds", "concur", task, 1, [hash_], [signed])
    votes = [(0, word("aggregate"), True, VOTE_SALT)]
    hints = (votes, lanes + bytes(28), lanes, [0, 0])
    chain.send(account("x"), "Rounds", "settle", task, *hints)
    return task, [Entry(400, 1, 0).word(), Entry(900, 1, 5).word()]


def test_create__re_entered_with_another_task__only_one_exists(hostile):
    first, create_first = hostile_task(hostile, "a")
    second, create_second = hostile_task(hostile, "b")
    hostile.arm("Tasks", "create", *create_second)
    hostile.act("Tasks", "create", *create_first)
    assert hostile.counts() == (1, 0)
    assert hostile.view("Rounds", "round_of", first)[0] == 1
    assert hostile.view("Rounds", "round_of", second)[0] == 0


def test_refund__re_entered__pays_once(hostile):
    task = ended(hostile, "a")
    hostile.arm("Tasks", "refund", task)
    hostile.send(account("x"), "Tasks", "refund", task)
    assert hostile.counts() == (1, 0)
    assert hostile.view("Tasks", "deal_of", task)[1] == 0


def test_refund__re_entered_for_another_task__refused_though_fine_alone(hostile):
    first, second = ended(hostile, "a"), ended(hostile, "b")
    hostile.arm("Tasks", "refund", second)
    hostile.send(account("x"), "Tasks", "refund", first)
    assert hostile.counts() == (1, 0)
    hostile.send(account("x"), "Tasks", "refund", second)


@pytest.mark.parametrize("again", ["claim", "claim_many", "credit", "refund"])
@pytest.mark.parametrize("act", ["claim", "claim_many", "refund"])
def test_money__re_entered_while_paying__refused(hostile, act, again):
    task, entries = settled(hostile, "a")
    calls = {
        "claim": (task, 0, entries[0], proof_of(task, entries, 0)),
        "claim_many": (task, [0, 1], [JUDGE, TRAINEE], entries),
        "credit": (task, 1, entries[1], proof_of(task, entries, 1)),
        "refund": (task,),
    }
    # Nothing is left to the sponsor here: another task's refund.
    act_arguments = (ended(hostile, "b"),) if act == "refund" else calls[act]
    hostile.arm("Tasks", again, *calls[again])
    hostile.send(account("x"), "Tasks", act, *act_arguments)
    tries, successes = hostile.counts()
    assert tries >= 1
    assert successes == 0


@pytest.mark.parametrize(
    ("name", "function", "rest"),
    [("Tasks", "release", (1,)), ("Rounds", "open", ()), ("Rounds", "advance", ())],
)
def test_rounds__called_back_while_tasks_pays__cannot_take_more(hostile, name, function, rest):
    """Rounds may go on meanwhile: it holds no money, and Tasks has already written all down."""
    task, entries = settled(hostile, "a")
    hostile.arm(name, function, task, *rest)
    hostile.send(account("x"), "Tasks", "claim_many", task, [0], [JUDGE, TRAINEE], entries)
    assert hostile.view("Tasks", "deal_of", task)[1] == 900


# --- doors and replays -------------------------------------------------------------


@pytest.fixture
def c():
    return Consortium()


@pytest.mark.parametrize("who", ["stranger", "sponsor", "validator0", "timelock", "guard"])
def test_doors__for_rounds_only(c, who):
    task = c.opened()
    sender = account(who)
    outcome = (1, 0b111, 0b1111, 0b1111, 4, True)
    for function, *rest in (
        ("muster", True),
        ("punish", 0b1111, "because"),
        ("mark_absent", 0b111),
        ("settle", outcome, lanes_of([1] * 12) + bytes(28), lanes_of([1] * 3), [0] * 7),
        ("suspend", 0b1111),
        ("expel", 0, "because"),
        ("reinstate", 0),
    ):
        with reverts("Tasks: only Rounds"):
            c.tasks(sender, function, task, *rest)
    with reverts("Tasks: only Rounds"):
        c.tasks(sender, "muster", word("no task"), True)


def test_create__with_the_members_vote_for_another_contract__reverts(c):
    """A task's id binds chain and contract, so an approval counts in one place."""
    other = Consortium(validators=3)
    agreed = terms()
    foreign = other.pair.twins["Tasks"]
    foreign.address = account("another Tasks")
    c.approve(foreign.task_id(agreed, c.v))
    with reverts("Tasks: not approved by members"):
        c.tasks(c.sponsor, "create", agreed, c.v)


def test_create__front_run_by_a_stranger__only_the_sponsor_pays(c):
    agreed = terms()
    c.approve(c.pair.view("Tasks", "task_id", agreed, c.v))
    for who in (c.stranger, c.p[0], c.v[0], c.m[0]):
        with reverts("Tasks: only the sponsor creates"):
            c.tasks(who, "create", agreed, c.v)


def test_create__sponsor_as_somebody_else__cannot_spend_its_allowance(c):
    agreed = terms(sponsor=c.p[0])
    c.approve(c.pair.view("Tasks", "task_id", agreed, c.v))
    with reverts("Tasks: only the sponsor creates"):
        c.tasks(c.stranger, "create", agreed, c.v)
    with reverts("Token: allowance too low"):
        c.tasks(c.p[0], "create", agreed, c.v)
    assert c.state(c.pair.view("Tasks", "task_id", agreed, c.v)) == 0


def test_join__stranger_or_suspended__refused(c):
    task = c.create()
    with reverts("Tasks: not a participant"):
        c.tasks(c.stranger, "join", task, word("d"), 1)
    c.suspend(c.p[0])
    with reverts("Tasks: not a participant"):
        c.tasks(c.p[0], "join", task, word("d"), 1)


def test_join__bond_lent_and_asked_back__leaves_the_lock(c):
    task = c.create()
    c.tasks(c.p[0], "join", task, word("d"), 1)
    c.pair.send(c.p[0], "Stakes", "request_unbond", PARTICIPANT, 3_000)
    c.wait(10**7)
    with reverts("Stakes: locked by a task"):
        c.pair.send(c.p[0], "Stakes", "withdraw", PARTICIPANT)


def test_claim__of_another_place_with_own_proof__reverts(c):
    task = c.opened()
    c.whole_round(task, c.agree([100, 200, 300]))
    _, entry, proof = c.proof(task, 6)
    for place in (0, 4, 5, 7, 6 + 8, 6 + 2**32):
        with reverts("Tasks: not in the root"):
            c.tasks(c.p[0], "claim", task, place, entry, proof)


def test_claim_many__own_place_in_a_forged_roster__reverts(c):
    task = c.opened()
    c.whole_round(task, c.agree([100, 200, 300]))
    roster = c.roster(task)
    roster[6] = c.stranger
    with reverts("Tasks: not the roster"):
        c.tasks(c.stranger, "claim_many", task, [6], roster, c.entries(task))


def test_claim_many__same_place_over_and_over__pays_once(c):
    task = c.opened()
    c.whole_round(task, c.agree([100, 200, 300]))
    before = c.balance(c.p[2])
    c.claim_many(task, [6])
    for _ in range(2):
        with reverts("Tasks: nothing to claim"):
            c.claim_many(task, [6])
    assert c.balance(c.p[2]) - before == 450


def test_refund__of_a_running_task_between_rounds__reverts(c):
    task = c.opened()
    c.whole_round(task, c.agree([100, 200, 300]))
    with reverts("Tasks: the task has not ended"):
        c.tasks(c.sponsor, "refund", task)


def test_money_sent_by_mistake__belongs_to_no_task(c):
    """Tokens moved straight into Tasks change nobody's claim."""
    task = c.opened(rounds=1)
    c.pair.send(c.p[0], "Token", "transfer", c.pair.address("Tasks"), 777)
    c.whole_round(task, c.agree([100, 200, 300]))
    c.wind_up(task)
    assert c.balance(c.pair.address("Tasks")) == 777
