"""Assets as ERC-721: the behaviour of the reference implementation, in our words."""

import pytest
from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from tests.contracts.pair import account, reverts
from tests.contracts.stubs.c_suite import ACCEPT, Suite
from tests.twins.world import NOBODY

A, B, C, D = (account(name) for name in "abcd")
STRANGER = account("stranger")


@pytest.fixture
def suite():
    """A owns assets 1 and 2; C is approved for 1, D operates all of A's."""
    suite = Suite((A, B))
    suite.register(A, "first")
    suite.register(A, "second")
    suite.send(A, "Assets", "approve", C, 1)
    suite.send(A, "Assets", "setApprovalForAll", D, True)
    return suite


def selector(signature):
    return keccak256(signature.encode())[:4]


def test_name_and_symbol__fixed(suite):
    assert suite.view("Assets", "name") == "Quorate Assets"
    assert suite.view("Assets", "symbol") == "QAST"


def interface_id(*signatures):
    found = bytes(4)
    for signature in signatures:
        found = bytes(a ^ b for a, b in zip(found, selector(signature), strict=True))
    return found


ERC721 = (
    "balanceOf(address)",
    "ownerOf(uint256)",
    "safeTransferFrom(address,address,uint256,bytes)",
    "safeTransferFrom(address,address,uint256)",
    "transferFrom(address,address,uint256)",
    "approve(address,uint256)",
    "setApprovalForAll(address,bool)",
    "getApproved(uint256)",
    "isApprovedForAll(address,address)",
)


@pytest.mark.parametrize(
    ("signatures", "expected"),
    [
        (("supportsInterface(bytes4)",), True),
        (ERC721, True),
        (("name()", "symbol()", "tokenURI(uint256)"), True),
        (("royaltyInfo(uint256,uint256)",), True),
        (("totalSupply()", "tokenOfOwnerByIndex(address,uint256)", "tokenByIndex(uint256)"), False),
    ],
)
def test_interfaces__computed_from_their_functions__as_stated(suite, signatures, expected):
    assert suite.view("Assets", "supportsInterface", interface_id(*signatures)) is expected


@pytest.mark.parametrize(("text", "expected"), [("49064906", True), ("ffffffff", False)])
def test_interfaces__fixed_numbers__as_stated(suite, text, expected):
    assert suite.view("Assets", "supportsInterface", bytes.fromhex(text)) is expected


def test_interfaces__every_function_of_the_erc__is_in_the_artifact(suite):
    abi = suite.pair.chain.contracts["Assets"].artifact.abi
    known = {
        f"{e['name']}({','.join(p['type'] for p in e['inputs'])})"
        for e in abi
        if e["type"] == "function"
    }
    assert set(ERC721) <= known


def test_balance__owner_and_stranger__counted(suite):
    assert suite.view("Assets", "balanceOf", A) == 2
    assert suite.view("Assets", "balanceOf", B) == 0
    suite.refuses("Assets: no account", "Assets", "balanceOf", NOBODY)


def test_owner__no_such_token__reverts(suite):
    assert suite.view("Assets", "ownerOf", 1) == A
    for unknown in (0, 3):
        for view in ("ownerOf", "getApproved"):
            suite.refuses("Assets: no such asset", "Assets", view, unknown)


@pytest.mark.parametrize("who", [A, C, D])
@pytest.mark.parametrize("safe", [False, True])
def test_transfer__by_owner_approved_or_operator__moves_and_clears_the_approval(suite, who, safe):
    if safe:
        done = suite.send(who, "Assets", "safeTransferFrom", A, B, 1, b"")
    else:
        done = suite.send(who, "Assets", "transferFrom", A, B, 1)
    assert done.events == [("Assets", "Transfer", {"sender": A, "receiver": B, "token_id": 1})]
    assert suite.view("Assets", "ownerOf", 1) == B
    assert suite.view("Assets", "getApproved", 1) == NOBODY
    assert suite.view("Assets", "epoch_of", 1) == 1
    assert [suite.view("Assets", "balanceOf", each) for each in (A, B)] == [1, 1]
    for stale in {A, C, D} - {B}:
        assert not suite.view("Assets", "is_allowed_to_manage", 1, stale)


def test_transfer__to_the_owner_itself__clears_the_approval_only(suite):
    suite.move(A, A, 1)
    assert suite.view("Assets", "ownerOf", 1) == A
    assert suite.view("Assets", "balanceOf", A) == 2
    assert suite.view("Assets", "getApproved", 1) == NOBODY
    assert suite.view("Assets", "epoch_of", 1) == 0


