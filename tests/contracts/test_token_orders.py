"""Token: permits (ERC-2612), authorizations (ERC-3009) and delegation by signature (ERC-5805)."""

import pytest

from tests.contracts.pair import CHAIN_ID, START, reverts, word
from tests.contracts.token_orders import (
    SHAPES,
    UNLIMITED,
    A,
    B,
    C,
    D,
    authorization,
    balances,
    delegation,
    permit,
    sign,
    token,
    votes,
)
from tests.twins.signing import separator_of
from tests.twins.table import keccak
from tests.twins.world import NOBODY

MOVES = ("transferWithAuthorization", "receiveWithAuthorization")

# As published with ERC-2612's and ERC-3009's deployments and OpenZeppelin's Votes.
TYPE_HASHES = {
    "permit": "6e71edae12b1b97f4d1f60370fef10105fa2faae0126114a169c64845d6126c9",
    "delegateBySig": "e48329057bfd03d55e49b547132e39cffd9c1820ad7b9d4c5307691425d15adf",
    "transferWithAuthorization": "7c7c6cdb67a18743f49ec6fa9b35f50d52ed05cbed4cc592e13b44501c1a2267",
    "receiveWithAuthorization": "d099cc98ef71107a616c4f0f941f04c322d8e254fe26b3c6668db87aae413de8",
    "cancelAuthorization": "158b0a9edf7a828aad02f63cd515c68ef2f50ba807396f6d12842833a1597429",
}


@pytest.fixture
def pair():
    return token()


@pytest.mark.parametrize("function", TYPE_HASHES)
def test_types__orders__are_the_published_ones(function):
    assert keccak(SHAPES[function][0].encode()).hex() == TYPE_HASHES[function]


def test_domain__fields__name_chain_and_contract(pair):
    domain = pair.view("Token", "eip712Domain")
    where = (CHAIN_ID, pair.address("Token"))
    assert domain == (b"\x0f", "Quorate Token", "1", *where, bytes(32), ())
    separator = separator_of("Quorate Token", *where)
    assert pair.view("Token", "DOMAIN_SEPARATOR") == separator


# --- ERC-2612 -------------------------------------------------------------------------------


def test_permit__by_the_owner__sets_the_allowance_whoever_submits(pair):
    assert pair.view("Token", "nonces", A) == 0
    done = pair.send(D, "Token", "permit", *permit(pair, A, B, 42, START))
    assert done.named("Approval") == [{"owner": A, "spender": B, "value": 42}]
    assert pair.view("Token", "allowance", A, B) == 42
    assert (pair.view("Token", "nonces", A), pair.view("Token", "nonces", B)) == (1, 0)
    pair.send(B, "Token", "transferFrom", A, C, 42)
    assert balances(pair) == (58, 50, 42)


def test_permit__again__replaces_the_allowance(pair):
    pair.send(D, "Token", "permit", *permit(pair, A, B, 42, START))
    pair.send(D, "Token", "permit", *permit(pair, A, B, UNLIMITED, UNLIMITED))
    assert pair.view("Token", "allowance", A, B) == UNLIMITED
    assert pair.view("Token", "nonces", A) == 2


def test_permit__reused__reverts(pair):
    given = permit(pair, A, B, 42, START)
    pair.send(D, "Token", "permit", *given)
    with reverts("Token: not the owner's signature"):
        pair.send(D, "Token", "permit", *given)


def test_permit__by_another__reverts(pair):
    with reverts("Token: not the owner's signature"):
        pair.send(D, "Token", "permit", *permit(pair, A, B, 42, START, by=B))


def test_permit__deadline__is_the_last_second(pair):
    last = permit(pair, A, B, 42, START + 10)
    pair.wait(11)
    with reverts("Token: signature expired"):
        pair.send(D, "Token", "permit", *last)
    pair = token()
    pair.wait(10)
    pair.send(D, "Token", "permit", *permit(pair, A, B, 42, START + 10))


