"""Governor: OpenZeppelin's Governor with a Timelock as it behaves; rules are in the other file."""

import pytest

from tests.contracts.pair import DAY, Pair, Reverted, account, reverts
from tests.contracts.stubs.e_suite import (
    ABSTAIN,
    ACTIVE,
    AGAINST,
    CANCELED,
    DEFEATED,
    DELAY,
    EXECUTED,
    EXPIRED,
    FOR,
    PENDING,
    PEOPLE,
    QUEUED,
    SETTINGS,
    STRANGER,
    SUCCEEDED,
    Suite,
    calldata,
    sign,
    words,
)
from tests.twins.governor import BALLOT, Governor
from tests.twins.signing import digest_in, separator_of
from tests.twins.world import NOBODY

VOTING_DELAY, PERIOD, THRESHOLD, QUORUM, GRACE = SETTINGS
A, B, C, D = PEOPLE  # 40, 30, 20 and 10 votes


@pytest.fixture
def suite():
    return Suite()


def ballot(suite, proposal, support, voter, nonce=0):
    """What a voter signs."""
    separator = separator_of("Quorate Governor", 31337, suite.governor)
    types = ["uint256", "uint8", "address", "uint256"]
    return digest_in(separator, BALLOT, types, [proposal, support, voter, nonce])


def refused_everywhere(suite, calls, text, message_of):
    """Queue and execute revert with these messages."""
    for act, message in message_of.items():
        with reverts(message):
            suite.send(STRANGER, "Governor", act, *calls, words(text))


# --- what it is ----------------------------------------------------------------------------------


def test_deploy__names_and_settings__as_given(suite):
    expected = {
        "name": "Quorate Governor",
        "version": "1",
        "token": suite.votes,
        "timelock": suite.timelock,
        "council": suite.council,
        "votingDelay": VOTING_DELAY,
        "votingPeriod": PERIOD,
        "proposalThreshold": THRESHOLD,
        "grace": GRACE,
        "clock": suite.pair.now,
        "CLOCK_MODE": "mode=timestamp",
        "COUNTING_MODE": "support=bravo&quorum=for,abstain",
    }
    for function, value in expected.items():
        assert suite.view("Governor", function) == value
    assert suite.view("Governor", "quorumNumerator", 2**256 - 1) == QUORUM
    assert suite.view("Governor", "quorum", suite.pair.now - 1) == 50
    assert suite.view("Governor", "getVotes", A, suite.pair.now - 1) == 40
    assert suite.view("Governor", "eip712Domain")[1] == "Quorate Governor"
    assert suite.pair.chain.view("Governor", "quorumNumerator()") == QUORUM


@pytest.mark.parametrize("place", [0, 1, 2])
def test_deploy__no_contract__reverts(place):
    where = [account("votes"), account("timelock"), account("council")]
    where[place] = NOBODY
    with reverts("Governor: no contract"):
        Pair().add("Governor", Governor, *where, SETTINGS)


# --- the whole way -------------------------------------------------------------------------------


def test_way__propose_vote_queue_execute__calls_the_target(suite):
    calls = suite.calls()
    proposal = suite.propose(calls, "why")
    assert proposal == suite.view("Governor", "hashProposal", *calls, words("why"))
    start = suite.pair.now
    assert suite.view("Governor", "proposalSnapshot", proposal) == start + VOTING_DELAY
    assert suite.view("Governor", "proposalDeadline", proposal) == start + VOTING_DELAY + PERIOD
    assert suite.view("Governor", "proposalProposer", proposal) == A
    assert suite.view("Governor", "proposalEta", proposal) == 0
    assert suite.view("Governor", "proposalNeedsQueuing", proposal)
    assert suite.state(proposal) == PENDING
    suite.pair.wait(VOTING_DELAY)
    assert suite.state(proposal) == PENDING
    suite.pair.wait(1)
    assert suite.state(proposal) == ACTIVE
    assert not suite.view("Governor", "hasVoted", proposal, A)
    suite.vote(proposal, FOR, A, B)
    done = suite.send(C, "Governor", "castVoteWithReason", proposal, AGAINST, "too dear")
    assert (done.value, done.named("VoteCast")[0]["reason"]) == (20, "too dear")
    suite.vote(proposal, ABSTAIN, D)
    assert suite.view("Governor", "hasVoted", proposal, A)
    assert suite.view("Governor", "proposalVotes", proposal) == (20, 70, 10)
    suite.pair.wait(PERIOD - 1)
    assert suite.state(proposal) == ACTIVE
    suite.pair.wait(1)
    assert suite.state(proposal) == SUCCEEDED
    done = suite.send(STRANGER, "Governor", "queue", *calls, words("why"))
    eta = suite.pair.now + DELAY
    assert done.named("ProposalQueued") == [{"proposalId": proposal, "etaSeconds": eta}]
    assert done.named("ExpirySet")[0]["expires_at"] == eta + GRACE
    assert suite.view("Governor", "proposalEta", proposal) == eta
    assert suite.state(proposal) == QUEUED
    suite.pair.wait(DELAY)
    assert suite.state(proposal) == QUEUED
    suite.send(STRANGER, "Governor", "execute", *calls, words("why"))
    assert suite.state(proposal) == EXECUTED
    assert (suite.seen("number"), suite.seen("caller")) == (7, suite.timelock)
    suite.view("Governor", "proposal", proposal)


