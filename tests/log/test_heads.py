"""Heads that somebody holds: a cut, an older copy and a rewritten history name the holder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.equivocation import roots_from
from quorate.log.heads import HeldHead, check_heads, check_history, check_sizes, stored_roots
from quorate.log.memory import MemoryStorage
from quorate.log.merkle import EMPTY_ROOT, leaf_hash, root_of
from quorate.log.storage import WITNESSED
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN, leaf

HASHES = [leaf_hash(leaf(i)) for i in range(300)]


def head(size: int, holder: str = "", hashes: list[bytes] = HASHES) -> HeldHead:
    return HeldHead(holder or f"holder of {size}", size, root_of(hashes[:size]))


def point(size: int, hashes: list[bytes] = HASHES) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of(hashes[:size]))


def refusal(call, *arguments) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        call(*arguments)
    return caught.value


@given(st.integers(1, 300), st.lists(st.integers(1, 300), max_size=5))
def test_check_heads__honest_log__accepted_if_long_enough(size, held):
    heads = [head(each) for each in held]
    roots = roots_from(HASHES[:size])
    if all(each <= size for each in held):
        check_heads(point(size), heads, roots)
    else:
        error = refusal(check_heads, point(size), heads, roots)
        assert error.step == "heads.size"
        assert error.fields["size"] == min(each for each in held if each > size)


@given(st.integers(1, 300), st.lists(st.integers(1, 300), min_size=1, max_size=5), st.data())
def test_check_heads__a_leaf_is_another__smallest_contradicted_head_named(size, held, data):
    held = [each for each in held if each <= size] or [size]
    changed = list(HASHES[:size])
    at = data.draw(st.integers(0, size - 1))
    changed[at] = leaf_hash(b"another")
    heads = [head(each) for each in held]
    contradicted = [each for each in held if each > at]
    if not contradicted:
        check_heads(point(size, changed), heads, roots_from(changed))
        return
    for roots in (roots_from(changed), roots_from(HASHES[:size])):  # a liar's roots help nobody
        error = refusal(check_heads, point(size, changed), heads, roots)
        assert error.step == "heads.root"
    error = refusal(check_heads, point(size, changed), heads, roots_from(changed))
    assert error.place == f"holder of {min(contradicted)}"


def test_check_sizes__tail_cut__holder_named():
    error = refusal(check_sizes, point(7), [head(9, "the anchor"), head(8, "bob")])
    assert (error.step, error.place) == ("heads.size", "bob")
    assert str(error) == (
        "bob: saw 8 leaves where the log has 7: its tail was cut off or an older copy put back"
    )


@pytest.mark.parametrize(("size", "root"), [(0, bytes(32)), (2**63, bytes(32)), (1, bytes(31))])
def test_held_head__no_head__refused(size, root):
    with pytest.raises(EncodingError):
        HeldHead("bob", size, root)


@pytest.fixture(scope="module")
def logs():
    """A log of 600 leaves, and what it was at 280."""
    storage = MemoryStorage(name="log")
    with Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK) as log:
        log.append_many(leaf(i) for i in range(1, 280))
        older, root = dict(storage.objects), log.root
        log.append_many(leaf(i) for i in range(280, 600))
        hashes = log.leaf_hashes()
    return storage, older, [HeldHead("bob", 280, root), head(600, "the anchor", hashes)], hashes


def test_stored_roots__every_range_of_a_proof__as_from_the_leaf_hashes(logs):
    storage, _, _, hashes = logs
    roots = stored_roots(storage, 600)
    for size in (1, 2, 255, 256, 257, 511, 512, 599):
        check_heads(point(600, hashes), [head(size, "x", hashes)], roots)
        assert roots((0, size)) == root_of(hashes[:size])


def test_check_history__honest__report(logs):
    storage, _, heads, _ = logs
    assert check_history(storage, IDENTITY, heads).size == 600


def test_check_history__older_copy_put_back__holder_named_not_a_tile(logs):
    storage, older, heads, _ = logs
    back = MemoryStorage(name="log")
    back.objects = older
    assert check_history(back, IDENTITY, heads[:1]).size == 280
    assert refusal(check_history, back, IDENTITY, heads).place == "the anchor"
    back.objects = storage.objects | {"checkpoint": older["checkpoint"]}
    error = refusal(check_history, back, IDENTITY, heads)
    assert (error.step, error.place) == ("heads.size", "the anchor")
    back.objects = storage.objects | {"checkpoint": b"\xff"}
    assert refusal(check_history, back, IDENTITY, heads).place == "checkpoint"


def test_check_history__rewritten_and_signed_again__holder_named(logs):
    _, _, heads, _ = logs
    forged = MemoryStorage(name="log")
    with Log.create(forged, ORIGIN, *ALICE.log_signers, CLOCK) as log:
        log.append_many(leaf(i + (i == 270)) for i in range(1, 600))
    error = refusal(check_history, forged, IDENTITY, heads)
    assert (error.step, error.place) == ("heads.root", "bob")
    assert check_history(forged, IDENTITY, []).size == 600  # nobody who holds a head is asked


def test_check_history__file_of_cosigned_heads__of_this_tree_or_named(logs):
    storage, older, heads, _ = logs
    back = MemoryStorage(name="log")
    back.objects = storage.objects | {WITNESSED: older["checkpoint"]}
    assert check_history(back, IDENTITY, heads).size == 600
    back.objects = older | {WITNESSED: storage.objects["checkpoint"]}
    error = refusal(check_history, back, IDENTITY, [])
    assert (error.step, error.place) == ("heads.size", WITNESSED)
    for wrong in (b"\xff", b"", older["checkpoint"].replace(b"280", b"281")):
        back.objects = storage.objects | {WITNESSED: wrong}
        assert refusal(check_history, back, IDENTITY, []).place.startswith(WITNESSED)
    note = sign_checkpoint(Checkpoint(ORIGIN, 0, EMPTY_ROOT), *ALICE.log_signers, 1)
    back.objects = storage.objects | {WITNESSED: str(note).encode()}
    assert check_history(back, IDENTITY, heads).size == 600  # nothing seen, nothing to compare
