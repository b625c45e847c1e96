"""The Stakes contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.stakes_facts import (
    Bond,
    Bound,
    Deposited,
    Locked,
    Recorded,
    Reputation,
    Slashed,
    UnbondRequested,
    Unlocked,
    Withdrawn,
)


class Stakes(Face):
    """Bonds per account and role, returned after a delay, slashed by `Rounds` alone. What is
    slashed is burnt: nobody gains from another's fault.
    """

    NAME = "Stakes"
    EVENTS = (
        Bound,
        Deposited,
        UnbondRequested,
        Withdrawn,
        Locked,
        Unlocked,
        Slashed,
        Recorded,
    )

    @staticmethod
    def deployment(token: str, members: str, unbonding_seconds: int) -> Call:
        """The call that creates the contract."""
        return load_artifact("Stakes").deployment(token, members, unbonding_seconds)

    def bind(self, rounds: str) -> Call:
        """Names the Rounds contract, once; the deployer has no power afterwards."""
        return self._encode("bind", rounds)

    def bond(self, account: str, role: int) -> int:
        """The bonded amount, without what is unbonding."""
        return self._ask(int, "bond", account, role)

    def bond_of(self, account: str, role: int) -> Bond:
        """The whole state of a bond."""
        return self._ask(Bond, "bond_of", account, role)

    def deposit(self, role: int, amount: int) -> Call:
        """Adds `amount`, taken from the caller's allowance, to the caller's bond in `role`."""
        return self._encode("deposit", role, amount)

    def lock(self, account: str, role: int) -> Call:
        """Rounds: one more task holds the bond."""
        return self._encode("lock", account, role)

    def members(self) -> str:
        """The contract's `members`."""
        return self._ask(str, "members")

    def record(self, account: str, role: int, score: int, fault: bool) -> Call:
        """Rounds: adds a settled round with its score, or a fault, to the reputation."""
        return self._encode("record", account, role, score, fault)

    def reputation_of(self, account: str, role: int) -> Reputation:
        """What settled work says about the account in `role`."""
        return self._ask(Reputation, "reputation_of", account, role)

    def request_unbond(self, role: int, amount: int) -> Call:
        """Starts the delay for `amount`; it stays slashable. Asking again starts the delay
        again for all that is unbonding.
        """
        return self._encode("request_unbond", role, amount)

    def rounds(self) -> str:
        """The one contract that may lock, slash and record; fixed by `bind`."""
        return self._ask(str, "rounds")

    def slash(self, account: str, role: int, amount: int, reason: str) -> Call:
        """Rounds: burns `amount`, or all there is if that is less: the bond first, then what
        is unbonding.
        """
        return self._encode("slash", account, role, amount, reason)

    def token(self) -> str:
        """The contract's `token`."""
        return self._ask(str, "token")

    def unbonding_seconds(self) -> int:
        """The contract's `unbonding_seconds`."""
        return self._ask(int, "unbonding_seconds")

    def unlock(self, account: str, role: int) -> Call:
        """Rounds: one task fewer holds the bond."""
        return self._encode("unlock", account, role)

    def withdraw(self, role: int) -> Call:
        """Pays out what is unbonding, after the delay and when no task holds the bond."""
        return self._encode("withdraw", role)
