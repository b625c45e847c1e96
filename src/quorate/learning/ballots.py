"""Commitments of a round, bit for bit as the Rounds contract computes them.

Each is Keccak-256 over the ABI encoding of tag, chain id, contract, task, round, sender, what is
hidden, and a salt: nobody can copy another's commitment, or use one again in another round, task,
contract or chain (commitment copying was the flaw of Biscotti-style commit-reveal).
Format page: docs/formats/commitment.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer

INCLUDE_PHASE = 2
VOTE_PHASE = 4


def tag(text: str) -> bytes:
    """A domain tag: the ASCII text, then zero bytes, 32 in all."""
    return text.encode("ascii").ljust(32, b"\0")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a commitment is made: chain id, Rounds' address, task id (32 bytes), round, sender."""

    chain_id: int
    contract: str
    task: bytes
    round: int
    sender: str

    def commit(self, name: str, types: Sequence[str], values: Sequence[Any], salt: bytes) -> bytes:
        """The 32-byte commitment to ``values`` of ABI ``types`` under ``salt`` (32 bytes)."""
        head_types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        head = [tag(name), self.chain_id, self.contract, self.task, self.round, self.sender]
        return keccak256(encode([*head_types, *types, "bytes32"], [*head, *values, salt]))


def commit_to_update(place: Place, update: bytes, salt: bytes) -> bytes:
    """A participant's commitment to the digest (32 bytes) of its update."""
    return place.commit("quorate/update/v1", ["bytes32"], [update], salt)


def commit_to_inclusion(place: Place, bitmap: int, salt: bytes) -> bytes:
    """A validator's commitment to which updates it holds."""
    return place.commit("quorate/include/v1", ["uint256"], [bitmap], salt)


@dataclass(frozen=True, slots=True)
class Ballot:
    """A validator's vote: the set it is about, the aggregate's digest, scores, verdict."""

    included: int
    aggregate: bytes
    scores: tuple[int, ...]
    accept: bool

    def commit(self, place: Place, salt: bytes) -> bytes:
        """The validator's commitment to this vote."""
        types = ["uint256", "bytes32", "int256[]", "bool"]
        values = [self.included, self.aggregate, list(self.scores), self.accept]
        return place.commit("quorate/vote/v1", types, values, salt)


def signing_digest(place: Place, phase: int, commitment: bytes) -> bytes:
    """What a validator signs when it tells others of a commitment (`prove_equivocation`)."""
    types = ["bytes32", "uint256", "address", "bytes32", "uint256", "uint256", "bytes32"]
    head = [tag("quorate/sign/v1"), place.chain_id, place.contract, place.task]
    return keccak256(encode(types, [*head, place.round, phase, commitment]))


def sign_commitment(place: Place, phase: int, commitment: bytes, signer: Secp256k1Signer) -> bytes:
    """A signature that binds the signer to one commitment: 64 bytes, compact (EIP-2098)."""
    signature = signer.sign_digest(signing_digest(place, phase, commitment))
    return compact(signature)


def compact(signature: bytes) -> bytes:
    """r, then s with the recovery id as its top bit (EIP-2098), from r, s, recovery id."""
    return signature[:32] + bytes([signature[32] | signature[64] << 7]) + signature[33:64]


def expand(signature: bytes) -> bytes:
    """The inverse of `compact`."""
    return (
        signature[:32]
        + bytes([signature[32] & 0x7F])
        + signature[33:]
        + bytes([signature[32] >> 7])
    )
