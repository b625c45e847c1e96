"""What settled rounds owe: claims by proof, many at once, several rounds at once, the refund."""

import pytest

from tests.contracts.consortium import Consortium
from tests.contracts.pair import PARTICIPANT, VALIDATOR, reverts, word
from tests.twins.table import ENDED, Entry, entry_of, levels_of


@pytest.fixture
def c():
    return Consortium()


def settled(c, scores=(100, 200, -20_001), **changes):
    task = c.opened(**changes)
    c.whole_round(task, c.agree(list(scores)))
    return task


def again(c, task, scores):
    c.rounds(c.stranger, "open", task)
    return c.whole_round(task, c.agree(list(scores)))


# --- one by one -----------------------------------------------------------------------------------


def test_claim__pays_whom_it_is_for_whoever_sends_it(c):
    task = settled(c)
    before = c.balance(c.p[0])
    done = c.claim(task, c.p[0], sender=c.stranger)
    assert done.named("Claimed") == [{"task": task, "account": c.p[0], "amount": 300}]
    assert c.balance(c.p[0]) == before + 300
    assert c.balance(c.stranger) == 0
    assert c.left(task) == 3_600
    c.check_money(task)


def test_claim__twice__pays_once(c):
    task = settled(c)
    c.claim(task, c.p[0])
    with reverts("Tasks: nothing to claim"):
        c.claim(task, c.p[0])
    c.check_money(task)


def test_claim__several_rounds_at_once__like_one_by_one(c):
    task = settled(c)
    c.claim(task, c.p[0])
    again(c, task, [10, 20, 30])
    again(c, task, [50, 10, 40])
    assert c.claim(task, c.p[0]).named("Claimed")[0]["amount"] == 150 + 450
    assert c.claim(task, c.p[1]).named("Claimed")[0]["amount"] == 600 + 300 + 90
    for who in c.p[:2]:
        c.credit(task, who)
    assert c.pair.view("Stakes", "reputation_of", c.p[0], PARTICIPANT) == (3, 160, 0)
    assert c.pair.view("Stakes", "reputation_of", c.p[1], PARTICIPANT) == (3, 230, 0)


def test_credit__nothing_earned_but_settled__records_the_score(c):
    task = settled(c)
    with reverts("Tasks: nothing to claim"):
        c.claim(task, c.p[2])
    done = c.credit(task, c.p[2])
    assert done.named("Transfer") == []
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (1, -20_001, 0)
    with reverts("Tasks: nothing to credit"):
        c.credit(task, c.p[2])


def test_credit__before_or_after_the_claim__each_once(c):
    task = settled(c)
    for first, second, who in ((c.claim, c.credit, c.p[0]), (c.credit, c.claim, c.p[1])):
        first(task, who)
        second(task, who)
        with reverts("Tasks: nothing to claim"):
            c.claim(task, who)
        with reverts("Tasks: nothing to credit"):
            c.credit(task, who)
    assert c.pair.view("Stakes", "reputation_of", c.p[0], PARTICIPANT) == (1, 100, 0)
    assert c.pair.view("Stakes", "reputation_of", c.p[1], PARTICIPANT) == (1, 200, 0)
    c.check_money(task)


def test_credit__several_rounds_at_once__negative_sums_too(c):
    task = settled(c, (-5, 200, 1))
    again(c, task, (-7, 1, 1))
    c.credit(task, c.p[0])
    again(c, task, (100, 1, 1))
    done = c.credit(task, c.p[0])
    assert done.named("Recorded")[0]["score"] == 100
    assert c.pair.view("Stakes", "reputation_of", c.p[0], PARTICIPANT) == (3, 88, 0)


def test_credit__not_in_the_root__reverts(c):
    task = settled(c)
    place, entry, proof = c.proof(task, 4)
    for arguments in ((place, entry + 2**128, proof), (place ^ 1, entry, proof), (7, 0, proof)):
        with reverts("Tasks: not in the root"):
            c.tasks(c.p[0], "credit", task, *arguments)


def test_claim__validator__share_and_settled_round(c):
    task = settled(c)
    done = c.claim(task, c.v[1])
    assert done.named("Claimed")[0]["amount"] == 100
    c.credit(task, c.v[1])
    assert c.pair.view("Stakes", "reputation_of", c.v[1], VALIDATOR) == (1, 0, 0)


def test_claim__nothing_settled_yet__nothing_is_in_the_root(c):
    task = c.opened()
    for place in range(7):
        with reverts("Tasks: not in the root"):
            c.tasks(c.stranger, "claim", task, *c.proof(task, place))
    with reverts("Tasks: not in the root"):
        c.tasks(c.stranger, "claim", task, 0, 0, [])
    with reverts("Tasks: not in the root"):
        c.tasks(c.stranger, "claim", word("no task"), 0, 0, [])