def test_permit__for_nobody__reverts_and_keeps_the_nonce(pair):
    with reverts("Token: no spender"):
        pair.send(D, "Token", "permit", *permit(pair, A, NOBODY, 42, START))
    assert pair.view("Token", "nonces", A) == 0


# --- ERC-3009 -------------------------------------------------------------------------------


def test_transfer_with_authorization__by_the_owner__moves_whoever_submits(pair):
    given = authorization(pair, MOVES[0], A, C, 30)
    assert not pair.view("Token", "authorizationState", A, word("nonce"))
    done = pair.send(D, "Token", MOVES[0], *given)
    assert done.named("AuthorizationUsed") == [{"authorizer": A, "nonce": word("nonce")}]
    assert done.named("Transfer") == [{"sender": A, "receiver": C, "value": 30}]
    assert balances(pair) == (70, 50, 30)
    assert pair.view("Token", "authorizationState", A, word("nonce"))
    assert not pair.view("Token", "authorizationState", B, word("nonce"))
    assert pair.view("Token", "nonces", A) == 0


def test_receive_with_authorization__by_the_receiver__moves(pair):
    given = authorization(pair, MOVES[1], A, C, 30)
    with reverts("Token: only the receiver"):
        pair.send(D, "Token", MOVES[1], *given)
    done = pair.send(C, "Token", MOVES[1], *given)
    assert done.named("AuthorizationUsed")
    assert balances(pair) == (70, 50, 30)


def test_authorizations__in_any_order__all_move(pair):
    given = [authorization(pair, MOVES[0], A, C, 1, nonce=word(f"{i}")) for i in range(3)]
    for each in reversed(given):
        pair.send(D, "Token", MOVES[0], *each)
    assert balances(pair) == (97, 50, 3)


@pytest.mark.parametrize("move", MOVES)
def test_authorization__used__reverts(pair, move):
    pair.send(C, "Token", move, *authorization(pair, move, A, C, 30))
    for amount in (30, 31):
        with reverts("Token: authorization spent"):
            pair.send(C, "Token", move, *authorization(pair, move, A, C, amount))


def test_authorization__nonce_of_a_transfer__is_spent_for_receiving_too(pair):
    pair.send(C, "Token", MOVES[0], *authorization(pair, MOVES[0], A, C, 30))
    with reverts("Token: authorization spent"):
        pair.send(C, "Token", MOVES[1], *authorization(pair, MOVES[1], A, C, 30))


@pytest.mark.parametrize("move", MOVES)
def test_authorization__window__excludes_both_ends(pair, move):
    window = {"after": START + 10, "before": START + 20}
    early, first, last, late = (
        authorization(pair, move, A, C, 1, nonce=word(f"{i}"), **window) for i in range(4)
    )
    pair.wait(10)
    with reverts("Token: authorization too early"):
        pair.send(C, "Token", move, *early)
    pair.wait(1)
    pair.send(C, "Token", move, *first)
    pair.wait(8)
    pair.send(C, "Token", move, *last)
    pair.wait(1)
    with reverts("Token: authorization expired"):
        pair.send(C, "Token", move, *late)
    assert balances(pair, C) == (2,)


@pytest.mark.parametrize("move", MOVES)
def test_authorization__impossible_transfer__reverts_and_stays_usable(pair, move):
    given = authorization(pair, move, A, C, 101)
    with reverts("Token: balance too low"):
        pair.send(C, "Token", move, *given)
    assert not pair.view("Token", "authorizationState", A, word("nonce"))
    pair.send(B, "Token", "transfer", A, 1)
    pair.send(C, "Token", move, *given)
    assert balances(pair) == (0, 49, 101)


def test_authorization__to_nobody__reverts(pair):
    with reverts("Token: no receiver"):
        pair.send(D, "Token", MOVES[0], *authorization(pair, MOVES[0], A, NOBODY, 1))


def test_authorization__moves_votes_too(pair):
    pair.send(A, "Token", "delegate", A)
    pair.send(C, "Token", "delegate", C)
    pair.send(D, "Token", MOVES[0], *authorization(pair, MOVES[0], A, C, 30))
    assert votes(pair) == (70, 0, 30)


