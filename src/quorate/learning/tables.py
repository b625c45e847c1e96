"""Rows as a party has them, from CSV bytes to arrays: reading, joining, standardising.

Pure: bytes in, arrays out. Parties agree on a `TableForm` (part of the task) and on the categories
of one-hot columns (metadata that leaves the party; raw rows do not). Splitting is in `splits`.
"""

import csv
import io
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from quorate.core.errors import InputError, TaskError
from quorate.learning.arrays import Floats, Int64s

MISSING = frozenset({"", "?"})
SEPARATORS = (",", ";", "\t", "|", " ")
MAX_COLUMNS = 10_000
LARGEST_CELL = 1e100
"""Beyond this squares and their sums could overflow on the way to a deviation."""
MAX_CATEGORIES = 32
"""Of one column. Categories are part of the task, so everybody reads them: no place for names."""
Column = str | int
"""A column by its name in the header, or by its number from 0."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\Z")
_RULE = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\S.*?)\s*\Z")
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le,
    "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TableForm:
    """How to read a table; the same for every party of a task.

    ``label``: the label's column. ``rule``: what makes class 1, such as ``> 0`` or ``== M``; empty
    when labels are 0 and 1. ``drop``: columns to leave out. ``one_hot``: columns of categories,
    whose first category gets no column. ``header``: whether a first line names the columns, None to
    find out. ``separator``: any one character that no number has; empty to find out which of
    SEPARATORS it is (a space is any run of spaces).
    """

    label: Column
    rule: str = ""
    drop: tuple[Column, ...] = ()
    one_hot: tuple[Column, ...] = ()
    header: bool | None = None
    separator: str = ""

    def __post_init__(self) -> None:
        if self.rule and not _RULE.match(self.rule):
            raise TaskError(
                f"could not read label rule {self.rule!r}",
                remedy="write an operator and a value, such as '> 0' or '== M'",
            )
        if len(self.separator) > 1 or self.separator.isalnum() or self.separator in {*'"+-.\r\n'}:
            raise TaskError(f"could not use separator {self.separator!r}")


@dataclass(frozen=True, slots=True)
class RawTable:
    """Complete rows of one party, still as text.

    ``columns``: names of the kept columns without the label; ``one_hot``: which of them hold
    categories; ``dropped``: rows left out because a kept cell was missing.
    """

    source: str
    columns: tuple[str, ...]
    one_hot: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]  # where each row stood in the file, from 1
    labels: Int64s
    dropped: int


@dataclass(frozen=True, slots=True)
class Dataset:
    """Features float64 (n, k) and labels int64 (n,) of 0 or 1."""

    features: Floats
    labels: Int64s

    def take(self, rows: Int64s) -> "Dataset":
        """The given rows, in the given order."""
        return Dataset(self.features[rows], self.labels[rows])


@dataclass(frozen=True, slots=True)
class Table:
    """One party's rows as arrays, with the names of the columns."""

    source: str
    columns: tuple[str, ...]
    data: Dataset
    dropped: int


@dataclass(frozen=True, slots=True)
class Standardisation:
    """Means and deviations (k,) of one party's own training rows."""

    mean: Floats
    deviation: Floats

    @classmethod
    def of(cls, features: Floats) -> "Standardisation":
        """From training rows (n, k), n >= 2: sample deviation (ddof 1) plus 1e-9."""
        if features.shape[0] < 2:
            raise InputError("could not standardise: a party needs two training rows or more")
        return cls(features.mean(axis=0), features.std(axis=0, ddof=1) + 1e-9)

    def apply(self, data: Dataset) -> Dataset:
        """(features - mean) / deviation."""
        return Dataset((data.features - self.mean) / self.deviation, data.labels)


def read_tables(files: Mapping[str, bytes], form: TableForm) -> list[Table]:
    """The tables of all parties (source name to CSV bytes), in the mapping's order.

    They must have the same columns; categories are the union of all parties'.
    """
    raws = [read_table(data, source, form) for source, data in files.items()]
    categories = categories_of(raws)
    return [encode_table(raw, categories) for raw in raws]


