"""A whole consortium on one machine: its parties, its chain, its task; opened, run, closed.

All parties run in one process here. Each has its own folder, keys, log and vault and touches
nobody else's, but one process holds them all: separation is not exercised, and the output says so.
"""

import re
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from quorate.core.encoding import canonical_bytes, parse_canonical
from quorate.core.errors import DamagedError, EncodingError, InputError
from quorate.core.files import (
    FolderLock,
    check_real,
    make_folder,
    read_file,
    remove_leftovers,
    write_durable,
)
from quorate.core.hashing import Digest
from quorate.core.sources import Clock, Randomness
from quorate.learning.specification import Specification
from quorate.learning.tables import Dataset
from quorate.learning.trainers.interface import Trainer
from quorate.node.datasets import Holding, Holdings
from quorate.node.participant import CheatPlan, Participant
from quorate.node.party import Party
from quorate.node.task_chain import Suite, TaskChain
from quorate.node.taskfile import TaskFile
from quorate.node.tasks import specify, trainer_for
from quorate.node.validator import Validator
from quorate.node.wiring import OperatedLedger, open_ledger
from quorate.provenance.commitments import commit_to_rows

FOUNDER = "founder"
ROLE_MEMBER = 1
_HALF_CLAIM = re.compile(r"\.run\.json\.\d+\.tmp\Z")  # left by a run that was killed at once


@dataclass(frozen=True, slots=True)
class Misconduct:
    """Who misbehaves in a simulation: cheating participants, lying validators (round)."""

    cheats: dict[str, CheatPlan] = field(default_factory=dict)
    liars: dict[str, int] = field(default_factory=dict)

    def describe(self) -> dict[str, list[str]]:
        """In words, for the file that says what a home is for."""
        return {
            name: [plan.cheat.attack.name, repr(plan.cheat.strength), str(plan.first_round)]
            for name, plan in self.cheats.items()
        } | {name: ["lie", str(number)] for name, number in self.liars.items()}


