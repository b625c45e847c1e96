"""Scores in as few bytes as the contracts take them: one *lane* of four bytes per score.

A lane is the score, a signed 32-bit integer of millionths, plus 2**31, most significant byte first:
lanes compare as the scores do. The lanes of a vote stand one after the other, one per participant
in the round's set, in join order. Format page: docs/formats/commitment.md.
"""

from collections.abc import Iterable

from quorate.core.errors import EncodingError

WIDTH = 4  # bytes
OFFSET = 2**31


def to_lanes(scores: Iterable[int]) -> bytes:
    """The lanes of ``scores``; raises `EncodingError` for one that needs more than 32 bits."""
    try:
        return b"".join((score + OFFSET).to_bytes(WIDTH, "big") for score in scores)
    except OverflowError:
        raise EncodingError("could not encode scores: one needs more than 32 bits") from None


def from_lanes(lanes: bytes) -> tuple[int, ...]:
    """The scores in ``lanes``; raises `EncodingError` unless they are whole lanes."""
    if len(lanes) % WIDTH:
        raise EncodingError(f"could not read scores: {len(lanes)} bytes are not whole lanes")
    return tuple(
        int.from_bytes(lanes[start : start + WIDTH], "big") - OFFSET
        for start in range(0, len(lanes), WIDTH)
    )
