"""Bundles: one container form, no free byte, first wrong member named."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness
from quorate.provenance.bundle import MANIFEST, pack, seal_manifest, unpack, verify_manifest

ALICE = Keyring.generate("alice", SeededRandomness("alice"))
FILES = {
    "chain/blocks.json": b"[]",
    "log/alice/checkpoint": b"note\n",
    "log/alice/entries": bytes(40),
    "model/final.safetensors": b"weights",
}


def sealed(files=FILES) -> dict[str, bytes]:
    manifest = seal_manifest(
        files, "alice", ALICE.statement_signers, form="public", auditor="", time_ns=1
    )
    return files | {MANIFEST: manifest}


MEMBERS = sealed()
BUNDLE = pack(MEMBERS)


def test_unpack__packed__same_members():
    assert unpack(BUNDLE) == MEMBERS
    assert verify_manifest(MEMBERS, ALICE.identity).form == "public"


def test_pack__any_order__same_bytes():
    assert pack(dict(reversed(MEMBERS.items()))) == BUNDLE


@settings(max_examples=400)
@given(st.integers(0, len(BUNDLE) - 1), st.integers(1, 255))
def test_unpack__any_byte_changed__refused(position, flip):
    data = bytearray(BUNDLE)
    data[position] ^= flip
    with pytest.raises(VerificationError):
        verify_manifest(unpack(bytes(data)), ALICE.identity)


@given(st.binary(max_size=200))
def test_unpack__strangers_bytes__refused(data):
    with pytest.raises(VerificationError):
        unpack(data)


def test_unpack__tail_cut_or_grown__refused():
    for data in (BUNDLE[:-1], BUNDLE + b"\0", b"\0" + BUNDLE, BUNDLE[:40]):
        with pytest.raises(VerificationError):
            unpack(data)


def test_unpack__compressed_members__refused():
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("chain/blocks.json", b"[]" * 100)
    with pytest.raises(VerificationError, match="not stored plainly"):
        unpack(stream.getvalue())


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "log/../x/entries", "log/A/entries"])
def test_pack__unknown_member__refused(name):
    with pytest.raises(EncodingError):
        pack({name: b""})


def test_manifest__member_exchanged_added_or_dropped__named():
    changed = MEMBERS | {"log/alice/entries": b"other"}
    with pytest.raises(VerificationError) as caught:
        verify_manifest(changed, ALICE.identity)
    assert caught.value.place == "log/alice/entries"
    added = MEMBERS | {"log/bob/entries": b""}
    with pytest.raises(VerificationError) as caught:
        verify_manifest(added, ALICE.identity)
    assert caught.value.place == "log/bob/entries"
    dropped = {k: v for k, v in MEMBERS.items() if k != "chain/blocks.json"}
    with pytest.raises(VerificationError, match="not there"):
        verify_manifest(dropped, ALICE.identity)


def test_manifest__absent__refused():
    with pytest.raises(VerificationError, match="missing"):
        verify_manifest(FILES, ALICE.identity)
