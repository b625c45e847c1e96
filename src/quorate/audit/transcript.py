"""What the chain's events say of each round, gathered and given names; nothing is judged here."""

from dataclasses import dataclass, field

from quorate.audit.case import Case
from quorate.audit.chain import events


@dataclass(frozen=True, slots=True)
class Reveal:
    """A validator's revealed vote."""

    aggregate: bytes
    scores: tuple[int, ...]
    accept: bool


@dataclass(frozen=True, slots=True)
class Score:
    """What settling gave one participant."""

    median: int
    reward: int
    penalty: int


@dataclass(slots=True)
class Transcript:
    """One round; accounts everywhere, bitmaps as integers, money in smallest units."""

    number: int
    eligible: int
    validators: tuple[str, ...]
    stakes: tuple[int, ...]
    commitments: dict[str, bytes] = field(default_factory=dict)
    bitmaps: dict[str, int] = field(default_factory=dict)
    included: int | None = None
    absent: int = 0
    vote_commitments: dict[str, bytes] = field(default_factory=dict)
    reveals: dict[str, Reveal] = field(default_factory=dict)
    faults: dict[str, str] = field(default_factory=dict)
    aggregate: bytes | None = None
    accepted: bool = False
    scores: dict[str, Score] = field(default_factory=dict)
    validator_rewards: dict[str, int] = field(default_factory=dict)
    suspended: tuple[str, ...] = ()
    aborted: str | None = None
    equivocated: tuple[str, ...] = ()

    @property
    def settled(self) -> bool:
        """Whether the round was settled (else it was aborted, or is open)."""
        return self.aggregate is not None


def transcripts(case: Case) -> list[Transcript]:
    """Every round of the one task, in order."""
    found: dict[int, Transcript] = {}
    for event in events(case, "Rounds"):
        if "round" not in event.values:
            continue
        number = int(event["round"])
        if event.name == "RoundOpened":
            found[number] = Transcript(
                number,
                int(event["eligible"]),
                tuple(event["validators"]),
                tuple(int(stake) for stake in event["stakes"]),
            )
            continue
        _take(found[number], event.name, dict(event.values))
    return [found[number] for number in sorted(found)]


def _take(round_: Transcript, name: str, values: dict[str, object]) -> None:
    who = str(values.get("participant") or values.get("validator") or "")
    match name:
        case "Committed":
            round_.commitments[who] = _bytes(values["commitment"])
        case "Included":
            round_.bitmaps[who] = _int(values["bitmap"])
        case "SetFixed":
            round_.included = _int(values["included"])
            round_.absent = _int(values["absent"])
        case "VoteCommitted":
            round_.vote_commitments[who] = _bytes(values["commitment"])
        case "VoteRevealed":
            scores = values["scores"]
            assert isinstance(scores, tuple)
            round_.reveals[who] = Reveal(
                _bytes(values["aggregate"]), scores, bool(values["accept"])
            )
        case "Faulted":
            round_.faults[who] = str(values["reason"])
        case "Settled":
            round_.aggregate = _bytes(values["aggregate"])
            round_.accepted = bool(values["accepted"])
        case "Scored":
            round_.scores[who] = Score(
                _int(values["median"]), _int(values["reward"]), _int(values["penalty"])
            )
        case "Rewarded":
            round_.validator_rewards[who] = _int(values["amount"])
        case "Suspended":
            round_.suspended = (*round_.suspended, who)
        case "Equivocated":
            round_.equivocated = (*round_.equivocated, who)
        case "Aborted":
            round_.aborted = str(values["reason"])


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes)
    return value
