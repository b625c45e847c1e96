"""Anchor and Gates over the real Members, Assets and Council."""

import pytest

from quorate.log import merkle
from tests.contracts.pair import DAY, MEMBER, VALIDATOR, Pair, account, reverts, word
from tests.contracts.stubs.e_suite import STRANGER, Suite, calldata
from tests.twins import calls
from tests.twins.anchor import Anchor
from tests.twins.assets import Assets
from tests.twins.council import Council
from tests.twins.gates import Gates
from tests.twins.members import Members

TIMELOCK, OWNER, BUYER = (account(name) for name in ("timelock", "owner", "buyer"))
JUDGES = [account(f"judge{i}") for i in range(3)]
SEATS = [account(f"seat {i}") for i in range(3)]
SAFETY, LOG = word("safety was reviewed"), word("origin")
V1, V2 = word("version 1"), word("version 2")
WEEK = 7 * DAY


class Consortium:
    """The contracts, and a model of OWNER with two versions."""

    consents, act_of_council = Suite.consents, Suite.act

    def __init__(self) -> None:
        self.pair = Pair()
        self.seats, self.threshold = SEATS, 2
        council = self.pair.predict(4)
        people = [(OWNER, MEMBER), (BUYER, MEMBER), *((who, VALIDATOR) for who in JUDGES)]
        founders = [(who, word(who), word(f"house of {who}"), roles) for who, roles in people]
        members = self.pair.add("Members", Members, founders, TIMELOCK, council)
        assets = self.pair.add("Assets", Assets, members, TIMELOCK, council)
        self.pair.add("Anchor", Anchor, members)
        self.gates = self.pair.add("Gates", Gates, members, assets, TIMELOCK, council)
        assert self.pair.add("Council", Council, SEATS, 2, TIMELOCK) == council
        facts = (2, V1, [], word("licence"), OWNER, 0, "https://example.org/model")
        self.model = self.send(OWNER, "Assets", "register", *facts).value
        self.send(OWNER, "Assets", "new_version", self.model, V2, "https://example.org/2")
        self.send(TIMELOCK, "Gates", "set_rule", 2, SAFETY, VALIDATOR, 2, WEEK)

    def send(self, sender, name, function, *arguments):
        return self.pair.send(sender, name, function, *arguments)

    def view(self, name, function, *arguments):
        return self.pair.view(name, function, *arguments)

    def approve(self, digest):
        for who in JUDGES[:2]:
            self.send(who, "Gates", "attest", SAFETY, self.model, digest, 0, word("report"))

    def deploy(self, version, who=OWNER):
        return self.send(who, "Gates", "deploy", self.model, version)


@pytest.fixture
def suite(monkeypatch):
    for text in ("suspend(uint256,uint256)", "roll_back(uint256)"):  # what Council decides here
        monkeypatch.setitem(calls.BY_SELECTOR, calls.keccak(text.encode())[:4], text)
    return Consortium()


def test_deploy__attested_by_judges__then_rolled_back_by_council(suite):
    with reverts("Gates: attestations missing"):
        suite.deploy(1)
    for version, digest in ((1, V1), (2, V2)):
        suite.approve(digest)
        suite.deploy(version)
    until = suite.pair.now + DAY
    data = calldata("suspend(uint256,uint256)", suite.model, until)
    done = suite.act_of_council(suite.gates, data)
    assert done.named("Suspended") == [
        {"asset": suite.model, "until": until, "actor": suite.pair.address("Council")}
    ]
    suite.act_of_council(suite.gates, calldata("roll_back(uint256)", suite.model))
    assert suite.view("Gates", "deployed", suite.model) == (1, V1, False)
    suite.pair.wait(DAY)
    assert suite.view("Gates", "deployed", suite.model) == (1, V1, True)


def test_deploy__council_pauses_gates__until_the_pause_ends(suite):
    suite.approve(V1)
    council = suite.pair.address("Council")
    suite.act_of_council(council, calldata("pause(address,uint256)", suite.gates, DAY))
    with reverts("Gates: paused by Council"):
        suite.deploy(1)
    suite.pair.wait(DAY)
    suite.deploy(1)


def test_deploy__judge_suspended_by_timelock__counts_no_more(suite):
    suite.approve(V1)
    assert suite.view("Gates", "check", suite.model, 1) == (True, "")
    suite.send(TIMELOCK, "Members", "suspend", JUDGES[0])
    assert suite.view("Gates", "check", suite.model, 1) == (False, "attestations missing")


def test_deploy__sold_to_another_member__new_owner_decides(suite):
    suite.approve(V1)
    suite.send(OWNER, "Assets", "transferFrom", OWNER, BUYER, suite.model)
    with reverts("Gates: not the asset's owner"):
        suite.deploy(1)
    suite.deploy(1, BUYER)
    suite.send(BUYER, "Assets", "setApprovalForAll", STRANGER, True)
    suite.send(STRANGER, "Gates", "roll_back", suite.model)


def test_deployed__asset_withdrawn_by_timelock__not_usable(suite):
    suite.approve(V1)
    suite.deploy(1)
    suite.send(TIMELOCK, "Assets", "set_status", suite.model, 3)
    assert suite.view("Gates", "deployed", suite.model) == (1, V1, False)
    assert suite.view("Gates", "check", suite.model, 2) == (False, "asset is withdrawn")


def test_anchor__owner_and_whom_it_allows__by_members(suite):
    leaves = merkle.hash_leaves([b"%d" % i for i in range(9)])
    roots = merkle.roots_at(leaves, range(10))
    first = (OWNER, LOG, 5, roots[5], [])
    second = (OWNER, LOG, 9, roots[9], merkle.consistency_proof(leaves, 5))
    with reverts("Anchor: not allowed for this log"):
        suite.send(STRANGER, "Anchor", "anchor", *first)
    suite.send(OWNER, "Members", "set_anchorer", LOG, STRANGER, True)
    suite.send(STRANGER, "Anchor", "anchor", *first)
    suite.send(OWNER, "Members", "set_anchorer", LOG, STRANGER, False)
    with reverts("Anchor: not allowed for this log"):
        suite.send(STRANGER, "Anchor", "anchor", *second)
    suite.send(OWNER, "Anchor", "anchor", *second)
    proof = merkle.inclusion_proof(leaves, 7)
    assert suite.view("Anchor", "verify_record", OWNER, LOG, 9, 7, b"7", proof)
