"""An audit in progress: the evidence, the roots, and what earlier steps have established."""

from dataclasses import dataclass, field

from quorate.audit.findings import Check, Story
from quorate.core.sealing import SealingKey
from quorate.ledger.evidence import ReplayedChain
from quorate.log.verify import VerifiedLog
from quorate.provenance.kinds import Manifest
from quorate.provenance.records import Record
from quorate.provenance.roots import Roots
from quorate.provenance.statement import Statement


@dataclass(frozen=True, slots=True)
class LogEvidence:
    """One party's log: verified leaves, its records (index 0 is the genesis, hence ``None``)."""

    verified: VerifiedLog
    note: str
    leaves: tuple[bytes, ...]
    records: tuple[Record | None, ...]


@dataclass(frozen=True, slots=True)
class StatementEvidence:
    """One signed statement: who said it under which key, and where its record lies."""

    author: str
    key: str
    statement: Statement
    index: int


@dataclass(slots=True)
class Case:
    """What the steps hand on to each other."""

    members: dict[str, bytes]
    roots: Roots
    opener: SealingKey | None
    manifest: Manifest | None = None
    chain: ReplayedChain | None = None
    logs: dict[str, LogEvidence] = field(default_factory=dict)
    statements: dict[tuple[str, str], StatementEvidence] = field(default_factory=dict)
    checks: list[Check] = field(default_factory=list)
    story: Story = field(default_factory=Story)
    notes: list[str] = field(default_factory=list)

    def passed(self, title: str, count: int, detail: str) -> None:
        """Writes down that a step passed."""
        self.checks.append(Check(len(self.checks) + 1, title, count, detail))

    def names(self) -> list[str]:
        """The members' names, sorted."""
        return sorted(member.name for member in self.roots.members)

    def name_of(self, account: str) -> str:
        """The member behind a ledger account, or the account itself for a stranger."""
        for member in self.roots.members:
            if member.identity.account == account:
                return member.name
        return account

    def member_paths(self, prefix: str) -> list[str]:
        """The bundle members below ``prefix``, sorted."""
        return sorted(name for name in self.members if name.startswith(prefix))
