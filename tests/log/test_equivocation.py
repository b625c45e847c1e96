"""Evidence of a fork: made of any two trees that differ, and of no two that one log can sign."""

import json
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.encoding import canonical_bytes, encode_base64
from quorate.core.errors import EncodingError, InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, LogIdentity, sign_checkpoint, sign_cosignature
from quorate.log.equivocation import (
    PREFIX,
    Difference,
    Evidence,
    prove_equivocation,
    roots_from,
    subtree_ranges,
    verify_equivocation,
    verify_subtree,
)
from quorate.log.merkle import leaf_hash, root_of, verify_consistency, whole_subtrees
from quorate.log.note import Note
from tests.log.parties import ALICE, IDENTITY, MALLORY, ORIGIN, WITNESSES

HONEST = [leaf_hash(f"leaf {i}".encode()) for i in range(80)]
FORKED = [*HONEST[:9], leaf_hash(b"another"), *HONEST[10:]]
OTHER_LOG = LogIdentity(ORIGIN, *(signer.public_key for signer in MALLORY.log_signers))


@cache
def head(leaves: tuple[bytes, ...], signers=ALICE.log_signers) -> Note:
    return sign_checkpoint(
        Checkpoint(ORIGIN, len(leaves), root_of(leaves)), *signers, 1_800_000_000
    )


def accuse(smaller: list[bytes], larger: list[bytes]) -> Evidence:
    notes = (str(head(tuple(leaves))) for leaves in (smaller, larger))
    return prove_equivocation(IDENTITY, *notes, roots_from(smaller), roots_from(larger))


def step_of(text: str, log: LogIdentity | None = IDENTITY) -> str:
    with pytest.raises(VerificationError) as caught:
        verify_equivocation(text, log)
    assert caught.value.place
    return caught.value.step


def extends(smaller: list[bytes], larger: list[bytes]) -> bool:
    return larger[: len(smaller)] == smaller


leaf_lists = st.lists(st.sampled_from(HONEST[:2]), min_size=1, max_size=40)


@settings(deadline=None)
@given(st.data())
def test_evidence__any_two_trees__made_exactly_when_neither_extends_the_other(data):
    one = data.draw(leaf_lists)
    kept = data.draw(st.integers(0, len(one)))
    other = one[:kept] + data.draw(leaf_lists)
    smaller, larger = sorted((one, other), key=len)
    if extends(smaller, larger):
        with pytest.raises(InputError, match="could not accuse"):
            accuse(one, other)
        return
    evidence = accuse(one, other)
    found = verify_equivocation(str(evidence), IDENTITY)
    assert (found.smaller.size, found.larger.size) == (len(smaller), len(larger))
    assert Evidence.parse(str(evidence)) == evidence
    if found.leaves is None:
        assert len(smaller) == len(larger)
    else:
        start, end = found.leaves
        assert smaller[start:end] != larger[start:end]


@settings(deadline=None)
@given(st.data())
def test_evidence__trees_that_one_log_can_sign__none_verifies(data):
    """Every hash that an accuser of an honest log can take from its trees, in every place."""
    size = data.draw(st.integers(2, 70))
    small = data.draw(st.integers(1, size - 1))
    whole = [leaf_hash(f"leaf {i}".encode()) for i in range(size)]
    nodes = [root_of(whole[a:b]) for a, b in _ranges_of(size)] + [root_of(whole[:small]), bytes(32)]
    subtrees = list(whole_subtrees(0, small))
    peaks = [root_of(whole[i << level : (i + 1) << level]) for level, i in subtrees]
    place = data.draw(st.integers(0, len(peaks) - 1))
    path = [root_of(whole[a:b]) for a, b in subtree_ranges(subtrees[place], size)]
    some = st.sampled_from(nodes)
    shown = Difference(
        tuple(data.draw(st.one_of(st.just(peaks), st.lists(some, min_size=1, max_size=7)))),
        0,
        data.draw(st.one_of(st.just(peaks[place]), some)),
        tuple(data.draw(st.one_of(st.just(path), st.lists(some, max_size=8)))),
    )
    proof = Difference(shown.peaks, min(place, len(shown.peaks) - 1), shown.hash, shown.path)
    notes = (head(tuple(whole[:small])), head(tuple(whole)))
    assert step_of(str(Evidence(IDENTITY, notes, proof))).startswith("evidence.")


