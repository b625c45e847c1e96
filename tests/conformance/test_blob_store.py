"""What every blob store does, whichever it is. A new store joins by one more factory."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quorate.core.errors import InputError
from quorate.core.hashing import Digest
from quorate.vault.disk import DiskStore
from quorate.vault.interface import BlobStore
from quorate.vault.memory import MemoryStore

STORES = {"memory": lambda folder: MemoryStore(), "disk": DiskStore}


@pytest.fixture(params=sorted(STORES))
def store(request, tmp_path) -> BlobStore:
    return STORES[request.param](tmp_path / "store")


def test_put__any_bytes__named_by_digest_and_given_back(store):
    for data in (b"", b"\0", b"one", bytes(70_000)):
        address = store.put(data)
        assert address == Digest.of(data)
        assert store.has(address)
        assert store.get(address) == data


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(blobs=st.lists(st.binary(max_size=20), max_size=5))
def test_addresses__after_puts__each_once_in_order(store, blobs):
    for blob in blobs:
        store.put(blob)
    found = list(store.addresses())
    assert set(found) >= {Digest.of(blob) for blob in blobs}
    assert found == sorted(set(found))


def test_put__again__same_address_once(store):
    assert store.put(b"one") == store.put(b"one")
    assert list(store.addresses()) == [Digest.of(b"one")]


def test_put__callers_buffer_changed_later__blob_unchanged(store):
    buffer = bytearray(b"one")
    address = store.put(bytes(buffer))
    buffer[0] = 0
    assert store.get(address) == b"one"


def test_get__unknown__refused(store):
    with pytest.raises(InputError, match="not in the store"):
        store.get(Digest.of(b"never put"))
    assert not store.has(Digest.of(b"never put"))


def test_delete__blob__gone_others_stay_and_again_is_no_error(store):
    one, two = store.put(b"one"), store.put(b"two")
    for _ in range(2):
        store.delete(one)
    assert not store.has(one)
    assert list(store.addresses()) == [two]
    assert store.put(b"one") == one
    assert store.get(one) == b"one"
