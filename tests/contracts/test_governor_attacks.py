"""Governor under attack: signatures, votes at the wrong time, proposals taken over, bad targets."""

import pytest

from tests.contracts.pair import account, reverts
from tests.contracts.stubs.e_suite import (
    ABSTAIN,
    ACTIVE,
    AGAINST,
    BURNS,
    CANCELED,
    DEFEATED,
    DELAY,
    EXECUTED,
    FOR,
    LONG,
    PEOPLE,
    QUEUED,
    REFUSES,
    SETTINGS,
    STRANGER,
    SUCCEEDED,
    WRONG,
    Suite,
    calldata,
    malleable,
    sign,
    words,
)
from tests.twins.governor import BALLOT
from tests.twins.signing import digest_in, separator_of

VOTING_DELAY, PERIOD, THRESHOLD, _, _ = SETTINGS
A, B, C, D = PEOPLE
ZERO = bytes(32)


@pytest.fixture
def suite():
    return Suite()


@pytest.fixture
def vote(suite):
    """A proposal that is open to votes."""
    proposal = suite.propose(suite.calls())
    suite.open_vote(proposal)
    return proposal


def ballot(suite, vote, chain_id=31337, contract="", name="Quorate Governor", **changed):
    """What B signs to vote for, in another domain or with other contents."""
    facts = {"proposal": vote, "support": FOR, "voter": B, "nonce": 0} | changed
    separator = separator_of(name, chain_id, contract or suite.governor)
    types = ["uint256", "uint8", "address", "uint256"]
    return digest_in(separator, BALLOT, types, list(facts.values()))


def bring(suite, proposal, signature, support=FOR, voter=B):
    return suite.send(STRANGER, "Governor", "castVoteBySig", proposal, support, voter, signature)


# --- signatures ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "changed",
    [
        {"chain_id": 1},
        {"contract": account("another governor")},
        {"name": "Quorate Council"},
        {"proposal": 5},
        {"support": AGAINST},
        {"voter": C},
        {"nonce": 1},
    ],
)
def test_signature__over_anything_else__reverts(suite, vote, changed):
    with reverts("Governor: wrong signature"):
        bring(suite, vote, sign("person 1", ballot(suite, vote, **changed)))
    bring(suite, vote, sign("person 1", ballot(suite, vote)))


def test_signature__of_another_or_for_nobody__reverts(suite, vote):
    with reverts("Governor: wrong signature"):
        bring(suite, vote, sign("person 0", ballot(suite, vote)))
    with reverts("Governor: wrong signature"):
        bring(suite, vote, bytes(64) + b"\x1b", voter="0x" + "00" * 20)


@pytest.mark.parametrize(
    "twist",
    [
        malleable,
        lambda s: s[:64],
        lambda s: s + b"\0",
        lambda s: b"",
        lambda s: s[:64] + bytes([s[64] - 27]),
        lambda s: bytes(65),
        lambda s: b"\xff" * 64 + b"\x1b",
    ],
)
def test_signature__twisted__reverts(suite, vote, twist):
    with reverts("Governor: wrong signature"):
        bring(suite, vote, twist(sign("person 1", ballot(suite, vote))))


def test_signature__replayed__reverts(suite, vote):
    signature = sign("person 1", ballot(suite, vote))
    bring(suite, vote, signature)
    with reverts("Governor: wrong signature"):
        bring(suite, vote, signature)
    again = sign("person 1", ballot(suite, vote, nonce=1))
    with reverts("Governor: already voted"):
        bring(suite, vote, again)
    assert suite.view("Governor", "nonces", B) == 1
    assert suite.view("Governor", "proposalVotes", vote) == (0, 30, 0)


def test_signature__and_a_vote_in_person__counts_once(suite, vote):
    suite.vote(vote, AGAINST, B)
    with reverts("Governor: already voted"):
        bring(suite, vote, sign("person 1", ballot(suite, vote)))
    assert suite.view("Governor", "proposalVotes", vote) == (30, 0, 0)


