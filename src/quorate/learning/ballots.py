"""Commitments of a round, bit for bit as the Rounds contract computes them.

Each is Keccak-256 over the ABI encoding of tag, chain id, contract, task, round, sender, what is
hidden, and a salt: nobody can copy another's commitment, or use one again in another round, task,
contract or chain (commitment copying was the flaw of Biscotti-style commit-reveal). What is signed
off the chain is EIP-712 typed data of the Rounds contract.
Format page: docs/formats/commitment.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer
from quorate.learning.lanes import to_lanes

INCLUDE_PHASE = 2
VOTE_PHASE = 4

DOMAIN_TYPE = keccak256(
    b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
VOUCH_TYPE = keccak256(b"Vouch(bytes32 task,uint256 round,uint256 bits,bytes32[] commitments)")
COMMIT_TYPE = keccak256(b"Commit(bytes32 task,uint256 round,bytes32 commitment)")
BALLOT_TYPE = keccak256(
    b"Ballot(bytes32 task,uint256 round,uint256 phase,uint256 included,bytes32 commitment)"
)


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

    def commit(self, name: str, types: Sequence[str], values: Sequence[Any]) -> bytes:
        """The 32-byte commitment to ``values`` of ABI ``types``, one of them a secret salt."""
        head_types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
        head = [tag(name), self.chain_id, self.contract, self.task, self.round, self.sender]
        return keccak256(encode([*head_types, *types], [*head, *values]))


def commit_to_update(place: Place, update: bytes, salt: bytes) -> bytes:
    """A participant's commitment to the digest (32 bytes) of its update."""
    return place.commit("quorate/update/v1", ["bytes32", "bytes32"], [update, salt])


def commit_to_inclusion(place: Place, bitmap: int, salt: bytes) -> bytes:
    """A validator's commitment to which updates it holds."""
    return place.commit("quorate/include/v1", ["uint256", "bytes32"], [bitmap, salt])


@dataclass(frozen=True, slots=True)
class Ballot:
    """A validator's vote: the set it is about, the aggregate's digest, scores, verdict."""

    included: int
    aggregate: bytes
    scores: tuple[int, ...]
    accept: bool

    @property
    def lanes(self) -> bytes:
        """The scores as they are revealed."""
        return to_lanes(self.scores)

    def commit(self, place: Place, salt: bytes) -> bytes:
        """The validator's commitment to this vote."""
        types = ["uint256", "bytes32", "bool", "bytes32", "bytes32"]
        values = [self.included, self.aggregate, self.accept, salt, keccak256(self.lanes)]
        return place.commit("quorate/vote/v1", types, values)


def domain_separator(chain_id: int, contract: str) -> bytes:
    """EIP-712: the domain "Quorate Rounds", version 1, of the Rounds contract on its chain."""
    kinds = ["bytes32", "bytes32", "bytes32", "uint256", "address"]
    name, version = keccak256(b"Quorate Rounds"), keccak256(b"1")
    return keccak256(encode(kinds, [DOMAIN_TYPE, name, version, chain_id, contract]))


def _typed_digest(place: Place, types: Sequence[str], values: Sequence[Any]) -> bytes:
    separator = domain_separator(place.chain_id, place.contract)
    return keccak256(b"\x19\x01" + separator + keccak256(encode(types, values)))


def commit_digest(place: Place, commitment: bytes) -> bytes:
    """What a participant signs when somebody else hands in its commitment (`commit_many`)."""
    types = ["bytes32", "bytes32", "uint256", "bytes32"]
    return _typed_digest(place, types, [COMMIT_TYPE, place.task, place.round, commitment])


def vouch_digest(place: Place, bits: int, commitments: Sequence[bytes]) -> bytes:
    """What every seated validator signs to commit for the participants in ``bits`` (`vouch`)."""
    types = ["bytes32", "bytes32", "uint256", "uint256", "bytes32"]
    listed = keccak256(b"".join(commitments))
    return _typed_digest(place, types, [VOUCH_TYPE, place.task, place.round, bits, listed])


def ballot_digest(place: Place, phase: int, included: int, commitment: bytes) -> bytes:
    """What a validator signs when it tells others of a commitment.

    In phase 4 it is what `concur` takes, with the set that it is about; two that differ in set or
    commitment prove equivocation.
    """
    types = ["bytes32", "bytes32", "uint256", "uint256", "uint256", "bytes32"]
    values = [BALLOT_TYPE, place.task, place.round, phase, included, commitment]
    return _typed_digest(place, types, values)


def sign_ballot(
    place: Place, phase: int, included: int, commitment: bytes, signer: Secp256k1Signer
) -> bytes:
    """A signature that binds the signer to one commitment: 64 bytes, compact (EIP-2098)."""
    return compact(signer.sign_digest(ballot_digest(place, phase, included, commitment)))


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
