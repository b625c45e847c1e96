"""Heads that somebody holds: a cut, an older copy and a rewritten history name the holder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import Checkpoint
from quorate.log.equivocation import roots_from
from quorate.log.heads import HeldHead, check_heads, check_sizes
from quorate.log.merkle import leaf_hash, root_of
from tests.log.parties import ORIGIN, leaf

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
