"""Both engines fed with the same signed transactions, compared after each."""

from quorate.core.keys import Secp256k1Signer
from quorate.ledger.machine import BlockContext, Machine, Outcome
from quorate.ledger.state import State
from quorate.ledger.transactions import Transaction, decode_transaction, sign_transaction
from tests.ledger.reference import ReferenceMachine

CHAIN_ID = 1337


class Twins:
    """Applies to both; raises AssertionError where they differ."""

    def __init__(self, signer: Secp256k1Signer) -> None:
        self.machine = Machine(State(), CHAIN_ID)
        self.reference = ReferenceMachine(CHAIN_ID)
        self._signer = signer
        self._nonce = 0

    def send(self, to: str | None, data: bytes, gas: int = 3_000_000) -> Outcome:
        raw = sign_transaction(Transaction(CHAIN_ID, self._nonce, to, data, gas), self._signer)
        self._nonce += 1
        signed = decode_transaction(raw)
        block = BlockContext(self._nonce, 1_000 + 7 * self._nonce)
        ours = self.machine.execute(signed.transaction, signed.sender, block)
        theirs = self.reference.apply(raw, block.number, block.time)
        assert (ours.status, ours.gas_used) == (theirs.status, theirs.gas_used), ours.reason
        assert ours.contract == theirs.contract
        assert ours.logs == theirs.logs
        if to is not None:
            assert ours.output == theirs.output
        self.machine.adopt(ours)
        self.compare(ours)
        return ours

    def compare(self, outcome: Outcome) -> None:
        for address, entry in outcome.writes.entries.items():
            assert self.reference.nonce(address) == entry.nonce
            assert self.reference.code(address) == entry.code
        for (address, slot), value in self.machine.state.slots.items():
            assert self.reference.slot(address, slot) == value
        for (address, slot), value in outcome.writes.slots.items():
            assert self.reference.slot(address, slot) == value
