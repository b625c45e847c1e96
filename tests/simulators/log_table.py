"""The tables of single changes to a log, by class; each is drawn by a seed and can be drawn again.

Half of them are blind (`log_blind`, `log_blind_receipts`), half repaired (`log_repaired`). Beside
them stand the changes that must *not* be found, or are nobody's to find (`log_inert`).
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from tests.simulators.log_judge import Reader, Verdict
from tests.simulators.log_worlds import DEEP_ONE_IN, WEIGHTS, World, world

Draw = random.Random
T = TypeVar("T")


class InapplicableError(Exception):
    """This log has nothing that could be changed so."""


@dataclass(frozen=True)
class Mutation:
    """The files after the change, who judges them, and the places that he may name for it.

    ``places`` has more than one only where two files were exchanged. ``accepted``: what the reader
    must find instead, for a change that is not to be refused.
    """

    objects: dict[str, bytes]
    reader: Reader
    places: tuple[str, ...]
    what: str = ""
    accepted: Verdict | None = None


Change = Callable[[World, Draw], Mutation]
Table = dict[str, Change]

BLIND: Table = {}
REPAIRED: Table = {}
INERT: Table = {}
FREE: Table = {}


def enter(table: Table, name: str) -> Callable[[Change], Change]:
    """Enters a class of changes into a table."""

    def entered(change: Change) -> Change:
        assert name not in table, name
        table[name] = change
        return change

    return entered


def draw_mutation(table: Table, seed: str, name: str | None = None) -> tuple[str, Mutation]:
    """The change that ``seed`` draws: its class and itself; of one class if it is named."""
    draw = random.Random(seed)
    chosen = name or draw.choice(sorted(table))
    while True:
        try:
            return chosen, table[chosen](_world(draw), draw)
        except InapplicableError:
            continue


def _world(draw: Draw) -> World:
    if draw.randrange(DEEP_ONE_IN) == 0:
        return world("deep")
    return world(draw.choices(list(WEIGHTS), list(WEIGHTS.values()))[0])


def pick(draw: Draw, things: Sequence[T]) -> T:
    """One of ``things``; inapplicable if there are none."""
    if not things:
        raise InapplicableError
    return draw.choice(things)


def changed_bytes(draw: Draw, data: bytes, how: str) -> bytes:
    """``data`` after one blind change: flip, insert, delete, truncate or extend."""
    if how == "extend":
        return data + draw.randbytes(draw.randrange(1, 40))
    if how == "insert":
        at = draw.randrange(len(data) + 1)
        return data[:at] + draw.randbytes(1) + data[at:]
    if not data:
        raise InapplicableError
    at = draw.randrange(len(data))
    if how == "flip":
        return data[:at] + bytes([data[at] ^ draw.randrange(1, 256)]) + data[at + 1 :]
    if how == "bit":
        return data[:at] + bytes([data[at] ^ 1 << draw.randrange(8)]) + data[at + 1 :]
    if how == "delete":
        return data[:at] + data[at + 1 :]
    assert how == "truncate", how
    return data[:at]


BYTES = ("bit", "flip", "insert", "delete", "truncate", "extend")
