"""Gapless numbering per source: what shows that a record is missing.

Whoever writes records numbers them, from 1, one by one, and says its name in each. The log orders
what arrives and does not look inside, so a record that never arrived leaves a gap in its source's
numbers that nobody can close: the numbers after it are signed into the tree.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

_LONGEST = 255  # characters of a source's name
_LARGEST = 2**53 - 1  # a sequence number is an integer of canonical JSON
_decode = json.JSONDecoder().decode  # `json.loads` would guess the encoding first


@dataclass(frozen=True, slots=True)
class Gap:
    """At leaf ``index``, ``source`` goes on with ``found`` where ``due`` was due."""

    index: int
    source: str
    due: int
    found: int

    def __str__(self) -> str:
        lost = self.found - self.due
        what = f"{lost} missing" if lost > 0 else "numbered again"
        return f"leaf {self.index}: {self.source} has {self.found} where {self.due} was due, {what}"


def sequence_of(leaf: bytes) -> tuple[str, int] | None:
    """The source and number that a leaf states; None if it is no record with both."""
    if not leaf.startswith(b"{"):
        return None
    try:
        value = _decode(leaf.decode())
    except (ValueError, RecursionError):
        return None
    source, number = value.get("source"), value.get("seq")
    if not isinstance(source, str) or type(number) is not int:
        return None
    if not 0 < len(source) <= _LONGEST or not 0 < number <= _LARGEST:
        return None
    return source, number


@dataclass(slots=True)
class Sequences:
    """The last number of every source, and the gaps seen on the way."""

    last: dict[str, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)

    def add(self, leaves: Iterable[bytes], start: int) -> None:
        """Follows ``leaves``, the first of which stands at index ``start``."""
        for index, leaf in enumerate(leaves, start):
            stated = sequence_of(leaf)
            if stated is not None:
                self.note(index, *stated)

    def note(self, index: int, source: str, number: int) -> None:
        """Notes that leaf ``index`` is record ``number`` of ``source``."""
        due = self.last.get(source, 0) + 1
        if number != due:
            self.gaps.append(Gap(index, source, due, number))
        self.last[source] = max(number, due - 1)
