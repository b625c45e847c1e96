"""The aggregation rules once more, in unbounded Python integers and nothing else.

Rows are lists of ints in units of 2**-24; results are lists of ints in units of 2**-32. Written
from the papers and the format page, coordinate by coordinate, without a thought for speed.
"""

from fractions import Fraction
from math import isqrt


def nearest(numerator: int, denominator: int) -> int:
    """Half to even, as Python rounds fractions."""
    return round(Fraction(numerator, denominator))


def weighted_mean(rows, weights):
    return [
        nearest(256 * sum(w * u for w, u in zip(weights, column, strict=True)), sum(weights))
        for column in zip(*rows, strict=True)
    ]


def trimmed_mean(rows, weights, f):
    result = []
    for column in zip(*rows, strict=True):
        order = sorted(range(len(rows)), key=lambda i: (column[i], i))
        kept = order[f : len(rows) - f]
        total = sum(weights[i] for i in kept)
        result.append(nearest(256 * sum(weights[i] * column[i] for i in kept), total))
    return result


def median(rows):
    result = []
    for column in zip(*rows, strict=True):
        ordered = sorted(column)
        middle = ordered[(len(rows) - 1) // 2], ordered[len(rows) // 2]
        result.append(nearest(256 * sum(middle), 2))
    return result


def multi_krum(rows, weights, f, keep):
    n = len(rows)

    def distance(i, j):
        return sum((a - b) ** 2 for a, b in zip(rows[i], rows[j], strict=True))

    scores = []
    for i in range(n):
        others = sorted(distance(i, j) for j in range(n) if j != i)
        scores.append(sum(others[: n - f - 2]))
    chosen = sorted(range(n), key=lambda i: (scores[i], i))[: keep or n - f]
    return weighted_mean([rows[i] for i in chosen], [weights[i] for i in chosen])


def centered_clipping(rows, weights, radius, iterations):
    centre = median(rows)
    reach = 256 * radius
    for _ in range(iterations):
        clipped = [
            clip([256 * u - v for u, v in zip(row, centre, strict=True)], reach) for row in rows
        ]
        step = [
            nearest(sum(w * c for w, c in zip(weights, column, strict=True)), sum(weights))
            for column in zip(*clipped, strict=True)
        ]
        centre = [v + s for v, s in zip(centre, step, strict=True)]
    return centre


def clip(difference, reach):
    square = sum(d * d for d in difference)
    length = isqrt(square)
    if length * length < square:
        length += 1
    if length <= reach:
        return difference
    factor = reach * 2**22 // length
    return [nearest(d * factor, 2**22) for d in difference]
