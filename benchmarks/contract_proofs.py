"""RFC 6962 proofs of large logs for bench_contracts: all leaves are alike, so sizes decide."""

import hashlib
import random
from functools import cache

from contract_chains import AnvilChain, EmbeddedChain

from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.contracts import Contract, load_artifact

MILLION = 1_000_000
TILE = 256
LEAF = hashlib.sha256(b"\0record").digest()
OWNER = Secp256k1Signer(keccak256(b"log owner")).address
TIMELOCK = Secp256k1Signer(keccak256(b"timelock")).address
Chain = EmbeddedChain | AnvilChain


@cache
def root(size: int) -> bytes:
    """The root over ``size`` leaves (RFC 6962 section 2.1)."""
    if size == 1:
        return LEAF
    k = 1 << (size - 1).bit_length() - 1
    return hashlib.sha256(b"\1" + root(k) + root(size - k)).digest()


def consistency(old: int, size: int, *, whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962 section 2.1.2."""
    if old == size:
        return [] if whole else [root(size)]
    k = 1 << (size - 1).bit_length() - 1
    if old <= k:
        return [*consistency(old, k, whole=whole), root(size - k)]
    return [*consistency(old - k, size - k, whole=False), root(k)]


def inclusion(index: int, size: int) -> list[bytes]:
    """PATH of RFC 6962 section 2.1.1."""
    if size == 1:
        return []
    k = 1 << (size - 1).bit_length() - 1
    if index < k:
        return [*inclusion(index, k), root(size - k)]
    return [*inclusion(index - k, size - k), root(k)]


def anchoring(chain: Chain) -> Contract:
    """Members with one log's owner, and Anchor over it."""
    founders = [(OWNER, keccak256(b"keys"), keccak256(b"house"), 1)]
    council = chain.predict(2)  # nothing is ever there: nobody needs it
    members = chain.deploy(load_artifact("Members").deployment(founders, TIMELOCK, council))
    return Contract("Anchor", chain.deploy(load_artifact("Anchor").deployment(members)))


def anchor_costs(chain: Chain) -> dict[str, float]:
    """Gas per anchor of a log of about a million leaves, after its first anchor.

    ``gas_anchor``: the greatest of twenty anchors at multiples of 256 leaves (whole tiles);
    ``gas_anchor_any_size_mean`` and ``_most``: twenty at random sizes.
    """
    chance = random.Random(6962)
    tiles = sorted(chance.sample(range(MILLION // TILE, MILLION // TILE + 200), 21))
    any_size = sorted(chance.sample(range(MILLION, MILLION + 50_000), 21))
    whole = _anchors(chain, b"whole tiles", [TILE * tile for tile in tiles])
    sizes = _anchors(chain, b"any size", any_size)
    return {
        "gas_anchor": max(whole),
        "gas_anchor_any_size_mean": sum(sizes) / len(sizes),
        "gas_anchor_any_size_most": max(sizes),
    }


def _anchors(chain: Chain, name: bytes, sizes: list[int]) -> list[int]:
    anchor = anchoring(chain)
    log = hashlib.sha256(name).digest()
    found = []
    for old, size in zip([0, *sizes], sizes, strict=False):
        proof = consistency(old, size) if old else []
        call = anchor.encode("anchor", OWNER, log, size, root(size), proof)
        found.append(chain.send(OWNER, call))
    return found[2:]  # the first two write storage that was never used


def inclusion_cost(chain: Chain) -> int:
    """Gas of a transaction that verifies a record of 2**20 leaves: a proof of 20 hashes."""
    anchor = anchoring(chain)
    log, size = hashlib.sha256(b"inclusion").digest(), 2**20
    chain.send(OWNER, anchor.encode("anchor", OWNER, log, size, root(size), []))
    index = 0b1010_0101_1100_0011_1010
    call = anchor.encode("verifyInclusion", OWNER, log, size, index, LEAF, inclusion(index, size))
    assert int.from_bytes(chain.view(call), "big") == 1
    return chain.send(OWNER, call)
