"""Which conditional jumps the embedded EVM takes while a test file runs, told by a second EVM.

revm gives no usable trace to Python (100 prints per step), so what `Machine` runs is run once more
on py-evm over the same state, with JUMPI listened to; status and output must be equal, so every
traced test is a comparison of two engines too.
"""

import os
import sys
import warnings
from collections import defaultdict
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from pathlib import Path
from typing import Any, ClassVar

import pytest
from eth.constants import BLANK_ROOT_HASH, CREATE_CONTRACT_ADDRESS
from eth.db.atomic import AtomicDB
from eth.vm.execution_context import ExecutionContext
from eth.vm.forks.cancun.computation import CancunComputation
from eth.vm.forks.cancun.state import CancunState
from eth.vm.forks.cancun.transaction_context import CancunTransactionContext
from eth.vm.message import Message

from quorate.core.errors import RefusedError
from quorate.ledger.contracts import NAMES, Artifact, load_artifact
from quorate.ledger.machine import NOBODY, BlockContext, Machine
from quorate.ledger.reasons import decode_reason
from quorate.ledger.state import Writes
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, created_address, raw_address

ROOT = Path(__file__).parents[1]
JUMPI = 0x57

Code = tuple[str, bool]
"""A contract's name, and whether it is its creation code."""
Taken = dict[Code, set[tuple[int, bool]]]
"""By code: (position, jumped)."""


@cache
def artifacts() -> dict[str, Artifact]:
    """What is compiled of the suite."""
    folder = ROOT / "src" / "quorate" / "ledger" / "artifacts"
    return {name: load_artifact(name) for name in NAMES if (folder / f"{name}.json").is_file()}


class Jumps:
    """What was taken, by code; the one listener of this process."""

    def __init__(self) -> None:
        self.taken: Taken = defaultdict(set)
        self.runs = 0
        self._names: dict[tuple[bytes, bool], Code | None] = {}

    def note(self, computation: Any) -> None:
        """Called in front of every JUMPI."""
        message = computation.msg
        key = (message.code, message.is_create)
        if key not in self._names:
            self._names[key] = self._named(*key)
        code = self._names[key]
        if code is not None:
            condition = computation._stack.values[-2]
            jumped = any(condition) if isinstance(condition, bytes) else condition != 0
            self.taken[code].add((computation.code.program_counter - 1, jumped))

    @staticmethod
    def _named(code: bytes, creation: bool) -> Code | None:
        for name, artifact in artifacts().items():
            if code.startswith(artifact.creation if creation else artifact.runtime):
                return name, creation
        return None


class Shadow:
    """The state of one `Machine` once more, on py-evm.

    Most tests begin with the same transactions: what ran before on the same history is remembered.
    """

    _known: ClassVar[dict[tuple[Any, ...], tuple[bool, bytes]]] = {}

    def __init__(self, machine: Machine) -> None:
        self._chain_id = machine.chain_id
        self._state = CancunState(AtomicDB(), self._context(BlockContext(0, 0)), BLANK_ROOT_HASH)
        self._history = machine.chain_id
        self._ahead: list[Writes] = []
        self.load(Writes(dict(machine.state.entries), dict(machine.state.slots)))

    def load(self, writes: Writes) -> None:
        """Follows the machine; the state itself only when something has to run on it."""
        self._ahead.append(writes)
        written = frozenset(writes.entries.items()), frozenset(writes.slots.items())
        self._history = hash((self._history, *written))

    def _catch_up(self) -> None:
        for writes in self._ahead:
            for address, entry in writes.entries.items():
                self._state.set_nonce(address, entry.nonce)
                if entry.code and self._state.get_code(address) != entry.code:
                    self._state.set_code(address, entry.code)
            for (address, slot), value in writes.slots.items():
                self._state.set_storage(address, slot, value)
        self._ahead = []

    def run(
        self, to: str | None, data: bytes, sender: str, block: BlockContext, nonce: int
    ) -> tuple[bool, bytes]:
        """Status and output; nothing changes."""
        key = (self._history, to, data, sender, block, nonce)
        if key not in self._known:
            self._catch_up()
            self._known[key] = self._run(to, data, sender, block, nonce)
        return self._known[key]

    def _run(
        self, to: str | None, data: bytes, sender: str, block: BlockContext, nonce: int
    ) -> tuple[bool, bytes]:
        state = self._state
        state.execution_context = self._context(block)
        before = state.snapshot()
        caller = raw_address(sender)
        created = raw_address(created_address(sender, nonce)) if to is None else None
        message = Message(
            gas=BLOCK_GAS_LIMIT,
            to=raw_address(to) if to else CREATE_CONTRACT_ADDRESS,
            sender=caller,
            value=0,
            data=data if to else b"",
            code=state.get_code(raw_address(to)) if to else data,
            create_address=created,
        )
        context = CancunTransactionContext(gas_price=0, origin=caller)
        act = CancunComputation.apply_message if to else CancunComputation.apply_create_message
        try:
            done = act(state, message, context)
        finally:
            state.revert(before)
            state.clear_transient_storage()
        return done.is_success, done.output

    def _context(self, block: BlockContext) -> ExecutionContext:
        return ExecutionContext(
            coinbase=raw_address(NOBODY),
            timestamp=block.time,
            block_number=block.number,
            difficulty=0,
            mix_hash=bytes(32),
            gas_limit=BLOCK_GAS_LIMIT,
            prev_hashes=(),
            chain_id=self._chain_id,
            base_fee_per_gas=0,
            excess_blob_gas=0,
        )


