"""The module rfc6962 of Anchor against our own log's proofs, their mutations, published cases."""

import base64
import json
import random
from pathlib import Path

import pytest

from quorate.core.errors import VerificationError
from quorate.log import merkle
from tests.contracts.pair import Pair, word
from tests.contracts.stubs.d_stubs import Stub
from tests.twins import anchor as twin

LEAVES = [merkle.leaf_hash(b"%d" % i) for i in range(65)]
ROOTS = [merkle.root_of(LEAVES[:size]) for size in range(66)]
VECTORS = Path(__file__).parents[3] / "shared" / "vectors" / "rfc6962"


@pytest.fixture(scope="module")
def probe():
    return Stub(Pair(), "d_rfc6962_probe")


def off_chain(verify, *arguments) -> bool:
    try:
        verify(*arguments)
    except VerificationError:
        return False
    return True


def includes(probe, index, size, *rest) -> bool:
    """What contract, twin and our log code agree on."""
    leaf, root, proof = rest
    found = probe.ask("included", index, size, leaf, root, proof)
    assert twin.included(index, size, leaf, root, proof) == found
    assert off_chain(merkle.verify_inclusion, leaf, index, size, proof, root) == found
    return found


def extends(probe, old, old_root, *rest) -> bool:
    """What contract, twin and our log code agree on."""
    new, new_root, proof = rest
    found = probe.ask("consistent", old, old_root, new, new_root, proof)
    assert twin.consistent(old, old_root, new, new_root, proof) == found
    ours = off_chain(merkle.verify_consistency, old, old_root, new, new_root, proof)
    assert ours == found
    return found


def inclusion(index, size):
    return index, size, LEAVES[index], ROOTS[size], merkle.inclusion_proof(LEAVES[:size], index)


def consistency(old, new):
    return old, ROOTS[old], new, ROOTS[new], merkle.consistency_proof(LEAVES[:new], old)


def flipped(digest: bytes, bit: int) -> bytes:
    return (int.from_bytes(digest, "big") ^ 1 << bit).to_bytes(32, "big")


def other_proofs(proof: list[bytes], dice: random.Random) -> list[list[bytes]]:
    """Too long, too short, out of order, one bit wrong in each hash."""
    stray = word("stray")
    others = [[*proof, stray], [stray, *proof], [*proof, *proof, stray]]
    for i in range(len(proof)):
        others.append(proof[:i] + proof[i + 1 :])
        others.append([*proof[:i], proof[i], *proof[i:]])
        others.append([*proof[:i], flipped(proof[i], dice.randrange(256)), *proof[i + 1 :]])
        if i:
            others.append([*proof[: i - 1], proof[i], proof[i - 1], *proof[i + 1 :]])
    return others


def test_inclusion__every_leaf_of_every_tree_up_to_65__proven(probe):
    for size in range(1, 66):
        assert all(includes(probe, *inclusion(index, size)) for index in range(size))


def test_consistency__every_pair_of_sizes_up_to_65__proven(probe):
    for new in range(1, 66):
        assert all(extends(probe, *consistency(old, new)) for old in range(1, new + 1))


def check_inclusion_mutations(probe, seed: int, cases: int) -> None:
    dice = random.Random(seed)
    for _ in range(cases):
        size = dice.randrange(1, 66)
        index, _, leaf, root, proof = inclusion(dice.randrange(size), size)
        for other in other_proofs(proof, dice):
            assert not includes(probe, index, size, leaf, root, other)
        bit = dice.randrange(256)
        assert not includes(probe, index, size, flipped(leaf, bit), root, proof)
        assert not includes(probe, index, size, leaf, flipped(root, bit), proof)
        assert not includes(probe, size, size, leaf, root, proof)
        for place in {dice.randrange(size), (index + 1) % size} - {index}:
            assert not includes(probe, place, size, leaf, root, proof)


def check_consistency_mutations(probe, seed: int, cases: int) -> None:
    dice = random.Random(seed)
    for _ in range(cases):
        new = dice.randrange(2, 66)
        old, old_root, _, new_root, proof = consistency(dice.randrange(1, new), new)
        for other in other_proofs(proof, dice):
            assert not extends(probe, old, old_root, new, new_root, other)
        bit = dice.randrange(256)
        assert not extends(probe, old, flipped(old_root, bit), new, new_root, proof)
        assert not extends(probe, old, old_root, new, flipped(new_root, bit), proof)
        assert not extends(probe, old, new_root, new, old_root, proof)
        assert not extends(probe, new, new_root, old, old_root, proof)
        assert not extends(probe, 0, merkle.EMPTY_ROOT, new, new_root, [])
        extends(probe, dice.randrange(1, 66), old_root, new, new_root, proof)  # all agree


