"""Assets equals its twin under any sequence of registrations, transfers, approvals and pauses."""

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from tests.contracts.consortium import names
from tests.contracts.pair import word
from tests.contracts.stubs.c_suite import ACCEPT, REVERT, WITHDRAWN, Suite, admission
from tests.stateful.pairs import LONG, QUICK, PairMachine
from tests.twins.world import NOBODY

PEOPLE = names("person", 4)
people = st.sampled_from(PEOPLE)
anybody = st.integers(0, 6)  # people, two contracts that receive, nobody
assets = st.integers(0, 6)
digests = st.integers(0, 12).map(lambda number: word(f"content {number}") if number else bytes(32))


class AssetsMachine(PairMachine):
    @initialize()
    def deploy(self):
        self.suite = Suite(tuple(PEOPLE[:3]))  # the fourth is no member
        self.pair = self.suite.pair
        self.accounts = [*PEOPLE, self.suite.receiver(ACCEPT), self.suite.receiver(REVERT), NOBODY]
        self.withdrawn: set[int] = set()
        self.versions: list[tuple[int, int, bytes]] = []  # all that was ever registered

    @rule(
        who=people,
        kind=st.integers(0, 4),
        digest=digests,
        parents=st.lists(assets, max_size=3),
        tidy=st.booleans(),
        bps=st.sampled_from([0, 1, 5_000, 5_001]),
        receiver=anybody,
    )
    def register(self, who, kind, digest, parents, tidy, bps, receiver):  # noqa: PLR0917
        parents = sorted(set(parents)) if tidy else parents
        rest = (word("licence"), self.accounts[receiver], bps, f"uri {digest.hex()}")
        done = self.attempt(who, "Assets", "register", kind, digest, parents, *rest)
        if done:
            self.versions.append((done.value, 1, digest))

    @rule(who=people, digest=digests)
    def register_plainly(self, who, digest):
        self.register(who, 1, digest, [], True, 0, 0)

    @rule(who=people, asset=assets, digest=digests)
    def new_version(self, who, asset, digest):
        done = self.attempt(who, "Assets", "new_version", asset, digest, "newer")
        if done:
            self.versions.append((asset, done.value, digest))

    @rule(who=people, asset=assets, status=st.integers(0, 4), forced=st.booleans())
    def set_status(self, who, asset, status, forced):
        sender = self.suite.timelock if forced else who
        if self.attempt(sender, "Assets", "set_status", asset, status) and status == WITHDRAWN:
            self.withdrawn.add(asset)

    @rule(who=people, approved=anybody, asset=assets)
    def approve(self, who, approved, asset):
        self.attempt(who, "Assets", "approve", self.accounts[approved], asset)

    @rule(who=people, operator=anybody, yes=st.booleans())
    def approve_for_all(self, who, operator, yes):
        self.attempt(who, "Assets", "setApprovalForAll", self.accounts[operator], yes)

    @rule(who=people, owner=people, receiver=anybody, asset=assets, safe=st.booleans())
    def transfer(self, who, owner, receiver, asset, safe):
        arguments = (owner, self.accounts[receiver], asset)
        if safe:
            self.attempt(who, "Assets", "safeTransferFrom", *arguments, b"words")
        else:
            self.attempt(who, "Assets", "transferFrom", *arguments)

    @rule(owner=people, receiver=people, asset=assets)
    def sell(self, owner, receiver, asset):
        self.attempt(owner, "Assets", "transferFrom", owner, receiver, asset)

    @rule(who=people, yes=st.booleans())
    def suspend_or_admit(self, who, yes):
        sender, act = self.suite.timelock, "admit" if yes else "suspend"
        self.attempt(sender, "Members", act, *(admission(who) if yes else (who,)))

    @rule(yes=st.sampled_from([True, False, False]))
    def pause(self, yes):
        self.suite.pause("Assets", yes)

    @rule(seconds=st.integers(1, 1_000))
    def wait(self, seconds):
        self.pair.wait(seconds)

    @invariant()
    def every_asset_has_one_owner(self):
        """Sum of the balances = number of assets; nothing is ever burnt."""
        if not hasattr(self, "suite"):
            return
        count = self.pair.view("Assets", "asset_count")
        owners = [self.pair.view("Assets", "ownerOf", asset) for asset in range(1, count + 1)]
        assert NOBODY not in owners
        for who in self.accounts[:-1]:
            assert self.pair.view("Assets", "balanceOf", who) == owners.count(who)

    @invariant()
    def lineage_has_no_cycle(self):
        if not hasattr(self, "suite"):
            return
        for asset in range(1, self.pair.view("Assets", "asset_count") + 1):
            parents = self.pair.view("Assets", "parents_of", asset)
            assert list(parents) == sorted(set(parents))
            assert all(0 < parent < asset for parent in parents)

    @invariant()
    def versions_never_change_and_no_digest_is_twice(self):
        if not hasattr(self, "suite"):
            return
        digests = [digest for _, _, digest in self.versions]
        assert len(set(digests)) == len(digests)
        for asset, number, digest in self.versions:
            assert self.pair.view("Assets", "version_of", asset, number)[:2] == (number, digest)
            assert self.pair.view("Assets", "asset_of_digest", digest) == (asset, number)

    @invariant()
    def withdrawn_is_final(self):
        if not hasattr(self, "suite"):
            return
        for asset in self.withdrawn:
            assert self.pair.view("Assets", "status_of", asset) == WITHDRAWN

    @invariant()
    def views_agree(self):
        if not hasattr(self, "suite"):
            return
        count = self.pair.view("Assets", "asset_count")
        for asset in range(count + 2):
            for view in ("asset_of", "epoch_of", "version_count"):
                self.pair.view("Assets", view, asset)
            for who in self.accounts:
                self.pair.view("Assets", "is_allowed_to_manage", asset, who)
        for asset in range(1, count + 1):
            for view in ("getApproved", "latest", "tokenURI"):
                self.pair.view("Assets", view, asset)
            self.pair.view("Assets", "royaltyInfo", asset, 12_345)


def test_assets__any_sequence__equals_the_twin():
    run_state_machine_as_test(AssetsMachine, settings=QUICK)


@pytest.mark.slow
def test_assets__many_sequences__equal_the_twin():
    run_state_machine_as_test(AssetsMachine, settings=LONG)
