"""Assets: registration, versions, lineage, status, royalty; every step compared with the twin."""

import pytest

from tests.contracts.pair import account, reverts, word
from tests.contracts.stubs.c_suite import (
    ACTIVE,
    DATA_SET,
    DEPRECATED,
    MODEL,
    SERVICE,
    WITHDRAWN,
    Suite,
)
from tests.twins.world import NOBODY, ZERO

A, B, C = (account(name) for name in "abc")
STRANGER = account("stranger")


@pytest.fixture
def suite():
    return Suite((A, B))


def test_deploy__addresses__fixed(suite):
    assert suite.view("Assets", "members") == suite.members
    assert suite.view("Assets", "timelock") == suite.timelock
    assert suite.view("Assets", "council") == suite.council
    assert suite.view("Assets", "asset_count") == 0


def test_register__by_a_member__all_facts_in_views_and_events(suite):
    suite.register(A, "other")
    facts = (MODEL, word("m"), [1], word("licence"), C, 250, "https://example.org/m")
    done = suite.send(A, "Assets", "register", *facts)
    assert done.value == 2
    assert [event for _, event, _ in done.events] == ["Transfer", "Registered", "VersionRegistered"]
    assert suite.view("Assets", "asset_of", 2) == (MODEL, ACTIVE, word("licence"), C, 250)
    assert suite.view("Assets", "kind_of", 2) == MODEL
    assert suite.view("Assets", "status_of", 2) == ACTIVE
    assert suite.view("Assets", "parents_of", 2) == (1,)
    assert suite.view("Assets", "version_count", 2) == 1
    assert suite.view("Assets", "latest", 2) == (1, word("m"), suite.pair.now)
    assert suite.view("Assets", "asset_of_digest", word("m")) == (2, 1)
    assert suite.view("Assets", "tokenURI", 2) == "https://example.org/m"
    assert suite.view("Assets", "ownerOf", 2) == A
    assert suite.view("Assets", "epoch_of", 2) == 0
    assert suite.view("Assets", "asset_count") == 2


def test_register__every_kind__kept(suite):
    for kind in (DATA_SET, MODEL, SERVICE):
        asset = suite.register(A, f"kind {kind}", kind=kind)
        assert suite.view("Assets", "kind_of", asset) == kind


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"kind": 0}, "Assets: no such kind"),
        ({"kind": 4}, "Assets: no such kind"),
        ({"digest": ZERO}, "Assets: no digest"),
        ({"digest": word("first")}, "Assets: the digest is registered"),
        ({"parents": [0]}, "Assets: parents not ascending"),
        ({"parents": [2, 1]}, "Assets: parents not ascending"),
        ({"parents": [1, 1]}, "Assets: parents not ascending"),
        ({"parents": [1, 2, 4]}, "Assets: no such parent"),
        ({"parents": [3]}, "Assets: no such parent"),  # itself
        ({"parents": [2**256 - 1]}, "Assets: no such parent"),
        ({"royalty_bps": 5_001, "royalty_receiver": C}, "Assets: royalty over one half"),
        ({"royalty_bps": 2**256 - 1}, "Assets: royalty over one half"),
        ({"royalty_bps": 1}, "Assets: royalty for nobody"),
    ],
)
def test_register__bad_facts__reverts_and_changes_nothing(suite, changed, message):
    suite.register(A, "first")
    suite.register(A, "second")
    with reverts(message):
        suite.register(A, "third", **changed)
    assert suite.view("Assets", "asset_count") == 2
    assert suite.view("Assets", "balanceOf", A) == 2
    assert suite.view("Assets", "asset_of_digest", word("third")) == (0, 0)


def test_register__sixteen_parents_and_longest_uri__kept(suite):
    for number in range(16):
        suite.register(A, f"parent {number}")
    parents = tuple(range(1, 17))
    child = suite.register(B, "child", parents=list(parents), uri="u" * 256)
    assert suite.view("Assets", "parents_of", child) == parents
    assert suite.view("Assets", "tokenURI", child) == "u" * 256


def test_register__empty_uri_and_no_licence__accepted(suite):
    asset = suite.register(A, "bare", uri="", licence=ZERO)
    assert suite.view("Assets", "tokenURI", asset) == ""


