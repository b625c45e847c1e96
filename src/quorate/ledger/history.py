"""A contract's typed events, decoded once: a ledger's blocks are final, so what was read stays."""

from typing import TypeVar

from quorate.ledger.faces.base import Face, TypedEvent

E = TypeVar("E", bound=TypedEvent)


class EventHistory:
    """The events of one face, read on from the last known block at every question."""

    def __init__(self, face: Face) -> None:
        self._face = face
        self._events: list[TypedEvent] = []
        self._next_block = 0

    def events(self) -> list[TypedEvent]:
        """Every event so far, in order."""
        fresh = list(self._face.all_events(self._next_block))
        if fresh:
            self._events += fresh
            self._next_block = fresh[-1].place.block + 1
        return self._events

    def of(self, kind: type[E]) -> list[E]:
        """The events of one kind, in order."""
        return [event for event in self.events() if isinstance(event, kind)]