def install() -> Jumps:
    """Wraps what runs transactions and calls, in this process."""
    jumps = Jumps()
    plain = CancunComputation.opcodes[JUMPI]

    def listened(computation: Any) -> None:
        jumps.note(computation)
        plain(computation=computation)

    CancunComputation.opcodes = dict(CancunComputation.opcodes) | {JUMPI: listened}
    execute, call, adopt = Machine.execute, Machine.call, Machine.adopt

    def shadow(machine: Any) -> Shadow:
        if not hasattr(machine, "shadow"):
            machine.shadow = Shadow(machine)
        return machine.shadow

    def traced_execute(machine: Machine, transaction: Any, sender: str, block: Any) -> Any:
        outcome = execute(machine, transaction, sender, block)
        jumps.runs += 1
        there = shadow(machine)
        status, output = there.run(
            transaction.to, transaction.data, sender, block, transaction.nonce
        )
        assert bool(outcome.status) == status, "revm and py-evm differ in status"
        if transaction.to is not None and not outcome.halt:
            assert outcome.output == output, "revm and py-evm differ in output"
        return outcome

    def traced_call(
        machine: Machine, to: str, data: bytes, block: Any, sender: Any = None
    ) -> bytes:
        jumps.runs += 1
        status, output = shadow(machine).run(to, data, sender or NOBODY, block, 0)
        try:
            returned = call(machine, to, data, block, sender)
        except RefusedError as refused:
            assert not status, "revm and py-evm differ in status"
            assert decode_reason(output) in str(refused) or "halted" in str(refused)
            raise
        assert status and returned == output, "revm and py-evm differ in a call"
        return returned

    def followed(machine: Machine, outcome: Any) -> None:
        there = shadow(machine)
        adopt(machine, outcome)
        there.load(outcome.writes)

    Machine.execute = traced_execute  # type: ignore[method-assign]
    Machine.call = traced_call  # type: ignore[method-assign]
    Machine.adopt = followed  # type: ignore[method-assign]
    return jumps


_jumps: list[Jumps] = []


def trace(file: str) -> tuple[str, int, str, int, Taken]:
    """In a worker: one test file; its exit status, words, number of runs, and jumps."""
    if not _jumps:
        sys.path.insert(0, str(ROOT))
        sys.setrecursionlimit(20_000)  # py-evm recurses per call
        _jumps.append(install())
    (jumps,) = _jumps
    jumps.taken, jumps.runs = defaultdict(set), 0
    warnings.simplefilter("ignore", DeprecationWarning)
    options = ["-q", "-p", "no:xdist", "-m", "not slow", "--tb=short", "--rootdir", str(ROOT)]
    os.chdir(ROOT)
    words = StringIO()
    with redirect_stdout(words):
        status = pytest.main([*options, "--hypothesis-seed=4", file])
    return file, int(status), words.getvalue(), jumps.runs, dict(jumps.taken)