def test_way__eight_calls__in_their_order(suite):
    calls = suite.calls(*(calldata("record(uint256)", n) for n in range(8)))
    suite.decide(calls)
    assert (suite.seen("number"), suite.seen("calls")) == (7, 8)


def test_way__biggest_proposal__fits_into_a_block(suite):
    data = [calldata("record(uint256)", 7).ljust(2048, b"\0")] * 8
    calls, text = suite.calls(*data), "x" * 1024
    before = suite.send(A, "Governor", "propose", *calls, text)
    suite.open_vote(before.value)
    suite.vote(before.value, FOR, A, B)
    suite.close_vote(before.value)
    queued = suite.send(A, "Governor", "queue", *calls, words(text))
    suite.pair.wait(DELAY)
    done = suite.send(A, "Governor", "execute", *calls, words(text))
    assert max(before.gas, queued.gas, done.gas) < 5_000_000
    assert suite.seen("calls") == 8


def test_way__same_calls_with_other_words__are_another_proposal(suite):
    calls = suite.calls()
    suite.decide(calls, "once")
    suite.decide(calls, "and again")
    assert suite.seen("calls") == 2


# --- proposing -----------------------------------------------------------------------------------


def test_propose__twice__reverts(suite):
    suite.propose(suite.calls())
    for who in (A, B):
        with reverts("Governor: already proposed"):
            suite.propose(suite.calls(), who=who)


def test_propose__too_few_votes__reverts(suite):
    suite.propose(suite.calls(), who=D)  # exactly the threshold
    suite.give(D, THRESHOLD - 1)
    suite.pair.wait(1)
    for who in (D, STRANGER):
        with reverts("Governor: too few votes"):
            suite.propose(suite.calls(), "more", who=who)


def test_propose__nothing_or_lengths_differ_or_ether__reverts(suite):
    with reverts("Governor: nothing to do"):
        suite.propose(([], [], []))
    for sizes in ((1, 2, 2), (2, 1, 2), (2, 2, 1), (1, 0, 1), (1, 1, 0)):
        targets, values, data = sizes
        with reverts("Governor: lengths differ"):
            suite.propose(([suite.target] * targets, [0] * values, [b""] * data))
    with reverts("Governor: there is no ether"):
        suite.propose(([suite.target] * 2, [0, 1], [b"", b""]))


def test_propose__too_big__is_refused_by_the_abi(suite):
    calls = suite.calls()
    for bad in ((*suite.calls(*[b""] * 9), "x"), (*suite.calls(b"x" * 2049), "x")):
        with pytest.raises(Reverted, match="no reason given"):
            suite.pair.chain.send(A, "Governor", "propose", *bad)
    with pytest.raises(Reverted, match="no reason given"):
        suite.pair.chain.send(A, "Governor", "propose", *calls, "x" * 1025)


def test_state__unknown__reverts(suite):
    for act in ("castVote", "cancel_by_id"):
        arguments = (1, FOR) if act == "castVote" else (1,)
        with reverts("Governor: no such proposal"):
            suite.send(A, "Governor", act, *arguments)
    message = "Governor: no such proposal"
    calls = suite.calls()
    refused_everywhere(suite, calls, "x", dict.fromkeys(("queue", "execute", "cancel"), message))
    assert suite.view("Governor", "proposalSnapshot", 1) == 0
    assert suite.view("Governor", "proposalVotes", 1) == (0, 0, 0)
    assert not suite.view("Governor", "hasVoted", 1, A)
    suite.view("Governor", "proposal", 1)