def test_register__withdrawn_parent__stays_in_the_lineage(suite):
    parent = suite.register(A, "data")
    suite.send(A, "Assets", "set_status", parent, WITHDRAWN)
    assert suite.view("Assets", "parents_of", suite.register(B, "model", parents=[parent])) == (1,)


def test_register__suspended_member__reverts_until_back(suite):
    suite.suspend(A)
    with reverts("Assets: not an active member"):
        suite.register(A, "data")
    suite.admit(A)
    suite.register(A, "data")


def test_new_version__by_owner__latest_and_history(suite):
    asset = suite.register(A, "data")
    first = suite.pair.now
    suite.pair.wait(100)
    done = suite.send(A, "Assets", "new_version", asset, word("data 2"), "there")
    assert done.value == 2
    assert done.named("MetadataUpdate") == [{"token_id": asset}]
    assert suite.view("Assets", "latest", asset) == (2, word("data 2"), first + 100)
    assert suite.view("Assets", "version_of", asset, 1) == (1, word("data"), first)
    assert suite.view("Assets", "version_count", asset) == 2
    assert suite.view("Assets", "asset_of_digest", word("data")) == (asset, 1)
    assert suite.view("Assets", "asset_of_digest", word("data 2")) == (asset, 2)
    assert suite.view("Assets", "tokenURI", asset) == "there"


def test_new_version__by_approved_and_operator__accepted(suite):
    asset = suite.register(A, "data")
    suite.send(A, "Assets", "approve", B, asset)
    suite.send(A, "Assets", "setApprovalForAll", C, True)
    suite.send(B, "Assets", "new_version", asset, word("by b"), "")
    suite.send(C, "Assets", "new_version", asset, word("by c"), "")
    assert suite.view("Assets", "version_count", asset) == 3


def test_new_version__digest_of_any_version_of_any_asset__reverts(suite):
    asset = suite.register(A, "data")
    suite.register(B, "other")
    suite.send(A, "Assets", "new_version", asset, word("data 2"), "")
    for text in ("data", "data 2", "other"):
        with reverts("Assets: the digest is registered"):
            suite.send(A, "Assets", "new_version", asset, word(text), "")
    with reverts("Assets: no digest"):
        suite.send(A, "Assets", "new_version", asset, ZERO, "")


def test_new_version__deprecated_accepted__withdrawn_reverts(suite):
    asset = suite.register(A, "data")
    suite.send(A, "Assets", "set_status", asset, DEPRECATED)
    suite.send(A, "Assets", "new_version", asset, word("fix"), "")
    suite.send(A, "Assets", "set_status", asset, WITHDRAWN)
    with reverts("Assets: withdrawn for good"):
        suite.send(A, "Assets", "new_version", asset, word("fix 2"), "")


def test_versions__no_such_asset_or_number__views_revert(suite):
    asset = suite.register(A, "data")
    for number in (0, 2, 2**256 - 1):
        suite.refuses("Assets: no such version", "Assets", "version_of", asset, number)
    for unknown in (0, asset + 1):
        suite.refuses("Assets: no such version", "Assets", "version_of", unknown, 1)
        suite.refuses("Assets: no such version", "Assets", "latest", unknown)
        suite.refuses("Assets: no such asset", "Assets", "tokenURI", unknown)
        with reverts("Assets: no such asset"):
            suite.send(A, "Assets", "new_version", unknown, word("x"), "")
        with reverts("Assets: no such asset"):
            suite.send(A, "Assets", "set_status", unknown, DEPRECATED)


def test_views__no_such_asset__zeros(suite):
    suite.register(A, "data")
    for unknown in (0, 2, 2**256 - 1):
        assert suite.view("Assets", "asset_of", unknown) == (0, 0, ZERO, NOBODY, 0)
        for view in ("kind_of", "status_of", "epoch_of", "version_count"):
            assert suite.view("Assets", view, unknown) == 0
        assert suite.view("Assets", "parents_of", unknown) == ()
        for who in (A, NOBODY):
            assert not suite.view("Assets", "is_allowed_to_manage", unknown, who)
    assert suite.view("Assets", "asset_of_digest", ZERO) == (0, 0)


