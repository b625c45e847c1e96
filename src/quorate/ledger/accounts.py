"""An account on a ledger: its key signs, its nonce counts, its refusals come with a reason."""

from quorate.core.errors import RefusedError
from quorate.ledger.contracts import Call
from quorate.ledger.interface import Ledger, Receipt
from quorate.ledger.transactions import (
    BLOCK_GAS_LIMIT,
    ChainSigner,
    Transaction,
    sign_transaction,
)


class Account:
    """Sends calls to ``ledger`` signed by ``signer``; gas is free, so the limit is the block's."""

    def __init__(
        self, ledger: Ledger, signer: ChainSigner, gas_limit: int = BLOCK_GAS_LIMIT
    ) -> None:
        self.ledger = ledger
        self._signer = signer
        self._gas_limit = gas_limit

    @property
    def address(self) -> str:
        """The EIP-55 address."""
        return self._signer.address

    @property
    def nonce(self) -> int:
        """How many transactions it has sent."""
        return self.ledger.nonce(self.address)

    def sign(self, call: Call) -> bytes:
        """The signed transaction of ``call`` at the account's present nonce."""
        transaction = Transaction(
            self.ledger.chain_id, self.nonce, call.to, call.data, self._gas_limit
        )
        return sign_transaction(transaction, self._signer)

    def transact(self, call: Call) -> Receipt:
        """Sends ``call`` and returns its receipt; it is final.

        It is simulated first: a call that would revert raises `RefusedError`, whose
        ``fields["reason"]`` is the contract's own words, and leaves no trace on the chain.
        """
        raw = self.sign(call)
        try:
            self.ledger.simulate(raw)
        except RefusedError as error:
            raise _refused(call, str(error.fields.get("reason", error.message))) from None
        receipt = self.ledger.submit(raw)
        if not receipt.status:  # others may have come between on a shared network
            raise _refused(call, "it reverted when it was included")
        return receipt


def _refused(call: Call, reason: str) -> RefusedError:
    return RefusedError(f"could not {call.what}: {reason}", reason=reason)