class Federation:
    """Use `open`; what it opened is released by `close`."""

    def __init__(self, home: Path, task: TaskFile, holdings: Holdings, resources: ExitStack):
        self.home = home
        self.task = task
        self.holdings = holdings
        self.trainer: Trainer = trainer_for(task, holdings.width)
        self.spec: Specification = specify(task, holdings)
        self._resources = resources
        self.parties: dict[str, Party] = {}
        self.participants: dict[str, Participant] = {}
        self.validators: dict[str, Validator] = {}
        self.clock: Clock
        self.passphrase: str | None = None
        self.ledger: OperatedLedger
        self.suite: Suite
        self.chain: TaskChain

    @classmethod
    def open(
        cls,
        home: Path,
        task: TaskFile,
        holdings: Holdings,
        misconduct: Misconduct,
        *,
        clock: Clock,
        randomness: Randomness,
        passphrase: str | None = None,
    ) -> Self:
        """Opens the consortium in ``home``, or founds it; refuses a home of another run."""
        check_task = cls(home, task, holdings, ExitStack())  # refuses a bad task before any write
        claim = _claim_of(check_task, misconduct)
        check_home(home)
        make_folder(home)
        with ExitStack() as resources:
            resources.enter_context(FolderLock(home, "home"))
            _claim_home(home, claim)
            remove_leftovers(home, below=True)
            federation = cls(home, task, holdings, resources)
            federation.clock = clock
            federation.passphrase = passphrase
            federation._open_parties(misconduct, clock, randomness)
            federation._compare_logs()
            federation._open_chain(clock)
            federation._resources = resources.pop_all()
            return federation

    def close(self) -> None:
        """Releases every party, the chain and the home."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def founder(self) -> Party:
        """Deploys the contracts, sponsors the task, operates the chain."""
        return self.parties[FOUNDER]

    def controller_of(self, name: str) -> str:
        """Who stands behind a party: itself, or the party whose test rows a validator holds."""
        for item in self.task.validator:
            if item.name == name and item.holdout_of is not None:
                return item.holdout_of
        return name

    def roles_of(self, name: str) -> int:
        """Role bits: one member's vote per controller, whatever it runs."""
        role = 2 if name in self.participants else 4 if name in self.validators else 0
        return role | (ROLE_MEMBER if self.controller_of(name) == name else 0)

    def party_at(self, account: str) -> Party:
        """The party behind a ledger account."""
        return next(party for party in self.parties.values() if party.address == account)

    def cosign(self) -> None:
        """Every organisation witnesses every other's latest checkpoint."""
        for party in self.parties.values():
            party.collect_cosignatures(self.parties.values())

    def commitment_of(self, name: str, purpose: str, rows: Holding) -> Digest:
        """The keyed commitment to a party's rows."""
        return commit_to_rows(self.parties[name].keyring.derive("rows", purpose), rows.rows)

    def _open_parties(self, misconduct: Misconduct, clock: Clock, randomness: Randomness) -> None:
        names = [
            FOUNDER,
            *(p.name for p in self.task.party),
            *(v.name for v in self.task.validator),
        ]
        for name in names:
            party = Party.open(
                self.home / "parties" / name, name, clock, randomness, self.passphrase
            )
            self._resources.callback(party.close)
            self.parties[name] = party
        for item in self.task.party:
            data: Dataset = self.holdings.train[item.name].data
            plan = misconduct.cheats.get(item.name)
            party = self.parties[item.name]
            self.participants[item.name] = Participant(party, self.spec, self.trainer, data, plan)
        for entry in self.task.validator:
            holdout = self.holdings.holdout[entry.name]
            self.validators[entry.name] = Validator(
                self.parties[entry.name],
                self.spec,
                self.trainer,
                holdout.data,
                holdout_commitment=str(self.commitment_of(entry.name, "hold-out", holdout)),
                lying_round=misconduct.liars.get(entry.name),
            )

    def _compare_logs(self) -> None:
        """Asks the others what they have witnessed of each log: one put back signs nothing more."""
        for party in self.parties.values():
            party.compare_log(self.parties.values())

    def _open_chain(self, clock: Clock) -> None:
        self.ledger = open_ledger(self.home / "chain", self.founder.keyring, clock)
        self._resources.callback(self.ledger.close)
        for party in self.parties.values():
            party.connect(self.ledger)


def check_home(home: Path) -> None:
    """Raises `InputError` unless ``home`` is new, empty, or was begun by a run of ours.

    Links in it are refused: through one a run would write into somebody else's folder.
    """
    if home.exists() and not home.is_dir():
        raise InputError(f"could not use home {home}: it is a file")
    found = {path.name for path in home.iterdir()} if home.exists() else set()
    begun = {"parties", ".lock"} | {name for name in found if _HALF_CLAIM.match(name)}
    if "run.json" not in found and found - begun:
        raise InputError(
            f"could not use home {home}: it holds something else",
            remedy="name an empty folder or one that does not exist",
        )
    if found:
        check_real(home, f"home {home}")


def _claim_of(federation: Federation, misconduct: Misconduct) -> bytes:
    """What a home is for: the task and data shape, and who misbehaves."""
    return canonical_bytes(
        {
            "format": "quorate/run/v1",
            "misconduct": misconduct.describe(),
            "specification": federation.spec.to_value(),
            "task": Digest.of(federation.task.model_dump_json().encode()).hex,
        }
    )


def _claim_home(home: Path, claim: bytes) -> None:
    path = home / "run.json"
    if path.exists():
        found = read_file(path, "run file")
        try:
            parse_canonical(found)
        except EncodingError as error:
            raise DamagedError(f"could not use home {home}: {path} is damaged ({error})") from None
        if found != claim:
            raise InputError(
                f"could not use home {home}: it holds another run",
                remedy="name another folder, or repeat the command that made it",
            )
    else:
        write_durable(path, claim)