def test_set_status__by_owner__there_and_back_until_withdrawn(suite):
    asset = suite.register(A, "data")
    for status in (DEPRECATED, ACTIVE, WITHDRAWN):
        done = suite.send(A, "Assets", "set_status", asset, status)
        assert done.named("StatusChanged") == [{"asset": asset, "status": status, "actor": A}]
        assert suite.view("Assets", "status_of", asset) == status
    for status in (ACTIVE, DEPRECATED, WITHDRAWN):
        for who in (A, suite.timelock):
            message = "withdrawn for good" if who == A or status == WITHDRAWN else "only the owner"
            with reverts(f"Assets: {message}"):
                suite.send(who, "Assets", "set_status", asset, status)


def test_set_status__no_such_or_the_same__reverts(suite):
    asset = suite.register(A, "data")
    for status in (0, 4, 2**256 - 1):
        with reverts("Assets: no such status"):
            suite.send(A, "Assets", "set_status", asset, status)
    with reverts("Assets: it has that status"):
        suite.send(A, "Assets", "set_status", asset, ACTIVE)


def test_set_status__by_timelock__withdraws_and_nothing_else(suite):
    asset = suite.register(A, "data")
    for status in (ACTIVE, DEPRECATED):
        with reverts("Assets: only the owner"):
            suite.send(suite.timelock, "Assets", "set_status", asset, status)
    suite.send(suite.timelock, "Assets", "set_status", asset, WITHDRAWN)
    assert suite.view("Assets", "status_of", asset) == WITHDRAWN


def test_set_status__approved_and_operator__revert(suite):
    asset = suite.register(A, "data")
    suite.send(A, "Assets", "approve", B, asset)
    suite.send(A, "Assets", "setApprovalForAll", C, True)
    for who in (B, C, STRANGER):
        with reverts("Assets: only the owner"):
            suite.send(who, "Assets", "set_status", asset, DEPRECATED)


def test_paused__nothing_new__but_transfers_and_withdrawal_work(suite):
    asset = suite.register(A, "data")
    suite.pause("Assets")
    with reverts("Assets: paused by Council"):
        suite.register(A, "more")
    with reverts("Assets: paused by Council"):
        suite.send(A, "Assets", "new_version", asset, word("data 2"), "")
    suite.send(A, "Assets", "approve", C, asset)
    suite.move(A, B, asset)
    suite.send(B, "Assets", "set_status", asset, WITHDRAWN)
    suite.pause("Assets", yes=False)
    suite.register(A, "more")


def test_paused__another_contract__does_not_matter(suite):
    suite.pause("Grants")
    suite.register(A, "data")


def test_royalty__any_price__rounded_down(suite):
    asset = suite.register(A, "data", royalty_receiver=C, royalty_bps=333)
    for price, amount in (
        (0, 0),
        (10_000, 333),
        (9_999, 332),
        (30, 0),
        (31, 1),
        (10**30, 333 * 10**26),
    ):
        assert suite.view("Assets", "royaltyInfo", asset, price) == (C, amount)


def test_royalty__one_half_of_the_highest_price__no_overflow(suite):
    asset = suite.register(A, "data", royalty_receiver=C, royalty_bps=5_000)
    top = 2**256 - 1
    assert suite.view("Assets", "royaltyInfo", asset, top) == (C, top // 2)


def test_royalty__none_or_no_such_asset__zero(suite):
    plain = suite.register(A, "plain")
    named = suite.register(A, "named", royalty_receiver=C)
    assert suite.view("Assets", "royaltyInfo", plain, 10_000) == (NOBODY, 0)
    assert suite.view("Assets", "royaltyInfo", named, 10_000) == (C, 0)
    assert suite.view("Assets", "royaltyInfo", 99, 10_000) == (NOBODY, 0)


def test_royalty__after_a_transfer__stays_with_its_receiver(suite):
    asset = suite.register(A, "data", royalty_receiver=A, royalty_bps=100)
    suite.move(A, B, asset)
    assert suite.view("Assets", "royaltyInfo", asset, 500) == (A, 5)
