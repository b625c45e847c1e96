"""Stakes in plain Python: bonds that wait, are held, are burnt, and vote."""

from dataclasses import dataclass, field

from tests.twins.votes import ALL, Votes, Voting
from tests.twins.world import PARTICIPANT, VALIDATOR, World, need

TOO_LARGE = "Stakes: amount too large"
TOO_MUCH = "Stakes: too much to record"


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
    bonds: dict[tuple[str, int], Bond] = field(default_factory=dict)
    votes: Votes = field(default_factory=Votes)


class Stakes(Voting):
    def __init__(  # noqa: PLR0917 (the contract's own arguments)
        self,
        world: World,
        address: str,
        token: str,
        members: str,
        tasks: str,
        rounds: str,
        delay: int,
    ) -> None:
        super().__init__(world, address, State())
        need(delay <= 366 * 86_400, "Stakes: delay over 366 days")
        self._token, self._members = token, members
        self._tasks, self._rounds, self._delay = tasks, rounds, delay

    # --- by the owner of the bond ---------------------------------------------------------------

    def deposit(self, sender: str, role: int, amount: int) -> None:
        need(role in (PARTICIPANT, VALIDATOR), "Stakes: no such role")
        need(self.world.at[self._members].has_role(sender, role), "Stakes: role not held")
        need(amount > 0, "Stakes: nothing to deposit")
        need(amount < 2**96, TOO_LARGE)
        bond = self._bond(sender, role)
        bond.amount += amount
        need(bond.amount < 2**96, TOO_LARGE)
        self._count_votes(sender)
        self.emit("Deposited", account=sender, role=role, amount=amount)
        self._pay(self.world.at[self._token].transferFrom, sender, self.address, amount)

    def request_unbond(self, sender: str, role: int, amount: int) -> None:
        bond = self._bond(sender, role)
        need(amount > 0, "Stakes: nothing to unbond")
        need(amount <= bond.amount, "Stakes: more than is bonded")
        bond.amount -= amount
        bond.unbonding += amount
        need(bond.unbonding < 2**96, TOO_LARGE)
        bond.ready_at = self.world.now + self._delay
        self._count_votes(sender)
        self.emit(
            "UnbondRequested", account=sender, role=role, amount=amount, ready_at=bond.ready_at
        )

    def withdraw(self, sender: str, role: int) -> None:
        bond = self._bond(sender, role)
        amount = bond.unbonding
        need(amount > 0, "Stakes: nothing to withdraw")
        need(bond.locks == 0, "Stakes: locked by a task")
        need(self.world.now >= bond.ready_at, "Stakes: still unbonding")
        bond.unbonding = 0
        self.emit("Withdrawn", account=sender, role=role, amount=amount)
        self._pay(self.world.at[self._token].transfer, sender, amount)

    # --- by Tasks and Rounds --------------------------------------------------------------------

    def lock(self, sender: str, account: str, role: int) -> None:
        self._only_work(sender)
        bond = self._bond(account, role)
        need(bond.locks < 2**24 - 1, "Stakes: too many locks")
        bond.locks += 1
        self.emit("Locked", account=account, role=role, locks=bond.locks)

    def unlock(self, sender: str, account: str, role: int) -> None:
        self._only_work(sender)
        bond = self._bond(account, role)
        need(bond.locks > 0, "Stakes: not locked")
        bond.locks -= 1
        self.emit("Unlocked", account=account, role=role, locks=bond.locks)
        if bond.unbonding:
            bond.ready_at = self.world.now + self._delay
            self.emit(
                "UnbondRequested", account=account, role=role, amount=0, ready_at=bond.ready_at
            )

    def slash(self, sender: str, account: str, role: int, amount: int, reason: str) -> int:
        self._only_work(sender)
        bond = self._bond(account, role)
        burnt = min(amount, bond.amount + bond.unbonding)
        left = bond.amount + bond.unbonding - burnt
        bond.unbonding = min(bond.unbonding, left)
        bond.amount = left - bond.unbonding
        self._count_votes(account)
        self.emit("Slashed", account=account, role=role, amount=burnt, due=amount, reason=reason)
        if burnt:
            self.world.at[self._token].burn(self.address, burnt)
        return burnt

    def record(  # noqa: PLR0917 (the contract's own arguments)
        self, sender: str, account: str, role: int, settled: int, score: int, faults: int
    ) -> None:
        self._only_work(sender)
        bond = self._bond(account, role)
        bond.settled += settled
        bond.score += score
        bond.faults += faults
        need(max(bond.settled, bond.faults) < 2**64, TOO_MUCH)
        need(max(abs(bond.score), abs(score)) < 2**127, TOO_MUCH)
        self.emit(
            "Recorded", account=account, role=role, settled=settled, score=score, faults=faults
        )

    # --- views ----------------------------------------------------------------------------------

    def token(self) -> str:
        return self._token

    def members(self) -> str:
        return self._members

    def tasks(self) -> str:
        return self._tasks

    def rounds(self) -> str:
        return self._rounds

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

    def delegates(self, account: str) -> str:
        return account

    # --- inside ---------------------------------------------------------------------------------

    def _bond(self, account: str, role: int) -> Bond:
        return self.state.bonds.setdefault((account, role), Bond())

    def _only_work(self, sender: str) -> None:
        need(sender in (self._tasks, self._rounds), "Stakes: only Tasks or Rounds")

    def _pay(self, transfer, *arguments) -> None:
        need(transfer(self.address, *arguments), "Stakes: transfer failed")

    def _count_votes(self, account: str) -> None:
        """What is bonded votes; what is unbonding does not."""
        bonds = self.state.bonds.items()
        own = sum(bond.amount for (owner, _), bond in bonds if owner == account)
        self.state.votes.push(account, self.world.now, own)
        self.state.votes.push(ALL, self.world.now, sum(bond.amount for _, bond in bonds))
