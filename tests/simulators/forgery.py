"""The table of forgeries: each kind has a name, what it claims, and an edit that draws its target.

``free`` marks the kinds that change nothing which another party signed: they may pass, and the
trust page names them. Every other kind must be refused, whoever's keys it is made with.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from tests.simulators.forger import Evidence, Forger

Draw = random.Random
T = TypeVar("T")
Edit = Callable[[Forger, Draw], None]


class InapplicableError(Exception):
    """This party has nothing that this kind could forge."""


@dataclass(frozen=True)
class Kind:
    """One way to forge; ``decides`` is the exit code that is due."""

    name: str
    claim: str
    edit: Edit
    free: bool = False
    decides: int = 1


@dataclass(frozen=True)
class Forgery:
    """A finished forgery: which kind, with whose keys, drawn by which seed."""

    kind: Kind
    party: str
    seed: int
    bundle: bytes

    @property
    def name(self) -> str:
        """For a list of what passed."""
        return f"{self.kind.name} by {self.party} (seed {self.seed})"


KINDS: dict[str, Kind] = {}


def kind(name: str, claim: str, *, free: bool = False, decides: int = 1) -> Callable[[Edit], Edit]:
    """Enters an edit into the table."""

    def enter(edit: Edit) -> Edit:
        assert name not in KINDS, name
        KINDS[name] = Kind(name, claim, edit, free, 0 if free else decides)
        return edit

    return enter


def forge(evidence: Evidence, name: str, party: str, seed: int = 0) -> Forgery | None:
    """One forgery, or ``None`` where the party has nothing to forge so."""
    forger = Forger(evidence, party)
    try:
        KINDS[name].edit(forger, random.Random(f"{name} {party} {seed}"))
    except InapplicableError:
        return None
    return Forgery(KINDS[name], party, seed, forger.bundle())


def all_forgeries(evidence: Evidence, seed: int, *, free: bool = False) -> Iterator[Forgery]:
    """Every kind with every party's keys, in one order, targets drawn by ``seed``."""
    for name in sorted(KINDS):
        if KINDS[name].free == free:
            for party in evidence.names():
                forgery = forge(evidence, name, party, seed)
                if forgery is not None:
                    yield forgery


def pick(draw: Draw, things: list[T]) -> T:
    """One of ``things``; inapplicable if there are none."""
    if not things:
        raise InapplicableError
    return draw.choice(things)
