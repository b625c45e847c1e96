"""The little DER that we read ourselves: certificates put in order, everything else as it was."""

import pytest
from asn1crypto import core, tsp
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError
from quorate.log.der import SEQUENCE, certificates_sorted, children, wrap
from tests.simulators.authority import Authority, Wish, refusal

TSA = Authority()
ANSWER = TSA.granted(TSA.token(Wish(bytes(32))))


@given(st.lists(st.binary(max_size=400), max_size=4))
def test_wrap_and_children__any_elements__as_another_encoder_and_back(contents):
    inner = [wrap(0x04, content) for content in contents]
    assert inner == [core.OctetString(content).dump() for content in contents]
    assert children(wrap(SEQUENCE, b"".join(inner))) == inner


@pytest.mark.parametrize("size", [0, 127, 128, 255, 256, 65_535, 65_536])
def test_wrap__every_width_of_length__as_another_encoder(size):
    assert wrap(0x04, bytes(size)) == core.OctetString(bytes(size)).dump()


def test_certificates__out_of_order__sorted_and_nothing_else_changed():
    parts = (TSA.leaf, TSA.middle)
    leaf, middle = sorted(part.public_bytes(Encoding.DER) for part in parts)
    assert ANSWER.count(leaf + middle) == 1
    turned = ANSWER.replace(leaf + middle, middle + leaf)
    assert turned != ANSWER
    assert certificates_sorted(turned) == certificates_sorted(ANSWER) == ANSWER
    assert tsp.TimeStampResp.load(certificates_sorted(turned), strict=True).native


def test_certificates__no_token__unchanged():
    assert certificates_sorted(refusal("busy")) == refusal("busy")


CUT = [b"", b"\x30", b"\x30\x01", b"\x30\x80\0\0", b"\x30\x85\0\0\0\0\1\0", b"\x30\x03\x30\x02\x00"]
OTHER = [b"\x30\x00", b"\x30\x00\x00", b"\x30\x06" + 3 * b"\x30\x00"]


@pytest.mark.parametrize("data", [*CUT, *OTHER])
def test_answer__of_another_form__refused(data):
    with pytest.raises(EncodingError):
        certificates_sorted(data)


@given(st.data())
def test_answer__any_cut_or_change__refused_or_of_one_form(data):
    changed = bytearray(ANSWER)
    changed[data.draw(st.integers(0, len(ANSWER) - 1))] = data.draw(st.integers(0, 255))
    mended = bytes(changed[: data.draw(st.integers(0, len(ANSWER)))])
    try:
        once = certificates_sorted(mended)
    except EncodingError:
        return
    assert certificates_sorted(once) == once
