"""The Stakes contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.stakes_facts import (
    Bond,
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
    """Bonds per account and role, returned after a delay, slashed by `Tasks` and `Rounds`
    alone. What is slashed is burnt: nobody gains from another's fault. Bonds vote in a
    Governor that counts stake; what is unbonding does not. Nobody can pause the way out.
    """

    NAME = "Stakes"
    EVENTS = (
        Deposited,
        UnbondRequested,
        Withdrawn,
        Locked,
        Unlocked,
        Slashed,
        Recorded,
    )

    @staticmethod
    def deployment(
        token: str, members: str, tasks: str, rounds: str, unbonding_seconds: int
    ) -> Call:
        """The call that creates the contract."""
        return load_artifact("Stakes").deployment(token, members, tasks, rounds, unbonding_seconds)

    def CLOCK_MODE(self) -> str:
        """ERC-6372: what timepoints count."""
        return self._ask(str, "CLOCK_MODE")

    def bond(self, account: str, role: int) -> int:
        """The bonded amount, without what is unbonding."""
        return self._ask(int, "bond", account, role)

    def bond_of(self, account: str, role: int) -> Bond:
        """The whole state of a bond."""
        return self._ask(Bond, "bond_of", account, role)

    def clock(self) -> int:
        """ERC-6372: the present timepoint."""
        return self._ask(int, "clock")

    def delegates(self, account: str) -> str:
        """Everybody votes with its own bonds."""
        return self._ask(str, "delegates", account)

    def deposit(self, role: int, amount: int) -> Call:
        """Adds `amount`, taken from the caller's allowance, to the caller's bond in `role`."""
        return self._encode("deposit", role, amount)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def getPastTotalSupply(self, timepoint: int) -> int:
        """All votes that there were at the end of a second, delegated or not."""
        return self._ask(int, "getPastTotalSupply", timepoint)

    def getPastVotes(self, account: str, timepoint: int) -> int:
        """The votes that an account had at the end of a second."""
        return self._ask(int, "getPastVotes", account, timepoint)

    def getVotes(self, account: str) -> int:
        """The votes that an account has now."""
        return self._ask(int, "getVotes", account)

    def lock(self, account: str, role: int) -> Call:
        """Tasks, Rounds: one more task holds the bond."""
        return self._encode("lock", account, role)

    def members(self) -> str:
        """Who may bond in which role."""
        return self._ask(str, "members")

    def record(self, account: str, role: int, settled: int, score: int, faults: int) -> Call:
        """Tasks, Rounds: adds to the reputation."""
        return self._encode("record", account, role, settled, score, faults)

    def reputation_of(self, account: str, role: int) -> Reputation:
        """What settled work says about the account in `role`."""
        return self._ask(Reputation, "reputation_of", account, role)

    def request_unbond(self, role: int, amount: int) -> Call:
        """Starts the delay for `amount`; it stays slashable. Asking again starts the delay
        again for all that is unbonding.
        """
        return self._encode("request_unbond", role, amount)

    def rounds(self) -> str:
        """May lock, unlock, slash and record, as `tasks` may."""
        return self._ask(str, "rounds")

    def slash(self, account: str, role: int, amount: int, reason: str) -> Call:
        """Tasks, Rounds: burns `amount`, or all there is if that is less: the bond first,
        then what is unbonding.
        """
        return self._encode("slash", account, role, amount, reason)

    def tasks(self) -> str:
        """May lock, unlock, slash and record, as `rounds` may."""
        return self._ask(str, "tasks")

    def token(self) -> str:
        """What bonds are paid in."""
        return self._ask(str, "token")

    def unbonding_seconds(self) -> int:
        """From asking a bond back to getting it."""
        return self._ask(int, "unbonding_seconds")

    def unlock(self, account: str, role: int) -> Call:
        """Tasks, Rounds: one task fewer holds the bond. What is unbonding starts its delay
        again, so that what was done in the last round can still be proven and slashed.
        """
        return self._encode("unlock", account, role)

    def withdraw(self, role: int) -> Call:
        """Pays out what is unbonding, after the delay and when no task holds the bond."""
        return self._encode("withdraw", role)
