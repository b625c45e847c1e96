"""Digests and derived keys against published values and against their definitions."""

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest, derive_key, hmac_sha256, keccak256

EMPTY = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_digest__of_nothing__known_and_round_trips():
    assert str(Digest.of(b"")) == EMPTY
    assert Digest.parse(EMPTY) == Digest.of(b"")
    assert Digest.of_value({"b": 1, "a": []}) == Digest.of(b'{"a":[],"b":1}')


@pytest.mark.parametrize(
    "text", ["", EMPTY[7:], EMPTY.upper(), EMPTY[:-1], EMPTY + "0", EMPTY + "\n", "md5:00", None, 5]
)
def test_digest__other_spelling__refused(text):
    with pytest.raises(EncodingError):
        Digest.parse(text)


def test_digest__other_size__refused():
    with pytest.raises(EncodingError):
        Digest(b"short")


def test_verify__other_bytes__refused_with_their_place():
    Digest.of(b"one").verify(b"one", "model.safetensors")
    with pytest.raises(VerificationError) as caught:
        Digest.of(b"one").verify(b"two", "model.safetensors")
    assert caught.value.place == "model.safetensors"


def test_keccak256__known_values__before_fips_202():
    assert keccak256(b"").hex() == (
        "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )
    assert keccak256(b"") != hashlib.sha3_256(b"").digest()


def test_hmac__rfc_4231_case_2__known():
    found = hmac_sha256(b"Jefe", b"what do ya want for nothing?")
    assert found.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@given(st.binary(min_size=1, max_size=64), st.lists(st.text("abc:/", max_size=5), max_size=3))
def test_derive_key__by_the_definition_of_hkdf__equal(secret, context):
    info = json.dumps(["quorate", *context], separators=(",", ":")).encode()
    extracted = hmac.digest(bytes(32), secret, "sha256")
    one = hmac.digest(extracted, info + b"\x01", "sha256")
    two = hmac.digest(extracted, one + info + b"\x02", "sha256")
    assert derive_key(secret, *context) == one
    assert derive_key(secret, *context, length=64) == one + two


def test_derive_key__contexts_that_join_alike__different_keys():
    secret = bytes(32)
    keys = {derive_key(secret, *c) for c in (("a", "b"), ("ab",), ("a,b",), ("a", "b", ""), ())}
    assert len(keys) == 5
