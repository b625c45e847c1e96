"""The state of the chain: accounts and storage slots, bound by a digest that follows each write.

The digest is LtHash (Bellare and Micciancio, EUROCRYPT 1997; Lewi et al., "Securing Update
Propagation with Homomorphic Hashing", 2019, lattice variant 16 x 1024): every element of the set
is stretched by SHAKE-128 to 1,024 lanes of 16 bits, the lanes of all elements are summed mod 2**16.
Adding or removing an element costs the same however large the state is, and order never matters.
docs/formats/state-digest.md gives the elements.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest

LANES = 1024

SlotKey = tuple[bytes, int]
"""A contract's raw address and the number of one of its slots."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An account: transactions sent (or contracts created) and its runtime code."""

    nonce: int
    code: bytes = b""


@dataclass(frozen=True, slots=True)
class Writes:
    """What one transaction changes: new accounts by raw address, new slot values (0 removes)."""

    entries: Mapping[bytes, Entry]
    slots: Mapping[SlotKey, int]


class SetDigest:
    """A sum of stretched elements: add and remove in any order."""

    def __init__(self, lanes: bytes | None = None) -> None:
        if lanes is None:
            self._lanes: NDArray[np.uint16] = np.zeros(LANES, dtype="<u2")
        elif len(lanes) == 2 * LANES:
            self._lanes = np.frombuffer(lanes, dtype="<u2").copy()
        else:
            raise EncodingError(f"could not hold a set digest of {len(lanes)} bytes")

    def add(self, element: bytes) -> None:
        """Puts ``element`` into the set."""
        self._lanes += _stretch(element)

    def remove(self, element: bytes) -> None:
        """Takes ``element`` out of the set."""
        self._lanes -= _stretch(element)

    def copy(self) -> "SetDigest":
        """An independent sum of the same elements."""
        return SetDigest(self.lanes())

    def lanes(self) -> bytes:
        """The sum itself, 2,048 bytes."""
        return self._lanes.tobytes()

    def digest(self) -> Digest:
        """SHA-256 of the sum."""
        return Digest.of(self.lanes())


def _stretch(element: bytes) -> NDArray[np.uint16]:
    return np.frombuffer(hashlib.shake_128(element).digest(2 * LANES), dtype="<u2")


def entry_element(address: bytes, entry: Entry) -> bytes:
    """The set element of an account, 61 bytes."""
    code = hashlib.sha256(entry.code).digest()
    return b"\x01" + address + entry.nonce.to_bytes(8, "big") + code


def slot_element(address: bytes, slot: int, value: int) -> bytes:
    """The set element of a storage slot, 85 bytes."""
    return b"\x02" + address + slot.to_bytes(32, "big") + value.to_bytes(32, "big")


@dataclass(slots=True)
class State:
    """Accounts and non-zero slots with their running digest."""

    entries: dict[bytes, Entry] = field(default_factory=dict)
    slots: dict[SlotKey, int] = field(default_factory=dict)
    sum: SetDigest = field(default_factory=SetDigest)

    def entry(self, address: bytes) -> Entry:
        """The account at a raw address; an untouched one has nonce 0 and no code."""
        return self.entries.get(address, _NOBODY)

    def apply(self, writes: Writes, total: SetDigest | None = None) -> None:
        """Makes ``writes`` part of the state; ``total`` is `digest_after`, if known already."""
        self.sum = total or self.digest_after(writes)
        for address, entry in writes.entries.items():
            self.entries[address] = entry
        for key, value in writes.slots.items():
            if value:
                self.slots[key] = value
            else:
                self.slots.pop(key, None)

    def digest_after(self, writes: Writes) -> SetDigest:
        """The running digest as ``writes`` would leave it; the state stays as it is."""
        total = self.sum.copy()
        for address, entry in writes.entries.items():
            if address in self.entries:
                total.remove(entry_element(address, self.entries[address]))
            total.add(entry_element(address, entry))
        for (address, slot), value in writes.slots.items():
            before = self.slots.get((address, slot), 0)
            if before:
                total.remove(slot_element(address, slot, before))
            if value:
                total.add(slot_element(address, slot, value))
        return total

    def digest(self) -> Digest:
        """The digest that a block's header carries."""
        return self.sum.digest()

    def elements(self) -> Iterator[bytes]:
        """Every element of the set, for summing from nothing."""
        for address, entry in self.entries.items():
            yield entry_element(address, entry)
        for (address, slot), value in self.slots.items():
            yield slot_element(address, slot, value)


_NOBODY = Entry(0)
