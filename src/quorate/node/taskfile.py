"""A task as a user writes it: ``task.toml``, checked field by field, unknown keys refused.

docs/guides/task.md lists every key. Sizes in tokens, times in seconds, scores in natural units
(nats of log-loss); `quorate.node.tasks` turns them into the exact integers of the specification.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quorate.core.errors import TaskError
from quorate.core.files import read_file

Name = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
Column = str | int


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TaskSection(_Section):
    """Which task this is: its name, rounds, the seed of training, the licence of the data."""

    name: str = Name
    rounds: int = Field(10, ge=1, le=1000)
    seed: int = Field(0, ge=0, lt=2**32)
    licence: str = Field("NOASSERTION", max_length=64)


class SplitSection(_Section):
    """How each party's rows are divided into training and test rows."""

    method: Literal["own", "sklearn"] = "own"
    test_percent: int = Field(25, ge=1, le=99)
    seed: int = Field(0, ge=0, lt=2**32)


class DataSection(_Section):
    """How the parties' CSV files are read; the same for all of them."""

    header: bool | None = None
    separator: str = Field("", max_length=1)
    label: Column
    positive: str = ""
    drop: list[Column] = []
    one_hot: list[Column] = []
    standardise: bool = True
    split: SplitSection = SplitSection()


class ModelSection(_Section):
    """What is trained, and how at home."""

    trainer: Literal["logistic", "perceptron"] = "logistic"
    learning_rate: float = Field(0.1, gt=0)
    local_steps: int = Field(20, ge=1)
    batch_size: int = Field(16, ge=0)
    l2: float = Field(0.0, ge=0)
    hidden: int | None = Field(None, ge=1, le=4096)


class AggregationSection(_Section):
    """Which rule aggregates, how many cheats it must bear, and how large an update may be."""

    rule: str = "trimmed_mean"
    f: int = Field(1, ge=0)
    keep: int = Field(0, ge=0)
    radius: float = Field(0.0, ge=0, le=64)
    iterations: int = Field(3, ge=1, le=100)
    clip: float = Field(1.0, gt=0, le=64)


class ScoringSection(_Section):
    """Below which score a contribution is penalised; how much worse a round may make the model."""

    floor: float = Field(-0.02, le=0)
    accept_tolerance: float = Field(0.05, ge=0)


class StakesSection(_Section):
    """Deposits, the bonds that must remain, and what misconduct costs, in tokens."""

    participant: int = Field(1000, ge=1)
    participant_bond: int = Field(700, ge=1)
    validator: int = Field(1000, ge=1)
    validator_bond: int = Field(700, ge=1)
    low_score: int = Field(200, ge=0)
    absence: int = Field(200, ge=0)
    fault: int = Field(500, ge=0)
    lie: int = Field(500, ge=0)

    @model_validator(mode="after")
    def _bonds_fit(self) -> "StakesSection":
        if self.participant < self.participant_bond or self.validator < self.validator_bond:
            raise ValueError("a deposit is smaller than the bond that it must cover")
        return self


class RewardsSection(_Section):
    """What a settled round pays in all, in tokens."""

    participants: int = Field(100, ge=0)
    validators: int = Field(40, ge=0)


class DeadlinesSection(_Section):
    """How long each window stays open when somebody is missing, in seconds."""

    join: int = Field(600, ge=1)
    commit: int = Field(600, ge=1)
    include: int = Field(600, ge=1)
    vote: int = Field(600, ge=1)
    reveal: int = Field(600, ge=1)
    appeal: int = Field(2, ge=1)


class PartySection(_Section):
    """An organisation that trains on its own file; ``path`` is relative to the data folder."""

    name: str = Name
    path: str


class ValidatorSection(_Section):
    """An organisation that re-executes and scores, on its own file or on a party's test rows.

    With ``holdout_of`` the validator is run by that party: its scores for it are ignored.
    """

    name: str = Name
    path: str | None = None
    holdout_of: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> "ValidatorSection":
        if (self.path is None) == (self.holdout_of is None):
            raise ValueError(f"validator {self.name} needs either path or holdout_of")
        return self


class ReferenceSection(_Section):
    """Published figures to print beside this run's, as shares (0 to 1); nothing depends on them."""

    name: str = Field(max_length=80)
    per_party: dict[str, float] = {}
    average: float | None = Field(None, ge=0, le=1)
    pooled_test: float | None = Field(None, ge=0, le=1)


class TaskFile(_Section):
    """The whole file."""

    task: TaskSection
    data: DataSection
    model: ModelSection = ModelSection()
    aggregation: AggregationSection = AggregationSection()
    scoring: ScoringSection = ScoringSection()
    stakes: StakesSection = StakesSection()
    rewards: RewardsSection = RewardsSection()
    deadlines: DeadlinesSection = DeadlinesSection()
    weight_cap: int = Field(100_000, ge=1)
    party: list[PartySection] = Field(min_length=2, max_length=8)  # exact Shapley values
    validator: list[ValidatorSection] = Field(min_length=1, max_length=16)
    reference: list[ReferenceSection] = []

    @model_validator(mode="after")
    def _names_are_unique(self) -> "TaskFile":
        names = [item.name for item in self.party] + [item.name for item in self.validator]
        if len(set(names)) != len(names) or "founder" in names:
            raise ValueError("every party and validator needs a name of its own, not 'founder'")
        parties = {item.name for item in self.party}
        for item in self.validator:
            if item.holdout_of is not None and item.holdout_of not in parties:
                raise ValueError(f"validator {item.name}: no party is called {item.holdout_of}")
        return self


def read_task_file(path: Path) -> TaskFile:
    """The task at ``path``; raises `TaskError` naming the first wrong key."""
    data = read_file(path, "task", limit=1_000_000)
    try:
        return TaskFile.model_validate(tomllib.loads(data.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TaskError(f"could not read task {path}: not TOML ({error})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TaskError(
            f"could not read task {path}: {where}: {first['msg'].lower()}",
            remedy="docs/guides/task.md lists every key",
        ) from None