def test_cancel__unused__can_never_be_used(pair):
    nonce = word("nonce")
    given = (A, nonce, *sign(pair, A, "cancelAuthorization", A, nonce))
    done = pair.send(D, "Token", "cancelAuthorization", *given)
    assert done.named("AuthorizationCanceled") == [{"authorizer": A, "nonce": nonce}]
    assert pair.view("Token", "authorizationState", A, nonce)
    for move in MOVES:
        with reverts("Token: authorization spent"):
            pair.send(C, "Token", move, *authorization(pair, move, A, C, 1))
    with reverts("Token: authorization spent"):
        pair.send(D, "Token", "cancelAuthorization", *given)


def test_cancel__used__reverts(pair):
    pair.send(D, "Token", MOVES[0], *authorization(pair, MOVES[0], A, C, 1))
    signature = sign(pair, A, "cancelAuthorization", A, word("nonce"))
    with reverts("Token: authorization spent"):
        pair.send(D, "Token", "cancelAuthorization", A, word("nonce"), *signature)


def test_cancel__by_another__reverts(pair):
    nonce = word("nonce")
    with reverts("Token: not the owner's signature"):
        pair.send(
            D,
            "Token",
            "cancelAuthorization",
            *(A, nonce),
            *sign(pair, B, "cancelAuthorization", A, nonce),
        )
    assert not pair.view("Token", "authorizationState", A, nonce)


# --- delegation by signature ----------------------------------------------------------------


def test_delegate_by_sig__by_the_holder__votes_through_another(pair):
    done = pair.send(D, "Token", "delegateBySig", *delegation(pair, A, C, START))
    assert done.named("DelegateChanged") == [
        {"delegator": A, "fromDelegate": NOBODY, "toDelegate": C}
    ]
    assert done.named("DelegateVotesChanged") == [
        {"delegate": C, "previousVotes": 0, "newVotes": 100}
    ]
    assert pair.view("Token", "delegates", A) == C
    assert votes(pair) == (0, 0, 100)
    assert pair.view("Token", "nonces", A) == 1


def test_delegate_by_sig__reused__reverts(pair):
    given = delegation(pair, A, C, START)
    pair.send(D, "Token", "delegateBySig", *given)
    pair.send(A, "Token", "delegate", A)
    with reverts("Token: wrong nonce"):
        pair.send(D, "Token", "delegateBySig", *given)


@pytest.mark.parametrize("nonce", [1, UNLIMITED])
def test_delegate_by_sig__other_nonce__reverts(pair, nonce):
    with reverts("Token: wrong nonce"):
        pair.send(D, "Token", "delegateBySig", *delegation(pair, A, C, START, nonce=nonce))


def test_delegate_by_sig__changed_delegatee__is_not_the_holders_order(pair):
    _, *rest = delegation(pair, A, C, START)
    done = pair.send(D, "Token", "delegateBySig", B, *rest)
    stranger = done.named("DelegateChanged")[0]["delegator"]
    assert stranger not in {A, B, C, D}
    assert pair.view("Token", "delegates", A) == NOBODY
    assert votes(pair) == (0, 0, 0)


def test_delegate_by_sig__expiry__is_the_last_second(pair):
    pair.wait(10)
    pair.send(D, "Token", "delegateBySig", *delegation(pair, A, C, START + 10))
    pair.wait(1)
    with reverts("Token: signature expired"):
        pair.send(D, "Token", "delegateBySig", *delegation(pair, A, B, START + 10))


def test_nonces__permits_and_delegations__share_one_counter(pair):
    waiting = permit(pair, A, B, 1, UNLIMITED)
    pair.send(D, "Token", "delegateBySig", *delegation(pair, A, C, START))
    with reverts("Token: not the owner's signature"):
        pair.send(D, "Token", "permit", *waiting)
    pair.send(D, "Token", "permit", *permit(pair, A, B, 1, START))
    assert pair.view("Token", "nonces", A) == 2
