"""What the contract twins stand on: time, reverts that undo, events, hashes. No quorate here."""

import hashlib
import pickle
from collections.abc import Iterable

from Crypto.Hash import keccak
from eth_abi.abi import encode

NOBODY = "0x" + "00" * 20
ZERO = bytes(32)
MEMBER, PARTICIPANT, VALIDATOR = 1, 2, 4


class Revert(Exception):
    """The transaction changes nothing, for the reason in its message."""


def need(condition: bool, message: str) -> None:
    """Reverts with `message` unless `condition` holds."""
    if not condition:
        raise Revert(message)


class Twin:
    """A contract: fixed `address`, changing `state`, and the `world` that it lives in."""

    def __init__(self, world: "World", address: str, state: object) -> None:
        self.world = world
        self.address = address
        self.state = state
        world.twins.append(self)
        world.at[address] = self

    def emit(self, name: str, **values: object) -> None:
        self.world.events.append((type(self).__name__, name, values))


class World:
    """Chain id, time, the events of the running transaction, and all twins."""

    def __init__(self, chain_id: int, now: int) -> None:
        self.chain_id = chain_id
        self.now = now
        self.number = 0  # of the block that the running transaction is in
        self.at: dict[str, Twin] = {}  # by address: how twins find each other
        self.events: list[tuple[str, str, dict[str, object]]] = []
        self.twins: list[Twin] = []

    def transact(self, act, *arguments):
        """(value, events) of one transaction; a `Revert` leaves every twin as it was."""
        before = pickle.dumps([twin.state for twin in self.twins])
        self.events = []
        try:
            value = act(*arguments)
        except Revert:
            for twin, state in zip(self.twins, pickle.loads(before), strict=True):
                twin.state = state
            raise
        return value, self.events


def tag(text: str) -> bytes:
    return text.encode().ljust(32, b"\0")


def sha256_of(types: list[str], values: list[object]) -> bytes:
    return hashlib.sha256(encode(types, values)).digest()


def keccak_of(types: list[str], values: list[object]) -> bytes:
    return keccak.new(digest_bits=256, data=encode(types, values)).digest()


def two_thirds(part: int, whole: int) -> bool:
    return 3 * part >= 2 * whole


def bits(places: Iterable[int]) -> int:
    return sum(1 << place for place in set(places))


def places(bitmap: int) -> list[int]:
    return [place for place in range(bitmap.bit_length()) if bitmap >> place & 1]
