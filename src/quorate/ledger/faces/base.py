"""What every typed face shares: a deployed contract on a ledger that can be asked."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, TypeVar, cast, get_args, get_origin, get_type_hints

from quorate.core.errors import InputError
from quorate.ledger.contracts import Call, Contract
from quorate.ledger.interface import LedgerReader, LoggedEvent


@dataclass(frozen=True, slots=True)
class TypedEvent:
    """A decoded event with its place on the ledger; each event of a contract is a subclass."""

    logged: LoggedEvent


E = TypeVar("E", bound=TypedEvent)
T = TypeVar("T")


class Face:
    """A contract at ``address`` on ``ledger``: views answer at once, other functions are calls.

    A call does nothing until an `Account` transacts it. Views raise `RefusedError` when the
    contract reverts, everything raises `EncodingError` for arguments out of type or range.
    """

    NAME: ClassVar[str]
    EVENTS: ClassVar[tuple[type[TypedEvent], ...]]

    def __init__(self, ledger: LedgerReader, address: str) -> None:
        self._ledger = ledger
        self.contract = Contract(self.NAME, address)

    @property
    def address(self) -> str:
        """Where it is, EIP-55."""
        return self.contract.address

    def typed(self, logged: LoggedEvent) -> TypedEvent:
        """The event in a log of this contract; raises `EncodingError` for any other log."""
        event = self.contract.event(logged)
        kind = next(k for k in self.EVENTS if k.__name__ == event.name)
        values = {name: _wrap(hint, event[name]) for name, hint in _hints(cast(Any, kind))}
        return kind(logged=logged, **values)

    def all_events(self, from_block: int = 0) -> Iterator[TypedEvent]:
        """Every event of this contract since ``from_block``, in order."""
        return map(self.typed, self._ledger.events(self.address, from_block))

    def events_of(self, kind: type[E], from_block: int = 0) -> Iterator[E]:
        """The events of one ``kind``, such as ``events_of(Settled)``, in order."""
        if kind not in self.EVENTS:
            raise InputError(f"could not list events: {self.NAME} has no {kind.__name__}")
        return (event for event in self.all_events(from_block) if isinstance(event, kind))

    def _encode(self, function: str, *arguments: Any) -> Call:
        return self.contract.encode(function, *arguments)

    def _ask(self, kind: type[T], function: str, *arguments: Any) -> T:
        """What a view returns, of ``kind``: its value, or a tuple of several."""
        call = self.contract.encode(function, *arguments)
        values = self.contract.decode(function, self._ledger.call(self.address, call.data))
        return cast(T, _wrap(kind, values[0] if len(values) == 1 else values))


@cache
def _hints(kind: Any) -> tuple[tuple[str, Any], ...]:
    hints = get_type_hints(kind)
    return tuple((f.name, hints[f.name]) for f in fields(kind) if f.name != "logged")


def _wrap(hint: Any, value: Any) -> Any:
    """Plain tuples become the struct that ``hint`` names, inside lists too."""
    if hasattr(hint, "_fields"):
        return hint(*value)
    if get_origin(hint) is tuple and hasattr(get_args(hint)[0], "_fields"):
        return tuple(get_args(hint)[0](*item) for item in value)
    return value
