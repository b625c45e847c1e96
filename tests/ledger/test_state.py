"""The state digest: follows every write, never depends on order, agrees with its written form."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError
from quorate.ledger.state import Entry, SetDigest, State, Writes, entry_element, slot_element

addresses = st.sampled_from([bytes([n]) * 20 for n in range(3)])
entries = st.dictionaries(
    addresses, st.builds(Entry, st.integers(0, 5), st.binary(max_size=2)), max_size=3
)
slots = st.dictionaries(
    st.tuples(addresses, st.sampled_from([0, 1, 2**256 - 1])),
    st.sampled_from([0, 1, 2, 2**256 - 1]),
    max_size=5,
)
writes = st.builds(Writes, entries, slots)


def naive_digest(elements: list[bytes]) -> bytes:
    """Straight from docs/formats/state-digest.md, in big integers."""
    lanes = [0] * 1024
    for element in elements:
        stretched = hashlib.shake_128(element).digest(2048)
        for i in range(1024):
            lanes[i] = (lanes[i] + int.from_bytes(stretched[2 * i : 2 * i + 2], "little")) % 65536
    return hashlib.sha256(b"".join(lane.to_bytes(2, "little") for lane in lanes)).digest()


@given(st.lists(writes, max_size=5))
def test_apply__any_writes__digest_is_that_of_the_set(history):
    state = State()
    for write in history:
        expected = state.digest_after(write).digest()
        state.apply(write)
        assert state.digest() == expected
    assert all(state.slots.values())
    assert state.digest().raw == naive_digest(list(state.elements()))


@given(st.lists(st.binary(max_size=4), max_size=6), st.randoms())
def test_set_digest__any_order__same(elements, random):
    first, second = SetDigest(), SetDigest()
    for element in elements:
        first.add(element)
    shuffled = list(elements)
    random.shuffle(shuffled)
    for element in shuffled:
        second.add(element)
    assert first.digest() == second.digest()
    assert SetDigest(first.lanes()).digest() == first.digest()


def test_set_digest__remove__undoes_add():
    total = SetDigest()
    total.add(b"a")
    before = total.digest()
    total.add(b"b")
    copy = total.copy()
    total.remove(b"b")
    assert total.digest() == before != copy.digest()


def test_set_digest__bag_not_set__element_twice_differs():
    once, twice = SetDigest(), SetDigest()
    once.add(b"a")
    twice.add(b"a")
    twice.add(b"a")
    assert once.digest() != twice.digest()


def test_set_digest__lanes_of_wrong_size__refused():
    with pytest.raises(EncodingError):
        SetDigest(b"\x00" * 2047)


def test_elements__account_and_slot__sizes_of_the_format():
    assert len(entry_element(bytes(20), Entry(1, b"code"))) == 61
    assert len(slot_element(bytes(20), 1, 2)) == 85


def test_digest__empty_state__sha256_of_zeros():
    assert State().digest().raw == hashlib.sha256(bytes(2048)).digest()
