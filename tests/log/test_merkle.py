"""The tree against published cases, against the RFC's own recursion, and against liars."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.errors import InputError, VerificationError
from quorate.log.merkle import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root_of,
    roots_at,
    verify_consistency,
    verify_inclusion,
)
from tests.log import reference
from tests.log.parties import published

# Different leaves: of two equal ones, each other's index would be no lie.
LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=70, unique=True)
# The eight leaves of the Certificate Transparency reference tree, and its root.
CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "60616263646566676869"]
CT_LEAVES[-1] += "6a6b6c6d6e6f"
CT_ROOT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


def hashes_of(leaves: list[bytes]) -> list[bytes]:
    return [leaf_hash(each) for each in leaves]


def decoded(text: str | None) -> bytes:
    return base64.b64decode(text or "")


def is_refused(kind: str, case: dict) -> bool:
    proof = [decoded(each) for each in case["proof"] or []]
    try:
        if kind == "inclusion":
            leaf, root = decoded(case["leafHash"]), decoded(case["root"])
            verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
        else:
            old, new = decoded(case["root1"]), decoded(case["root2"])
            verify_consistency(case["size1"], old, case["size2"], new, proof)
    except VerificationError:
        return True
    return False


@pytest.mark.parametrize("kind", ["inclusion", "consistency"])
def test_verifiers__98_published_cases__agree(kind):
    # The size 0 rule: these cases, like ours, refuse a consistency proof from size 0, because it
    # says nothing. A witness (tests/log/test_witness.py) takes a first checkpoint without a proof.
    paths = sorted(published(f"rfc6962/{kind}").rglob("*.json"))
    cases = {path: json.loads(path.read_text("utf-8")) for path in paths}
    wrong = [p.name for p, case in cases.items() if is_refused(kind, case) != case["wantErr"]]
    assert len(cases) == 98
    assert not wrong
    if kind == "consistency":
        assert all(case["wantErr"] for case in cases.values() if case["size1"] == 0)


def test_root__reference_tree_of_certificate_transparency__known():
    assert root_of(hashes_of([bytes.fromhex(each) for each in CT_LEAVES])).hex() == CT_ROOT


def test_root__empty_tree__hash_of_nothing():
    assert root_of([]) == EMPTY_ROOT == reference.mth([])


def test_proofs__every_size_and_leaf_up_to_40__equal_the_rfc_and_verify():
    leaves = [bytes([i]) for i in range(40)]
    for size in range(1, 41):
        data, hashes = leaves[:size], hashes_of(leaves[:size])
        root = root_of(hashes)
        assert root == reference.mth(data)
        for index in range(size):
            proof = inclusion_proof(hashes, index)
            assert proof == reference.path(index, data)
            verify_inclusion(hashes[index], index, size, proof, root)
        for old in range(1, size + 1):
            proof = consistency_proof(hashes, old)
            assert proof == reference.proof(old, data)
            verify_consistency(old, reference.mth(data[:old]), size, root, proof)


@given(LEAVES, st.data())
def test_roots_at__any_sizes__equal_roots_of_prefixes(leaves, data):
    sizes = data.draw(st.lists(st.integers(0, len(leaves)), max_size=8))
    roots = roots_at(hashes_of(leaves), sizes)
    assert roots == {size: reference.mth(leaves[:size]) for size in sizes}


def test_roots_at__beyond_the_end__refused():
    with pytest.raises(InputError):
        roots_at(hashes_of([b"one"]), [2])
    with pytest.raises(InputError):
        roots_at(hashes_of([b"one"]), [-1])


@given(LEAVES, st.data())
def test_inclusion__one_thing_changed__refused(leaves, data):
    hashes, size = hashes_of(leaves), len(leaves)
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(hashes, index), root_of(hashes)
    kinds = ["leaf", "root", "index", "size", "more"] + (["hash", "less", "swap"] if proof else [])
    kind = data.draw(st.sampled_from(kinds))
    claim = {"leaf": hashes[index], "index": index, "size": size, "proof": proof, "root": root}
    claim |= changed(kind, claim, data)
    if kind == "size" and implies(claim, size):
        return  # another size in which the same path means the same tree positions
    if kind == "swap" and claim["proof"] == proof:
        return
    with pytest.raises(VerificationError):
        verify_inclusion(**claim)


def implies(claim: dict, size: int) -> bool:
    """Whether the path to the leaf has the same shape in both sizes: the proof binds no size."""
    shapes = []
    for each in (size, claim["size"]):
        if claim["index"] >= each:
            return False
        position, last, shape = claim["index"], each - 1, []
        while last:
            if position % 2 or position < last:
                shape.append(bool(position % 2) or position == last)
            position, last = position >> 1, last >> 1
        shapes.append(shape)
    return shapes[0] == shapes[1]


def changed(kind: str, claim: dict, data) -> dict:
    proof, other = claim["proof"], b"\x00" * 32
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    return {
        "leaf": lambda: {"leaf": other},
        "root": lambda: {"root": other},
        "index": lambda: {"index": claim["index"] + data.draw(st.sampled_from([-1, 1, 2, 64]))},
        "size": lambda: {"size": claim["size"] + data.draw(st.sampled_from([-1, 1, 64]))},
        "more": lambda: {"proof": [*proof, other]},
        "hash": lambda: {"proof": [*proof[:at], other, *proof[at + 1 :]]},
        "less": lambda: {"proof": proof[:at] + proof[at + 1 :]},
        "swap": lambda: {"proof": [*proof[at + 1 :], *proof[: at + 1]]},
    }[kind]()


@given(LEAVES, LEAVES, st.data())
def test_consistency__tree_that_rewrites_its_past__no_proof_works(old, more, data):
    new = [*old, *more]
    at = data.draw(st.integers(0, len(old) - 1))
    rewritten = [*new[:at], b"another leaf", *new[at + 1 :]]
    old_root, hashes = root_of(hashes_of(old)), hashes_of(rewritten)
    for proof in (consistency_proof(hashes, len(old)), consistency_proof(hashes_of(new), len(old))):
        with pytest.raises(VerificationError):
            verify_consistency(len(old), old_root, len(new), root_of(hashes), proof)


@settings(max_examples=50)
@given(LEAVES, LEAVES, st.data())
def test_consistency__one_hash_changed_more_or_less__refused(old, more, data):
    hashes = hashes_of([*old, *more])
    proof = consistency_proof(hashes, len(old))
    at = data.draw(st.integers(0, len(proof) - 1))
    roots = len(old), root_of(hashes[: len(old)]), len(hashes), root_of(hashes)
    other = bytes(32)
    for bad in (
        [*proof[:at], other, *proof[at + 1 :]],
        proof[:at] + proof[at + 1 :],
        [*proof, other],
    ):
        with pytest.raises(VerificationError):
            verify_consistency(*roots, bad)


def test_verifiers__hash_of_another_length__refused():
    with pytest.raises(VerificationError, match="32 bytes"):
        verify_inclusion(b"short", 0, 1, [], b"short")
    with pytest.raises(VerificationError, match="32 bytes"):
        verify_consistency(1, b"a", 2, b"b", [b"c"])


def test_proofs__outside_the_tree__refused():
    hashes = hashes_of([b"one", b"two"])
    for wrong in (-1, 2):
        with pytest.raises(InputError):
            inclusion_proof(hashes, wrong)
    for wrong in (-1, 3):
        with pytest.raises(InputError):
            consistency_proof(hashes, wrong)
    assert consistency_proof(hashes, 0) == consistency_proof(hashes, 2) == []


def test_leaf__that_spells_a_node__has_another_hash():
    left, right = hashes_of([b"one", b"two"])
    assert leaf_hash(left + right) != root_of([left, right])