@pytest.mark.parametrize("safe", [False, True])
@pytest.mark.parametrize(
    ("sender", "owner", "receiver", "token", "message"),
    [
        (A, B, C, 1, "Assets: not the owner"),
        (STRANGER, A, STRANGER, 1, "Assets: not allowed"),
        (C, A, C, 2, "Assets: not allowed"),  # approved for another
        (A, A, NOBODY, 1, "Assets: no account"),
        (A, A, B, 3, "Assets: no such asset"),
        (A, NOBODY, B, 3, "Assets: no such asset"),
    ],
)
def test_transfer__not_due__reverts(  # noqa: PLR0917 (one row of the table)
    suite, safe, sender, owner, receiver, token, message
):
    extra, name = ((b"",), "safeTransferFrom") if safe else ((), "transferFrom")
    with reverts(message):
        suite.send(sender, "Assets", name, owner, receiver, token, *extra)


def test_safe_transfer__to_a_receiver__it_hears_who_what_and_the_words(suite):
    receiver = suite.receiver(ACCEPT)
    suite.send(D, "Assets", "safeTransferFrom", A, receiver, 1, b"w" * 1024)
    heard = [
        suite.ask("c_receiver", receiver, f) for f in ("operator", "sender", "token_id", "words")
    ]
    assert heard == [D.lower(), A.lower(), 1, b"w" * 1024]
    assert suite.view("Assets", "ownerOf", 1) == receiver


def test_safe_transfer__without_words__the_other_selector_asks_too(suite):
    receiver = suite.receiver(ACCEPT)
    data = selector(ERC721[3]) + encode(["address", "address", "uint256"], [A, receiver, 1])
    outcome = suite.pair.chain.execute(A, suite.assets, data)
    assert outcome.status
    assert suite.ask("c_receiver", receiver, "words") == b""
    assert suite.ask("c_receiver", receiver, "operator") == A.lower()
    assert suite.pair.chain.view("Assets", "ownerOf", 1) == receiver


def test_transfer__unsafe_to_a_contract__does_not_ask(suite):
    receiver = suite.receiver(ACCEPT)
    suite.move(A, receiver, 1)
    assert suite.ask("c_receiver", receiver, "operator") == NOBODY


def test_approve__again_the_same_another_and_nobody__last_one_counts(suite):
    for approved in (C, B, NOBODY, NOBODY):
        done = suite.send(A, "Assets", "approve", approved, 1)
        expected = {"owner": A, "approved": approved, "token_id": 1}
        assert done.events == [("Assets", "Approval", expected)]
        assert suite.view("Assets", "getApproved", 1) == approved
    assert not suite.view("Assets", "is_allowed_to_manage", 1, NOBODY)


def test_approve__by_the_operator__in_the_owner_s_name(suite):
    done = suite.send(D, "Assets", "approve", B, 2)
    assert done.named("Approval") == [{"owner": A, "approved": B, "token_id": 2}]


@pytest.mark.parametrize(
    ("who", "token", "message"),
    [
        (C, 1, "Assets: not allowed"),  # the approved account may move it, not approve others
        (STRANGER, 1, "Assets: not allowed"),
        (A, 3, "Assets: no such asset"),
    ],
)
def test_approve__not_the_owner_s__reverts(suite, who, token, message):
    with reverts(message):
        suite.send(who, "Assets", "approve", B, token)


def test_operator__set_twice_and_dismissed__as_said_last(suite):
    for yes in (True, True, False, False):
        done = suite.send(A, "Assets", "setApprovalForAll", B, yes)
        expected = {"owner": A, "operator": B, "approved": yes}
        assert done.events == [("Assets", "ApprovalForAll", expected)]
        assert suite.view("Assets", "isApprovedForAll", A, B) is yes
        assert suite.view("Assets", "is_allowed_to_manage", 2, B) is yes
    with reverts("Assets: not allowed"):
        suite.send(B, "Assets", "transferFrom", A, B, 2)
    with reverts("Assets: no account"):
        suite.send(A, "Assets", "setApprovalForAll", NOBODY, True)


def test_operator__of_another_owner__has_no_say(suite):
    suite.register(B, "of b")
    with reverts("Assets: not allowed"):
        suite.send(D, "Assets", "transferFrom", B, D, 3)


def test_operator__new_assets_of_the_owner__included(suite):
    number = suite.register(A, "third")
    suite.send(D, "Assets", "transferFrom", A, D, number)
    assert suite.view("Assets", "ownerOf", number) == D


def test_epoch__there_and_back__two_more(suite):
    suite.move(A, B, 1)
    suite.move(B, A, 1)
    assert suite.view("Assets", "epoch_of", 1) == 2
    assert suite.view("Assets", "epoch_of", 2) == 0
