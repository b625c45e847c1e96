"""Suspensions and their appeals; equivocation."""

import hashlib

import pytest
from eth_abi.abi import encode

from tests.contracts.consortium import Consortium
from tests.contracts.pair import (
    CHAIN_ID,
    DAY,
    VALIDATOR,
    account,
    compact,
    reverts,
    signer,
    word,
)
from tests.twins.rounds import BALLOT_TYPE
from tests.twins.signing import ORDER, digest_in, separator_of
from tests.twins.table import ABORTED, ENDED, INCLUDE_COMMIT, VOTE_COMMIT

TRUE, FALSE = word("aggregate"), word("another")


@pytest.fixture
def c():
    return Consortium()


def caught(c, **changes):
    """A task whose round 1 settled with validator 3 suspended."""
    task = c.opened(**changes)
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 1, 1]) | {c.v[3]: (FALSE, [1, 1, 1], True)})
    c.settle(task)
    return task


def locks(c, who):
    return c.locks(who, VALIDATOR)


def seats(done):
    return done.named("RoundOpened")[0]["seats"]


def reinstate(c, task, who, number=1):
    c.approve(c.pair.view("Appeals", "appeal_subject", task, number, who))


# --- resolve ------------------------------------------------------------------------------------


def test_resolve__no_appeal__slashed_unlocked_expelled_after_the_window(c):
    task = caught(c)
    with reverts("Appeals: the window is open"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    c.wait(DAY)
    with reverts("Appeals: the window is open"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    c.wait(1)
    done = c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert done.named("Resolved")[0]["reinstated"] is False
    assert done.named("Slashed")[0]["reason"] == "lie"
    assert c.bond(c.v[3], VALIDATOR) == 3_500
    assert locks(c, c.v[3]) == 0
    assert c.pair.view("Tasks", "expelled", task, 3)
    assert c.pair.view("Appeals", "suspension_of", task, c.v[3]) == (0, 0, False)
    with reverts("Appeals: not suspended there"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert seats(c.rounds(c.stranger, "open", task)) == 0b0111


def test_resolve__members_reinstate__at_once_and_seated_again(c):
    task = caught(c)
    reinstate(c, task, c.v[3])
    done = c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert done.named("Resolved")[0]["reinstated"] is True
    assert done.named("Slashed") == []
    assert locks(c, c.v[3]) == 0
    assert seats(c.rounds(c.stranger, "open", task)) == 0b1111
    assert locks(c, c.v[3]) == 1
    with reverts("Appeals: not suspended there"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])


def test_resolve__approval_after_the_deadline_but_before_resolving__reinstates(c):
    task = caught(c)
    c.wait(DAY + 1)
    reinstate(c, task, c.v[3])
    done = c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert done.named("Resolved")[0]["reinstated"] is True


def test_resolve__who_was_never_suspended_or_in_another_round__reverts(c):
    task = caught(c)
    c.wait(3 * DAY)
    for number, who in ((0, c.v[0]), (1, c.v[0]), (2, c.v[3]), (0, c.v[3]), (1, c.stranger)):
        with reverts("Appeals: not suspended there"):
            c.appeals(c.stranger, "resolve", task, number, who)
        with reverts("Appeals: not suspended there"):
            c.appeals(c.stranger, "appeal", task, number, who, word("e"))
    with reverts("Appeals: not suspended there"):
        c.appeals(c.stranger, "resolve", word("no task"), 1, c.v[3])


def test_suspended__no_seat_while_waiting_and_no_second_lock(c):
    task = caught(c)
    assert seats(c.rounds(c.stranger, "open", task)) == 0b0111
    assert locks(c, c.v[3]) == 1
    c.commit_all(task)
    with reverts("Rounds: not seated"):
        c.rounds(c.v[3], "include_commit", task, word("x"))


def test_suspended__unbonds_early__still_held_and_slashed(c):
    task = caught(c)
    c.pair.send(c.v[3], "Stakes", "request_unbond", VALIDATOR, 5_000)
    c.wait(30 * DAY)
    with reverts("Stakes: locked by a task"):
        c.pair.send(c.v[3], "Stakes", "withdraw", VALIDATOR)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    with reverts("Stakes: still unbonding"):  # what it did last can still be proven
        c.pair.send(c.v[3], "Stakes", "withdraw", VALIDATOR)
    c.wait(7 * DAY)
    c.pair.send(c.v[3], "Stakes", "withdraw", VALIDATOR)
    assert c.pair.view("Token", "balanceOf", c.v[3]) == 1_000_000 - 1_500


def test_resolve__when_the_task_has_ended__still_works_once(c):
    task = caught(c, rounds=1)
    assert c.state(task) == ENDED
    for who in c.v[:3]:
        c.release(task, who)
    with reverts("Tasks: suspended"):
        c.release(task, c.v[3])
    assert [locks(c, who) for who in c.v] == [0, 0, 0, 1]
    c.wait(DAY + 1)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert locks(c, c.v[3]) == 0
    assert c.bond(c.v[3], VALIDATOR) == 3_500
    with reverts("Tasks: nothing to release"):
        c.release(task, c.v[3])
    c.check_money(task)


def test_resolve__reinstated_then_caught_again__second_subject_is_another(c):
    task = caught(c)
    reinstate(c, task, c.v[3])
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    c.rounds(c.stranger, "open", task)
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 1, 1]) | {c.v[3]: (FALSE, [1, 1, 1], True)})
    c.settle(task)
    with reverts("Appeals: the window is open"):  # the members' vote was about round 1
        c.appeals(c.stranger, "resolve", task, 2, c.v[3])
    with reverts("Appeals: not suspended there"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    c.wait(DAY + 1)
    c.appeals(c.stranger, "resolve", task, 2, c.v[3])
    assert c.bond(c.v[3], VALIDATOR) == 3_500


def test_resolve__in_the_middle_of_the_next_round__leaves_it_alone(c):
    task = caught(c)
    c.rounds(c.stranger, "open", task)
    c.to_vote(task)
    before = c.pair.view("Rounds", "round_of", task)
    reinstate(c, task, c.v[3])
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert c.pair.view("Rounds", "round_of", task) == before
    with reverts("Rounds: not seated"):
        c.rounds(c.v[3], "vote_commit", task, word("x"))


# --- appeal -------------------------------------------------------------------------------------


def test_appeal__anybody__extends_the_window_once(c):
    task = caught(c)
    first = c.appeals(c.stranger, "appeal", task, 1, c.v[3], word("worthless"))
    deadline = c.pair.now + 2 * DAY
    assert first.named("Appealed")[0]["deadline"] == deadline
    c.wait(DAY + 5)
    second = c.appeals(c.p[0], "appeal", task, 1, c.v[3], word("re-execution"))
    assert second.named("Appealed")[0]["deadline"] == deadline
    assert second.named("Appealed")[0]["evidence"] == word("re-execution")
    with reverts("Appeals: the window is open"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    reinstate(c, task, c.v[3])  # the one subject, whoever appealed
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert c.bond(c.v[3], VALIDATOR) == 5_000


def test_appeal__when_the_task_has_ended__held_to_the_last_second_then_free(c):
    task = caught(c, rounds=1)
    c.appeals(c.stranger, "appeal", task, 1, c.v[3], word("at once"))
    c.wait(2 * DAY)
    with reverts("Appeals: the window is open"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert (c.state(task), locks(c, c.v[3])) == (ENDED, 1)
    c.wait(1)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert locks(c, c.v[3]) == 0


def test_appeal__after_the_window__reverts(c):
    task = caught(c)
    c.wait(DAY)
    c.appeals(c.stranger, "appeal", task, 1, c.v[3], word("just in time"))
    c.wait(DAY)
    c.appeals(c.stranger, "appeal", task, 1, c.v[3], word("still in time"))
    c.wait(1)
    with reverts("Appeals: the window is over"):
        c.appeals(c.stranger, "appeal", task, 1, c.v[3], word("late"))
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])


def test_appeal_subject__binds_chain_contract_task_round_validator(c):
    task = caught(c)
    types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
    head = [b"quorate/appeal/v1".ljust(32, b"\0"), CHAIN_ID, c.pair.address("Appeals")]
    data = encode(types, [*head, task, 1, c.v[3]])
    expected = hashlib.sha256(data).digest()
    assert c.pair.view("Appeals", "appeal_subject", task, 1, c.v[3]) == expected


# --- equivocation -------------------------------------------------------------------------------


def sign(c, name, values, *, chain=CHAIN_ID, contract=None, domain="Quorate Rounds"):
    """Compact signature of a ballot (task, number, phase, included, commitment)."""
    separator = separator_of(domain, chain, contract or c.pair.address("Rounds"))
    types = ["bytes32", "uint256", "uint256", "uint256", "bytes32"]
    return compact(signer(name).sign_digest(digest_in(separator, BALLOT_TYPE, types, values)))


def proof(c, task, who="validator3", number=1, phase=VOTE_COMMIT, **binding):
    """Two ballots by one hand over the same set."""
    pair = []
    for hash_ in (word("one"), word("two")):
        values = [task, number, phase, 0b111, hash_]
        pair += [0b111, hash_, sign(c, who, values, **binding)]
    return [task, number, account("validator3"), phase, *pair]


def prove(c, arguments):
    return c.appeals(c.stranger, "prove_equivocation", *arguments)


@pytest.mark.parametrize("phase", [INCLUDE_COMMIT, VOTE_COMMIT])
def test_equivocation__two_signed_hashes__slashed_expelled_once(c, phase):
    task = c.opened()
    done = prove(c, proof(c, task, phase=phase))
    assert done.named("Equivocated")[0]["validator"] == c.v[3]
    assert done.named("Slashed")[0]["reason"] == "equivocation"
    assert c.bond(c.v[3], VALIDATOR) == 3_500
    assert locks(c, c.v[3]) == 0
    for again in (proof(c, task, phase=phase), proof(c, task, phase=6 - phase)):
        with reverts("Appeals: already expelled"):
            prove(c, again)


@pytest.mark.parametrize(
    "binding",
    [
        {"chain": CHAIN_ID + 1},
        {"contract": account("other")},
        {"domain": "Quorate Appeals"},
        {"number": 1, "who": "validator2"},
    ],
)
def test_equivocation__signed_for_elsewhere_or_by_another__reverts(c, binding):
    task = c.opened()
    with reverts("Appeals: not the validator's hand"):
        prove(c, proof(c, task, **binding))


def test_equivocation__signatures_of_another_task_round_or_phase__revert(c):
    task = c.opened()
    other = c.joined(spec=word("other"))
    c.rounds(c.sponsor, "open", other)
    honest = proof(c, task)
    for place, changed in ((0, other), (3, INCLUDE_COMMIT)):
        arguments = list(honest)
        arguments[place] = changed
        with reverts("Appeals: not the validator's hand"):
            prove(c, arguments)
    mixed = list(honest)  # one hash of phase 2, one of phase 4: no contradiction
    mixed[5] = word("three")
    mixed[6] = sign(c, "validator3", [task, 1, INCLUDE_COMMIT, 0b111, word("three")])
    with reverts("Appeals: not the validator's hand"):
        prove(c, mixed)


def test_equivocation__same_ballot_twice__reverts(c):
    task = c.opened()
    ballot = (0b111, word("one"), sign(c, "validator3", [task, 1, VOTE_COMMIT, 0b111, word("one")]))
    with reverts("Appeals: the ballots are the same"):
        prove(c, [task, 1, c.v[3], VOTE_COMMIT, *ballot, *ballot])


def test_equivocation__ballots_for_two_sets__prove_nothing(c):
    """A `concur` that failed, then the slow way: both ballots can be honest."""
    task = c.opened()
    pair = []
    for included in (0b011, 0b111):
        values = [task, 1, VOTE_COMMIT, included, word(f"vote on {included}")]
        pair += [included, word(f"vote on {included}"), sign(c, "validator3", values)]
    with reverts("Appeals: for different sets"):
        prove(c, [task, 1, c.v[3], VOTE_COMMIT, *pair])


def test_equivocation__signed_set_other_than_shown__reverts(c):
    task = c.opened()
    arguments = proof(c, task)
    arguments[4] = arguments[7] = 0b011
    with reverts("Appeals: not the validator's hand"):
        prove(c, arguments)


def test_equivocation__malleable_or_broken_signature__reverts(c):
    task = c.opened()
    honest = proof(c, task)
    r, packed = honest[6]
    s = int.from_bytes(packed, "big") % 2**255
    odd = int.from_bytes(packed, "big") >> 255
    twin = ((ORDER - s) | (1 - odd) << 255).to_bytes(32, "big")
    for signature in (
        (r, twin),  # the malleable twin, high s
        (bytes(32), packed),
        (r, bytes(32)),
        (b"\xff" * 32, packed),
        (r, (s | (1 - odd) << 255).to_bytes(32, "big")),
    ):
        arguments = list(honest)
        arguments[6] = signature
        with reverts("Appeals: not the validator's hand"):
            prove(c, arguments)
    prove(c, honest)


@pytest.mark.parametrize("number", [0, 2, 10**9])
def test_equivocation__no_such_round__reverts(c, number):
    task = c.opened()
    with reverts("Appeals: no such round"):
        prove(c, proof(c, task, number=number))


@pytest.mark.parametrize("phase", [0, 1, 3, 5, 6])
def test_equivocation__no_such_phase__reverts(c, phase):
    task = c.opened()
    with reverts("Appeals: no such phase"):
        prove(c, proof(c, task, phase=phase))


def test_equivocation__of_nobody__reverts(c):
    task = c.opened()
    arguments = proof(c, task)
    for who in (c.p[0], "0x" + "00" * 20):
        arguments[2] = who
        with reverts("Appeals: not a validator there"):
            prove(c, arguments)


def test_equivocation__while_suspended__replaces_the_pending_slash(c):
    task = caught(c)
    prove(c, proof(c, task))
    assert c.bond(c.v[3], VALIDATOR) == 3_500
    c.wait(2 * DAY)
    with reverts("Appeals: not suspended there"):
        c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    assert c.pair.view("Tasks", "expelled", task, 3)


def test_equivocation__after_the_lie_was_punished__no_second_slash(c):
    task = caught(c)
    c.wait(DAY + 1)
    c.appeals(c.stranger, "resolve", task, 1, c.v[3])
    with reverts("Appeals: already expelled"):
        prove(c, proof(c, task))


def test_equivocation__after_the_task_ended__takes_what_is_still_bonded(c):
    task = c.opened(rounds=1)
    c.wait(61)
    c.rounds(c.stranger, "advance", task)
    assert c.state(task) == ENDED
    prove(c, proof(c, task))
    assert c.bond(c.v[3], VALIDATOR) == 3_500
    assert locks(c, c.v[3]) == 0


def test_equivocation__after_the_bond_was_let_go__takes_what_is_there(c):
    task = c.opened(rounds=1)
    c.wait(61)
    c.rounds(c.stranger, "advance", task)
    for who in c.v:
        c.release(task, who)
    prove(c, proof(c, task))
    assert c.bond(c.v[3], VALIDATOR) == 3_500
    assert locks(c, c.v[3]) == 0


def test_equivocation__of_an_old_round__does_not_touch_the_closed_record(c):
    task = caught(c)
    before = c.pair.view("Rounds", "round_of", task)
    prove(c, proof(c, task))
    assert c.pair.view("Rounds", "round_of", task) == before


# --- an expelled validator in the running round -------------------------------------------------


def test_expelled__last_one_missing__phase_can_be_left_at_once(c):
    task = c.opened()
    c.commit_all(task)
    for who in c.v[:3]:
        c.include_commit(task, who, 0b111)
    with reverts("Rounds: the phase is not over"):
        c.rounds(c.stranger, "advance", task)
    prove(c, proof(c, task))
    c.rounds(c.stranger, "advance", task)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0b111)
    with reverts("Rounds: not seated"):
        c.rounds(c.v[3], "vote_commit", task, word("x"))


