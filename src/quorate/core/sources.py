"""The only door to time and chance: ports, the system's own, and ones that can be steered.

Nothing else in the package reads the clock or randomness (tests/architecture keeps it), so that a
simulation can steer both and a reader can see what depends on them.
"""

import hashlib
import os
import time
from typing import Protocol


class Clock(Protocol):
    """Wall-clock time, in nanoseconds since the Unix epoch."""

    def now_ns(self) -> int:
        """The time now, nanoseconds."""
        ...

    def sleep(self, seconds: float) -> None:
        """Lets ``seconds`` pass."""
        ...


class Randomness(Protocol):
    """Unpredictable bytes."""

    def bytes(self, size: int) -> bytes:
        """``size`` bytes."""
        ...


class SystemClock:
    """The machine's clock."""

    def now_ns(self) -> int:
        """The time now, nanoseconds."""
        return time.time_ns()

    def sleep(self, seconds: float) -> None:
        """Blocks for ``seconds``."""
        time.sleep(seconds)


class SteppedClock:
    """A clock that moves only when told; sleeping moves it."""

    def __init__(self, start_ns: int = 1_800_000_000_000_000_000) -> None:
        self._now = start_ns

    def now_ns(self) -> int:
        """The time that it was last set to, nanoseconds."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Moves the clock on by ``seconds`` at once."""
        self._now += int(seconds * 1e9)


class SystemRandomness:
    """The operating system's generator."""

    def bytes(self, size: int) -> bytes:
        """``size`` bytes from the kernel."""
        return os.urandom(size)


class SeededRandomness:
    """SHA-256 in counter mode over a seed: repeatable, so for tests and simulations only."""

    def __init__(self, seed: int | str) -> None:
        self._key = hashlib.sha256(f"quorate/seeded/{seed}".encode()).digest()
        self._counter = 0

    def bytes(self, size: int) -> bytes:
        """The next ``size`` bytes of the sequence."""
        out = bytearray()
        while len(out) < size:
            out += hashlib.sha256(self._key + self._counter.to_bytes(8, "big")).digest()
            self._counter += 1
        return bytes(out[:size])


def stopwatch() -> float:
    """A monotonic reading in seconds, for durations that are shown and never decided upon."""
    return time.perf_counter()