def test_signature__too_early_or_too_late__keeps_its_number(suite):
    proposal = suite.propose(suite.calls())
    signature = sign("person 1", ballot(suite, proposal))
    with reverts("Governor: not open to votes"):
        bring(suite, proposal, signature)
    suite.close_vote(proposal)
    with reverts("Governor: not open to votes"):
        bring(suite, proposal, signature)
    assert suite.view("Governor", "nonces", B) == 0


@pytest.mark.parametrize("mode", [WRONG, REFUSES, BURNS, LONG])
def test_wallet__that_misbehaves__loses_its_own_vote_alone(suite, mode):
    wallet = suite.wallet("person 7", mode)
    suite.give(wallet, 60)
    proposal = suite.propose(suite.calls())
    suite.open_vote(proposal)
    signature = sign("person 7", ballot(suite, proposal, voter=wallet))
    if mode == LONG:  # more than it was asked, and right
        bring(suite, proposal, signature, voter=wallet)
    else:
        with reverts("Governor: wrong signature"):
            bring(suite, proposal, signature, voter=wallet)
    suite.vote(proposal, FOR, A)


# --- when votes count ----------------------------------------------------------------------------


def test_votes__bought_after_the_snapshot__are_worth_nothing(suite, vote):
    suite.give(STRANGER, 10**6)
    suite.pair.wait(10)
    with reverts("Governor: no votes at snapshot"):
        suite.vote(vote, FOR, STRANGER)
    suite.give(D, 10**6)
    suite.vote(vote, FOR, D)
    assert suite.view("Governor", "proposalVotes", vote) == (0, 10, 0)


def test_votes__handed_on_after_voting__do_not_count_twice(suite, vote):
    suite.vote(vote, FOR, A)
    suite.give(A, 0)
    suite.give(STRANGER, 40)
    suite.pair.wait(1)
    with reverts("Governor: no votes at snapshot"):
        suite.vote(vote, FOR, STRANGER)
    suite.vote(vote, AGAINST, B)
    assert suite.view("Governor", "proposalVotes", vote) == (30, 40, 0)


def test_votes__in_the_snapshot_s_own_second__count_as_at_its_end(suite):
    proposal = suite.propose(suite.calls())
    suite.pair.wait(VOTING_DELAY)
    suite.give(D, 500)
    suite.give(D, 11)  # borrowed and returned within the second
    suite.pair.wait(1)
    suite.vote(proposal, FOR, D)
    assert suite.view("Governor", "proposalVotes", proposal) == (0, 11, 0)


def test_votes__sold_before_the_snapshot__are_gone(suite):
    proposal = suite.propose(suite.calls())
    suite.give(A, 0)
    suite.open_vote(proposal)
    with reverts("Governor: no votes at snapshot"):
        suite.vote(proposal, FOR, A)


def test_votes__in_the_last_second__decide_and_are_final(suite, vote):
    suite.vote(vote, FOR, A, C)
    deadline = suite.view("Governor", "proposalDeadline", vote)
    suite.pair.wait(deadline - suite.pair.now)
    assert suite.state(vote) == ACTIVE
    suite.vote(vote, AGAINST, B)
    suite.vote(vote, ABSTAIN, D)
    suite.pair.wait(1)
    assert suite.state(vote) == SUCCEEDED


def test_propose__with_votes_borrowed_in_the_same_second__reverts(suite):
    suite.give(STRANGER, 10**6)
    with reverts("Governor: too few votes"):
        suite.propose(suite.calls(), "loot", who=STRANGER)


def test_quorum__of_votes_created_after_the_snapshot__is_not_raised(suite, vote):
    """Nobody defeats a proposal by creating votes while it runs."""
    suite.give(STRANGER, 10**9)
    suite.vote(vote, FOR, A, D)
    suite.close_vote(vote)
    assert suite.state(vote) == SUCCEEDED


