"""Repeatable draws from a seed: the same numbers on every machine and numpy version.

numpy does not promise that a seeded generator's streams stay the same between releases, so the
draws come from SHAKE-128 (FIPS 202). Nothing secret may hang on them.
"""

import hashlib

import numpy as np

from quorate.learning.arrays import Floats, Int64s


def seed_of(*parts: str | int) -> int:
    """A 64-bit seed bound to ``parts`` (for instance a task, a party and a round)."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.shake_128(f"quorate/draws/{text}".encode()).digest(8), "big")


def permutation(size: int, *seed: str | int) -> Int64s:
    """0..size-1 in drawn order: positions sorted by 64-bit keys (ties by position)."""
    return np.argsort(_words(size, seed), kind="stable").astype(np.int64)


def uniform(size: int, *seed: str | int) -> Floats:
    """``size`` draws from [0, 1), multiples of 2**-53."""
    return (_words(size, seed) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normal(size: int, *seed: str | int) -> Floats:
    """``size`` standard normal draws (Box and Muller, 1958)."""
    radius = np.sqrt(-2.0 * np.log1p(-uniform(size, "radius", *seed)))
    return np.asarray(radius * np.cos(2.0 * np.pi * uniform(size, "angle", *seed)))


def _words(size: int, seed: tuple[str | int, ...]) -> "np.ndarray[tuple[int], np.dtype[np.uint64]]":
    stream = hashlib.shake_128(seed_of(*seed).to_bytes(8, "big")).digest(8 * size)
    return np.frombuffer(stream, dtype="<u8").astype(np.uint64)
