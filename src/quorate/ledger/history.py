"""Contracts' typed events, decoded once: a ledger's blocks are final, so what was read stays."""

from itertools import chain
from typing import TypeVar

from quorate.ledger.faces.base import Face, TypedEvent

E = TypeVar("E", bound=TypedEvent)


class EventHistory:
    """The events of some faces, read on from the last known block at every question."""

    def __init__(self, *faces: Face) -> None:
        self._faces = faces
        self._events: list[TypedEvent] = []
        self._next_block = 0

    def events(self) -> list[TypedEvent]:
        """Every event so far, in the order in which they happened."""
        fresh = list(chain.from_iterable(f.all_events(self._next_block) for f in self._faces))
        if fresh:
            self._events += sorted(fresh, key=_order)
            self._next_block = self._events[-1].logged.block + 1
        return self._events

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        return [event for event in self.events() if isinstance(event, kind)]


def _order(event: TypedEvent) -> tuple[int, int]:
    return event.logged.block, event.logged.position
