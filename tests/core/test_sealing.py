"""Sealing: every part that is touched is noticed, and one envelope has one meaning."""

import json
import struct
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from quorate.core import sealing
from quorate.core.encoding import canonical_bytes
from quorate.core.errors import EncodingError, InputError, QuorateError, VerificationError
from quorate.core.hashing import derive_key
from quorate.core.keyring import Keyring
from quorate.core.sealing import (
    MAGIC,
    SealingPublicKey,
    commit_to_key,
    content_key_of,
    open_with,
    recipients_of,
    seal,
    unseal,
)
from quorate.core.sources import SeededRandomness, SystemRandomness

ALICE, BOB, CAROL = (
    Keyring.generate(name, SeededRandomness(name)).sealing for name in ("alice", "bob", "carol")
)
DICE = SystemRandomness()
PLAINTEXT = b"an update of exactly some bytes"
ENVELOPE = seal(PLAINTEXT, [ALICE.public_key, BOB.public_key], DICE)
START = len(MAGIC) + 4


def header_of(envelope: bytes) -> dict:
    (length,) = struct.unpack(">I", envelope[len(MAGIC) : START])
    return json.loads(envelope[START : START + length])


def with_header(envelope: bytes, header: object) -> bytes:
    (length,) = struct.unpack(">I", envelope[len(MAGIC) : START])
    data = canonical_bytes(header)
    return MAGIC + struct.pack(">I", len(data)) + data + envelope[START + length :]


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=2000))
def test_seal__any_bytes__same_for_every_recipient(plaintext):
    envelope = seal(plaintext, [ALICE.public_key, BOB.public_key], DICE)
    assert unseal(envelope, ALICE) == unseal(envelope, BOB) == plaintext
    assert content_key_of(envelope, ALICE) == content_key_of(envelope, BOB)
    assert open_with(envelope, content_key_of(envelope, ALICE)) == plaintext


def test_recipients__in_order_of_key_id_each_once():
    keys = [CAROL.public_key, ALICE.public_key, CAROL.public_key]
    found = recipients_of(seal(b"", keys, DICE))
    assert found == sorted({ALICE.public_key.keyid, CAROL.public_key.keyid})


def test_unseal__no_recipient__refused():
    with pytest.raises(VerificationError, match="not sealed to"):
        unseal(ENVELOPE, CAROL)


def test_unseal__any_byte_changed_cut_or_added__refused():
    spots = set(range(0, START + 200)) | set(range(START, len(ENVELOPE), 7))
    spots |= set(range(len(ENVELOPE) - 60, len(ENVELOPE)))
    bobs = ENVELOPE.index(BOB.public_key.keyid.encode())
    alices = ENVELOPE.index(ALICE.public_key.keyid.encode())
    assert {START, bobs, alices} & spots
    for at in sorted(spots):
        changed = ENVELOPE[:at] + bytes([ENVELOPE[at] ^ 1]) + ENVELOPE[at + 1 :]
        for reader in (ALICE, BOB):  # the other's entry is covered too, by the associated data
            with pytest.raises((VerificationError, EncodingError)):
                unseal(changed, reader)
    for bad in (ENVELOPE[:-1], ENVELOPE + b"\0", ENVELOPE[: START + 20], ENVELOPE[:START], b""):
        with pytest.raises((VerificationError, EncodingError)):
            unseal(bad, ALICE)


def test_unseal__header_of_another_shape__refused():
    good = header_of(ENVELOPE)
    entry = good["recipients"][0]
    for header in (
        [],
        None,
        {},
        good | {"extra": 1},
        good | {"size": "31"},
        good | {"size": True},
        good | {"commitment": 5},
        good | {"recipients": {}},
        good | {"recipients": [5]},
        good | {"recipients": [{**entry, "extra": "x"}]},
        good | {"recipients": [{**entry, "kem": 5}]},
        good | {"recipients": []},
        good | {"size": good["size"] + 1},
        good | {"recipients": good["recipients"][::-1]},
    ):
        for reader in (ALICE, BOB):
            with pytest.raises((VerificationError, EncodingError)):
                unseal(with_header(ENVELOPE, header), reader)


def test_unseal__parts_of_another_envelope__refused():
    other = seal(b"another update, of another size", [ALICE.public_key, BOB.public_key], DICE)
    mine, theirs = header_of(ENVELOPE), header_of(other)
    for header in (
        theirs,
        mine | {"recipients": theirs["recipients"]},
        mine | {"commitment": theirs["commitment"]},
    ):
        with pytest.raises(VerificationError):
            unseal(with_header(ENVELOPE, header), ALICE)


def test_unseal__ephemeral_key_of_low_order__refused():
    header = header_of(ENVELOPE)
    for entry in header["recipients"]:
        entry["ephemeral"] = sealing.encode_base64(bytes(32))
    with pytest.raises(VerificationError, match="low order"):
        unseal(with_header(ENVELOPE, header), ALICE)


@pytest.mark.parametrize("part", ["x25519", "kem"])
def test_seal__to_a_key_that_is_none__refused_not_crashed(part):
    good = ALICE.public_key.raw
    bad = bytes(32) + good[32:] if part == "x25519" else good[:32] + b"\xff" * 1184
    with pytest.raises(InputError, match="could not seal"):
        seal(b"x", [SealingPublicKey(bad)], DICE)