def test_inclusion__mutated_proofs__proven_by_nobody(probe):
    check_inclusion_mutations(probe, 1, 150)


def test_consistency__mutated_proofs__proven_by_nobody(probe):
    check_consistency_mutations(probe, 2, 150)


def test_consistency__every_single_bit_of_a_proof__matters(probe):
    old, old_root, new, new_root, proof = consistency(45, 64)
    for i, digest in enumerate(proof):
        for bit in range(256):
            other = [*proof[:i], flipped(digest, bit), *proof[i + 1 :]]
            assert not probe.ask("consistent", old, old_root, new, new_root, other)


def test_proofs__sizes_at_the_edge_of_the_type__no_overflow(probe):
    top = 2**256 - 1
    assert not probe.ask("included", top, top, word("a"), word("a"), [])
    assert not probe.ask("included", top - 1, top, word("a"), word("a"), [word("b")] * 64)
    assert not probe.ask("consistent", 1, word("a"), top, word("b"), [word("b")] * 64)
    assert not probe.ask("consistent", top - 1, word("a"), top, word("b"), [word("b")] * 64)
    assert not probe.ask("consistent", top, word("a"), top, word("a"), [])


def test_inclusion__place_past_the_end__false_whatever_the_root(probe):
    root = merkle.node_hash(LEAVES[0], LEAVES[1])
    assert not includes(probe, 1, 1, LEAVES[1], root, [LEAVES[0]])
    assert includes(probe, 1, 2, LEAVES[1], root, [LEAVES[0]])


def test_consistency__equal_sizes__take_no_proof(probe):
    assert extends(probe, 5, ROOTS[5], 5, ROOTS[5], [])
    assert not extends(probe, 5, ROOTS[5], 5, ROOTS[5], [ROOTS[5]])
    assert not extends(probe, 5, ROOTS[5], 5, ROOTS[4], [])


def test_inclusion__largest_log__proof_of_63_hashes(probe):
    size, leaf = 2**63 - 1, word("leaf")
    for index in (0, 2**62, size - 1):
        proof = [word(f"{i}") for i, _ in enumerate(merkle.inclusion_ranges(index, size))]
        root = twin.root_from(leaf, index, size, proof)
        assert includes(probe, index, size, leaf, root, proof)
        assert not includes(probe, index, size, leaf, root, proof[:-1])


def unbase64(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def published(kind: str) -> list[dict]:
    if not VECTORS.is_dir():
        pytest.skip("published vectors are not at ../shared/vectors/rfc6962")
    paths = sorted((VECTORS / kind).rglob("*.json"))
    assert len(paths) == 98
    return [json.loads(path.read_text("utf-8")) for path in paths]


def test_inclusion__98_published_cases__the_published_verdicts(probe):
    for case in published("inclusion"):
        hashes = [unbase64(case[key]) for key in ("leafHash", "root")]
        proof = [unbase64(text) for text in case["proof"] or []]
        if any(len(each) != 32 for each in [*hashes, *proof]):
            assert case["wantErr"]  # the ABI has no such hash
            continue
        found = probe.ask("included", case["leafIdx"], case["treeSize"], *hashes, proof)
        assert found is not case["wantErr"], case["desc"]


def test_consistency__98_published_cases__the_published_verdicts(probe):
    """All but those from size 0, which every tree extends: the contract never asks."""
    strange = 0
    for case in published("consistency"):
        old_root, new_root = unbase64(case["root1"]), unbase64(case["root2"])
        proof = [unbase64(text) for text in case["proof"] or []]
        if any(len(each) != 32 for each in [old_root, new_root, *proof]):
            strange += 1  # the ABI has no such hash
            continue
        sizes = case["size1"], case["size2"]
        found = probe.ask("consistent", sizes[0], old_root, sizes[1], new_root, proof)
        assert found is (not case["wantErr"] and sizes[0] != 0), case["desc"]
    assert strange == 27  # 26 damaged ones, and one of equal sizes with roots of 12 bytes
