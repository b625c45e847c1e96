"""Assets under attack: strangers, powers that reach too far, receivers that refuse or call back."""

import pytest

from tests.contracts.pair import account, reverts, word
from tests.contracts.stubs.c_suite import (
    ACCEPT,
    ALL_GAS,
    DEPRECATED,
    FOREVER,
    PURPOSE,
    REVERT,
    SHORT_ANSWER,
    WITHDRAWN,
    WRONG_ANSWER,
    Suite,
)
from tests.twins.world import NOBODY

A, B = account("a"), account("b")
STRANGER = account("stranger")

# Everything that changes state, as somebody without any right to asset 1 would try it.
ACTS = {
    "register": (1, word("x"), [], word("l"), NOBODY, 0, ""),
    "new_version": (1, word("x"), ""),
    "set_status": (1, DEPRECATED),
    "approve": (STRANGER, 1),
    "transferFrom": (A, STRANGER, 1),
    "safeTransferFrom": (A, STRANGER, 1, b""),
}
REFUSALS = {"register": "not an active member", "set_status": "only the owner"}


@pytest.fixture
def suite():
    suite = Suite((A, B))
    suite.register(A, "data")
    return suite


def everything(suite):
    """What an attack must leave as it is."""
    views = ("ownerOf", "getApproved", "asset_of", "latest", "epoch_of", "tokenURI")
    facts = [suite.view("Assets", view, 1) for view in views]
    return [*facts, suite.view("Assets", "asset_count"), suite.view("Assets", "balanceOf", A)]


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize("who", ["stranger", "timelock", "deployer"])
def test_strangers_and_powers__any_act__reverts_and_changes_nothing(suite, act, who):
    """Neither the deployer nor a contract of the suite has more rights than anybody."""
    sender = getattr(suite, who, None) or getattr(suite.pair, who, STRANGER)
    before = everything(suite)
    with reverts(f"Assets: {REFUSALS.get(act, 'not allowed')}"):
        suite.send(sender, "Assets", act, *ACTS[act])
    assert everything(suite) == before


@pytest.mark.parametrize("act", ACTS)
def test_council__any_act__reverts_and_changes_nothing(suite, act):
    """What Council would be made to call has no effect here."""
    payload = suite.pair.chain.contracts["Assets"].encode(act, *ACTS[act]).data
    data = suite.encode("c_switch", "act", suite.assets, payload)
    before = everything(suite)
    outcome = suite.pair.chain.execute(STRANGER, suite.council, data)
    assert outcome.reason == f"Assets: {REFUSALS.get(act, 'not allowed')}"
    assert everything(suite) == before


def test_stranger__its_own_approval_for_all__gives_nobody_more(suite):
    suite.send(STRANGER, "Assets", "setApprovalForAll", STRANGER, True)
    suite.send(STRANGER, "Assets", "setApprovalForAll", A, True)
    with reverts("Assets: not allowed"):
        suite.send(STRANGER, "Assets", "transferFrom", A, STRANGER, 1)


def test_timelock__withdraws__and_cannot_take(suite):
    suite.send(suite.timelock, "Assets", "set_status", 1, WITHDRAWN)
    with reverts("Assets: not allowed"):
        suite.send(suite.timelock, "Assets", "transferFrom", A, suite.timelock, 1)
    assert suite.move(A, B, 1).named("Transfer")  # the owner still may


def test_former_owner__right_after_the_transfer__has_no_say(suite):
    suite.send(A, "Assets", "approve", A, 1)  # its own approval must not outlive the sale
    suite.send(A, "Assets", "setApprovalForAll", STRANGER, True)
    suite.move(A, B, 1)
    for who in (A, STRANGER):
        with reverts("Assets: not allowed"):
            suite.send(who, "Assets", "transferFrom", B, who, 1)
        with reverts("Assets: not allowed"):
            suite.send(who, "Assets", "new_version", 1, word("poison"), "")
        with reverts("Assets: only the owner"):
            suite.send(who, "Assets", "set_status", 1, WITHDRAWN)


def test_suspended_owner__keeps_its_token__registers_nothing(suite):
    suite.suspend(A)
    with reverts("Assets: not an active member"):
        suite.register(A, "more")
    suite.move(A, B, 1)


def test_digest_of_another__claimed_first__stays_claimed(suite):
    """A member that copies a digest out of a pending transaction wins it: see the notes."""
    suite.register(B, "seen in the mempool")
    with reverts("Assets: the digest is registered"):
        suite.register(A, "seen in the mempool")
    suite.register(A, "seen in the mempool, bound to its owner")