def read_table(data: bytes, source: str, form: TableForm) -> RawTable:
    """The complete rows of one CSV file; raises `InputError` saying where it is wrong."""
    lines = _lines(data, source, form.separator)
    names, body = _header(lines, form.header)
    for number, cells in body:
        if len(cells) != len(names):
            raise InputError(
                f"could not read {source}: line {number} has {len(cells)} cells, not {len(names)}"
            )
    label = _index(form.label, names, source)
    dropped = {_index(column, names, source) for column in form.drop}
    hot = [_index(column, names, source) for column in form.one_hot]
    kept = [i for i in range(len(names)) if i != label and i not in dropped]
    if not kept or label in dropped or not set(hot) <= set(kept):
        raise TaskError(
            f"could not read {source}: no feature is left, or the label or a one-hot column is "
            "dropped or used twice"
        )
    full = [(n, c) for n, c in body if not any(c[i] in MISSING for i in (*kept, label))]
    if not full:
        raise InputError(f"could not read {source}: no row is complete")
    return RawTable(
        source=source,
        columns=tuple(names[i] for i in kept),
        one_hot=tuple(names[i] for i in sorted(hot)),
        rows=tuple(tuple(cells[i] for i in kept) for _, cells in full),
        lines=tuple(number for number, _ in full),
        labels=_labels([(n, c[label]) for n, c in full], source, names[label], form.rule),
        dropped=len(body) - len(full),
    )


def categories_of(tables: Sequence[RawTable]) -> dict[str, tuple[str, ...]]:
    """The categories of every one-hot column over all parties, sorted (numbers by value).

    Raises `InputError` when the parties' columns differ.
    """
    first = tables[0]
    for table in tables[1:]:
        if table.columns != first.columns:
            odd = sorted(set(table.columns) ^ set(first.columns)) or ["their order"]
            raise InputError(
                f"could not join {first.source} and {table.source}: their columns differ in "
                f"{', '.join(odd[:5])}",
                remedy="give every party's file the same columns",
            )
    found: dict[str, tuple[str, ...]] = {}
    for column in first.one_hot:
        cells = {_category(row[t.columns.index(column)]) for t in tables for row in t.rows}
        if len(cells) > MAX_CATEGORIES:
            raise InputError(
                f"could not one-hot {column}: it has {len(cells)} categories, at most "
                f"{MAX_CATEGORIES} may be published with the task",
                remedy="drop the column, or group its values before",
            )
        found[column] = _sorted_categories(cells)
    return found


def encode_table(raw: RawTable, categories: Mapping[str, tuple[str, ...]]) -> Table:
    """Numeric columns in their order, then one column per category but the first of each."""
    numeric = [i for i, name in enumerate(raw.columns) if name not in raw.one_hot]
    names = [raw.columns[i] for i in numeric]
    parts = [np.array([[_number(raw, r, i) for i in numeric] for r in range(len(raw.rows))])]
    parts[0] = parts[0].reshape(len(raw.rows), len(numeric))
    for column in raw.one_hot:
        cells = [_category(row[raw.columns.index(column)]) for row in raw.rows]
        known = categories.get(column, ())
        strange = sorted(set(cells) - set(known))
        if strange:
            raise InputError(f"could not encode {raw.source}: {column} has {strange[0]!r}, unknown")
        names += [f"{column}={value}" for value in known[1:]]
        parts.append(np.array([[float(c == v) for v in known[1:]] for c in cells]))
    features = np.hstack([part.reshape(len(raw.rows), -1) for part in parts])
    if not features.shape[1]:
        raise InputError(f"could not encode {raw.source}: no feature is left")
    return Table(raw.source, tuple(names), Dataset(features, raw.labels), raw.dropped)


