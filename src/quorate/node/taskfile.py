"""A task as a user writes it: ``task.toml``, checked field by field, unknown keys refused.

docs/guides/task.md lists every key. Sizes in tokens, times in seconds, scores in natural units
(nats of log-loss); `quorate.node.tasks` turns them into the exact integers of the specification.
The bounds are those of the contracts and of exact arithmetic, or wider than any sensible task:
what passes here is not refused later, when a home has been written.
"""

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, TaskError
from quorate.core.files import read_file

Name = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")
Column = str | int
SUPPLY_TOKENS = 10**9
_COLUMNS = 10_000
_COLUMN_NAME = 1000  # characters
_LARGEST_SCORE = 1000.0  # nats; as millionths the largest that the Rounds contract takes
_LONGEST_WINDOW = 366 * 24 * 3600  # seconds
_LARGEST_SIZE = 10**9


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


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
    positive: str = Field("", max_length=_COLUMN_NAME)
    drop: list[Column] = Field([], max_length=_COLUMNS)
    one_hot: list[Column] = Field([], max_length=_COLUMNS)
    standardise: bool = True
    split: SplitSection = SplitSection()

    @model_validator(mode="after")
    def _columns_can_exist(self) -> "DataSection":
        for column in (self.label, *self.drop, *self.one_hot):
            if isinstance(column, int) and not 0 <= column < _COLUMNS:
                raise ValueError(f"a column's number is not in 0 to {_COLUMNS - 1}")
            if isinstance(column, str) and len(column) > _COLUMN_NAME:
                raise ValueError(f"a column's name is longer than {_COLUMN_NAME} characters")
        return self


class ModelSection(_Section):
    """What is trained, and how at home."""

    trainer: Literal["logistic", "perceptron"] = "logistic"
    learning_rate: float = Field(0.1, gt=0, le=1000)
    local_steps: int = Field(20, ge=1, le=100_000)
    batch_size: int = Field(16, ge=0, le=_LARGEST_SIZE)
    l2: float = Field(0.0, ge=0, le=1000)
    hidden: int | None = Field(None, ge=1, le=4096)


class AggregationSection(_Section):
    """Which rule aggregates, how many cheats it must bear, and how large an update may be."""

    rule: str = Field("trimmed_mean", max_length=64)
    f: int = Field(1, ge=0, le=8)
    keep: int = Field(0, ge=0, le=8)
    radius: float = Field(0.0, ge=0, le=64)
    iterations: int = Field(3, ge=1, le=100)
    clip: float = Field(1.0, gt=0, le=64)


class ScoringSection(_Section):
    """Below which score a contribution is penalised; how much worse a round may make the model."""

    floor: float = Field(-0.02, ge=-_LARGEST_SCORE, le=0)
    accept_tolerance: float = Field(0.05, ge=0, le=_LARGEST_SCORE)


class StakesSection(_Section):
    """Deposits, the bonds that must remain, and what misconduct costs, in tokens."""

    participant: int = Field(1000, ge=1, le=SUPPLY_TOKENS)
    participant_bond: int = Field(700, ge=1, le=SUPPLY_TOKENS)
    validator: int = Field(1000, ge=1, le=SUPPLY_TOKENS)
    validator_bond: int = Field(700, ge=1, le=SUPPLY_TOKENS)
    low_score: int = Field(200, ge=0, le=SUPPLY_TOKENS)
    absence: int = Field(200, ge=0, le=SUPPLY_TOKENS)
    fault: int = Field(500, ge=0, le=SUPPLY_TOKENS)
    lie: int = Field(500, ge=0, le=SUPPLY_TOKENS)

    @model_validator(mode="after")
    def _bonds_fit(self) -> "StakesSection":
        if self.participant < self.participant_bond or self.validator < self.validator_bond:
            raise ValueError("a deposit is smaller than the bond that it must cover")
        return self


class RewardsSection(_Section):
    """What a settled round pays in all, in tokens."""

    participants: int = Field(100, ge=0, le=SUPPLY_TOKENS)
    validators: int = Field(40, ge=0, le=SUPPLY_TOKENS)


class DeadlinesSection(_Section):
    """How long each window stays open when somebody is missing, in seconds."""

    join: int = Field(600, ge=1, le=_LONGEST_WINDOW)
    commit: int = Field(600, ge=1, le=_LONGEST_WINDOW)
    include: int = Field(600, ge=1, le=_LONGEST_WINDOW)
    vote: int = Field(600, ge=1, le=_LONGEST_WINDOW)
    reveal: int = Field(600, ge=1, le=_LONGEST_WINDOW)
    appeal: int = Field(2, ge=1, le=_LONGEST_WINDOW)


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
    weight_cap: int = Field(100_000, ge=1, le=_LARGEST_SIZE)
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

    @model_validator(mode="after")
    def _rewards_can_be_paid(self) -> "TaskFile":
        escrow = self.task.rounds * (self.rewards.participants + self.rewards.validators)
        if escrow > SUPPLY_TOKENS:
            raise ValueError(
                f"rewards: all rounds pay {escrow} tokens, more than the {SUPPLY_TOKENS} there are"
            )
        return self


def read_task_file(path: Path) -> TaskFile:
    """The task at ``path``; raises `TaskError` naming the first wrong key."""
    data = read_file(path, "task", limit=1_000_000)
    try:
        value = tomllib.loads(decode_text(data))
    except (tomllib.TOMLDecodeError, EncodingError) as error:
        raise TaskError(f"could not read task {path}: not TOML ({error})") from None
    except RecursionError:
        raise TaskError(f"could not read task {path}: nested too deeply") from None
    except ValueError:  # Python's own limit on the digits that it turns into an integer
        raise TaskError(f"could not read task {path}: a number has too many digits") from None
    try:
        return TaskFile.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise TaskError(
            f"could not read task {path}: {where}: {first['msg'].lower()}",
            remedy="docs/guides/task.md lists every key",
        ) from None