# --- voting --------------------------------------------------------------------------------------


def test_vote__before_it_opens_and_after_it_closed__reverts(suite):
    proposal = suite.propose(suite.calls())
    for wait in (0, VOTING_DELAY):  # the snapshot's own second is too early
        suite.pair.wait(wait)
        with reverts("Governor: not open to votes"):
            suite.vote(proposal, FOR, A)
    suite.pair.wait(PERIOD)
    suite.vote(proposal, FOR, A)  # the last second counts
    suite.pair.wait(1)
    with reverts("Governor: not open to votes"):
        suite.vote(proposal, FOR, B)


def test_vote__twice_or_of_no_kind_or_without_votes__reverts(suite):
    proposal = suite.propose(suite.calls())
    suite.open_vote(proposal)
    for support in (3, 255):
        with reverts("Governor: no such kind of vote"):
            suite.vote(proposal, support, A)
    suite.vote(proposal, FOR, A)
    for support in (FOR, AGAINST):
        with reverts("Governor: already voted"):
            suite.vote(proposal, support, A)
    with reverts("Governor: no votes at snapshot"):
        suite.vote(proposal, FOR, STRANGER)
    assert suite.view("Governor", "proposalVotes", proposal) == (0, 40, 0)


@pytest.mark.parametrize(
    ("votes", "state"),
    [
        ({}, DEFEATED),
        ({A: FOR}, DEFEATED),  # 40: below the quorum of 50
        ({A: FOR, D: FOR}, SUCCEEDED),  # exactly the quorum
        ({A: FOR, D: ABSTAIN}, SUCCEEDED),  # who abstains counts for the quorum
        ({A: FOR, D: AGAINST}, DEFEATED),  # who is against does not
        ({A: AGAINST, B: FOR, D: FOR, C: ABSTAIN}, DEFEATED),  # 40 to 40: not more
        ({A: FOR, B: AGAINST, C: ABSTAIN}, SUCCEEDED),
        ({A: AGAINST, B: FOR, C: FOR}, SUCCEEDED),
        ({A: ABSTAIN, B: ABSTAIN}, DEFEATED),
        ({A: ABSTAIN, B: ABSTAIN, D: FOR}, SUCCEEDED),
    ],
)
def test_outcome__for_against_abstain__as_counted(suite, votes, state):
    proposal = suite.propose(suite.calls())
    suite.open_vote(proposal)
    for who, support in votes.items():
        suite.vote(proposal, support, who)
    suite.close_vote(proposal)
    assert suite.state(proposal) == state
    if state == DEFEATED:
        message_of = {"queue": "Governor: not succeeded", "execute": "Governor: not queued"}
        refused_everywhere(suite, suite.calls(), "why", message_of)


def test_vote_by_signature__brought_by_anyone__counts(suite):
    proposal = suite.propose(suite.calls())
    suite.open_vote(proposal)
    signature = sign("person 1", ballot(suite, proposal, FOR, B))
    done = suite.send(STRANGER, "Governor", "castVoteBySig", proposal, FOR, B, signature)
    assert (done.value, done.named("VoteCast")[0]["voter"]) == (30, B)
    assert suite.view("Governor", "nonces", B) == 1
    assert suite.view("Governor", "nonces", STRANGER) == 0


def test_vote_by_signature__of_a_contract__counts():
    suite = Suite()
    wallet = suite.wallet("person 7")
    suite.give(wallet, 90)
    proposal = suite.propose(suite.calls())
    suite.open_vote(proposal)
    signature = sign("person 7", ballot(suite, proposal, AGAINST, wallet))
    suite.send(STRANGER, "Governor", "castVoteBySig", proposal, AGAINST, wallet, signature)
    assert suite.view("Governor", "proposalVotes", proposal) == (90, 0, 0)


# --- queueing and executing ----------------------------------------------------------------------


