"""The composition root: the one module that names concrete backends behind the ports.

Another ledger or blob store is one more branch here and nothing anywhere else.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from quorate.core.keyring import Keyring
from quorate.core.keys import Ed25519Signer, PublicKey
from quorate.core.sources import Clock, Randomness
from quorate.ledger.blocks import Block
from quorate.ledger.embedded import ChainReport, EmbeddedLedger
from quorate.ledger.interface import Ledger
from quorate.vault.disk import DiskStore
from quorate.vault.vault import Vault

CHAIN_ID = 0x51_4F_52  # "QOR"


class OperatedLedger(Ledger, Protocol):
    """A ledger whose blocks this node can export and check, because it runs the chain itself."""

    @property
    def operator(self) -> PublicKey:
        """The key that signs every block."""
        ...

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """Every block from ``start``, in order."""
        ...

    def fsck(self) -> ChainReport:
        """Replays the whole chain; raises `DamagedError` at the first fault."""
        ...

    def close(self) -> None:
        """Releases the chain's folder."""
        ...


def open_ledger(folder: Path, founder: Keyring, clock: Clock) -> OperatedLedger:
    """The chain in ``folder``, founded the first time; operated by the founder."""
    operator = Ed25519Signer(founder.derive("chain operator"))
    if EmbeddedLedger.exists(folder):
        return EmbeddedLedger.open(folder, operator, clock)
    return EmbeddedLedger.create(folder, operator, clock, CHAIN_ID)


def holds_ledger(folder: Path) -> bool:
    """Whether ``folder`` holds a chain."""
    return EmbeddedLedger.exists(folder)


def open_vault(folder: Path, keyring: Keyring, randomness: Randomness) -> Vault:
    """A party's vault on this machine's disk."""
    return Vault(DiskStore(folder), keyring.sealing, randomness)