def test_expelled__with_a_commitment__no_reveal_due_no_fault(c):
    task = c.opened()
    c.commit_all(task)
    for who in c.v:
        c.include_commit(task, who, 0b111)
    prove(c, proof(c, task))
    with reverts("Rounds: nothing to reveal"):
        c.include_reveal(task, c.v[3], 0b111)
    for who in c.v[:3]:
        c.include_reveal(task, who, 0b111)
    assert c.phase(task) == VOTE_COMMIT
    assert c.bond(c.v[3], VALIDATOR) == 3_500


def test_expelled__its_bitmap_and_vote_count_no_more_but_the_whole_stays(c):
    task = c.opened()
    c.commit_all(task)
    for who, bitmap in zip(c.v, (0b111, 0b111, 0b011, 0b111), strict=True):
        c.include_commit(task, who, bitmap)
    for who in (c.v[3], *c.v[:2]):
        c.include_reveal(task, who, 0b111)
    prove(c, proof(c, task))
    done = c.include_reveal(task, c.v[2], 0b011)
    assert done.named("SetFixed")[0]["included"] == 0b011  # two of four are not two thirds


def test_expelled__with_a_revealed_vote__neither_counted_nor_paid_nor_suspended(c):
    task = c.opened()
    c.to_vote(task)
    c.vote_all(task, c.agree([1, 1, 1]) | {c.v[3]: (FALSE, [9, 9, 9], True)})
    prove(c, proof(c, task))
    done = c.settle(task)
    assert done.named("Suspended") == []
    assert done.named("Settled")[0]["winners"] == 0b0111
    assert [c.owed(task, who) for who in c.v] == [100, 100, 100, 0]


def test_expelled__everybody__round_aborts_task_ends_money_moves(c):
    task = c.opened()
    c.to_vote(task)
    for who in c.v:
        c.vote_commit(task, who, c.agree([1, 1, 1])[who])
    for i, who in enumerate(c.v):
        arguments = proof(c, task, who=f"validator{i}")
        arguments[2] = who
        prove(c, arguments)
    done = c.settle(task)
    assert done.named("Aborted")[0]["reason"] == "no agreement"
    assert c.phase(task) == ABORTED
    done = c.rounds(c.stranger, "open", task)
    assert done.named("TaskEnded") == [{"task": task, "round": 1, "reason": "too few are eligible"}]
    c.wind_up(task)
    c.check_money(task)
