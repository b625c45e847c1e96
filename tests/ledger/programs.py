"""Small random EVM programs: storage, calls, creations, logs, aborts, all in a few instructions."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import strategies as st

Step = tuple[str, int, int]


def push(value: int, size: int = 1) -> bytes:
    return bytes([0x5F + size]) + value.to_bytes(size, "big")


def assemble(steps: list[Step], known: list[str]) -> bytes:
    """Runtime code that does ``steps``; operand numbers are taken modulo what there is."""
    return b"".join(_assemble_step(step, known) for step in steps) + b"\x00"


def creation_of(runtime: bytes, setup: bytes = b"") -> bytes:
    """Creation code that runs ``setup`` and returns ``runtime``."""
    size = len(setup) + 3 + 3 + 2 + 1 + 3 + 2 + 1
    code = setup + push(len(runtime), 2) + push(size, 2) + push(0) + b"\x39"
    return code + push(len(runtime), 2) + push(0) + b"\xf3" + runtime


def _target(number: int, known: list[str]) -> bytes:
    addresses = [*known, "0x" + "02".rjust(40, "0"), "0x" + "77" * 20]
    return b"\x73" + bytes.fromhex(addresses[number % len(addresses)][2:])


def _assemble_step(step: Step, known: list[str]) -> bytes:
    name, a, b = step
    return _STEPS[name](a, b, known)


def _create(name: str, a: int, b: int) -> bytes:
    """Creates a child whose set-up stores, reverts, or destroys itself at once."""
    setups = [
        push(b % 3) + push(a % 4) + b"\x55",
        push(1) + push(0) + b"\x55" + push(0) * 2 + b"\xfd",
        push(1) + push(0) + b"\x55" + push(0) + b"\xff",
        b"",
    ]
    child = creation_of(push(1) + push(2) + b"\x55\x00", setups[a % 4])
    child = child.ljust(64, b"\x00")
    store = b"\x7f" + child[:32] + push(0) + b"\x52" + b"\x7f" + child[32:64] + push(32) + b"\x52"
    if name == "create":
        return store + push(64) + push(0) * 2 + b"\xf0\x50"
    return store + push(b % 2) + push(64) + push(0) * 2 + b"\xf5\x50"


_STEPS: dict[str, Callable[[int, int, list[str]], bytes]] = {
    "sstore": lambda a, b, _: push(b % 3) + push(a % 4) + b"\x55",
    "sload": lambda a, b, _: push(a % 4) + b"\x54\x50",
    "tstore": lambda a, b, _: push(b % 3) + push(a % 4) + b"\x5d",
    "tload_sstore": lambda a, b, _: push(a % 4) + b"\x5c" + push(b % 4) + b"\x55",
    "log": lambda a, b, _: push(a) * (b % 3) + push(a % 40) + push(0) + bytes([0xA0 + b % 3]),
    "call": lambda a, b, known: (
        push(0) * 5 + _target(a, known) + (b"\x5a" if b % 3 else push(30_000, 2)) + b"\xf1\x50"
    ),
    "delegatecall": lambda a, b, known: push(0) * 4 + _target(a, known) + b"\x5a\xf4\x50",
    "staticcall": lambda a, b, known: push(0) * 4 + _target(a, known) + b"\x5a\xfa\x50",
    "extcodesize": lambda a, b, known: _target(a, known) + b"\x3b\x50",
    "memory": lambda a, b, _: push(b) + push(a * 97, 2) + b"\x52",
    "create": lambda a, b, _: _create("create", a, b),
    "create2": lambda a, b, _: _create("create2", a, b),
    "revert": lambda a, b, _: push(a % 40) + push(0) + b"\xfd",
    "invalid": lambda a, b, _: b"\xfe",
    "selfdestruct": lambda a, b, known: _target(a, known) + b"\xff",
}

_NAMES = [*_STEPS, "sstore", "sstore", "call"]

steps = st.lists(
    st.tuples(st.sampled_from(_NAMES), st.integers(0, 255), st.integers(0, 255)), max_size=10
)


@dataclass(frozen=True)
class Scenario:
    """Programs to deploy, and the order in which they are called (with a gas limit each)."""

    programs: list[list[Step]]
    calls: list[tuple[int, int]]


scenarios = st.builds(
    Scenario,
    st.lists(steps, min_size=1, max_size=3),
    st.lists(st.tuples(st.integers(0, 2), st.sampled_from([25_000, 60_000, 400_000])), max_size=6),
)
