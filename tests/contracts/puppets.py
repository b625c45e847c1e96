"""Lets a test speak as a contract: no transaction can be sent by an address that has code.

The contract's code moves to an address beside it, and in its place stands a puppet: what begins
with a magic word it calls on as itself, everything else it delegates to the code that was there.
"""

from quorate.core.hashing import keccak256
from quorate.ledger.machine import Machine, Outcome
from quorate.ledger.state import Entry, Writes
from quorate.ledger.transactions import raw_address, spell_address

MAGIC = keccak256(b"speak as the contract")
HAND = spell_address(b"\x1a" * 20)
"""The account whose transactions move the puppets."""


def speech(target: str, data: bytes) -> bytes:
    """What to send to a puppet, so that it calls `target` with `data`."""
    return MAGIC + raw_address(target).rjust(32, b"\0") + data


def make_puppet(machine: Machine, address: str) -> None:
    """Puts a puppet in the place of the contract, once."""
    raw = raw_address(address)
    entry = machine.state.entry(raw)
    if MAGIC in entry.code:
        return
    beside = keccak256(raw)[:20]
    writes = {beside: Entry(1, entry.code), raw: Entry(entry.nonce, _code(beside))}
    machine.adopt(Outcome(1, 0, None, (), b"", Writes(writes, {})))


def _code(beside: bytes) -> bytes:
    begins = b"\x7f" + MAGIC + bytes.fromhex("5f3514")  # calldataload(0) == MAGIC
    copied = bytes.fromhex("365f5f37")  # all call data to memory
    delegated = bytes.fromhex("5f5f365f73") + beside + bytes.fromhex("5af4")
    spoken = bytes.fromhex(
        "604036038060405f37"  # all behind target
        "5f5f825f5f6020355af1"  # call(target, 0, it)
        "9050"
    )
    fork = len(begins) + 3 + len(copied) + len(delegated) + 3
    end = fork + 1 + len(spoken)
    good = end + 1 + 4 + 3 + 3
    return b"".join(
        (
            begins,
            bytes([0x60, fork, 0x57]),
            copied,
            delegated,
            bytes([0x60, end, 0x56]),
            b"\x5b",
            spoken,
            b"\x5b",
            bytes.fromhex("3d5f5f3e"),  # what came back to memory
            bytes([0x60, good, 0x57]),
            bytes.fromhex("3d5ffd"),
            bytes.fromhex("5b3d5ff3"),
        )
    )
