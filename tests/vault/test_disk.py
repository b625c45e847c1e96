"""Blobs on disk: durable, owner-only, damage named, kills harmless."""

import stat

import pytest

from quorate.core.errors import DamagedError, InputError
from quorate.core.files import observe_writes
from quorate.core.hashing import Digest
from quorate.vault import disk
from quorate.vault.disk import DiskStore


@pytest.fixture
def store(tmp_path):
    return DiskStore(tmp_path / "vault")


def file_of(folder, address: Digest):
    return folder / address.hex[:2] / address.hex[2:4] / address.hex


def test_put__file__two_levels_deep_and_for_the_owner_only(tmp_path, store):
    path = file_of(tmp_path / "vault", store.put(b"one"))
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (path.parent, path.parent.parent, tmp_path / "vault"):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_put__present_blob__not_written_again(store):
    store.put(b"one")
    writes = []
    with observe_writes(lambda *write: writes.append(write)):
        store.put(b"one")
    assert writes == []


@pytest.mark.parametrize("data", [b"", b"onE", b"one\0", b"on"])
def test_get__changed_file__damage_named_and_put_mends(tmp_path, store, data):
    address = store.put(b"one")
    path = file_of(tmp_path / "vault", address)
    path.write_bytes(data)
    with pytest.raises(DamagedError) as caught:
        store.get(address)
    assert caught.value.fields["file"] == str(path)
    store.put(b"one")
    assert store.get(address) == b"one"


def test_delete__durable__announced_and_its_folder_synced(tmp_path, store, monkeypatch):
    address = store.put(b"one")
    synced, steps = [], []
    sync = disk.sync_folder
    monkeypatch.setattr(disk, "sync_folder", lambda path: (synced.append(path), sync(path)))
    with observe_writes(lambda *step: steps.append(step)):
        store.delete(address)
        store.delete(address)
    assert synced == [file_of(tmp_path / "vault", address).parent]
    assert steps == [(when, f"delete {address.hex}") for when in ("before", "after")]


def test_reopened__same_blobs(tmp_path, store):
    addresses = sorted(store.put(bytes([i])) for i in range(20))
    again = DiskStore(tmp_path / "vault")
    assert list(again.addresses()) == addresses
    assert [again.get(a) for a in addresses] == [store.get(a) for a in addresses]


@pytest.mark.parametrize("when", ["before", "after"])
def test_put__killed__blob_absent_or_whole(tmp_path, store, when):
    def kill(at: str, _name: str) -> None:
        if at == when:
            raise KeyboardInterrupt

    with observe_writes(kill), pytest.raises(KeyboardInterrupt):
        store.put(b"one")
    again = DiskStore(tmp_path / "vault")
    assert list(again.addresses()) == ([Digest.of(b"one")] if when == "after" else [])
    assert again.get(again.put(b"one")) == b"one"


def test_leftovers_and_strangers__not_addresses_and_tidied(tmp_path, store):
    address = store.put(b"one")
    folder = file_of(tmp_path / "vault", address).parent
    (folder / f".{address.hex}.1.tmp").write_bytes(b"half")
    (folder / "notes.txt").write_text("x")
    (folder / ("0" * 64)).write_bytes(b"in the wrong folder")
    assert list(store.addresses()) == [address]
    store.tidy()
    assert sorted(p.name for p in folder.iterdir()) == sorted([address.hex, "0" * 64, "notes.txt"])


def test_store__over_a_file__refused(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError):
        DiskStore(tmp_path / "file")