def _ranges_of(size: int) -> list[tuple[int, int]]:
    return [
        (start, min(start + (1 << level), size))
        for level in range(size.bit_length() + 1)
        for start in range(0, size, 1 << level)
    ]


def test_subtree__every_whole_one_of_every_small_tree__proven_and_nothing_else():
    for size in range(1, 34):
        leaves = HONEST[:size]
        root = root_of(leaves)
        for level in range(6):
            for index in range((size >> level) + 2):
                subtree = (level, index)
                if (index + 1) << level > size:
                    with pytest.raises(InputError):
                        subtree_ranges(subtree, size)
                    with pytest.raises(VerificationError):
                        verify_subtree(root, subtree, size, [], root)
                    continue
                path = [root_of(leaves[a:b]) for a, b in subtree_ranges(subtree, size)]
                digest = root_of(leaves[index << level : (index + 1) << level])
                verify_subtree(digest, subtree, size, path, root)
                for wrong in (path[:-1], [*path, digest], path[::-1]):
                    if wrong != path:
                        with pytest.raises(VerificationError):
                            verify_subtree(digest, subtree, size, wrong, root)
                with pytest.raises(VerificationError):
                    verify_subtree(bytes(32), subtree, size, path, root)


def test_evidence__one_size_two_roots__needs_the_heads_only():
    notes = [str(head(tuple(leaves[:20]))) for leaves in (HONEST, FORKED)]
    one, other = prove_equivocation(IDENTITY, *notes), prove_equivocation(IDENTITY, *notes[::-1])
    assert one == other
    found = verify_equivocation(str(one), IDENTITY)
    assert found.leaves is None
    assert found.smaller.root < found.larger.root


def test_evidence__of_a_fork__names_where_the_trees_differ():
    evidence = accuse(HONEST[:21], FORKED[:70])
    found = verify_equivocation(str(evidence), IDENTITY)
    assert found.leaves == (0, 16)
    assert str(evidence).encode().startswith(PREFIX)
    with pytest.raises(VerificationError):  # as a witness would have seen it
        verify_consistency(21, found.smaller.root, 70, found.larger.root, evidence.difference.path)


def test_evidence__strangers_lines_on_a_head__left_out():
    strange = sign_cosignature(
        Checkpoint.parse(head(tuple(HONEST[:20])).text), "e\u0301", WITNESSES[0].witness_signer, 5
    )  # a name that our JSON could not hold
    notes = str(head(tuple(HONEST[:20]))) + str(strange), str(head(tuple(FORKED[:20])))
    evidence = prove_equivocation(IDENTITY, *notes)
    assert all(len(note.signatures) == 2 for note in evidence.notes)


def test_accusation__of_a_log_that_did_not_sign_or_with_foreign_hashes__refused():
    forged = str(head(tuple(FORKED[:30]), MALLORY.log_signers))
    with pytest.raises(VerificationError, match=r"is missing"):
        prove_equivocation(IDENTITY, str(head(tuple(HONEST[:20]))), forged)
    notes = str(head(tuple(HONEST[:20]))), str(head(tuple(HONEST[:30])))
    with pytest.raises(VerificationError) as caught:
        prove_equivocation(IDENTITY, *notes, roots_from(HONEST), roots_from(FORKED))
    assert caught.value.step == "evidence.path"
    with pytest.raises(VerificationError) as caught:
        prove_equivocation(IDENTITY, *notes, roots_from(FORKED), roots_from(HONEST))
    assert caught.value.step == "evidence.peaks"
    with pytest.raises(InputError, match="hashes are missing"):
        prove_equivocation(IDENTITY, *notes)
    with pytest.raises(InputError, match="the same"):
        prove_equivocation(IDENTITY, notes[0], notes[0])