def test_queue_and_execute__in_any_other_state__revert(suite):
    calls = suite.calls()
    early = {"queue": "Governor: not succeeded", "execute": "Governor: not queued"}
    proposal = suite.propose(calls)
    refused_everywhere(suite, calls, "why", early)  # pending
    suite.open_vote(proposal)
    refused_everywhere(suite, calls, "why", early)  # active
    suite.vote(proposal, FOR, A, B)
    refused_everywhere(suite, calls, "why", early)  # active with enough votes
    suite.close_vote(proposal)
    with reverts("Governor: not queued"):
        suite.send(A, "Governor", "execute", *calls, words("why"))
    suite.send(A, "Governor", "queue", *calls, words("why"))
    with reverts("Governor: not succeeded"):
        suite.send(A, "Governor", "queue", *calls, words("why"))
    for wait in (0, DELAY - 1):
        suite.pair.wait(wait)
        with reverts("Timelock: not ready yet"):
            suite.send(A, "Governor", "execute", *calls, words("why"))
    suite.pair.wait(1)
    suite.send(A, "Governor", "execute", *calls, words("why"))
    refused_everywhere(suite, calls, "why", early)  # executed


def test_queue__last_second__then_expired(suite):
    for late in (0, 1):
        text = f"late {late}"
        proposal = suite.carried(suite.calls(), text)
        suite.pair.wait(GRACE - 1 + late)
        assert suite.state(proposal) == (EXPIRED if late else SUCCEEDED)
        if late:
            with reverts("Governor: not succeeded"):
                suite.send(A, "Governor", "queue", *suite.calls(), words(text))
        else:
            suite.send(A, "Governor", "queue", *suite.calls(), words(text))


def test_execute__last_second_of_grace__then_expired(suite):
    proposal = suite.ready(suite.calls())
    suite.pair.wait(GRACE - 1)
    assert suite.state(proposal) == QUEUED
    suite.pair.wait(1)
    assert suite.state(proposal) == EXPIRED
    with reverts("Governor: not queued"):
        suite.send(A, "Governor", "execute", *suite.calls(), words("why"))
    salt = suite.pair.twins["Governor"]._salt(words("why"))
    with reverts("Timelock: expired"):  # nor past the Governor
        suite.send(A, "Timelock", "executeBatch", *suite.calls(), bytes(32), salt)
    again = suite.decide(suite.calls(), "once more")
    assert again.named("ProposalExecuted")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (calldata("refuse()"), "Target: not today"),
        (calldata("refuse_silently()"), "Timelock: the call failed"),
        (calldata("unknown()"), "Timelock: the call failed"),
    ],
)
def test_execute__target_refuses__stays_queued(suite, data, message):
    calls = suite.calls(calldata("record(uint256)", 1), data)
    proposal = suite.ready(calls)
    with reverts(message):
        suite.send(A, "Governor", "execute", *calls, words("why"))
    assert suite.state(proposal) == QUEUED
    assert suite.seen("calls") == 0


def test_execute__at_the_timelock__state_follows(suite):
    calls = suite.calls()
    proposal = suite.ready(calls)
    salt = suite.pair.twins["Governor"]._salt(words("why"))
    suite.send(STRANGER, "Timelock", "executeBatch", *calls, bytes(32), salt)
    assert suite.state(proposal) == EXECUTED
    refused_everywhere(
        suite,
        calls,
        "why",
        {"execute": "Governor: not queued", "cancel": "Governor: already ended"},
    )
    assert suite.seen("calls") == 1


# --- cancelling ----------------------------------------------------------------------------------


def test_cancel__by_the_proposer__only_while_pending(suite):
    calls = suite.calls()
    proposal = suite.propose(calls)
    for who in (B, STRANGER):
        with reverts("Governor: only proposer, Council"):
            suite.send(who, "Governor", "cancel", *calls, words("why"))
    suite.pair.wait(VOTING_DELAY)  # the last pending second
    done = suite.send(A, "Governor", "cancel", *calls, words("why"))
    assert done.named("ProposalCanceled") == [{"proposalId": proposal}]
    assert suite.state(proposal) == CANCELED
    with reverts("Governor: already ended"):
        suite.send(A, "Governor", "cancel", *calls, words("why"))
    with reverts("Governor: already proposed"):
        suite.propose(calls)
    suite.pair.wait(1)
    with reverts("Governor: not open to votes"):
        suite.vote(proposal, FOR, A)


