"""The whole path of a decision over the real contracts: propose, vote, queue, execute, effect."""

import pytest

from tests.contracts.pair import DAY, MEMBER, Pair, account, reverts, word
from tests.contracts.stubs.e_suite import (
    AGAINST,
    CANCELED,
    DEFEATED,
    DELAY,
    FOR,
    PEOPLE,
    SEATS,
    STRANGER,
    SUCCEEDED,
    Suite,
    Target,
    calldata,
    words,
)
from tests.twins.council import Council
from tests.twins.governor import Governor
from tests.twins.members import Members
from tests.twins.timelock import Timelock
from tests.twins.token import Token

A, B, C, D = PEOPLE
NEW = account("new member")
CAP, PER_PERIOD, PERIOD = 1_000_000, 50_000, 30 * DAY


class Consortium(Suite):
    """Four members and a token, under Timelock, Council and Governor; votes by member or token."""

    def __init__(self, source: str = "Members", threshold: int = 1) -> None:
        self.pair = Pair()
        self.seats, self.threshold = SEATS, 3
        self.target = self.stub("e_target", Target)
        timelock, council, governor = (self.pair.predict(n) for n in (2, 3, 4))
        founders = [(who, word(f"keys {who}"), word(f"house {who}"), MEMBER) for who in PEOPLE]
        holders = list(zip(PEOPLE, (40_000, 30_000, 20_000, 10_000), strict=True))
        members = self.pair.add("Members", Members, founders, timelock, council)
        token = self.pair.add(
            "Token", Token, "Unit", "UNIT", holders, CAP, PER_PERIOD, PERIOD, timelock
        )
        self.timelock = self.pair.add("Timelock", Timelock, governor, council, DELAY)
        self.council = self.pair.add("Council", Council, SEATS, 3, timelock)
        self.votes = members if source == "Members" else token
        settings = (100, 1_000, threshold, 50, 3_600)
        self.governor = self.pair.add("Governor", Governor, self.votes, timelock, council, settings)
        self.members, self.token = members, token
        assert (self.timelock, self.council, self.governor) == (timelock, council, governor)
        self.pair.wait(1)


@pytest.fixture
def house():
    return Consortium()


def minting(house, amount=1_000, receiver=B):
    data = calldata("mint(address,uint256)", receiver, amount)
    return house.calls(data, target=house.token)


def admitting(house, who=NEW):
    types = "admit(address,bytes32,bytes32,uint256)"
    data = calldata(types, who, word("new keys"), word("new house"), MEMBER)
    return house.calls(data, target=house.members)


def voted(house, calls, text, yes, no=()):
    """A proposal after its vote."""
    proposal = house.propose(calls, text)
    house.open_vote(proposal)
    house.vote(proposal, FOR, *yes)
    house.vote(proposal, AGAINST, *no)
    house.close_vote(proposal)
    return proposal


def test_mint__voted_by_members__arrives(house):
    done = house.decide(minting(house))
    assert done.named("Transfer")
    assert house.view("Token", "balanceOf", B) == 31_000
    assert house.view("Token", "totalSupply") == 101_000


def test_mint__more_than_the_schedule__no_vote_helps(house):
    calls = minting(house, PER_PERIOD + 1)
    house.ready(calls)
    with reverts("Token: over the period's limit"):
        house.send(A, "Governor", "execute", *calls, words("why"))
    assert house.view("Token", "totalSupply") == 100_000


def test_mint__voted_down_or_without_quorum__never(house):
    for text, yes, no in (("two to two", (A, B), (C, D)), ("one alone", (A,), ())):
        proposal = voted(house, minting(house), text, yes, no)
        assert house.state(proposal) == DEFEATED
        with reverts("Governor: not succeeded"):
            house.send(A, "Governor", "queue", *minting(house), words(text))


def test_admit__by_vote__then_votes_itself(house):
    running = house.propose(minting(house), "running")
    house.open_vote(running)
    house.decide(admitting(house), "welcome")
    assert house.view("Members", "is_active", NEW)
    with reverts("Governor: not open to votes"):
        house.vote(running, FOR, NEW)
    house.pair.wait(1)
    proposal = house.propose(minting(house), "hers", who=NEW)
    house.open_vote(proposal)
    house.vote(proposal, FOR, NEW, A, B)
    assert house.view("Governor", "proposalVotes", proposal) == (0, 3, 0)


def test_admit__in_the_middle_of_a_vote__is_too_late_for_it(house):
    house.ready(admitting(house), "welcome")
    running = house.propose(minting(house), "running")
    house.open_vote(running)
    house.send(A, "Governor", "execute", *admitting(house), words("welcome"))
    house.pair.wait(1)
    with reverts("Governor: no votes at snapshot"):
        house.vote(running, FOR, NEW)


def test_suspend__by_vote__counts_to_the_last_snapshot(house):
    calls = house.calls(calldata("suspend(address)", D), target=house.members)
    house.ready(calls, "out")
    running = house.propose(minting(house), "running")
    house.open_vote(running)
    house.send(A, "Governor", "execute", *calls, words("out"))
    house.pair.wait(1)
    house.vote(running, FOR, D)
    house.close_vote(running)
    later = house.propose(minting(house), "later")
    house.open_vote(later)
    with reverts("Governor: no votes at snapshot"):
        house.vote(later, FOR, D)
    with reverts("Governor: too few votes"):
        house.propose(minting(house), "his", who=D)


