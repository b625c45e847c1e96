"""Stakes in plain Python: bonds that wait, are held, are burnt."""

from dataclasses import dataclass, field

from tests.twins.members import Members
from tests.twins.token import Token
from tests.twins.world import NOBODY, PARTICIPANT, VALIDATOR, Twin, World, need


@dataclass
class Bond:
    amount: int = 0
    unbonding: int = 0
    ready_at: int = 0
    locks: int = 0
    settled: int = 0
    score: int = 0
    faults: int = 0


@dataclass
class State:
    rounds: str = NOBODY
    bonds: dict[tuple[str, int], Bond] = field(default_factory=dict)


class Stakes(Twin):
    def __init__(  # noqa: PLR0917 (the contract's own arguments)
        self, world: World, address: str, token: Token, members: Members, delay: int, deployer: str
    ) -> None:
        super().__init__(world, address, State())
        need(delay <= 366 * 86400, "Stakes: delay over 366 days")
        self._token, self._members, self._delay, self._deployer = token, members, delay, deployer

    def bind(self, sender: str, rounds: str) -> None:
        need(sender == self._deployer, "Stakes: only the deployer binds")
        need(self.state.rounds == NOBODY, "Stakes: already bound")
        need(rounds != NOBODY, "Stakes: no contract to bind")
        self.state.rounds = rounds
        self.emit("Bound", rounds=rounds)

    def deposit(self, sender: str, role: int, amount: int) -> None:
        need(role in (PARTICIPANT, VALIDATOR), "Stakes: no such role")
        need(self._members.has_role(sender, role), "Stakes: role not held")
        need(amount > 0, "Stakes: nothing to deposit")
        self._bond(sender, role).amount += amount
        need(self._bond(sender, role).amount < 2**256, "no reason given")  # checked arithmetic
        self.emit("Deposited", account=sender, role=role, amount=amount)
        self._token.transferFrom(self.address, sender, self.address, amount)

    def request_unbond(self, sender: str, role: int, amount: int) -> None:
        bond = self._bond(sender, role)
        need(amount > 0, "Stakes: nothing to unbond")
        need(amount <= bond.amount, "Stakes: more than is bonded")
        bond.amount -= amount
        bond.unbonding += amount
        bond.ready_at = self.world.now + self._delay
        self.emit(
            "UnbondRequested", account=sender, role=role, amount=amount, ready_at=bond.ready_at
        )

    def withdraw(self, sender: str, role: int) -> None:
        bond = self._bond(sender, role)
        amount = bond.unbonding
        need(amount > 0, "Stakes: nothing to withdraw")
        need(self.world.now >= bond.ready_at, "Stakes: still unbonding")
        need(bond.locks == 0, "Stakes: locked by a task")
        bond.unbonding = 0
        self.emit("Withdrawn", account=sender, role=role, amount=amount)
        self._token.transfer(self.address, sender, amount)

    def lock(self, sender: str, account: str, role: int) -> None:
        self._only_rounds(sender)
        self._bond(account, role).locks += 1
        self.emit("Locked", account=account, role=role, locks=self._bond(account, role).locks)

    def unlock(self, sender: str, account: str, role: int) -> None:
        self._only_rounds(sender)
        need(self._bond(account, role).locks > 0, "Stakes: not locked")
        self._bond(account, role).locks -= 1
        self.emit("Unlocked", account=account, role=role, locks=self._bond(account, role).locks)

    def slash(self, sender: str, account: str, role: int, amount: int, reason: str) -> int:
        self._only_rounds(sender)
        bond = self._bond(account, role)
        burnt = min(amount, bond.amount + bond.unbonding)
        left = bond.amount + bond.unbonding - burnt
        bond.unbonding = min(bond.unbonding, left)
        bond.amount = left - bond.unbonding
        self.emit("Slashed", account=account, role=role, amount=burnt, due=amount, reason=reason)
        if burnt:
            self._token.burn(self.address, burnt)
        return burnt

    def record(self, sender: str, account: str, role: int, score: int, fault: bool) -> None:
        self._only_rounds(sender)
        bond = self._bond(account, role)
        if fault:
            bond.faults += 1
        else:
            bond.settled += 1
            bond.score += score
        self.emit("Recorded", account=account, role=role, score=score, fault=fault)

    def rounds(self) -> str:
        return self.state.rounds

    def token(self) -> str:
        return self._token.address

    def members(self) -> str:
        return self._members.address

    def unbonding_seconds(self) -> int:
        return self._delay

    def bond(self, account: str, role: int) -> int:
        return self._bond(account, role).amount

    def bond_of(self, account: str, role: int) -> tuple:
        bond = self._bond(account, role)
        return (bond.amount, bond.unbonding, bond.ready_at, bond.locks)

    def reputation_of(self, account: str, role: int) -> tuple:
        bond = self._bond(account, role)
        return (bond.settled, bond.score, bond.faults)

    def _bond(self, account: str, role: int) -> Bond:
        return self.state.bonds.setdefault((account, role), Bond())

    def _only_rounds(self, sender: str) -> None:
        need(sender == self.state.rounds, "Stakes: only Rounds")
