"""The embedded chain's engine: pyrevm inside snapshots against py-evm, on token transfers.

Both engines run the same signed transactions. ``gas_differences`` counts those where the chain's
machine and py-evm disagree on status, gas or logs; ``naive_gas_differences`` counts them for pyrevm
used plainly, one call after the other, which never ends a transaction.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pyrevm import EVM, BlockEnv, CfgEnv, Env
from report import Metric, arguments, report

from quorate.core.keys import Ed25519Signer, Secp256k1Signer
from quorate.core.sources import SystemClock
from quorate.ledger.contracts import Call, Contract, load_artifact
from quorate.ledger.embedded import EmbeddedLedger
from quorate.ledger.evidence import replay
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.transactions import (
    SignedTransaction,
    Transaction,
    decode_transaction,
    sign_transaction,
    spell_address,
)
from tests.ledger.reference import ReferenceMachine, ReferenceOutcome

CHAIN_ID = 1337
SIGNER = Secp256k1Signer(b"\x01" * 32)
OPERATOR = Ed25519Signer(b"\x02" * 32)
GAS = 3_000_000
RECEIVERS = 50


def token_creation() -> Call:
    """The Token contract with all its supply in one hand, and none to come."""
    held, timelock = 10**9, spell_address(b"\x0f" * 20)
    arguments = ("Unit", "U", [(SIGNER.address, held)], held, 0, 86_400, timelock)
    return load_artifact("Token").deployment(*arguments)


def workload(count: int) -> list[bytes]:
    """A deployment and ``count`` signed transfers, some of which revert."""
    creation = token_creation()
    sent = [Transaction(CHAIN_ID, 0, None, creation.data, GAS)]
    token = decode_transaction(sign_transaction(sent[0], SIGNER))
    contract = Contract(
        "Token",
        Machine(State(), CHAIN_ID)
        .execute(token.transaction, token.sender, BlockContext(1, 1))
        .contract
        or "",
    )
    for nonce in range(1, count + 1):
        receiver = spell_address((nonce % RECEIVERS + 1).to_bytes(20, "big"))
        amount = 10**10 if nonce % 10 == 0 else nonce
        call = contract.encode("transfer", receiver, amount)
        sent.append(Transaction(CHAIN_ID, nonce, call.to, call.data, GAS))
    return [sign_transaction(transaction, SIGNER) for transaction in sent]


def rate(count: int, run: Callable[[], object]) -> float:
    """How often per second, from one run of ``count``."""
    start = time.perf_counter()
    run()
    return count / (time.perf_counter() - start)


def outcome_of(machine: Machine, signed: SignedTransaction, number: int) -> ReferenceOutcome:
    """What the chain's machine says, in the reference's form."""
    found = machine.apply(signed.transaction, signed.sender, BlockContext(number, number))
    output = found.output if signed.transaction.to else b""
    return ReferenceOutcome(found.status, found.gas_used, found.contract, found.logs, output)


def naive_gas(signed: list[SignedTransaction]) -> list[int]:
    """Gas as pyrevm tells it when transactions simply follow each other."""
    evm = EVM(spec_id="CANCUN", env=Env(cfg=CfgEnv(chain_id=CHAIN_ID)))
    evm.set_block_env(BlockEnv(number=1, timestamp=1, basefee=0, prevrandao=bytes(32)))
    found = []
    for each in signed:
        tx = each.transaction
        try:
            if tx.to is None:
                evm.deploy(each.sender, tx.data, gas=GAS)
            else:
                evm.message_call(each.sender, tx.to, tx.data, gas=GAS)
        except RuntimeError:
            pass  # a revert: its gas is in the result all the same
        found.append(evm.result.gas_used)
    return found


def syncs_per_second(folder: Path, count: int = 100) -> float:
    """What the disk allows at most when every block is one synced write."""
    with (folder / "probe").open("wb") as stream:

        def run() -> None:
            for _ in range(count):
                stream.write(bytes(6_000))
                stream.flush()
                os.fsync(stream.fileno())

        return rate(count, run)


def measure(count: int, durable: int) -> dict[str, Metric]:
    """All metrics over ``count`` transactions, ``durable`` of them through the whole chain."""
    raws = workload(count)
    signed = [decode_transaction(raw) for raw in raws]
    reference = ReferenceMachine(CHAIN_ID)
    expected: list[ReferenceOutcome] = []
    pyevm_rate = rate(
        count, lambda: expected.extend(reference.apply(r, i, i) for i, r in enumerate(raws))
    )
    checked = Machine(State(), CHAIN_ID)
    found = [outcome_of(checked, each, i) for i, each in enumerate(signed)]
    naive = naive_gas(signed)
    machine = Machine(State(), CHAIN_ID)
    engine_rate = rate(count, lambda: [outcome_of(machine, s, i) for i, s in enumerate(signed)])
    whole = Machine(State(), CHAIN_ID)
    signed_rate = rate(
        count, lambda: [outcome_of(whole, decode_transaction(r), i) for i, r in enumerate(raws)]
    )
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "chain"
        sync_rate = syncs_per_second(Path(folder))
        with EmbeddedLedger.create(place, OPERATOR, SystemClock(), CHAIN_ID) as ledger:
            submit_rate = rate(durable, lambda: [ledger.submit(raw) for raw in raws[:durable]])
            blocks = list(ledger.blocks())
        replay_rate = rate(durable, lambda: replay(blocks, OPERATOR.public_key))
        open_rate = rate(1, lambda: EmbeddedLedger.open(place, OPERATOR, SystemClock()).close())
    pairs = list(zip(found, expected, strict=True))
    return {
        "gas_differences": Metric(sum(a != b for a, b in pairs), "tx", 0, most=True),
        "naive_gas_differences": Metric(
            sum(g != e.gas_used for g, e in zip(naive, expected, strict=True)), "tx"
        ),
        "transactions": Metric(len(raws), "tx"),
        "engine_tx_s": Metric(engine_rate, "tx/s"),
        "engine_signed_tx_s": Metric(signed_rate, "tx/s", 1000),
        "pyevm_signed_tx_s": Metric(pyevm_rate, "tx/s"),
        "engine_over_pyevm": Metric(signed_rate / pyevm_rate, "x"),
        "durable_submit_tx_s": Metric(submit_rate, "tx/s"),
        "disk_syncs_s": Metric(sync_rate, "1/s"),
        "replay_tx_s": Metric(replay_rate, "tx/s"),
        "open_ms": Metric(1000 / open_rate, "ms"),
    }


def main() -> int:
    """Runs and reports; the exit status."""
    options = arguments(__doc__ or "")
    metrics = measure(1_000, 500) if options.quick else measure(10_000, 5_000)
    return report(metrics, ("pyrevm", "py-evm", "coincurve", "eth-abi"), as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