def test_claim__who_settled_nothing__nothing(c):
    task = c.opened()
    c.to_vote(task, 0b011)
    c.vote_all(task, c.agree([1, 1]))
    c.settle(task)
    with reverts("Tasks: nothing to claim"):
        c.claim(task, c.p[2])


def test_claim__proof_of_an_older_root__reverts(c):
    task = settled(c)
    old = c.proof(task, 4)
    again(c, task, [10, 20, 30])
    with reverts("Tasks: not in the root"):
        c.tasks(c.stranger, "claim", task, *old)


def test_claim__everything_but_the_true_leaf__reverts(c):
    task = settled(c)
    place, entry, proof = c.proof(task, 4)
    rich = Entry(10**6, 1, 100).word()
    empty_leaf = levels_of(task, c.entries(task))[0][7]
    assert empty_leaf == bytes(32)  # the eighth place of seven
    for arguments in (
        (place, entry + 1, proof),
        (place, rich, proof),
        (place ^ 1, entry, proof),
        (place + 8, entry, proof),
        (place + 2**255, entry, proof),
        (place, entry, proof[:-1]),
        (place, entry, [*proof, bytes(32)]),
        (place, entry, proof[::-1]),
        (7, 0, c.proof(task, 6)[2]),
        (place, entry, []),
    ):
        with reverts("Tasks: not in the root"):
            c.tasks(c.p[0], "claim", task, *arguments)
    c.tasks(c.p[0], "claim", task, place, entry, proof)


def test_claim__inner_node_as_a_leaf__reverts(c):
    """A leaf hashes 96 bytes and a node 64: no node is a leaf."""
    task = settled(c)
    levels = levels_of(task, c.entries(task))
    left, right = (int.from_bytes(node, "big") for node in levels[0][:2])
    for arguments in ((0, left, levels[1][1:2]), (left, right, []), (0, right, levels[1][1:2])):
        with reverts("Tasks: not in the root"):
            c.tasks(c.stranger, "claim", task, *arguments)


def test_claim__entry_of_another_task__reverts(c):
    first = settled(c)
    second = settled(c, (1, 1, 1), spec=word("second"))
    with reverts("Tasks: not in the root"):
        c.tasks(c.stranger, "claim", second, *c.proof(first, 4))


def test_claim__suspended_or_left_member__still_paid(c):
    task = settled(c)
    c.suspend(c.p[0])
    assert c.claim(task, c.p[0]).named("Claimed")[0]["amount"] == 300


# --- many at once ---------------------------------------------------------------------------------


def test_claim_many__pays_all_listed(c):
    task = settled(c)
    before = [c.balance(who) for who in (*c.v, *c.p)]
    done = c.claim_many(task, list(range(7)))
    assert done.named("ClaimedMany") == [
        {"task": task, "places": tuple(range(7)), "amounts": (100, 100, 100, 100, 300, 600, 0)}
    ]
    after = [c.balance(who) for who in (*c.v, *c.p)]
    assert [b - a for a, b in zip(before, after, strict=True)] == [100] * 4 + [300, 600, 0]
    c.check_money(task)


def test_claim_many__again__pays_nothing(c):
    task = settled(c)
    c.claim_many(task, [0, 4, 5])
    with reverts("Tasks: nothing to claim"):
        c.claim_many(task, [0, 4, 5])
    done = c.claim_many(task, [0, 1, 4, 5])
    assert done.named("ClaimedMany")[0]["amounts"] == (0, 100, 0, 0)
    assert len(done.named("Transfer")) == 1
    c.check_money(task)


def test_claim_many__then_claim__only_the_reputation_is_left(c):
    task = settled(c)
    c.claim_many(task, [4])
    with reverts("Tasks: nothing to claim"):
        c.claim(task, c.p[0])
    c.credit(task, c.p[0])
    assert c.pair.view("Stakes", "reputation_of", c.p[0], PARTICIPANT) == (1, 100, 0)


def test_claim_many__after_claims_of_an_older_round__pays_the_rest(c):
    task = settled(c)
    c.claim(task, c.p[0])
    again(c, task, [10, 20, 30])
    done = c.claim_many(task, [4, 5])
    assert done.named("ClaimedMany")[0]["amounts"] == (150, 900)
    claimed = entry_of(c.pair.view("Tasks", "claimed_of", task, 4))
    assert claimed == Entry(450, 0, 0)
    assert entry_of(c.pair.view("Tasks", "claimed_of", task, 5)) == Entry(900, 0, 0)
    c.credit(task, c.p[0])
    assert entry_of(c.pair.view("Tasks", "claimed_of", task, 4)) == Entry(450, 2, 110)