def _lines(data: bytes, source: str, separator: str) -> list[tuple[int, list[str]]]:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"could not read {source}: byte {error.start} is not UTF-8") from None
    if not text.strip():
        raise InputError(f"could not read {source}: the file is empty")
    mark = separator or _separator(text)
    reader = csv.reader(io.StringIO(text), delimiter=mark, skipinitialspace=mark != "\t")
    lines: list[tuple[int, list[str]]] = []
    try:
        for cells in reader:
            stripped = [cell.strip() for cell in cells]
            if mark == " ":
                stripped = [cell for cell in stripped if cell]
            if len(stripped) > 1 or any(stripped):
                lines.append((reader.line_num, stripped))
    except csv.Error as error:
        raise InputError(f"could not read {source}: line {reader.line_num}: {error}") from None
    if not lines:
        raise InputError(f"could not read {source}: the file holds no row")
    if len(lines[0][1]) > MAX_COLUMNS:
        raise InputError(f"could not read {source}: more than {MAX_COLUMNS} columns")
    return lines


def _separator(text: str) -> str:
    """The separator that cuts the first lines into the same number of cells, the most of them."""
    sample = [line for line in text.splitlines()[:50] if line.strip()]
    best, most = ",", 1
    for mark in SEPARATORS:
        counts = {len(line.split(mark) if mark != " " else line.split()) for line in sample}
        if len(counts) == 1 and (found := counts.pop()) > most:
            best, most = mark, found
    return best


def _header(
    lines: list[tuple[int, list[str]]], header: bool | None
) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Column names (their numbers when there is no header) and the lines of rows.

    A first line without a number or a missing cell, above others, is a header.
    """
    first = lines[0][1]
    if header is None:
        header = len(lines) > 1 and not any(_NUMBER.match(c) or c in MISSING for c in first)
    if not header:
        return [str(number) for number in range(len(first))], lines
    if len(set(first)) != len(first):
        raise InputError("could not read a header: a column name stands twice")
    return first, lines[1:]


def _index(column: Column, names: list[str], source: str) -> int:
    if isinstance(column, int) and not isinstance(column, bool) and 0 <= column < len(names):
        return column
    if isinstance(column, str) and column in names:
        return names.index(column)
    raise TaskError(
        f"could not find column {column!r} in {source}",
        remedy=f"its columns are {', '.join(names[:20])}",
    )


def _labels(cells: list[tuple[int, str]], source: str, name: str, rule: str) -> Int64s:
    labels = np.array([_label(cell, n, source, name, rule) for n, cell in cells], dtype=np.int64)
    if len(set(labels.tolist())) < 2:
        raise InputError(
            f"could not use {source}: all {len(labels)} complete rows are of one class",
            remedy="check the label column and its rule",
        )
    return labels


def _label(cell: str, number: int, source: str, name: str, rule: str) -> int:
    match = _RULE.match(rule or "== 1")
    assert match is not None
    sign, wanted = match.groups()
    if not rule and (not _NUMBER.match(cell) or float(cell) not in (0, 1)):
        raise InputError(
            f"could not read {source}: line {number}, label {name}: {cell[:40]!r} is not 0 or 1",
            remedy="state a label rule such as '> 0' or '== M'",
        )
    if _NUMBER.match(cell) and _NUMBER.match(wanted):
        return int(_COMPARE[sign](float(cell), float(wanted)))
    if sign in ("==", "!="):
        return int((cell == wanted) == (sign == "=="))
    raise InputError(
        f"could not read {source}: line {number}, label {name}: {cell[:40]!r} is not a number"
    )


def _number(raw: RawTable, row: int, column: int) -> float:
    cell = raw.rows[row][column]
    value = float(cell) if _NUMBER.match(cell) else float("nan")
    if not np.isfinite(value) or abs(value) > LARGEST_CELL:
        what = "not a number" if not np.isfinite(value) else f"beyond {LARGEST_CELL:g}"
        raise InputError(
            f"could not read {raw.source}: line {raw.lines[row]}, column "
            f"{raw.columns[column]}: {cell[:40]!r} is {what}",
            remedy="drop the column, or list it as one-hot",
        )
    return value


def _category(cell: str) -> str:
    """Cells that are the same number are the same category (1 and 1.0)."""
    return format(float(cell), ".17g") if _NUMBER.match(cell) else cell


def _sorted_categories(found: set[str]) -> tuple[str, ...]:
    numbers = sorted((c for c in found if _NUMBER.match(c)), key=float)
    return (*numbers, *sorted(found.difference(numbers)))
