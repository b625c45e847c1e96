"""Reading the parties' files: bytes from disk, everything else by `quorate.learning.tables`."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from quorate.core.errors import InputError
from quorate.core.files import read_file
from quorate.learning.splits import split_rows
from quorate.learning.tables import (
    Dataset,
    RawTable,
    Standardisation,
    TableForm,
    categories_of,
    encode_table,
    read_table,
)
from quorate.node.taskfile import TaskFile

CELLS_LIMIT = 2**28  # bytes of one CSV file


@dataclass(frozen=True, slots=True)
class Holding:
    """One party's own rows: arrays for learning, text for commitments.

    ``data`` is standardised by the party's own training statistics; ``plain`` is not.
    """

    name: str
    data: Dataset
    plain: Dataset
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What every party of a task holds: training and test rows, and validators' hold-outs."""

    columns: tuple[str, ...]
    train: dict[str, Holding]
    test: dict[str, Holding]
    holdout: dict[str, Holding]
    dropped: dict[str, int]

    @property
    def width(self) -> int:
        """Feature columns after one-hot encoding."""
        return len(self.columns)


def table_form(task: TaskFile) -> TableForm:
    """How the task's files are read."""
    data = task.data
    return TableForm(
        label=data.label,
        rule=data.positive,
        drop=tuple(data.drop),
        one_hot=tuple(data.one_hot),
        header=data.header,
        separator=data.separator,
    )


def load_holdings(task: TaskFile, folder: Path) -> Holdings:
    """Reads every party's file (paths relative to ``folder``); changes nothing.

    Validators with a file of their own hold all of it out; the others hold out the test rows of
    the party that runs them.
    """
    form = table_form(task)
    sources = {item.name: item.path for item in task.party}
    sources |= {item.name: item.path for item in task.validator if item.path is not None}
    raws = {
        name: read_table(
            read_file(folder / path, f"data of {name},", limit=CELLS_LIMIT), path, form
        )
        for name, path in sources.items()
    }
    categories = categories_of(list(raws.values()))
    tables = {name: encode_table(raw, categories) for name, raw in raws.items()}
    train: dict[str, Holding] = {}
    test: dict[str, Holding] = {}
    for item in task.party:
        data, raw = tables[item.name].data, raws[item.name]
        with _about(item.name):
            method = task.data.split
            split = split_rows(data.labels, method.test_percent, method.seed, method.method)
            scale = _scale(task, data.take(split.train))
        train[item.name] = _holding(item.name, data, raw, split.train, scale)
        test[item.name] = _holding(item.name, data, raw, split.test, scale)
    holdout: dict[str, Holding] = {}
    for entry in task.validator:
        if entry.holdout_of is not None:
            holdout[entry.name] = test[entry.holdout_of]
        else:
            data, raw = tables[entry.name].data, raws[entry.name]
            every = np.arange(data.labels.size, dtype=np.int64)
            with _about(entry.name):
                scale = _scale(task, data)
            holdout[entry.name] = _holding(entry.name, data, raw, every, scale)
    columns = next(iter(tables.values())).columns
    return Holdings(columns, train, test, holdout, {n: t.dropped for n, t in tables.items()})


@contextmanager
def _about(name: str) -> Iterator[None]:
    """Errors of pure functions, which know no parties, name the party whose rows they met."""
    try:
        yield
    except InputError as error:
        message = f"could not use data of {name}: {error.message}"
        raise type(error)(message, remedy=error.remedy) from None


def _scale(task: TaskFile, train: Dataset) -> Standardisation | None:
    return Standardisation.of(train.features) if task.data.standardise else None


def _holding(
    name: str,
    data: Dataset,
    raw: RawTable,
    rows: np.ndarray[tuple[int], np.dtype[np.int64]],
    scale: Standardisation | None,
) -> Holding:
    plain = data.take(rows)
    text = tuple((*raw.rows[row], str(int(raw.labels[row]))) for row in rows.tolist())
    return Holding(name, scale.apply(plain) if scale else plain, plain, text)


def pool(holdings: Sequence[Holding], *, standardise: bool) -> tuple[Dataset, Standardisation]:
    """All rows in one place, standardised by their own statistics: what a consortium avoids."""
    features = np.vstack([item.plain.features for item in holdings])
    labels = np.concatenate([item.plain.labels for item in holdings])
    scale = Standardisation.of(features)
    plain = Dataset(features, labels)
    return (scale.apply(plain) if standardise else plain), scale
