"""The integer arithmetic that all rules share: sums that cannot wrap, one stated rounding."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from quorate.learning.arrays import Int32s, Int64s

UNITS = 256  # model units (2**-32) in one update unit (2**-24)
MAX_TOTAL_WEIGHT = 2**32 - 1
"""Weights add up to at most this: |sum of weight x int32| stays below 2**63."""

_BLOCK = 2**14  # columns at a time: the block of a few dozen rows stays in the cache


def blocks(width: int) -> Iterator[slice]:
    """Slices that cover ``width`` columns."""
    return (slice(start, start + _BLOCK) for start in range(0, width, _BLOCK))


def divide_half_even(numerator: Int64s, denominator: Int64s | int) -> Int64s:
    """Quotients rounded to nearest, halves to even; 0 < denominator < 2**62."""
    quotient = numerator // denominator
    twice = 2 * (numerator - quotient * denominator)
    up = (twice > denominator) | ((twice == denominator) & ((quotient & 1) == 1))
    return np.asarray(quotient + up, dtype=np.int64)


def mean_in_model_units(sums: Int64s, total: Int64s | int) -> Int64s:
    """256 x sums / total, rounded half to even, without forming a product beyond int64.

    ``sums`` are weighted sums in update units, ``total`` the weights' sum (below 2**32). The
    floor part times 256 is even, so rounding the rest decides as rounding the whole would.
    """
    whole = sums // total
    rest = sums - whole * total
    return whole * UNITS + divide_half_even(rest * UNITS, total)


def weighted_mean_of(updates: Int32s, weights: Int64s) -> Int64s:
    """The exact weighted mean of int32 rows (n, d) in units of 2**-32, shape (d,)."""
    total = int(weights.sum())
    result = np.empty(updates.shape[1], dtype=np.int64)
    for columns in blocks(updates.shape[1]):
        sums = np.zeros(result[columns].shape, dtype=np.int64)
        for row, weight in zip(updates, weights, strict=True):
            sums += row[columns] * weight
        result[columns] = mean_in_model_units(sums, total)
    return result


def sorted_columns(updates: Int32s, columns: slice) -> tuple[Int64s, npt.NDArray[np.intp]]:
    """Values and row numbers of ``columns``, each column sorted by (value, row); (columns, n)."""
    rows = updates.shape[0]
    bits = max(1, (rows - 1).bit_length())
    keys = np.ascontiguousarray(updates[:, columns].T).astype(np.int64) << bits
    keys |= np.arange(rows, dtype=np.int64)
    keys.sort(axis=1)
    return keys >> bits, (keys & (2**bits - 1)).astype(np.intp)