def test_unseal__sender_lies_about_the_size__refused():
    # The associated data does not help here: the sender seals its own lie.
    key = content_key_of(ENVELOPE, ALICE)
    header = canonical_bytes(header_of(ENVELOPE) | {"size": len(PLAINTEXT) + 1})
    prefix = MAGIC + struct.pack(">I", len(header)) + header
    body = AESGCM(derive_key(key, "sealed/v1", "encrypt")).encrypt(bytes(12), PLAINTEXT, prefix)
    with pytest.raises(VerificationError, match="size"):
        unseal(prefix + body, ALICE)


def test_open_with__content_key_of_another_envelope__refused():
    other = seal(PLAINTEXT, [ALICE.public_key], DICE)
    with pytest.raises(VerificationError, match="committed"):
        open_with(ENVELOPE, content_key_of(other, ALICE))


# The attack that the commitment is there for: one AES-GCM ciphertext that two keys open to two
# meanings (Dodis, Grubbs, Ristenpart, Woodage, CRYPTO 2018). GHASH is linear in each ciphertext
# block, so one free block makes both tags equal. The arithmetic below is NIST SP 800-38D, 6.3.


def multiply(x: int, y: int) -> int:
    """The product in GF(2^128), bits in GCM's order."""
    product = 0
    for i in range(127, -1, -1):
        if x >> i & 1:
            product ^= y
        y = y >> 1 ^ (0xE1 << 120 if y & 1 else 0)
    return product


def inverse(x: int) -> int:
    """x to the power 2^128 - 2."""
    result, power = 1 << 127, x
    for _ in range(127):
        power = multiply(power, power)
        result = multiply(result, power)
    return result


def blocks(data: bytes) -> list[int]:
    return [
        int.from_bytes(data[i : i + 16].ljust(16, b"\0"), "big") for i in range(0, len(data), 16)
    ]


def ghash(key: int, data: list[int]) -> int:
    total = 0
    for block in data:
        total = multiply(total ^ block, key)
    return total


def encrypt_block(key: bytes, block: bytes) -> int:
    encryptor = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return int.from_bytes(encryptor.update(block) + encryptor.finalize(), "big")


def colliding_ciphertext(one: bytes, two: bytes, aad: bytes) -> bytes:
    """32 bytes and a tag that are valid under both keys, with a nonce of zeros."""
    hashes = [encrypt_block(key, bytes(16)) for key in (one, two)]
    masks = [encrypt_block(key, bytes(12) + b"\0\0\0\x01") for key in (one, two)]
    lengths = len(aad) * 8 << 64 | 32 * 8
    rest = [ghash(h, [*blocks(aad), 0, 0, lengths]) ^ m for h, m in zip(hashes, masks, strict=True)]
    squares = [multiply(h, h) for h in hashes]
    free = multiply(rest[0] ^ rest[1], inverse(squares[0] ^ squares[1]))
    tag = rest[0] ^ multiply(free, squares[0])
    return bytes(16) + free.to_bytes(16, "big") + tag.to_bytes(16, "big")


def test_key_commitment__one_ciphertext_under_two_keys__second_reader_refuses():
    first, second = (seal(bytes(32), [who.public_key], DICE) for who in (ALICE, BOB))
    keys = content_key_of(first, ALICE), content_key_of(second, BOB)
    recipients = header_of(first)["recipients"] + header_of(second)["recipients"]
    for committed, honest, cheated in ((keys[0], ALICE, BOB), (keys[1], BOB, ALICE)):
        header = canonical_bytes(
            {
                "commitment": commit_to_key(committed),
                "recipients": sorted(recipients, key=lambda entry: entry["keyid"]),
                "size": 32,
            }
        )
        prefix = MAGIC + struct.pack(">I", len(header)) + header
        inner = [derive_key(key, "sealed/v1", "encrypt") for key in keys]
        body = colliding_ciphertext(*inner, prefix)
        meanings = {AESGCM(key).decrypt(bytes(12), body, prefix) for key in inner}
        assert len(meanings) == 2, "the attack works on AES-GCM alone"
        assert unseal(prefix + body, honest) in meanings
        with pytest.raises(VerificationError, match="not the committed one"):
            unseal(prefix + body, cheated)


@given(st.binary(max_size=200))
def test_unseal__any_bytes__refused_never_crashed(data):
    for candidate in (data, MAGIC + data, MAGIC + struct.pack(">I", len(data)) + data + bytes(16)):
        with pytest.raises(QuorateError):
            unseal(candidate, ALICE)


def test_public_key__text__one_spelling():
    text = str(ALICE.public_key)
    assert SealingPublicKey.parse(text) == ALICE.public_key
    for bad in ("", text[:-2], text.upper(), text.replace("x25519", "x448"), text + "00"):
        with pytest.raises(EncodingError):
            SealingPublicKey.parse(bad)
    with pytest.raises(EncodingError):
        SealingPublicKey(bytes(5))


@pytest.mark.parametrize("reader", [ALICE, BOB])
def test_unseal__vector_given_out_long_ago__opens(reader):
    folder = Path(__file__).parents[2] / "vectors" / "sealed"
    envelope = (folder / "envelope").read_bytes()
    assert unseal(envelope, reader) == (folder / "plaintext").read_bytes()
