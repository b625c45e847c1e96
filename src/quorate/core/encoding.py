"""Canonical bytes: RFC 8785 JSON, restricted until every value has exactly one spelling.

The profile (docs/formats/canonical-json.md): objects with ASCII keys, arrays, NFC strings without
lone surrogates, booleans, null, and integers with magnitude below 2**53. No floats: amounts,
nanoseconds and 256-bit values travel as decimal strings. In this profile RFC 8785 equals
``json.dumps`` with sorted keys (proven by a differential test), which is several times faster than
a general implementation.

Base64 and hex have one accepted spelling too, or a stranger could vary a signed file's bytes.
"""

import base64
import binascii
import json
import re
import unicodedata
from typing import Any, Never

from quorate.core.errors import EncodingError

MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 64

_DECIMAL = re.compile(r"(0|-?[1-9][0-9]*)\Z")
_NO_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_HEX = re.compile(r"([0-9a-f]{2})*\Z")


def canonical_bytes(value: Any) -> bytes:
    """The one spelling of ``value`` as UTF-8 bytes; raises `EncodingError` outside the profile."""
    _check(value, "$", 0)
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    ).encode("utf-8")


def parse_canonical(data: bytes) -> Any:
    """The value whose canonical bytes are ``data``; any other spelling is refused."""
    _check_nesting(data)
    text = decode_text(data)
    try:
        value = json.loads(text, parse_float=_refuse, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise EncodingError(f"could not read canonical JSON: {error}") from None
    if canonical_bytes(value) != data:
        raise EncodingError("could not read canonical JSON: the bytes are not its one spelling")
    return value


def decode_text(data: bytes) -> str:
    """UTF-8 as text; raises `EncodingError` naming the first byte that is none."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EncodingError(f"could not read text: byte {error.start} is not UTF-8") from None


def _check_nesting(data: bytes) -> None:
    """Refuses absurd nesting before the parser recurses; `_check` then draws the exact line.

    A process whose recursion limit somebody raised (py-evm does) would overflow the C stack and die
    of a few kilobytes of opening brackets.
    """
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    outside_strings = data.replace(rb"\\", b"").replace(rb"\"", b"").split(b'"')[::2]
    brackets = b"".join(outside_strings).translate(None, _NO_BRACKETS)
    for _ in range(MAX_DEPTH + 1):  # each pass takes away a level, or two
        brackets = brackets.replace(b"[]", b"").replace(b"{}", b"")
    if brackets:
        raise EncodingError(f"could not read canonical JSON: nested deeper than {MAX_DEPTH}")


def _refuse(text: str) -> Never:
    raise ValueError(f"number {text[:32]!r} is not an integer")


def _check(value: Any, path: str, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise EncodingError(f"could not encode {path[:80]}: nested deeper than {MAX_DEPTH}")
    if value is None or value is True or value is False:
        return
    kind = type(value)
    if kind is str:
        _check_text(value, path)
    elif kind is int:
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise EncodingError(f"could not encode {path}: integer beyond 2**53, use a string")
    elif kind is list or kind is tuple:
        for index, item in enumerate(value):
            _check(item, f"{path}[{index}]", depth + 1)
    elif kind is dict:
        for key, item in value.items():
            if type(key) is not str or not key.isascii():
                raise EncodingError(f"could not encode {path}: key {key!r} is not ASCII text")
            _check(item, f"{path}.{key}", depth + 1)
    else:
        raise EncodingError(f"could not encode {path}: {kind.__name__} is outside the profile")


def _check_text(value: str, path: str) -> None:
    if value.isascii():
        return
    if any("\ud800" <= char <= "\udfff" for char in value):
        raise EncodingError(f"could not encode {path}: lone surrogate")
    if not unicodedata.is_normalized("NFC", value):
        raise EncodingError(f"could not encode {path}: text is not NFC")


def encode_base64(data: bytes) -> str:
    """Standard base64 with padding (RFC 4648 section 4)."""
    return base64.b64encode(data).decode("ascii")


def decode_base64(text: str) -> bytes:
    """The bytes of ``text``; other spellings (stray bits, white space, no padding) are refused."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise EncodingError("could not read base64: not standard base64") from None
    if encode_base64(data) != text:
        raise EncodingError("could not read base64: not its one spelling")
    return data


def decode_hex(text: str, size: int | None = None) -> bytes:
    """The bytes of lower-case hex without prefix; ``size`` in bytes is demanded when given."""
    if not isinstance(text, str) or not _HEX.match(text):
        raise EncodingError("could not read hex: not lower-case hex")
    data = bytes.fromhex(text)
    if size is not None and len(data) != size:
        raise EncodingError(f"could not read hex: {len(data)} bytes where {size} are due")
    return data


def encode_decimal(value: int) -> str:
    """An integer of any size as the decimal string that canonical JSON carries."""
    return str(value)


def decode_decimal(text: Any) -> int:
    """The integer of a decimal string; leading zeros, signs of zero and plus are refused."""
    if not isinstance(text, str) or len(text) > 80 or not _DECIMAL.match(text):
        raise EncodingError(f"could not read a decimal string: {str(text)[:32]!r}")
    return int(text)
