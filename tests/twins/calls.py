"""Calls that twins make with bytes, and signatures that they check."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from tests.twins.signing import signer_of, spell
from tests.twins.table import keccak
from tests.twins.world import NOBODY, Revert, World, need

LONG = 96  # characters: a longer reason is not passed on
SILENT = "no reason given"  # what a revert without data reads as

CALLABLE = (
    "record(uint256)",
    "refuse()",
    "refuse_silently()",
    "refuse_at_length(uint256)",
    "refuse_hugely()",
    "burn_gas()",
    "poke()",
    "updateDelay(uint256)",
    "setVotingDelay(uint48)",
    "setVotingPeriod(uint32)",
    "setProposalThreshold(uint256)",
    "updateQuorumNumerator(uint256)",
    "setGrace(uint256)",
    "set_seats(address[],uint256)",
    "pause(address,uint256)",
    "unpause(address)",
    "cancel(bytes32)",
    "cancel_by_id(uint256)",
    "mint(address,uint256)",
    "transfer(address,uint256)",
    "admit(address,bytes32,bytes32,uint256)",
    "suspend(address)",
    "suspend_until(address,uint256)",
    "resume(address)",
    "replace(address,address,bytes32)",
    "revoke(address,uint256,uint256)",
)
"""What a vote or the council may decide to call."""

BY_SELECTOR = {keccak(text.encode())[:4]: text for text in CALLABLE}


def call(world: World, sender: str, target: str, data: bytes, failure: str) -> None:
    """`sender` calls `target` with `data`. It reverts with the target's words, or `failure`."""
    need(target in world.at, failure)  # nobody answers there
    text = BY_SELECTOR.get(data[:4], "")
    name, _, types = text.removesuffix(")").partition("(")
    act = getattr(world.at[target], name, None)
    need(text != "" and act is not None, failure)
    try:
        arguments = _decoded([kind for kind in types.split(",") if kind], data[4:])
        act(sender, *arguments)
    except DecodingError:
        raise Revert(failure) from None
    except Revert as refused:
        words = str(refused)
        need(words != SILENT and len(words) <= LONG, failure)
        raise


def signed_by(world: World, account: str, digest: bytes, signature: bytes) -> bool:
    """True when `account` signed: with its key, or in the way of the contract that it is."""
    if account in world.at:
        wallet = world.at[account]
        return hasattr(wallet, "accepts") and wallet.accepts(digest, signature)
    if account == NOBODY or len(signature) != 65 or signature[64] not in (27, 28):
        return False
    r, s = signature[:32], int.from_bytes(signature[32:64], "big")
    if s >> 255:
        return False  # a compact signature has no room for it, and it is malleable anyhow
    odd = signature[64] - 27
    return signer_of(digest, (r, (s | odd << 255).to_bytes(32, "big"))) == account


def _decoded(types: list[str], data: bytes) -> list[object]:
    return [_spelled(kind, value) for kind, value in zip(types, decode(types, data), strict=True)]


def _spelled(kind: str, value):
    if kind == "address":
        return spell(bytes.fromhex(value[2:]))
    if kind == "address[]":
        return [spell(bytes.fromhex(item[2:])) for item in value]
    return value