def test_claim_many__negative_score_kept__when_only_the_amount_grows(c):
    """The packed entry's halves do not run into each other."""
    task = settled(c, (100, 200, -10))
    c.credit(task, c.p[2])
    again(c, task, [10, 20, 30])
    c.claim_many(task, [6])
    assert entry_of(c.pair.view("Tasks", "claimed_of", task, 6)) == Entry(450, 1, -10)
    c.credit(task, c.p[2])
    assert c.pair.view("Stakes", "reputation_of", c.p[2], PARTICIPANT) == (2, 20, 0)


def test_claim_many__wrong_roster_or_entries__reverts(c):
    task = settled(c)
    roster, entries = c.roster(task), c.entries(task)
    swapped = [roster[1], roster[0], *roster[2:]]
    for other in (swapped, roster[:-1], [*roster, c.stranger], []):
        with reverts("Tasks: not the roster"):
            c.tasks(c.stranger, "claim_many", task, [0], other, entries)
    for other in ([entries[0] + 1, *entries[1:]], entries[:-1], [*entries, 0], []):
        with reverts("Tasks: not the ledger"):
            c.tasks(c.stranger, "claim_many", task, [0], roster, other)


@pytest.mark.parametrize("chosen", [[1, 0], [0, 0], [4, 5, 5]])
def test_claim_many__places_not_ascending__reverts(c, chosen):
    task = settled(c)
    with reverts("Tasks: places out of order"):
        c.claim_many(task, chosen)


@pytest.mark.parametrize("chosen", [[7], [0, 2**255]])
def test_claim_many__no_such_place__reverts(c, chosen):
    task = settled(c)
    with reverts("Tasks: places out of order"):
        c.claim_many(task, chosen)


def test_claim_many__nothing_settled__pays_nothing(c):
    task = c.opened()
    for chosen in (list(range(7)), [3], []):
        with reverts("Tasks: nothing to claim"):
            c.claim_many(task, chosen)


# --- the refund -----------------------------------------------------------------------------------


def test_refund__what_was_not_spent_once(c):
    task = settled(c, rounds=2)
    with reverts("Tasks: the task has not ended"):
        c.tasks(c.sponsor, "refund", task)
    c.rounds(c.stranger, "open", task)
    c.wait(61)
    c.rounds(c.stranger, "advance", task)
    assert c.state(task) == ENDED
    done = c.tasks(c.stranger, "refund", task)
    assert done.named("Refunded") == [{"task": task, "sponsor": c.sponsor, "amount": 1_300}]
    with reverts("Tasks: already refunded"):
        c.tasks(c.sponsor, "refund", task)
    assert c.left(task) == 1_300
    c.check_money(task)
    c.wind_up(task)
    assert c.balance(c.pair.address("Tasks")) == 0


def test_refund__after_all_claims__same_amount(c):
    task = settled(c, rounds=1, participant_reward=1_000)
    c.claim_many(task, list(range(7)))
    spent = c.pair.view("Tasks", "ledger_of", task)[4]
    done = c.tasks(c.stranger, "refund", task)
    assert done.named("Refunded")[0]["amount"] == 1_400 - spent
    assert c.left(task) == 0


def test_refund__nothing_left__once_all_the_same(c):
    task = settled(c, (1, 1, 1), rounds=1)
    assert c.tasks(c.stranger, "refund", task).named("Refunded")[0]["amount"] == 0
    with reverts("Tasks: already refunded"):
        c.tasks(c.stranger, "refund", task)


def test_refund__no_such_task__reverts(c):
    with reverts("Tasks: the task has not ended"):
        c.tasks(c.sponsor, "refund", word("no task"))


def test_two_tasks__each_pays_from_its_own_escrow(c):
    first = settled(c, rounds=1)
    second = c.opened(spec=word("second"), rounds=1)
    c.wait(61)
    c.rounds(c.stranger, "advance", second)
    c.tasks(c.stranger, "refund", second)
    c.check_money(first, second)
    c.wind_up(first)
    c.wind_up(second)
    assert c.balance(c.pair.address("Tasks")) == 0


@pytest.mark.parametrize("people", range(1, 10))
def test_claim__trees_of_every_shape__all_places_are_paid(people):
    c = Consortium(members=1, participants=people, validators=1)
    task = settled(c, range(1, people + 1), rounds=1, min_participants=1, participant_reward=9_000)
    c.wind_up(task)
    for i, who in enumerate(c.p):
        reputation = c.pair.view("Stakes", "reputation_of", who, PARTICIPANT)
        assert reputation == (1, i + 1, 0)
