"""The EVM over a `State`: Cancun rules, exact gas, no clock, no disk.

Use::

    machine = Machine(State(), chain_id=1337)
    outcome = machine.execute(Transaction(1337, 0, None, creation_code, 5_000_000), sender, block)
    machine.adopt(outcome)                     # nothing has changed until here
    machine.apply(transaction, sender, block)  # the two steps in one
    machine.call(contract, calldata, block, sender)  # bytes, or RefusedError with the reason

where ``block = BlockContext(number, time)``, so a test moves time by passing a later one. A
transaction that reverts is an outcome with status 0 whose ``output`` holds the revert data; one
that cannot be included raises `RefusedError`.

The engine is revm through pyrevm, which never ends a transaction: slots would stay warm and dirty,
and gas would be wrong from the second call on. So each runs inside a snapshot, its writes are read
out of the journal, the snapshot is reverted, and on `adopt` the writes are put back one by one into
the engine's database, each inside a snapshot of its own, which leaves nothing warm
(docs/decisions/0006-embedded-engine.md; tests compare gas, logs and state with py-evm).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pyrevm import EVM, AccountInfo, BlockEnv, CfgEnv, Env, ExecutionResult

from quorate.core.errors import InternalError, RefusedError
from quorate.ledger.interface import Log
from quorate.ledger.journal import TouchedAccount, read_journal
from quorate.ledger.reasons import decode_reason
from quorate.ledger.state import Entry, SlotKey, State, Writes
from quorate.ledger.transactions import (
    BLOCK_GAS_LIMIT,
    INITCODE_LIMIT,
    Transaction,
    created_address,
    intrinsic_gas,
    raw_address,
    spell_address,
)

NOBODY = "0x0000000000000000000000000000000000000000"
"""Sender of calls that name none, and the block's beneficiary."""

_HALT = re.compile(r"Halt \{ reason: (.*), gas_used: \d+ \}")
_REVERT = re.compile(r"Revert \{ gas_used: \d+, output: 0x([0-9a-f]*) \}")


@dataclass(frozen=True, slots=True)
class BlockContext:
    """What contracts see of the block they run in: its number and its time in seconds."""

    number: int
    time: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a transaction did: status 1 or 0, gas, logs, returned or revert data, writes."""

    status: int
    gas_used: int
    contract: str | None
    logs: tuple[Log, ...]
    output: bytes
    writes: Writes
    halt: str = ""
    """The engine's name of an exceptional halt, such as out of gas; no part of a receipt."""

    @property
    def reason(self) -> str:
        """Why it failed, in words; empty when it succeeded."""
        return "" if self.status else self.halt or decode_reason(self.output)


@dataclass(frozen=True, slots=True)
class _Run:
    status: int
    output: bytes
    halt: str
    gas_used: int
    logs: tuple[Log, ...] = ()
    touched: tuple[TouchedAccount, ...] = ()


