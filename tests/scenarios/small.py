"""A whole federation that is small enough to run in a second: three parties, three validators."""

import io
from dataclasses import dataclass
from pathlib import Path

from quorate.audit.auditor import audit
from quorate.audit.findings import AuditReport
from quorate.core.keyring import Keyring
from quorate.core.sources import Clock, SeededRandomness, SystemClock, SystemRandomness
from quorate.learning.draws import normal
from quorate.node.datasets import Holdings, load_holdings
from quorate.node.federation import Misconduct
from quorate.node.flows.progress import Silence
from quorate.node.flows.train import Machinery, Outcome, run_task
from quorate.node.taskfile import TaskFile
from quorate.provenance.roots import Roots

PARTIES = ("north", "south", "west")
VALIDATORS = ("audit-one", "audit-two", "audit-three")
COLUMNS = 3


@dataclass(frozen=True)
class Cast:
    """Who takes part: fewer make a run shorter still."""

    parties: tuple[str, ...] = PARTIES
    validators: tuple[str, ...] = VALIDATORS


EVERYBODY = Cast()


def small_task(rounds: int = 2, cast: Cast = EVERYBODY) -> TaskFile:
    """A task of ``rounds`` rounds on three columns of made-up rows."""
    return TaskFile.model_validate(
        {
            "task": {"name": "small", "rounds": rounds, "seed": 3},
            "data": {"label": COLUMNS, "header": False, "split": {"test_percent": 25}},
            "model": {"learning_rate": 0.2, "local_steps": 5},
            "aggregation": {"rule": "weighted_mean", "f": 0, "clip": 2.0},
            "deadlines": {"appeal": 1},
            "party": [{"name": name, "path": f"{name}.csv"} for name in cast.parties],
            "validator": [{"name": name, "path": f"{name}.csv"} for name in cast.validators],
        }
    )


def write_rows(folder: Path) -> None:
    """One CSV file per party and validator: 40 or 16 rows of normal features, a linear label."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in (*PARTIES, *VALIDATORS):
        count = 40 if name in PARTIES else 16
        values = normal(count * COLUMNS, "small rows", name).reshape(count, COLUMNS)
        text = io.StringIO()
        for row in values:
            label = int(row[0] - row[1] + 0.5 * row[2] > 0)
            text.write(",".join(f"{value:.6f}" for value in row) + f",{label}\n")
        (folder / f"{name}.csv").write_text(text.getvalue())


def small_holdings(folder: Path, task: TaskFile) -> Holdings:
    """What the parties hold, after `write_rows`."""
    write_rows(folder)
    return load_holdings(task, folder)


def run_small(
    home: Path,
    *,
    rounds: int = 2,
    misconduct: Misconduct | None = None,
    clock: Clock | None = None,
    seed: str | None = None,
    cast: Cast = EVERYBODY,
) -> Outcome:
    """Runs the small federation in ``home``; its rows lie beside it. Can be run again."""
    task = small_task(rounds, cast)
    holdings = small_holdings(home.parent / f"{home.name}-rows", task)
    randomness = SeededRandomness(seed) if seed else SystemRandomness()
    machinery = Machinery(clock or SystemClock(), randomness, Silence())
    return run_task(
        home, task, holdings, misconduct or Misconduct(), machinery, decide_for=PARTIES[0]
    )


def audit_home(home: Path, bundle: bytes | None = None, *, trusted: bool = True) -> AuditReport:
    """The auditor's verdict on a home's bundle, or on other bytes in its place."""
    trust = Roots.from_bytes((home / "auditor" / "trust.json").read_bytes())
    opener = Keyring.load(home / "auditor" / "auditor.key").sealing
    data = bundle if bundle is not None else (home / "evidence.zip").read_bytes()
    return audit(data, trust if trusted else None, opener)
