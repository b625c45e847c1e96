"""Signed transactions: one form, the right sender, agreement with py-evm's own decoder."""

import contextlib

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, QuorateError, VerificationError
from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.transactions import (
    MAX_BYTES,
    TYPE,
    Transaction,
    created_address,
    decode_transaction,
    intrinsic_gas,
    sign_transaction,
)
from tests.ledger.reference import ReferenceMachine

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
TO = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"  # an example of EIP-55

transactions = st.builds(
    Transaction,
    chain_id=st.integers(1, 2**32),
    nonce=st.integers(0, 2**40),
    to=st.sampled_from([None, TO]),
    data=st.binary(max_size=100),
    gas_limit=st.integers(0, 2**40),
)


def fields_of(raw: bytes) -> list:
    return list(rlp.decode(raw[1:]))


def encoded(fields: list) -> bytes:
    return TYPE + rlp.encode(fields)


@given(transactions, st.binary(min_size=32, max_size=32).filter(any))
def test_sign_and_decode__any_transaction__round_trip(transaction, secret):
    try:
        signer = Secp256k1Signer(secret)
    except ValueError:
        return  # not below the order of the curve
    raw = sign_transaction(transaction, signer)
    signed = decode_transaction(raw)
    assert (signed.transaction, signed.sender, signed.raw) == (transaction, signer.address, raw)


def test_decode__same_bytes_in_py_evm__same_sender_and_hash(signer):
    builder = ReferenceMachine(7)._open(1, 1).get_transaction_builder()
    for to in (None, TO):
        raw = sign_transaction(Transaction(7, 300, to, b"\x00\x01" * 50, 123_456), signer)
        theirs, ours = builder.decode(raw), decode_transaction(raw)
        assert theirs.sender.hex() == ours.sender[2:].lower()
        assert theirs.hash == ours.hash
        assert (theirs.nonce, theirs.gas, theirs.chain_id) == (300, 123_456, 7)
        words = 0 if to else 2 * 4  # EIP-3860, which py-evm charges elsewhere
        assert theirs.intrinsic_gas + words == intrinsic_gas(theirs.data, create=to is None)


def test_created_address__nonces_of_every_rlp_length__as_the_yellow_paper_says():
    sender = bytes.fromhex(TO[2:])
    for nonce in (0, 1, 127, 128, 256, 2**20):
        expected = keccak256(rlp.encode([sender, nonce]))[12:].hex()
        assert created_address(TO, nonce)[2:].lower() == expected


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (0, b"\x00\x01"),  # leading zero
        (1, b"\x00"),
        (1, b"\x01" * 9),  # too large
        (2, b"\x01"),  # a fee
        (3, b"\x01"),
        (5, b"\x01" * 19),
        (5, b""),
        (6, b"\x01"),  # value
        (8, [[b"\x01" * 20, []]]),  # access list
        (8, b""),
        (9, b"\x02"),
        (7, [b""]),
        (10, b"\x01" * 33),
    ],
)
def test_decode__field_out_of_form__refused_or_another_signer(signer, index, value):
    fields = fields_of(sign_transaction(Transaction(7, 0, TO, b"abc", 90_000), signer))
    fields[index] = value
    try:
        sender = decode_transaction(encoded(fields)).sender
    except EncodingError:
        return
    assert index == 5 and sender != signer.address  # a valid shape, but not what was signed


def test_decode__malleable_signature__refused(signer):
    fields = fields_of(sign_transaction(Transaction(7, 0, TO, b"", 90_000), signer))
    s = ORDER - int.from_bytes(fields[11], "big")
    fields[9], fields[11] = bytes([1 - len(fields[9])]).lstrip(b"\0"), s.to_bytes(32, "big")
    with pytest.raises(VerificationError, match="malleable"):
        decode_transaction(encoded(fields))


@pytest.mark.parametrize("r", [b"", b"\xff" * 32, ORDER.to_bytes(32, "big")])
def test_decode__impossible_signature__refused(signer, r):
    fields = fields_of(sign_transaction(Transaction(7, 0, TO, b"", 90_000), signer))
    fields[10] = r
    with pytest.raises(VerificationError):
        decode_transaction(encoded(fields))


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: b"",
        lambda raw: raw[1:],
        lambda raw: b"\x01" + raw[1:],
        lambda raw: raw + b"\x00",
        lambda raw: raw[:-1],
        lambda raw: TYPE + rlp.encode(b"text"),
        lambda raw: TYPE + rlp.encode([b""] * 12),
        lambda raw: TYPE + rlp.encode([b""] * 11),
        lambda raw: raw + b"\x00" * MAX_BYTES,
    ],
)
def test_decode__other_bytes__refused(signer, change):
    raw = sign_transaction(Transaction(7, 0, TO, b"", 90_000), signer)
    with pytest.raises(EncodingError):
        decode_transaction(change(raw))


@given(st.binary(max_size=200))
def test_decode__arbitrary_bytes__only_expected_errors(data):
    for raw in (data, TYPE + data):
        try:
            decode_transaction(raw)
        except QuorateError:
            continue


@given(st.integers(0, 10_000), st.integers(0, 255))
def test_decode__one_byte_changed__never_the_same_sender_with_other_bytes(position, value):
    signer = Secp256k1Signer(b"\x05" * 32)
    raw = sign_transaction(Transaction(7, 3, TO, b"hello", 90_000), signer)
    changed = bytearray(raw)
    changed[position % len(raw)] = value
    if bytes(changed) == raw:
        return
    with contextlib.suppress(QuorateError):
        assert decode_transaction(bytes(changed)).sender != signer.address