# --- proposals taken over ------------------------------------------------------------------------


def test_front_run__an_open_description__is_taken_but_another_is_free(suite):
    """Without the mark whoever is first is the proposer, and can cancel: hence the mark."""
    calls = suite.calls()
    suite.propose(calls, "pay", who=D)
    with reverts("Governor: already proposed"):
        suite.propose(calls, "pay", who=A)
    suite.send(D, "Governor", "cancel", *calls, words("pay"))
    with reverts("Governor: already proposed"):
        suite.propose(calls, "pay", who=A)
    suite.propose(calls, f"pay #proposer={A}", who=A)


def test_front_run__a_marked_description__belongs_to_its_proposer(suite):
    text = f"pay #proposer={A}"
    with reverts("Governor: for another proposer"):
        suite.propose(suite.calls(), text, who=D)
    suite.propose(suite.calls(), text, who=A)


@pytest.mark.parametrize(
    ("text", "free"),
    [
        (f"#proposer={A}", False),
        (f"x#proposer={A.lower()}", False),
        (f"x#proposer=0x{A[2:].upper()}", False),
        (f"ä€#proposer={A}", False),
        (f"#proposer={D} #proposer={A}", False),
        (f"#proposer={A} ", True),
        (f"#proposer={A}.", True),
        (f"#proposer={A[2:]}", True),  # no 0x
        (f"#proposer=0X{A[2:]}", True),
        (f"#proposer={A[:-1]}", True),
        (f"#proposer={A}0", True),
        (f"#proposer={A[:-1]}g", True),
        (f"#proposer={A[:-1]}G", True),
        (f"#proposer={A[:-1]}/", True),
        (f"#proposer={A[:-1]}:", True),
        (f"#proposer={A[:-1]}@", True),
        (f"#proposer={A[:-1]}`", True),
        (f"#Proposer={A}", True),
        (f"proposer={A}", True),
        (f"#proposer={D}", True),
        ("", True),
        ("0x", True),
    ],
)
def test_mark__as_openzeppelin_reads_it(suite, text, free):
    """D proposes what may be marked for A."""
    if free:
        suite.propose(suite.calls(), text, who=D)
    else:
        with reverts("Governor: for another proposer"):
            suite.propose(suite.calls(), text, who=D)
        suite.propose(suite.calls(), text, who=A)


# --- other arguments -----------------------------------------------------------------------------


def test_execute__other_calls_than_were_voted__are_no_proposal(suite):
    calls = suite.calls()
    suite.ready(calls)
    others = [
        (suite.calls(calldata("record(uint256)", 8)), "why"),
        (suite.calls(target=suite.votes), "why"),
        (([suite.target], [1], calls[2]), "why"),
        (calls, "why not"),
    ]
    for other, text in others:
        with reverts("Governor: no such proposal"):
            suite.send(A, "Governor", "execute", *other, words(text))


def test_schedule__past_the_governor__reverts(suite):
    for who in (A, STRANGER, suite.pair.deployer):
        with reverts("Timelock: only Governor"):
            suite.send(
                who,
                "Timelock",
                "scheduleBatch",
                *suite.calls(),
                ZERO,
                ZERO,
                DELAY,
                2**256 - 1,
            )


def test_cancel__past_the_governor__reverts(suite):
    suite.queued(suite.calls())
    for who in (A, STRANGER, suite.pair.deployer):
        with reverts("Timelock: only Governor, Council"):
            suite.send(who, "Timelock", "cancel", suite.operation(suite.calls()))


def test_cancel__by_a_seat_alone__reverts(suite):
    proposal = suite.propose(suite.calls())
    for seat in suite.seats:
        with reverts("Governor: only proposer, Council"):
            suite.send(seat, "Governor", "cancel_by_id", proposal)