class Machine:
    """Executes transactions over ``state``, which it alone may change from then on."""

    def __init__(self, state: State, chain_id: int) -> None:
        self.state = state
        self.chain_id = chain_id
        self._evm = EVM(
            env=Env(cfg=CfgEnv(chain_id=chain_id)),
            gas_limit=BLOCK_GAS_LIMIT,  # what GASLIMIT pushes; the block's own is not looked at
            spec_id="CANCUN",
        )
        self._load(Writes(state.entries, state.slots))

    def check(self, transaction: Transaction, sender: str) -> None:
        """Raises `RefusedError` unless ``transaction`` by ``sender`` can be included now."""
        nonce = self.state.entry(raw_address(sender)).nonce
        create = transaction.to is None
        if transaction.chain_id != self.chain_id:
            raise _refused(f"it is for chain {transaction.chain_id}, not {self.chain_id}")
        if transaction.nonce != nonce:
            raise _refused(f"its nonce is {transaction.nonce} where {nonce} is due for {sender}")
        if transaction.gas_limit > BLOCK_GAS_LIMIT:
            raise _refused(f"its gas limit is above {BLOCK_GAS_LIMIT}")
        if transaction.gas_limit < intrinsic_gas(transaction.data, create=create):
            raise _refused("its gas limit does not cover its own bytes")
        if create and len(transaction.data) > INITCODE_LIMIT:
            raise _refused(f"its creation code is longer than {INITCODE_LIMIT} bytes")

    def execute(self, transaction: Transaction, sender: str, block: BlockContext) -> Outcome:
        """What ``transaction`` would do now; nothing changes before `adopt`."""
        self.check(transaction, sender)
        to, data, gas = transaction.to, transaction.data, transaction.gas_limit

        def run() -> bytes:
            if to is not None:
                return bytes(self._evm.message_call(sender, to, data, gas=gas))
            self._evm.deploy(sender, data, gas=gas)
            return b""

        ran = self._isolated(run, block)
        contract = created_address(sender, transaction.nonce) if to is None and ran.status else None
        writes = self._writes(ran.touched, sender, transaction.nonce)
        return Outcome(ran.status, ran.gas_used, contract, ran.logs, ran.output, writes, ran.halt)

    def adopt(self, outcome: Outcome) -> None:
        """Makes an outcome of `execute` part of the state, before any other is executed."""
        self.state.apply(outcome.writes)
        self._load(outcome.writes)

    def apply(self, transaction: Transaction, sender: str, block: BlockContext) -> Outcome:
        """Executes ``transaction`` and makes its outcome part of the state."""
        outcome = self.execute(transaction, sender, block)
        self.adopt(outcome)
        return outcome

    def call(self, to: str, data: bytes, block: BlockContext, sender: str | None = None) -> bytes:
        """What ``to`` returns for ``data``; raises `RefusedError` with the reason on revert."""

        def run() -> bytes:
            caller = sender or NOBODY
            return bytes(self._evm.message_call(caller, to, data, gas=BLOCK_GAS_LIMIT))

        ran = self._isolated(run, block)
        if not ran.status:
            reason = ran.halt or decode_reason(ran.output)
            raise RefusedError(f"could not call {to}: {reason}", reason=reason)
        return ran.output

    def _isolated(self, run: Callable[[], bytes], block: BlockContext) -> "_Run":
        """Runs as if in a transaction of its own and leaves no trace in the engine."""
        evm = self._evm
        evm.set_block_env(_block_env(block))
        snapshot = evm.snapshot()
        try:
            try:
                output = run()
            except RuntimeError as error:
                data, halt = _failure(str(error))
                return _Run(0, data, halt, self._result().gas_used)
            result = self._result()
            logs = tuple(_log(entry) for entry in result.logs)
            touched = tuple(read_journal(evm.journal_str))
            return _Run(1, output, "", result.gas_used, logs, touched)
        finally:
            evm.revert(snapshot)
            evm.reset_transient_storage()

    def _result(self) -> ExecutionResult:
        if self._evm.result is None:
            raise InternalError("the engine has no result of what it just ran")
        return self._evm.result

    def _writes(self, touched: Iterable[TouchedAccount], sender: str, nonce: int) -> Writes:
        entries: dict[bytes, Entry] = {}
        slots: dict[SlotKey, int] = {}
        for account in touched:
            if account.destroyed:
                continue  # created and destroyed at once: it never was (EIP-6780)
            known = self.state.entry(account.address)
            if account.created:
                entries[account.address] = Entry(account.nonce, account.code)
            elif account.nonce != known.nonce:
                entries[account.address] = Entry(account.nonce, known.code)
            for slot, before, value in account.slots:
                if before != self.state.slots.get((account.address, slot), 0):
                    raise InternalError("the engine's state differs from ours")
                if value != before:
                    slots[account.address, slot] = value
        raw = raw_address(sender)
        entries[raw] = Entry(nonce + 1, self.state.entry(raw).code)
        return Writes(entries, slots)

    def _load(self, writes: Writes) -> None:
        evm = self._evm
        for address, entry in writes.entries.items():
            info = AccountInfo(nonce=entry.nonce, code=entry.code or None)
            evm.insert_account_info(spell_address(address), info)
        for (address, slot), value in writes.slots.items():
            snapshot = evm.snapshot()
            evm.insert_account_storage(spell_address(address), slot, value)
            evm.revert(snapshot)


def _block_env(block: BlockContext) -> BlockEnv:
    return BlockEnv(
        number=block.number,
        timestamp=block.time,
        coinbase=NOBODY,
        prevrandao=bytes(32),
        basefee=0,
        gas_limit=BLOCK_GAS_LIMIT,
        excess_blob_gas=0,
    )


def _failure(error: str) -> tuple[bytes, str]:
    """Revert data and the name of a halt, whichever it was."""
    match = _REVERT.fullmatch(error)
    if match:
        return bytes.fromhex(match.group(1)), ""
    match = _HALT.fullmatch(error)
    if match:
        return b"", f"halted: {match.group(1)}"
    raise InternalError(f"the engine refused a checked transaction: {error[:200]}")


def _log(entry: object) -> Log:
    topics, data = entry.data  # type: ignore[attr-defined]
    address = entry.address  # type: ignore[attr-defined]
    return Log(address, tuple(bytes(t) for t in topics), bytes(data))


def _refused(reason: str) -> RefusedError:
    return RefusedError(f"could not include a transaction: {reason}", reason=reason)