@pytest.mark.parametrize("mode", [WRONG_ANSWER, REVERT, SHORT_ANSWER, ALL_GAS])
def test_receiver__refuses_in_any_way__token_stays_with_a_plain_message(suite, mode):
    before = everything(suite)
    with reverts("Assets: the receiver refuses"):
        suite.send(A, "Assets", "safeTransferFrom", A, suite.receiver(mode), 1, b"")
    assert everything(suite) == before
    suite.send(A, "Assets", "safeTransferFrom", A, B, 1, b"")


def test_receiver__without_the_function__refused(suite):
    for contract in (suite.council, suite.grants, suite.assets):
        with reverts("Assets: the receiver refuses"):
            suite.send(A, "Assets", "safeTransferFrom", A, contract, 1, b"")


def test_receiver__account_without_code__is_not_asked(suite):
    suite.send(A, "Assets", "safeTransferFrom", A, STRANGER, 1, b"")


def called_back(suite, target, data):
    """The receiver of asset 1 makes this call in the middle; (tries, successes, its address)."""
    receiver = suite.receiver(ACCEPT, target, data)
    suite.pair.chain.send(A, "Assets", "safeTransferFrom", A, receiver, 1, b"")
    counts = [suite.ask("c_receiver", receiver, view) for view in ("tries", "successes")]
    return (*counts, receiver)


@pytest.mark.parametrize("act", [*ACTS, "setApprovalForAll"])
def test_receiver__calls_back_to_change_anything__locked_out(suite, act):
    """It is an active member and owns the token by then: only the lock is in its way."""
    contract = suite.pair.chain.contracts["Assets"]
    receiver = suite.receiver(ACCEPT)
    arguments = {
        "setApprovalForAll": (STRANGER, True),
        "transferFrom": (receiver, STRANGER, 1),
        "safeTransferFrom": (receiver, STRANGER, 1, b""),
    }.get(act, ACTS.get(act))
    payload = contract.encode(act, *arguments).data
    suite.call("c_receiver", receiver, "arm", ACCEPT, suite.assets, payload)
    suite.admit(receiver)
    suite.pair.chain.send(A, "Assets", "safeTransferFrom", A, receiver, 1, b"")
    assert suite.ask("c_receiver", receiver, "tries") == 1
    assert suite.ask("c_receiver", receiver, "successes") == 0
    assert suite.pair.chain.view("Assets", "ownerOf", 1) == receiver
    # The same call goes through when the receiver makes it outside the transfer.
    suite.call("c_receiver", receiver, "act", suite.assets, payload)


def test_receiver__looks_while_it_receives__sees_the_final_state(suite):
    data = suite.pair.chain.contracts["Assets"].encode("ownerOf", 1).data
    tries, successes, receiver = called_back(suite, suite.assets, data)
    assert (tries, successes) == (1, 1)
    assert suite.ask("c_receiver", receiver, "answer")[12:].hex() == receiver[2:].lower()


def test_receiver__grants_while_it_receives__as_the_new_owner(suite):
    suite.grant(A, 1, B)
    arguments = (1, STRANGER, PURPOSE, FOREVER, 0, 0)
    data = suite.pair.chain.contracts["Grants"].encode("grant", *arguments).data
    tries, successes, _ = called_back(suite, suite.grants, data)
    assert (tries, successes) == (1, 1)
    assert suite.pair.chain.view("Grants", "isAllowed", 1, STRANGER, PURPOSE)
    assert not suite.pair.chain.view("Grants", "isAllowed", 1, B, PURPOSE)


def test_cost__a_hundred_versions__the_next_costs_the_same(suite):
    """Nothing is walked: what others registered does not make it dearer."""
    costs = [
        suite.send(A, "Assets", "new_version", 1, word(f"v{number}"), "u").gas
        for number in range(100)
    ]
    assert max(costs[2:]) - min(costs[2:]) < 500  # zero bytes of the digests
    suite.register(B, "fresh")


def test_longer_than_stated__words_uri_and_parents__revert(suite):
    receiver = suite.receiver(ACCEPT)
    too_long = [
        ("safeTransferFrom", (A, receiver, 1, b"w" * 1025)),
        ("new_version", (1, word("y"), "u" * 257)),
        ("register", (1, word("y"), list(range(1, 18)), word("l"), NOBODY, 0, "")),
    ]
    for name, arguments in too_long:
        contract = suite.pair.chain.contracts["Assets"]
        outcome = suite.pair.chain.execute(A, suite.assets, contract.encode(name, *arguments).data)
        assert not outcome.status
        assert not outcome.logs
    assert suite.view("Assets", "ownerOf", 1) == A


def test_fallback__no_or_an_unknown_function__reverts_and_nothing_is_payable(suite):
    """Ether has no way in."""
    for data in (b"", b"\xde\xad\xbe\xef"):
        assert not suite.pair.chain.execute(A, suite.assets, data).status
    functions = suite.pair.chain.contracts["Assets"].artifact.abi
    assert not [e for e in functions if e.get("stateMutability") == "payable"]
