"""The demonstration: four hospitals, four validators, real data, one cheat, one liar.

The data is the Wisconsin breast-cancer set (Wolberg, Street and Mangasarian, 1993; UCI, CC BY 4.0)
that scikit-learn ships. A seed deals its rows to hospitals of different sizes and label mixes, to
validators' hold-outs and to a test set that nobody trains on; each party's rows go to a file in
that party's own folder, and from there on the demo is an ordinary task.
"""

import csv
import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quorate.core.errors import InputError, MissingPartError, TaskError, UsageError
from quorate.core.files import make_folder, read_file, write_durable
from quorate.learning.attacks.registry import attack_named
from quorate.learning.client import Cheat
from quorate.learning.execution import clip_bound
from quorate.learning.splits import Hand, deal_rows
from quorate.learning.tables import Dataset, Standardisation
from quorate.node.datasets import Holdings, load_holdings, pool
from quorate.node.federation import Misconduct, check_home
from quorate.node.flows.comparison import Setting, accuracy, train_plainly
from quorate.node.flows.train import Machinery, Outcome, run_task
from quorate.node.participant import CheatPlan
from quorate.node.taskfile import TaskFile
from quorate.node.tasks import initial_model, specify, trainer_for

HOSPITALS = ("hospital-a", "hospital-b", "hospital-c", "hospital-d")
VALIDATORS = ("validator-a", "validator-b", "validator-c", "validator-d")
LIAR, LYING_ROUND = "validator-c", 5
FIRST_CHEATING_ROUND = 3
SEED, CHEAT, ATTACK = 12, "hospital-d", "sign_flip"
ROWS = "rows.csv"

# Malignant is class 1. Sizes and mixes differ as those of real clinics do; 152 rows are left to
# test on. Hands, steps, bound and floor were chosen on seeds 0 to 19 (docs/performance.md).
_HANDS = {
    "hospital-a": Hand(zeros=76, ones=34),
    "hospital-b": Hand(zeros=42, ones=35),
    "hospital-c": Hand(zeros=45, ones=21),
    "hospital-d": Hand(zeros=31, ones=21),
}
_HOLDOUT = Hand(zeros=17, ones=11)


@dataclass(frozen=True, slots=True)
class DemoPlan:
    """Which demonstration: the seed, who cheats how (``None``: nobody)."""

    seed: int = SEED
    cheat: str | None = CHEAT
    attack: str = ATTACK


@dataclass(frozen=True, slots=True)
class Accuracies:
    """Shares of the common test rows that each way of training gets right.

    ``together`` is plain averaging under the task's bound, nobody cheating; ``undefended`` is plain
    averaging with the cheat and without the bound; ``defended`` is the task itself, with the cheat.
    """

    alone: dict[str, float]
    together: float
    undefended: float
    defended: float
    pooled: float


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demonstration showed."""

    outcome: Outcome
    accuracy: Accuracies


def check_plan(plan: DemoPlan) -> None:
    """Refuses a plan with an unknown hospital or attack."""
    try:
        attack_named(plan.attack)
    except TaskError as error:
        raise UsageError(error.message, remedy=error.remedy) from None
    if plan.cheat is not None and plan.cheat not in HOSPITALS:
        raise UsageError(
            f"could not let {plan.cheat!r} cheat: no hospital is called so",
            remedy=f"take one of {', '.join(HOSPITALS)}, or none",
        )


def run_demo(home: Path, plan: DemoPlan, machinery: Machinery) -> DemoResult:
    """Runs the whole demonstration in ``home``; the audit is somebody else's work."""
    check_plan(plan)
    task = demo_task(plan.seed)
    check_home(home)
    test = _deal(home, plan.seed)
    holdings = load_holdings(task, home)
    cheats = _cheats(plan)
    misconduct = Misconduct(cheats, {LIAR: LYING_ROUND})
    outcome = run_task(home, task, holdings, misconduct, machinery, decide_for=HOSPITALS[0])
    machinery.progress.stage("training the other ways, to compare")
    return DemoResult(outcome, _compare(task, holdings, test, cheats, outcome))


