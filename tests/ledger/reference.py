"""The same chain on py-evm, an independent and complete EVM: slow, exact, with a state trie."""

import warnings
from dataclasses import dataclass

from eth.consensus.context import ConsensusContext
from eth.constants import BLANK_ROOT_HASH
from eth.db.atomic import AtomicDB
from eth.db.chain import ChainDB
from eth.vm.chain_context import ChainContext
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.cancun.blocks import CancunBlockHeader

from quorate.ledger.interface import Log
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, spell_address


@dataclass(frozen=True)
class ReferenceOutcome:
    """What py-evm says a transaction did."""

    status: int
    gas_used: int
    contract: str | None
    logs: tuple[Log, ...]
    output: bytes


class ReferenceMachine:
    """Executes raw transactions one block each."""

    def __init__(self, chain_id: int) -> None:
        self._db = ChainDB(AtomicDB())
        self._chain_context = ChainContext(chain_id)
        self._root = BLANK_ROOT_HASH
        self._vm = self._open(0, 0)

    def apply(self, raw: bytes, number: int, time: int) -> ReferenceOutcome:
        vm = self._open(number, time)
        transaction = vm.get_transaction_builder().decode(raw)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the SELFDESTRUCT opcode
            receipt, computation = vm.apply_transaction(vm.get_header(), transaction)
        vm.state.lock_changes()
        self._root = vm.state.make_state_root()
        vm.state.persist()
        self._vm = self._open(number, time)
        status = int(computation.is_success)
        created = spell_address(computation.msg.storage_address)
        return ReferenceOutcome(
            status=status,
            gas_used=receipt.gas_used,
            contract=created if status and transaction.to == b"" else None,
            logs=tuple(
                Log(
                    spell_address(g.address), tuple(t.to_bytes(32, "big") for t in g.topics), g.data
                )
                for g in receipt.logs
            ),
            output=computation.output if transaction.to else b"",
        )

    def nonce(self, address: bytes) -> int:
        return self._vm.state.get_nonce(address)

    def code(self, address: bytes) -> bytes:
        return self._vm.state.get_code(address)

    def slot(self, address: bytes, slot: int) -> int:
        return self._vm.state.get_storage(address, slot)

    def _open(self, number: int, time: int) -> CancunVM:
        header = CancunBlockHeader(
            difficulty=0,
            block_number=number,
            gas_limit=BLOCK_GAS_LIMIT,
            timestamp=time,
            base_fee_per_gas=0,
            state_root=self._root,
        )
        return CancunVM(header, self._db, self._chain_context, ConsensusContext(self._db))
