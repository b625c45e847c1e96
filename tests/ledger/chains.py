"""A small chain with one of everything, for tests of blocks, replay and damage."""

from pathlib import Path

from quorate.core.keys import Ed25519Signer, Secp256k1Signer
from quorate.core.sources import SteppedClock
from quorate.ledger.accounts import Account
from quorate.ledger.blocks import Block
from quorate.ledger.contracts import Call
from quorate.ledger.embedded import EmbeddedLedger
from tests.ledger.probes import probe_artifact, probe_data

CHAIN_ID = 77
OPERATOR = Ed25519Signer(b"\x0e" * 32)
SIGNER = Secp256k1Signer(b"\x01" * 32)


def found(folder: Path) -> EmbeddedLedger:
    return EmbeddedLedger.create(folder, OPERATOR, SteppedClock(), CHAIN_ID)


def reopen(folder: Path) -> EmbeddedLedger:
    return EmbeddedLedger.open(folder, OPERATOR, SteppedClock())


def fill(ledger: EmbeddedLedger) -> str:
    """Five blocks: a deployment, two stores, a revert, a clearing; the contract's address."""
    account = Account(ledger, SIGNER)
    contract = account.transact(probe_artifact().deployment(5)).contract
    assert contract is not None
    account.transact(Call(contract, probe_data("store", 1, 10), "store"))
    account.transact(Call(contract, probe_data("store", 2, 20), "store"))
    ledger.submit(account.sign(Call(contract, probe_data("fail", 1), "fail")))
    account.transact(Call(contract, probe_data("store", 1, 0), "store"))
    return contract


def small_chain(folder: Path) -> tuple[Block, ...]:
    with found(folder) as ledger:
        fill(ledger)
        return tuple(ledger.blocks())