def test_replace__a_lost_key__the_vote_moves_too(house):
    data = calldata("replace(address,address,bytes32)", D, NEW, word("new keys"))
    house.decide(house.calls(data, target=house.members), "lost")
    house.pair.wait(1)
    proposal = house.propose(minting(house), "later", who=NEW)
    house.open_vote(proposal)
    with reverts("Governor: no votes at snapshot"):
        house.vote(proposal, FOR, D)
    house.vote(proposal, FOR, NEW)


def test_several_contracts__in_one_decision__all_or_none(house):
    one, two = minting(house), admitting(house)
    calls = ([one[0][0], two[0][0]], [0, 0], [one[2][0], two[2][0]])
    house.decide(calls)
    assert house.view("Token", "balanceOf", B) == 31_000
    assert house.view("Members", "is_active", NEW)
    house.ready(calls, "again")
    with reverts("Members: already active"):
        house.send(A, "Governor", "execute", *calls, words("again"))
    assert house.view("Token", "balanceOf", B) == 31_000


def test_council__emergency__stops_a_member_for_a_while_but_not_its_vote(house):
    until = house.pair.now + 10 * DAY
    house.act(house.members, calldata("suspend_until(address,uint256)", D, until))
    assert not house.view("Members", "is_active", D)
    proposal = house.propose(minting(house))
    house.open_vote(proposal)
    house.vote(proposal, FOR, D)
    with reverts("Members: too soon again"):
        house.act(house.members, calldata("suspend_until(address,uint256)", D, until + 1))
    house.pair.wait(until - house.pair.now)
    assert house.view("Members", "is_active", D)


def test_council__stops_a_decision_in_its_delay(house):
    proposal = house.queued(minting(house))
    house.act(house.governor, calldata("cancel_by_id(uint256)", proposal))
    assert house.state(proposal) == CANCELED
    house.pair.wait(DELAY)
    with reverts("Governor: not queued"):
        house.send(A, "Governor", "execute", *minting(house), words("why"))


def test_council__replaced_by_the_members__against_its_will(house):
    seats = calldata("set_seats(address[],uint256)", [A, B, C], 2)
    house.decide(house.calls(seats, target=house.council))
    assert house.view("Council", "seats") == (A, B, C)


def test_council__alone__moves_no_money_and_admits_nobody(house):
    cases = [
        (house.token, minting(house)[2][0], "Token: only Timelock"),
        (house.members, admitting(house)[2][0], "Members: only Timelock"),
        (house.members, calldata("suspend(address)", D), "Members: only Timelock"),
        (house.token, calldata("transfer(address,uint256)", A, 1), "Token: balance too low"),
    ]
    for target, data, message in cases:
        with reverts(message):
            house.act(target, data)


def test_deployer__after_deployment__has_no_power(house):
    deployer, keys = house.pair.deployer, word("keys")
    attempts = [
        ("Members", "admit", (deployer, keys, keys, MEMBER), "Members: only Timelock"),
        ("Token", "mint", (deployer, 1), "Token: only Timelock"),
        ("Timelock", "updateDelay", (1,), "Timelock: only Timelock"),
        ("Council", "set_seats", ([deployer], 1), "Council: only Timelock"),
        ("Council", "pause", (house.token, 1), "Council: only Council"),
        ("Governor", "setGrace", (3_600,), "Governor: only Timelock"),
        ("Governor", "propose", (*minting(house), "x"), "Governor: too few votes"),
    ]
    for name, function, arguments, message in attempts:
        with reverts(message):
            house.send(deployer, name, function, *arguments)


def test_token_votes__delegated__decide_as_well():
    house = Consortium("Token", threshold=10_000)
    with reverts("Governor: too few votes"):
        house.propose(minting(house), "no delegate yet")
    for who in (A, B, C):
        house.send(who, "Token", "delegate", who)
    house.send(D, "Token", "delegate", A)
    house.pair.wait(1)
    proposal = house.propose(minting(house))
    house.open_vote(proposal)
    house.send(A, "Token", "transfer", STRANGER, 40_000)  # sold after the snapshot
    house.send(STRANGER, "Token", "delegate", STRANGER)
    house.pair.wait(1)
    with reverts("Governor: no votes at snapshot"):
        house.vote(proposal, AGAINST, STRANGER)
    with reverts("Governor: no votes at snapshot"):
        house.vote(proposal, AGAINST, D)
    house.vote(proposal, FOR, A)
    assert house.view("Governor", "proposalVotes", proposal) == (0, 50_000, 0)
    house.close_vote(proposal)
    assert house.state(proposal) == SUCCEEDED
    house.send(STRANGER, "Governor", "queue", *minting(house), words("why"))
    house.pair.wait(DELAY)
    house.send(STRANGER, "Governor", "execute", *minting(house), words("why"))
    assert house.view("Token", "balanceOf", B) == 31_000