def test_cancel__by_the_proposer_later__reverts(suite):
    calls = suite.calls()
    proposal = suite.propose(calls)
    suite.open_vote(proposal)
    with reverts("Governor: voting has begun"):
        suite.send(A, "Governor", "cancel", *calls, words("why"))
    suite.vote(proposal, FOR, A, B)
    suite.close_vote(proposal)
    for act in ("queue", "execute"):
        with reverts("Governor: voting has begun"):
            suite.send(A, "Governor", "cancel_by_id", proposal)
        suite.send(A, "Governor", act, *calls, words("why"))
        suite.pair.wait(DELAY)
    with reverts("Governor: already ended"):
        suite.send(A, "Governor", "cancel_by_id", proposal)


def cancel_data(proposal):
    return calldata("cancel_by_id(uint256)", proposal)


def test_cancel__by_the_council__in_every_state_before_the_end(suite):
    calls = suite.calls()
    for made in (suite.propose, suite.carried, suite.queued, suite.ready):
        proposal = made(calls, made.__name__)
        suite.act(suite.governor, cancel_data(proposal))
        assert suite.state(proposal) == CANCELED
        with reverts("Governor: already ended"):
            suite.act(suite.governor, cancel_data(proposal))
    active = suite.propose(calls, "active")
    suite.open_vote(active)
    suite.act(suite.governor, cancel_data(active))
    assert suite.state(active) == CANCELED


def test_cancel__by_the_council_of_a_queued_one__empties_the_timelock(suite):
    calls = suite.calls()
    proposal = suite.queued(calls)
    done = suite.act(suite.governor, cancel_data(proposal))
    assert done.named("Cancelled") == [{"id": suite.operation(calls)}]
    suite.pair.wait(DELAY)
    salt = suite.pair.twins["Governor"]._salt(words("why"))
    with reverts("Timelock: not scheduled"):
        suite.send(A, "Timelock", "executeBatch", *calls, bytes(32), salt)


def test_cancel__by_the_council_at_the_timelock__state_follows(suite):
    calls = suite.calls()
    proposal = suite.queued(calls)
    suite.act(suite.timelock, calldata("cancel(bytes32)", suite.operation(calls)))
    assert suite.state(proposal) == CANCELED
    message_of = {"queue": "Governor: not succeeded", "execute": "Governor: not queued"}
    refused_everywhere(suite, calls, "why", message_of)


def test_cancel__by_the_council_after_the_end__reverts(suite):
    executed = suite.calls()
    suite.decide(executed)
    with reverts("Governor: already ended"):
        suite.act(suite.governor, cancel_data(suite.propose_id(executed, "why")))
    defeated = suite.propose(suite.calls(), "defeated")
    suite.close_vote(defeated)
    with reverts("Governor: already ended"):
        suite.act(suite.governor, cancel_data(defeated))
    expired = suite.ready(suite.calls(), "expires")
    suite.pair.wait(GRACE)
    with reverts("Governor: already ended"):
        suite.act(suite.governor, cancel_data(expired))


def test_cancel__of_what_replaces_the_council__not_by_the_council(suite):
    seats = calldata("set_seats(address[],uint256)", [STRANGER], 1)
    calls = suite.calls(seats, target=suite.council)
    proposal = suite.queued(calls)
    with reverts("Governor: about the council"):
        suite.act(suite.governor, cancel_data(proposal))
    with reverts("Timelock: about the council"):
        suite.act(suite.timelock, calldata("cancel(bytes32)", suite.operation(calls)))
    suite.pair.wait(DELAY)
    suite.send(A, "Governor", "execute", *calls, words("why"))
    assert suite.view("Council", "seats") == (STRANGER,)


def test_cancel__of_what_is_also_about_others__by_the_council(suite):
    """Nothing is smuggled past the council in the company of a change of its seats."""
    seats = calldata("set_seats(address[],uint256)", [STRANGER], 1)
    calls = ([suite.council, suite.target], [0, 0], [seats, calldata("record(uint256)", 1)])
    proposal = suite.queued(calls)
    suite.act(suite.governor, cancel_data(proposal))
    assert suite.state(proposal) == CANCELED


def test_unpause__by_the_governance__cannot_be_vetoed(suite):
    suite.pause(suite.target, 14 * DAY)
    calls = suite.calls(calldata("unpause(address)", suite.target), target=suite.council)
    suite.decide(calls)
    assert not suite.view("Council", "paused", suite.target)
