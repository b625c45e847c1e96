"""A Token with its twin, and orders that its holders sign."""

from typing import Any

import pytest

from quorate.core.errors import RefusedError
from tests.contracts.pair import DAY, Pair, account, signer, word
from tests.twins.signing import digest_in, separator_of
from tests.twins.token import AUTHORIZATION, AUTHORIZATION_TYPES, CANCEL, DELEGATION, PERMIT, Token
from tests.twins.world import Revert

A, B, C, D = (account(name) for name in "abcd")
NAME_OF = {account(name): name for name in "abcdefgh"}
TIMELOCK = account("timelock")
UNLIMITED = 2**256 - 1
CAP = 1_000
PER_PERIOD = 100
PERIOD = 30 * DAY

SHAPES: dict[str, tuple[str, list[str]]] = {
    "permit": (PERMIT, ["address", "address", "uint256", "uint256", "uint256"]),
    "delegateBySig": (DELEGATION, ["address", "uint256", "uint256"]),
    "transferWithAuthorization": ("TransferWithAuthorization" + AUTHORIZATION, AUTHORIZATION_TYPES),
    "receiveWithAuthorization": ("ReceiveWithAuthorization" + AUTHORIZATION, AUTHORIZATION_TYPES),
    "cancelAuthorization": (CANCEL, ["address", "bytes32"]),
}


def token(
    holders: Any = ((A, 100), (B, 50)),
    cap: int = CAP,
    per_period: int = PER_PERIOD,
    period: int = PERIOD,
    timelock: str = TIMELOCK,
) -> Pair:
    pair = Pair()
    pair.add("Token", Token, "Unit", "UNIT", list(holders), cap, per_period, period, timelock)
    return pair


def sign(pair: Pair, who: str, function: str, *order: Any, **other: Any) -> tuple:
    """v, r, s of account `who` over the order that `function` checks.

    `chain_id` or `contract` sign it for another chain or contract.
    """
    chain_id = other.get("chain_id", pair.world.chain_id)
    contract = other.get("contract", pair.address("Token"))
    separator = separator_of("Quorate Token", chain_id, contract)
    raw = signer(NAME_OF[who]).sign_digest(digest_in(separator, *SHAPES[function], list(order)))
    return 27 + raw[64], raw[:32], raw[32:64]


def permit(pair: Pair, owner: str, spender: str, amount: int, deadline: int, **other: Any) -> tuple:
    """All arguments of `permit`, signed by its owner with its present nonce."""
    nonce = other.pop("nonce", pair.view("Token", "nonces", owner))
    by = other.pop("by", owner)
    signature = sign(pair, by, "permit", owner, spender, amount, nonce, deadline, **other)
    return owner, spender, amount, deadline, *signature


def delegation(pair: Pair, owner: str, delegatee: str, expiry: int, **other: Any) -> tuple:
    """All arguments of `delegateBySig`, signed by `owner` with its present nonce."""
    nonce = other.pop("nonce", pair.view("Token", "nonces", owner))
    order = (delegatee, nonce, expiry)
    return *order, *sign(pair, owner, "delegateBySig", *order, **other)


def authorization(pair: Pair, function: str, owner: str, receiver: str, amount: int, **other: Any):
    """All arguments of an ERC-3009 transfer, signed by its owner, valid for a day."""
    after = other.pop("after", pair.now - 1)
    before = other.pop("before", pair.now + DAY)
    nonce = other.pop("nonce", word("nonce"))
    by = other.pop("by", owner)
    order = (owner, receiver, amount, after, before, nonce)
    return *order, *sign(pair, by, function, *order, **other)


def balances(pair: Pair, *people: str) -> tuple[int, ...]:
    return tuple(pair.view("Token", "balanceOf", who) for who in people or (A, B, C))


def votes(pair: Pair, *people: str) -> tuple[int, ...]:
    return tuple(pair.view("Token", "getVotes", who) for who in people or (A, B, C))


def view_refused(pair: Pair, message: str, function: str, *arguments: Any) -> None:
    """Contract and twin both refuse the view with `message`."""
    with pytest.raises(Revert, match=f"^{message}$"):
        getattr(pair.twins["Token"], function)(*arguments)
    with pytest.raises(RefusedError) as refused:
        pair.chain.view("Token", function, *arguments)
    assert refused.value.fields["reason"] == message