# --- bad targets ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data", [calldata("refuse()"), calldata("burn_gas()"), calldata("refuse_hugely()")]
)
def test_griefing_target__stops_only_its_own_proposal(suite, data):
    bad = suite.calls(data)
    suite.arm(suite.target, bytes(20_000))
    stuck = suite.ready(bad, "bad")
    with pytest.raises(Exception, match=r"Target: not today|Timelock: the call failed"):
        suite.send(A, "Governor", "execute", *bad, words("bad"))
    assert suite.state(stuck) == QUEUED
    suite.decide(suite.calls(), "good")
    assert suite.seen("number") == 7


def encoded(suite, name, function, *arguments):
    return suite.pair.chain.contracts[name].encode(function, *arguments).data


def test_reentrancy__from_the_target__nothing_runs_twice(suite):
    calls = suite.calls(calldata("poke()"))
    proposal = suite.ready(calls)
    salt = suite.pair.twins["Governor"]._salt(words("why"))
    inside = [
        (suite.governor, encoded(suite, "Governor", "execute", *calls, words("why"))),
        (suite.timelock, encoded(suite, "Timelock", "executeBatch", *calls, ZERO, salt)),
        (suite.governor, encoded(suite, "Governor", "queue", *calls, words("why"))),
        (suite.governor, encoded(suite, "Governor", "cancel_by_id", proposal)),
        (suite.governor, encoded(suite, "Governor", "setGrace", 3_600)),
        (suite.timelock, encoded(suite, "Timelock", "updateDelay", 1)),
        (suite.council, encoded(suite, "Council", "set_seats", [STRANGER], 1)),
    ]
    suite.arm(*inside[0])
    suite.send(A, "Governor", "execute", *calls, words("why"))
    for number, (where, payload) in enumerate(inside[1:]):
        suite.arm(where, payload)
        suite.decide(calls, f"again {number}")
    assert (suite.seen("calls"), suite.seen("successes")) == (len(inside), 0)
    assert suite.state(proposal) == EXECUTED


def test_reentrancy__into_another_ready_proposal__waits_its_turn(suite):
    """A target cannot execute a second proposal in the middle of the first; afterwards anyone."""
    second = suite.calls()
    first = suite.calls(calldata("poke()"))
    one, two = suite.propose(first, "first"), suite.propose(second, "second")
    suite.open_vote(two)
    for proposal in (one, two):
        suite.vote(proposal, FOR, A, B)
    suite.close_vote(two)
    suite.send(A, "Governor", "queue", *first, words("first"))
    suite.send(A, "Governor", "queue", *second, words("second"))
    suite.pair.wait(DELAY)
    suite.arm(suite.governor, encoded(suite, "Governor", "execute", *second, words("second")))
    suite.send(A, "Governor", "execute", *first, words("first"))
    assert suite.seen("successes") == 0
    suite.send(A, "Governor", "execute", *second, words("second"))
    assert suite.seen("number") == 7


def test_captured_council__cannot_hold_its_seats(suite):
    """Three bad seats veto everything they can; the members replace them all the same."""
    seats = calldata("set_seats(address[],uint256)", [STRANGER], 1)
    replace = suite.calls(seats, target=suite.council)
    ordinary = suite.propose(suite.calls(), "ordinary")
    suite.act(suite.governor, calldata("cancel_by_id(uint256)", ordinary))
    assert suite.state(ordinary) == CANCELED
    suite.decide(replace, "replace")
    assert suite.view("Council", "seats") == (STRANGER,)
    suite.decide(suite.calls(), "now it passes")


def test_minority__cannot_carry_however_it_votes(suite):
    proposal = suite.propose(suite.calls(), "loot", who=B)
    suite.open_vote(proposal)
    suite.vote(proposal, FOR, B)
    suite.vote(proposal, AGAINST, A)
    suite.close_vote(proposal)
    assert suite.state(proposal) == DEFEATED
    with reverts("Governor: not succeeded"):
        suite.send(B, "Governor", "queue", *suite.calls(), words("loot"))
