"""The port: what every ledger offers, embedded or remote, and the facts that it hands out.

Addresses are EIP-55 strings, hashes are 32 raw bytes, gas is in units, time in seconds since the
Unix epoch. There is no coin: base fee, gas price and every transferred value are zero.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block: its number, its hash (32 bytes) and its time (seconds)."""

    number: int
    hash: bytes
    time: int


@dataclass(frozen=True, slots=True)
class Log:
    """One event as the EVM emits it: contract, up to four 32-byte topics, data."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an included transaction did; ``status`` is 1 when it succeeded, 0 when it reverted.

    ``transaction`` is its Keccak hash, ``contract`` the address that it created, if any.
    """

    transaction: bytes
    block: int
    index: int
    sender: str
    status: int
    gas_used: int
    contract: str | None
    logs: tuple[Log, ...]


@dataclass(frozen=True, slots=True)
class LoggedEvent:
    """A log with its place: block number, transaction hash, position within the block."""

    block: int
    time: int
    transaction: bytes
    position: int
    log: Log


class LedgerReader(Protocol):
    """What can be asked of a chain; a replayed bundle answers it too."""

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id that every transaction must name."""
        ...

    def call(self, to: str, data: bytes, sender: str | None = None) -> bytes:
        """What ``to`` returns for ``data`` at the head; nothing changes.

        Raises `RefusedError` with ``fields["reason"]`` when the contract reverts.
        """
        ...

    def nonce(self, address: str) -> int:
        """How many transactions ``address`` has sent."""
        ...

    def code(self, address: str) -> bytes:
        """The runtime bytecode at ``address``; empty where there is none."""
        ...

    def head(self) -> Head:
        """The newest block."""
        ...

    def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt of an included transaction by its Keccak hash."""
        ...

    def events(self, address: str | None = None, from_block: int = 0) -> Iterator[LoggedEvent]:
        """Every log since ``from_block`` in order, of one contract or of all."""
        ...


class Ledger(LedgerReader, Protocol):
    """An append-only chain of final blocks that executes signed transactions."""

    def submit(self, raw: bytes) -> Receipt:
        """Executes and records a signed transaction: durable and final on return.

        A transaction that reverts is included with status 0. One that cannot be included (form,
        signature, chain id, nonce, gas) raises `RefusedError` and changes nothing. Submitting an
        included transaction again returns its first receipt, so that resending is safe.
        """
        ...

    def simulate(self, raw: bytes) -> None:
        """Raises `RefusedError` with the reason if ``raw`` would be refused or would revert now."""
        ...
