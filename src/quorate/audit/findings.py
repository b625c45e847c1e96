"""What an audit found, as plain facts: for the terminal, for JSON and for the HTML report."""

from dataclasses import dataclass, field
from typing import Any

VERDICTS = {0: "verified", 1: "refused", 2: "undecided"}

NOT_PROVEN = (
    "Scores are testimony: each validator measured on hold-out rows that nobody else sees. Their"
    " signatures, their range and everything computed from them were checked; the measurements"
    " were not.",
    "That a hold-out shares no row with a training set is the owners' statement; only that both"
    " were committed to before the task opened was checked.",
    "The number of rows that fixes a participant's weight is the participant's claim, under the"
    " task's cap.",
    "Local training was not repeated: an update proves what was contributed, not how it was made.",
    "At two thirds of the validators' stake, liars decide what the contract believes; this audit"
    " re-executed every aggregation and would have said so.",
    "Times are the clocks of the parties and of the chain's operator.",
)


@dataclass(frozen=True, slots=True)
class Check:
    """One numbered step that passed: how many things it looked at."""

    number: int
    title: str
    count: int
    detail: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thing that is wrong, or that could not be decided."""

    number: int
    title: str
    place: str
    message: str


@dataclass(frozen=True, slots=True)
class RoundStory:
    """One round, as the evidence shows it; money in the token's smallest unit."""

    number: int
    settled: bool
    accepted: bool
    included: tuple[str, ...]
    excluded: tuple[str, ...]
    medians: dict[str, int]  # millionths
    rewards: dict[str, int]
    penalties: dict[str, int]
    suspended: tuple[str, ...]
    loss: int | None  # millionths, median of the validators' testimony
    accuracy: int | None  # millionths, likewise
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """One party's money at the end: what it staked, earned, lost; smallest units."""

    party: str
    role: str
    staked: int
    earned: int
    slashed: int

    @property
    def final(self) -> int:
        """Stake left plus earnings."""
        return self.staked + self.earned - self.slashed


@dataclass(slots=True)
class Story:
    """What happened, told only from verified evidence."""

    task: str = ""
    rule: str = ""
    rounds: list[RoundStory] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    approvals: tuple[str, ...] = ()
    decisions: list[dict[str, Any]] = field(default_factory=list)
    model_digest: str = ""
    score_floor: int = 0
    decimals: int = 0
    records: int = 0
    blocks: int = 0
    transactions: int = 0
    statements: int = 0
    receipts: int = 0


@dataclass(slots=True)
class AuditReport:
    """The verdict, the level of trust, every step, and what is not proven."""

    exit_code: int
    level: str
    vouched: bool
    checks: list[Check]
    failure: Failure | None
    story: Story
    notes: tuple[str, ...] = ()

    @property
    def not_proven(self) -> tuple[str, ...]:
        """What even a passed audit leaves open; of another one, all that was not reached."""
        if self.exit_code == 0:
            return NOT_PROVEN
        reached = len(self.checks)
        return (f"Nothing beyond the {reached} steps that passed: the rest was not checked.",)

    @property
    def verdict(self) -> str:
        """``verified``, ``refused`` or ``undecided``."""
        return VERDICTS[self.exit_code]

    def to_value(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "passed": self.exit_code == 0,
            "verdict": self.verdict,
            "exit_code": self.exit_code,
            "trust_level": self.level,
            "vouched": self.vouched,
            "checks": sum(check.count for check in self.checks),
            "steps": [
                {
                    "number": check.number,
                    "title": check.title,
                    "count": check.count,
                    "detail": check.detail,
                }
                for check in self.checks
            ],
            "failure": None
            if self.failure is None
            else {
                "step": self.failure.number,
                "title": self.failure.title,
                "place": self.failure.place,
                "message": self.failure.message,
            },
            "model_digest": self.story.model_digest,
            "ledger": {
                "blocks": self.story.blocks,
                "transactions": self.story.transactions,
                "records": self.story.records,
            },
            "not_proven": list(self.not_proven),
            "notes": list(self.notes),
        }