def demo_task(seed: int) -> TaskFile:
    """The demonstration's task, as a user would write it."""
    return TaskFile.model_validate(
        {
            "task": {
                "name": "breast-cancer",
                "rounds": 10,
                "seed": seed,
                "licence": "CC-BY-4.0",
            },
            "data": {
                "header": False,
                "separator": ",",
                "label": 30,
                "positive": "== 0",
                "split": {"test_percent": 10, "seed": seed},
            },
            "model": {"learning_rate": 0.05, "local_steps": 10, "batch_size": 0},
            "aggregation": {"rule": "trimmed_mean", "f": 1, "clip": 0.12},
            "scoring": {"floor": -0.003, "accept_tolerance": 0.05},
            "stakes": {"participant_bond": 150, "low_score": 100, "absence": 100},
            "party": [{"name": name, "path": _path(name)} for name in HOSPITALS],
            "validator": [{"name": name, "path": _path(name)} for name in VALIDATORS],
        }
    )


def _path(name: str) -> str:
    return f"parties/{name}/data/{ROWS}"


def wisconsin_rows() -> list[list[str]]:
    """The published rows as text: 30 measurements, then 0 (malignant) or 1 (benign)."""
    spec = importlib.util.find_spec("sklearn")
    locations = list(spec.submodule_search_locations or []) if spec else []
    path = Path(locations[0]) / "datasets" / "data" / "breast_cancer.csv" if locations else None
    if path is None or not path.is_file():
        raise MissingPartError(
            "could not read the breast-cancer data: scikit-learn, which ships it, is not installed",
            remedy="pip install 'quorate[learn]'",
        )
    rows = list(csv.reader(io.StringIO(path.read_text("utf-8"))))[1:]
    if len(rows) != 569 or any(len(row) != 31 for row in rows):
        raise InputError(f"could not read {path}: not the 569 rows of the published set")
    return rows


def _deal(home: Path, seed: int) -> Dataset:
    """Writes each party's file once; the test rows, standardised by themselves."""
    rows = wisconsin_rows()
    malignant = np.array([1 - int(row[30]) for row in rows], dtype=np.int64)
    names = [*HOSPITALS, *VALIDATORS]
    hands = [_HANDS.get(name, _HOLDOUT) for name in names]
    dealt = deal_rows(malignant, hands, seed)
    for name, indices in zip(names, dealt, strict=True):
        text = "".join(",".join(rows[index]) + "\n" for index in indices.tolist())
        _hand_over(home, home / _path(name), text.encode())
    taken = {index for indices in dealt for index in indices.tolist()}
    left = [index for index in range(len(rows)) if index not in taken]
    features = np.array([[float(cell) for cell in rows[index][:30]] for index in left])
    plain = Dataset(features, malignant[left])
    return Standardisation.of(features).apply(plain)


def _hand_over(home: Path, path: Path, data: bytes) -> None:
    """Writes a party's file; in a home that a run has begun in, it must be there already."""
    if path.exists() and read_file(path, "rows") == data:
        return
    if (home / "run.json").exists():
        raise InputError(
            f"could not use home {home}: it holds another run, {path} is not what this one deals",
            remedy="name another folder, or repeat the command that made it",
        )
    make_folder(path.parent, mode=0o700)
    write_durable(path, data, mode=0o600)


def _cheats(plan: DemoPlan) -> dict[str, CheatPlan]:
    if plan.cheat is None:
        return {}
    attack = attack_named(plan.attack)
    return {plan.cheat: CheatPlan(Cheat(attack, attack.strength), FIRST_CHEATING_ROUND)}


def _compare(
    task: TaskFile,
    holdings: Holdings,
    test: Dataset,
    cheats: dict[str, CheatPlan],
    outcome: Outcome,
) -> Accuracies:
    trainer = trainer_for(task, holdings.width)
    setting = Setting(
        trainer, initial_model(task, trainer), task.task.rounds, task.task.seed, task.weight_cap
    )
    parties = {name: holding.data for name, holding in holdings.train.items()}
    bound = clip_bound(specify(task, holdings))
    together = accuracy(trainer, train_plainly(setting, parties, bound=bound), test)
    pooled_rows, _ = pool(list(holdings.train.values()), standardise=task.data.standardise)
    pooled = train_plainly(setting, {"pooled": pooled_rows})
    undefended = together
    if cheats:
        undefended = accuracy(trainer, train_plainly(setting, parties, cheats), test)
    return Accuracies(
        alone={
            name: accuracy(trainer, train_plainly(setting, {name: data}), test)
            for name, data in parties.items()
        },
        together=together,
        undefended=undefended,
        defended=accuracy(trainer, outcome.model, test),
        pooled=accuracy(trainer, pooled, test),
    )
