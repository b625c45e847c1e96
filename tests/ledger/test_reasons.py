"""Revert data in words."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from quorate.ledger.reasons import decode_reason

ERROR = bytes.fromhex("08c379a0")


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        (b"", "no reason given"),
        (ERROR + encode(["string"], ["Rounds: too late"]), "Rounds: too late"),
        (bytes.fromhex("4e487b71") + (17).to_bytes(32, "big"), "panic 0x11"),
        (ERROR, "0x08c379a0"),
        (ERROR + encode(["bytes"], [b"\xff\xfe"]), None),
        (b"\x01\x02", "0x0102"),
    ],
)
def test_decode_reason__each_shape(output, reason):
    assert decode_reason(output) == (reason or f"0x{output.hex()}")


@given(st.binary(max_size=150))
def test_decode_reason__anything__is_text(data):
    for output in (data, ERROR + data):
        assert decode_reason(output)
