"""Token in plain Python: balances, allowances, a supply that only shrinks."""

from dataclasses import dataclass, field

from tests.twins.world import NOBODY, Twin, World, need

UNLIMITED = 2**256 - 1


@dataclass
class State:
    balances: dict[str, int] = field(default_factory=dict)
    allowances: dict[tuple[str, str], int] = field(default_factory=dict)


class Token(Twin):
    def __init__(
        self, world: World, address: str, name: str, symbol: str, holders: list[tuple[str, int]]
    ) -> None:
        super().__init__(world, address, State())
        self._name, self._symbol = name, symbol
        for account, amount in holders:
            need(account != NOBODY, "Token: no receiver")
            need(self.totalSupply() + amount < 2**128, "Token: supply over 2**128 - 1")
            self.state.balances[account] = self.balanceOf(account) + amount
            self.emit("Transfer", sender=NOBODY, receiver=account, value=amount)

    def transfer(self, sender: str, receiver: str, amount: int) -> bool:
        self._move(sender, receiver, amount)
        return True

    def transferFrom(self, sender: str, owner: str, receiver: str, amount: int) -> bool:
        allowed = self.allowance(owner, sender)
        need(allowed >= amount, "Token: allowance too low")
        if allowed != UNLIMITED:
            self.state.allowances[owner, sender] = allowed - amount
        self._move(owner, receiver, amount)
        return True

    def approve(self, sender: str, spender: str, amount: int) -> bool:
        need(spender != NOBODY, "Token: no spender")
        self.state.allowances[sender, spender] = amount
        self.emit("Approval", owner=sender, spender=spender, value=amount)
        return True

    def burn(self, sender: str, amount: int) -> None:
        need(self.balanceOf(sender) >= amount, "Token: balance too low")
        self.state.balances[sender] = self.balanceOf(sender) - amount
        self.emit("Transfer", sender=sender, receiver=NOBODY, value=amount)

    def name(self) -> str:
        return self._name

    def symbol(self) -> str:
        return self._symbol

    def decimals(self) -> int:
        return 6

    def totalSupply(self) -> int:
        return sum(self.state.balances.values())

    def balanceOf(self, account: str) -> int:
        return self.state.balances.get(account, 0)

    def allowance(self, owner: str, spender: str) -> int:
        return self.state.allowances.get((owner, spender), 0)

    def _move(self, owner: str, receiver: str, amount: int) -> None:
        need(receiver != NOBODY, "Token: no receiver")
        need(self.balanceOf(owner) >= amount, "Token: balance too low")
        self.state.balances[owner] = self.balanceOf(owner) - amount
        self.state.balances[receiver] = self.balanceOf(receiver) + amount
        self.emit("Transfer", sender=owner, receiver=receiver, value=amount)
