"""Exact squared distances between int32 rows, through float64 matrix products.

A float64 product of integers is exact, in any order of summation, while all partial sums stay below
2**53. By Cauchy and Schwarz every partial sum of x . y is at most |x| |y|, so one product does
where the block's norms allow it; elsewhere values are cut into two pieces of 16 bits and the
columns into blocks of 2**20 at most (partial sums below 2**32 x 2**20 = 2**52).
"""

import numpy as np

from quorate.learning.arrays import Floats, Int32s, sum_of_squares

_BLOCK = 2**17
_EXACT = 2**53


def squared_distances(updates: Int32s) -> list[list[int]]:
    """The (n, n) squared Euclidean distances of rows (n, d), in squared update units."""
    gram = gram_matrix(updates)
    rows = range(updates.shape[0])
    return [[gram[i][i] + gram[j][j] - 2 * gram[i][j] for j in rows] for i in rows]


def gram_matrix(updates: Int32s) -> list[list[int]]:
    """The (n, n) exact inner products of rows (n, d), in squared update units."""
    rows, width = updates.shape
    gram = [[0] * rows for _ in range(rows)]
    for start in range(0, width, _BLOCK):
        block = updates[:, start : start + _BLOCK]
        longest = max(sum_of_squares(row) for row in block)
        _add(gram, _plain(block) if longest < _EXACT else _pieces(block))
    return gram


def _plain(block: Int32s) -> list[tuple[Floats, int]]:
    values = block.astype(np.float64)
    return [(values @ values.T, 0)]


def _pieces(block: Int32s) -> list[tuple[Floats, int]]:
    high = (block >> 16).astype(np.float64)
    low = (block & 0xFFFF).astype(np.float64)
    cross = high @ low.T
    return [(high @ high.T, 32), (cross + cross.T, 16), (low @ low.T, 0)]


def _add(gram: list[list[int]], products: list[tuple[Floats, int]]) -> None:
    for matrix, shift in products:
        for i, row in enumerate(matrix.tolist()):
            for j, value in enumerate(row):
                gram[i][j] += int(value) << shift
