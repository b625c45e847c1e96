"""Signing keys: published vectors, one spelling, and no malleable signature."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import keccak256
from quorate.core.keys import (
    ED25519,
    ML_DSA_44,
    SECP256K1,
    Ed25519Signer,
    MLDSA44Signer,
    PublicKey,
    Secp256k1Signer,
    checksum_address,
    parse_address,
    recover_signer,
)

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SIGNERS = [
    Ed25519Signer(bytes(range(32))),
    MLDSA44Signer(bytes(range(32))),
    Secp256k1Signer(bytes(range(1, 33))),
]
# The four mixed-case examples of EIP-55.
ADDRESSES = [
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
]


def test_ed25519__rfc_8032_test_1__known():
    signer = Ed25519Signer(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    )
    assert signer.public_key.raw.hex() == (
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    )
    assert signer.sign(b"").hex() == (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
        "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    )


@pytest.mark.parametrize("signer", SIGNERS, ids=[s.public_key.scheme for s in SIGNERS])
def test_signature__each_scheme__verifies_only_as_made(signer):
    key, signature = signer.public_key, signer.sign(b"message")
    key.verify(signature, b"message")
    assert PublicKey.parse(str(key)) == key
    assert key.keyid.startswith(f"{key.scheme}:")
    changed = bytes([signature[0] ^ 1]) + signature[1:]
    for bad, message in (
        (changed, b"message"),
        (signature[:-1], b"message"),
        (signature + b"\0", b"message"),
        (b"", b"message"),
        (signature, b"another"),
    ):
        with pytest.raises(VerificationError) as caught:
            key.verify(bad, message, "vote 3")
        assert caught.value.place == "vote 3"


def test_signature__key_of_another_scheme__refused():
    for signer in SIGNERS:
        for other in SIGNERS:
            if other is not signer:
                with pytest.raises(VerificationError):
                    other.public_key.verify(signer.sign(b"m"), b"m")


@pytest.mark.parametrize(
    "text", ["", "ed25519", "ed25519:", "ed25519:00", "rsa:" + "00" * 32, "ed25519:" + "FF" * 32]
)
def test_public_key__other_spelling__refused(text):
    with pytest.raises(EncodingError):
        PublicKey.parse(text)


@pytest.mark.parametrize("scheme", [ED25519, ML_DSA_44, SECP256K1, "rsa"])
def test_public_key__other_size__refused(scheme):
    with pytest.raises(EncodingError):
        PublicKey(scheme, bytes(31))


def test_verify__key_that_is_no_point__refused_not_crashed():
    for scheme, size in ((ED25519, 32), (ML_DSA_44, 1312), (SECP256K1, 64)):
        for fill in (b"\x00", b"\xff"):
            key = PublicKey(scheme, fill * size)
            for signer in SIGNERS:
                with pytest.raises(VerificationError):
                    key.verify(signer.sign(b"m"), b"m")


def test_recover__good_signature__its_key():
    signer, digest = SIGNERS[2], keccak256(b"transaction")
    assert recover_signer(signer.sign_digest(digest), digest) == signer.public_key
    assert signer.sign_digest(digest) == signer.sign_digest(digest)  # RFC 6979


def test_recover__high_s_or_impossible__refused():
    digest = keccak256(b"transaction")
    good = SIGNERS[2].sign_digest(digest)
    r, s, v = good[:32], int.from_bytes(good[32:64], "big"), good[64]
    assert s <= ORDER // 2
    high = r + (ORDER - s).to_bytes(32, "big") + bytes([v ^ 1])
    with pytest.raises(VerificationError, match="malleable"):
        recover_signer(high, digest)
    for bad in (good[:-1], good[:64] + b"\x02", bytes(65), b"\xff" * 32 + good[32:], b""):
        with pytest.raises(VerificationError):
            recover_signer(bad, digest)


@given(st.binary(min_size=65, max_size=65), st.binary(min_size=32, max_size=32))
def test_recover__any_bytes__a_key_or_refused(signature, digest):
    try:
        key = recover_signer(signature, digest)
    except VerificationError:
        return
    assert key.scheme == SECP256K1


@pytest.mark.parametrize("text", ADDRESSES)
def test_address__examples_of_eip_55__one_spelling(text):
    assert checksum_address(parse_address(text)) == text
    for other in (text.lower(), text[:2] + text[2:].upper(), text[2:], text[:-1], text + "0"):
        with pytest.raises(EncodingError):
            parse_address(other)


def test_address__of_a_known_key__known():
    signer = Secp256k1Signer((1).to_bytes(32, "big"))
    assert signer.address == "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"
    with pytest.raises(EncodingError):
        _ = SIGNERS[0].public_key.address
