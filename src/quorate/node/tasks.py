"""From a task file to what is voted on: the specification and the ledger's terms."""

import inspect
from fractions import Fraction
from pathlib import Path

from quorate.core.errors import TaskError
from quorate.core.files import read_file
from quorate.core.hashing import Digest
from quorate.learning.arrays import UPDATE_BITS, Layout, Model
from quorate.learning.client import millionths
from quorate.learning.execution import least_participants
from quorate.learning.rules.interface import RuleParameters
from quorate.learning.rules.registry import rule_named
from quorate.learning.specification import Specification
from quorate.learning.trainers.interface import Trainer
from quorate.learning.trainers.registry import make_trainer
from quorate.ledger.faces.tasks_facts import Terms
from quorate.node.datasets import Holdings
from quorate.node.taskfile import SUPPLY_TOKENS, TaskFile

DECIMALS = 6  # as the Token contract says
TOKEN: int = 10**DECIMALS
SUPPLY = SUPPLY_TOKENS * TOKEN


def trainer_for(task: TaskFile, width: int) -> Trainer:
    """The trainer of a task for ``width`` feature columns."""
    model = task.model
    options: dict[str, object] = {
        "learning_rate": model.learning_rate,
        "local_steps": model.local_steps,
        "batch_size": model.batch_size,
        "l2": model.l2,
    }
    if model.hidden is not None:
        options["hidden"] = model.hidden
    return make_trainer(model.trainer, width, options)


def initial_model(task: TaskFile, trainer: Trainer) -> Model:
    """The model before the first round."""
    return Model.from_floats(trainer.initial(task.task.seed))


def specify(task: TaskFile, holdings: Holdings) -> Specification:
    """The specification of ``task`` on data of this shape; refuses what could not be run."""
    trainer = trainer_for(task, holdings.width)
    parameters = RuleParameters(
        f=task.aggregation.f,
        keep=task.aggregation.keep,
        radius=_update_units(task.aggregation.radius),
        iterations=task.aggregation.iterations,
    )
    rule_named(task.aggregation.rule).check(len(task.party), parameters)
    source = inspect.getsourcefile(type(trainer))
    if source is None:
        raise TaskError(f"could not name trainer {trainer.name} by its source")
    trainer_digest = Digest.of(read_file(Path(source), "trainer source"))
    return Specification(
        name=task.task.name,
        rounds=task.task.rounds,
        seed=task.task.seed,
        trainer=trainer.name,
        trainer_digest=str(trainer_digest),
        options=_option_texts(task),
        layout=trainer.layout.record(),
        initial=str(initial_model(task, trainer).digest),
        rule=task.aggregation.rule,
        rule_parameters=parameters.record(),
        clip=str(_update_units(task.aggregation.clip)),
        utility="minus-log-loss",
        accept_tolerance=millionths(task.scoring.accept_tolerance),
        privacy="validators",
        validators=[item.name for item in task.validator],
        data={
            "columns": list(holdings.columns),
            "label": str(task.data.label),
            "positive": task.data.positive,
            "standardise": task.data.standardise,
        },
        licence=task.task.licence,
    )


def layout_of(spec: Specification) -> Layout:
    """The layout of the task's model."""
    return Layout.parse(spec.layout)


def terms_of(task: TaskFile, spec: Specification, sponsor: str) -> Terms:
    """The ledger's terms: money in smallest units, time in seconds, scores in millionths."""
    stakes, deadlines = task.stakes, task.deadlines
    return Terms(
        spec=spec.digest.raw,
        sponsor=sponsor,
        rounds=spec.rounds,
        min_participants=least_participants(spec),
        weight_cap=task.weight_cap,
        participant_bond=stakes.participant_bond * TOKEN,
        validator_bond=stakes.validator_bond * TOKEN,
        participant_reward=task.rewards.participants * TOKEN,
        validator_reward=task.rewards.validators * TOKEN,
        score_floor=millionths(task.scoring.floor),
        low_score_penalty=stakes.low_score * TOKEN,
        absence_penalty=stakes.absence * TOKEN,
        fault_penalty=stakes.fault * TOKEN,
        lie_penalty=stakes.lie * TOKEN,
        join_seconds=deadlines.join,
        commit_seconds=deadlines.commit,
        include_seconds=deadlines.include,
        vote_seconds=deadlines.vote,
        reveal_seconds=deadlines.reveal,
        appeal_seconds=deadlines.appeal,
    )


def escrow_of(task: TaskFile) -> int:
    """What the sponsor pays in before the task starts, smallest units."""
    return task.task.rounds * (task.rewards.participants + task.rewards.validators) * TOKEN


def _update_units(value: float) -> int:
    return round(Fraction(value) * (1 << UPDATE_BITS))


def _option_texts(task: TaskFile) -> dict[str, str]:
    values = task.model.model_dump(exclude={"trainer"}, exclude_none=True)
    return {name: repr(value) for name, value in values.items()}
