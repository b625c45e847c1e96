"""Blind changes: one byte, anywhere; as it is, or with the container and manifest mended above it.

The second kind is what a packer can do without understanding anything: pick a member, change a
byte, sign the manifest anew.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from quorate.provenance.bundle import MANIFEST
from tests.simulators.forger import Evidence, Forger


@dataclass(frozen=True)
class Change:
    """A bundle with one byte changed; the name says which."""

    name: str
    bundle: bytes


def blind_changes(data: bytes, count: int, seed: int) -> Iterator[Change]:
    """``count`` files that differ from ``data`` in one byte each."""
    draw = random.Random(f"blind {seed}")
    for _ in range(count):
        at, mask = draw.randrange(len(data)), draw.randrange(1, 256)
        changed = bytearray(data)
        changed[at] ^= mask
        yield Change(f"byte {at} xor {mask:02x}", bytes(changed))


def resealed_changes(evidence: Evidence, count: int, seed: int) -> Iterator[Change]:
    """``count`` bundles of which one member differs in one byte, each packed anew by a party."""
    draw = random.Random(f"resealed {seed}")
    names = sorted(set(evidence.members) - {MANIFEST})
    for _ in range(count):
        forger = Forger(evidence, draw.choice(evidence.names()))
        name = draw.choice(names)
        changed = bytearray(evidence.members[name])
        at, mask = draw.randrange(len(changed)), draw.randrange(1, 256)
        changed[at] ^= mask
        forger.members[name] = bytes(changed)
        yield Change(f"{name} byte {at} xor {mask:02x} by {forger.party}", forger.bundle())
