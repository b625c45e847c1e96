"""The Members contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.members_facts import (
    Admission,
    Admitted,
    Approved,
    Member,
    Suspended,
    Voted,
)


class Members(Face):
    """Who belongs to the consortium, in which roles, and what its members have decided. One
    member, one vote. Nobody owns this contract: after deployment every change needs two
    thirds of the members. Membership cannot be transferred.
    """

    NAME = "Members"
    EVENTS = (
        Admitted,
        Voted,
        Approved,
        Suspended,
    )

    @staticmethod
    def deployment(founders: Sequence[Admission]) -> Call:
        """The call that creates the contract."""
        return load_artifact("Members").deployment(founders)

    def account_at(self, arg0: int) -> str:
        """The account at a position, counted from 1."""
        return self._ask(str, "account_at", arg0)

    def admit(self, account: str, keys: bytes, controller: bytes, roles: int) -> Call:
        """Admits a new account, or a suspended one again, once its subject is approved."""
        return self._encode("admit", account, keys, controller, roles)

    def admit_subject(self, account: str, keys: bytes, controller: bytes, roles: int) -> bytes:
        """What members vote on to admit: SHA-256 of the ABI encoding of tag, chain id, this
        contract, the arguments and the account's count of changes (so no vote counts
        twice).
        """
        return self._ask(bytes, "admit_subject", account, keys, controller, roles)

    def approved(self, arg0: bytes) -> bool:
        """True once two thirds supported the subject; it stays so."""
        return self._ask(bool, "approved", arg0)

    def confirm(self, subject: bytes) -> Call:
        """Freezes a subject that reached two thirds because the electorate shrank."""
        return self._encode("confirm", subject)

    def controller_of(self, account: str) -> bytes:
        """Who stands behind the account, suspended or not; zero for a stranger."""
        return self._ask(bytes, "controller_of", account)

    def electorate(self) -> int:
        """Bits of the accounts that may vote now: role MEMBER, not suspended; bit = position
        - 1.
        """
        return self._ask(int, "electorate")

    def has_role(self, account: str, role: int) -> bool:
        """True when the account is not suspended and has any role of the mask `role`."""
        return self._ask(bool, "has_role", account, role)

    def is_active(self, account: str) -> bool:
        """True for an admitted account that is not suspended."""
        return self._ask(bool, "is_active", account)

    def member(self, account: str) -> Member:
        """All that is known about an account; position 0 for a stranger."""
        return self._ask(Member, "member", account)

    def no_votes(self, arg0: bytes) -> int:
        """The contract's `no_votes`."""
        return self._ask(int, "no_votes", arg0)

    def size(self) -> int:
        """How many accounts were ever admitted."""
        return self._ask(int, "size")

    def suspend(self, account: str) -> Call:
        """Takes every role from an account once its subject is approved."""
        return self._encode("suspend", account)

    def suspend_subject(self, account: str) -> bytes:
        """What members vote on to suspend; bound as `admit_subject` is."""
        return self._ask(bytes, "suspend_subject", account)

    def vote(self, subject: bytes, support: bool) -> Call:
        """Casts the caller's only vote on `subject`."""
        return self._encode("vote", subject, support)

    def voters(self) -> int:
        """How many members may vote now."""
        return self._ask(int, "voters")

    def yes_votes(self, arg0: bytes) -> int:
        """Bits of the members that supported and that opposed a subject."""
        return self._ask(int, "yes_votes", arg0)
