"""Time and chance that can be steered, and the system's own."""

from quorate.core.sources import (
    SeededRandomness,
    SteppedClock,
    SystemClock,
    SystemRandomness,
    stopwatch,
)


def test_stepped_clock__moves_only_when_told():
    clock = SteppedClock(5)
    assert clock.now_ns() == clock.now_ns() == 5
    clock.sleep(1.5)
    assert clock.now_ns() == 1_500_000_005


def test_system_clock__sleeps_and_goes_on():
    clock = SystemClock()
    before = clock.now_ns()
    clock.sleep(0.001)
    assert clock.now_ns() >= before + 1_000_000


def test_seeded_randomness__same_seed__same_sequence_however_it_is_cut():
    one, two = SeededRandomness(7), SeededRandomness(7)
    assert one.bytes(64) == two.bytes(32) + two.bytes(32)
    assert one.bytes(32) != SeededRandomness(8).bytes(32)
    assert SeededRandomness(7).bytes(0) == b""


def test_system_randomness__sizes__and_no_repeat():
    dice = SystemRandomness()
    assert [len(dice.bytes(size)) for size in (0, 1, 100)] == [0, 1, 100]
    assert dice.bytes(32) != dice.bytes(32)


def test_stopwatch__never_goes_back():
    assert stopwatch() <= stopwatch()
