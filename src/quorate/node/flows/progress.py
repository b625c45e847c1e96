"""How a flow tells whoever watches what it is doing; watching changes nothing."""

from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class RoundResult:
    """A closed round as the ledger shows it; money in the token's smallest unit, by party."""

    number: int
    rounds: int
    settled: bool
    accepted: bool
    medians: dict[str, int] = field(default_factory=dict)  # millionths
    rewards: dict[str, int] = field(default_factory=dict)
    penalties: dict[str, int] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    suspended: tuple[str, ...] = ()
    slashed: dict[str, int] = field(default_factory=dict)
    reason: str = ""


class Progress(Protocol):
    """Hears of stages and rounds."""

    def stage(self, text: str) -> None:
        """A new piece of work begins."""
        ...

    def round_closed(self, result: RoundResult) -> None:
        """A round was settled or aborted."""
        ...


class Silence:
    """Nobody watches."""

    def stage(self, text: str) -> None:
        """Says nothing."""

    def round_closed(self, result: RoundResult) -> None:
        """Says nothing."""
