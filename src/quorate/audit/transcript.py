"""What the chain's events say of each round, gathered and given names; nothing is judged here."""

from dataclasses import dataclass, field
from typing import Any

from quorate.audit.case import Case
from quorate.audit.chain import course
from quorate.learning.lanes import from_lanes


@dataclass(frozen=True, slots=True)
class Reveal:
    """A validator's revealed vote."""

    aggregate: bytes
    scores: tuple[int, ...]
    accept: bool


@dataclass(slots=True)
class Transcript:
    """One round; accounts everywhere, bitmaps as integers, money in smallest units."""

    number: int
    eligible: int
    participants: tuple[str, ...]
    validators: tuple[str, ...]
    commitments: dict[str, bytes] = field(default_factory=dict)
    bitmaps: dict[str, int] = field(default_factory=dict)
    included: int | None = None
    absent: int = 0
    vote_commitments: dict[str, bytes] = field(default_factory=dict)
    reveals: dict[str, Reveal] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    aggregate: bytes | None = None
    accepted: bool = False
    medians: dict[str, int] = field(default_factory=dict)
    low: dict[str, int] = field(default_factory=dict)
    winners: tuple[str, ...] = ()
    spent: int = 0
    root: bytes = b""
    suspended: tuple[str, ...] = ()
    aborted: str | None = None

    @property
    def settled(self) -> bool:
        """Whether the round was settled (else it was aborted, or is open)."""
        return self.aggregate is not None


def transcripts(case: Case) -> list[Transcript]:
    """Every round of the one task, in order."""
    found: dict[int, Transcript] = {}
    participants: list[str] = []
    validators: tuple[str, ...] = ()
    for event in course(case):
        if event.name == "TaskCreated":
            validators = event["validators"]
        if event.name == "Joined":
            participants.append(event["participant"])
        if "round" not in event.values or event.name == "TaskEnded":
            continue
        number = int(event["round"])
        if event.name == "RoundOpened":
            eligible = int(event["eligible"])
            found[number] = Transcript(number, eligible, tuple(participants), validators)
            continue
        _take(found[number], event.name, dict(event.values))
    return [found[number] for number in sorted(found)]


def _take(round_: Transcript, name: str, values: dict[str, Any]) -> None:
    who = str(values.get("participant") or values.get("validator") or "")
    match name:
        case "Committed":
            round_.commitments[who] = values["commitment"]
        case "CommittedMany":
            people = chosen(round_.participants, values["bits"])
            round_.commitments |= dict(zip(people, values["commitments"], strict=True))
        case "Included":
            round_.bitmaps[who] = values["bitmap"]
        case "SetFixed":
            round_.included, round_.absent = values["included"], values["absent"]
        case "VoteCommitted":
            round_.vote_commitments[who] = values["commitment"]
        case "Concurred":
            judges = chosen(round_.validators, values["seats"])
            round_.vote_commitments |= dict(zip(judges, values["commitments"], strict=True))
        case "VoteRevealed":
            scores = from_lanes(values["lanes"])
            round_.reveals[who] = Reveal(values["aggregate"], scores, values["accept"])
        case "Faulted":
            round_.faults[who] = values["reason"]
        case "Settled":
            _take_settled(round_, values)
        case "LowScore":
            round_.low[who] = values["penalty"]
        case "Suspended":
            round_.suspended = (*round_.suspended, who)
        case "Aborted":
            round_.aborted = values["reason"]


def _take_settled(round_: Transcript, values: dict[str, Any]) -> None:
    people = chosen(round_.participants, values["included"])
    round_.aggregate, round_.accepted = values["aggregate"], values["accepted"]
    round_.winners = chosen(round_.validators, values["winners"])
    round_.medians = dict(zip(people, from_lanes(values["medians"]), strict=True))
    round_.spent, round_.root = values["spent"], values["root"]


def chosen(accounts: tuple[str, ...], bits: int) -> tuple[str, ...]:
    """The accounts whose bits are set, in their order."""
    return tuple(account for place, account in enumerate(accounts) if bits >> place & 1)
