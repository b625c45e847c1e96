"""DER, as far as answers of timestamp authorities need it: tags of one byte, definite lengths.

Authorities that are built on OpenSSL list their certificates in the order of the chain. DER wants
the members of a SET OF sorted by their bytes (X.690 section 11.6), and the reader that we use takes
nothing else. No signature covers that order, so it may be mended before the answer is read.
"""

from quorate.core.errors import EncodingError

SEQUENCE = 0x30
CERTIFICATES = 0xA0  # [0] IMPLICIT SET OF, in a SignedData (RFC 5652 section 5.1)

_LONG = 0x80  # a length above 127: the low bits say how many bytes it has
_MAX_LENGTH = 4  # bytes of a length


def wrap(tag: int, content: bytes) -> bytes:
    """The element of ``tag`` that holds ``content``."""
    size = len(content)
    if size < _LONG:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, _LONG | len(length))) + length + content


def children(element: bytes) -> list[bytes]:
    """The elements inside ``element``, each with its tag; raises `EncodingError`."""
    begin, end = _extent(element, 0)
    if end != len(element):
        raise EncodingError("could not read DER: bytes after the element")
    found = []
    while begin < end:
        _, stop = _extent(element, begin)
        if stop > end:
            raise EncodingError("could not read DER: an element ends after the one around it")
        found.append(element[begin:stop])
        begin = stop
    return found


def certificates_sorted(answer: bytes) -> bytes:
    """A TimeStampResp with the certificates of its token in DER's order; else unchanged.

    Raises `EncodingError` when ``answer`` is no such thing.
    """
    if len(children(answer)) == 1:  # no token
        return answer
    status, token = _parts(answer, 2)
    kind, explicit = _parts(token, 2)
    (signed_data,) = _parts(explicit, 1)
    mended = b"".join(
        wrap(CERTIFICATES, b"".join(sorted(children(part)))) if part[0] == CERTIFICATES else part
        for part in children(signed_data)
    )
    content = wrap(CERTIFICATES, wrap(SEQUENCE, mended))
    return wrap(SEQUENCE, status + wrap(SEQUENCE, kind + content))


def _parts(element: bytes, count: int) -> list[bytes]:
    parts = children(element)
    if len(parts) != count:
        raise EncodingError(f"could not read DER: {len(parts)} elements where {count} are due")
    return parts


def _extent(data: bytes, start: int) -> tuple[int, int]:
    """Where the content of the element at ``start`` begins and ends."""
    head = data[start : start + 2]
    if len(head) < 2:
        raise EncodingError("could not read DER: cut off")
    begin, size = start + 2, head[1]
    if size >= _LONG:
        count = size - _LONG
        if not 1 <= count <= _MAX_LENGTH:
            raise EncodingError("could not read DER: a length that it does not have")
        size = int.from_bytes(data[begin : begin + count])
        begin += count
    if begin + size > len(data):
        raise EncodingError("could not read DER: cut off")
    return begin, begin + size