def test_evidence__empty_tree__accuses_nobody():
    notes = (head(()), head(tuple(HONEST[:3])))
    proof = Difference((bytes(32),), 0, HONEST[0], ())
    for difference in (None, proof):
        assert step_of(str(Evidence(IDENTITY, notes, difference))) == "evidence.peaks"


def test_evidence__each_lie__refused_at_its_step():
    good = accuse(HONEST[:21], FORKED[:70])
    small, large, proof = *good.notes, good.difference
    twins = (head(tuple(HONEST[:20])), head(tuple(FORKED[:20])))
    twins = tuple(sorted(twins, key=lambda note: Checkpoint.parse(note.text).root))
    stolen = head(tuple(FORKED[:70]), MALLORY.log_signers)
    cases = {
        "evidence.log": Evidence(OTHER_LOG, good.notes, proof),
        "note.log": Evidence(IDENTITY, (small, stolen), proof),
        "evidence.order": Evidence(IDENTITY, (large, small), proof),
        "evidence.roots": Evidence(IDENTITY, twins, proof),
        "evidence.peaks": Evidence(IDENTITY, good.notes, None),
        "evidence.hash": Evidence(
            IDENTITY, good.notes, Difference(proof.peaks, 0, proof.peaks[0], proof.path)
        ),
        "evidence.path": Evidence(
            IDENTITY, good.notes, Difference(proof.peaks, 1, proof.hash, proof.path)
        ),
    }
    for step, evidence in cases.items():
        assert step_of(str(evidence)) == step
    assert step_of(str(Evidence(IDENTITY, twins[::-1], None))) == "evidence.order"
    assert step_of(str(Evidence(IDENTITY, (small, small), None))) == "evidence.roots"
    assert step_of(str(good)[:-1]) == "evidence.form"
    assert step_of(str(good), OTHER_LOG) == "evidence.log"


def test_evidence__without_a_trusted_log__is_about_the_keys_in_the_file():
    evidence = accuse(HONEST[:21], FORKED[:70])
    assert verify_equivocation(str(evidence)).log == IDENTITY
    framed = Evidence(OTHER_LOG, evidence.notes, evidence.difference)
    assert step_of(str(framed), None) == "note.log"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["format"], "quorate/equivocation/v2"),
        (["log"], {}),
        (["log", "keys"], ["ed25519:00"]),
        (["log", "keys", 0], "secp256k1:" + "00" * 64),
        (["log", "origin"], 5),
        (["log", "origin"], "two words"),
        (["notes"], []),
        (["notes", 0], "no note"),
        (["notes", 1], None),
        (["proof"], []),
        (["proof", "hash"], encode_base64(bytes(31))),
        (["proof", "hash"], 7),
        (["proof", "path"], [encode_base64(bytes(32))] * 64),
        (["proof", "path"], {}),
        (["proof", "peak"], "0"),
        (["proof", "peak"], -1),
        (["proof", "peak"], 3),
        (["proof", "peak"], True),
        (["proof", "peaks"], []),
        (["proof", "peaks"], [encode_base64(bytes(32))] * 64),
        (["proof", "peaks", 0], "AA=="),
        (["proof", "more"], 1),
        (["more"], 1),
    ],
)
def test_evidence__other_form__refused(path, value):
    document = json.loads(str(accuse(HONEST[:21], FORKED[:70])))
    inner = document
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    text = canonical_bytes(document).decode()
    with pytest.raises(EncodingError):
        Evidence.parse(text)
    assert step_of(text) == "evidence.form"


@pytest.mark.parametrize("text", ["", "{}", "[]", "\ud800", " " * 3_000_000, "[" * 100_000])
def test_evidence__no_evidence__refused(text):
    with pytest.raises(EncodingError):
        Evidence.parse(text)
