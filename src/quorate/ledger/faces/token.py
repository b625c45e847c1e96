"""The Token contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.token_facts import Approval, Holding, Transfer


class Token(Face):
    """The consortium's unit of account: ERC-20 with a supply that is fixed at deployment and
    can only shrink. Nobody can mint, pause or take.
    """

    NAME = "Token"
    EVENTS = (
        Transfer,
        Approval,
    )

    @staticmethod
    def deployment(name: str, symbol: str, holders: Sequence[Holding]) -> Call:
        """The call that creates the contract."""
        return load_artifact("Token").deployment(name, symbol, holders)

    def allowance(self, arg0: str, arg1: str) -> int:
        """The contract's `allowance`."""
        return self._ask(int, "allowance", arg0, arg1)

    def approve(self, spender: str, amount: int) -> Call:
        """Lets `spender` move up to `amount`; the greatest value stands for no limit."""
        return self._encode("approve", spender, amount)

    def balanceOf(self, arg0: str) -> int:
        """The contract's `balanceOf`."""
        return self._ask(int, "balanceOf", arg0)

    def burn(self, amount: int) -> Call:
        """Destroys `amount` of the caller's own tokens for good."""
        return self._encode("burn", amount)

    def decimals(self) -> int:
        """The contract's `decimals`."""
        return self._ask(int, "decimals")

    def name(self) -> str:
        """The contract's `name`."""
        return self._ask(str, "name")

    def symbol(self) -> str:
        """The contract's `symbol`."""
        return self._ask(str, "symbol")

    def totalSupply(self) -> int:
        """The contract's `totalSupply`."""
        return self._ask(int, "totalSupply")

    def transfer(self, receiver: str, amount: int) -> Call:
        """Moves `amount` from the caller to `receiver`."""
        return self._encode("transfer", receiver, amount)

    def transferFrom(self, owner: str, receiver: str, amount: int) -> Call:
        """Moves `amount` from `owner` to `receiver`, out of the caller's allowance."""
        return self._encode("transferFrom", owner, receiver, amount)
