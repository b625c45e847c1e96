"""The Members contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.members_facts import (
    Admission,
    Admitted,
    AnchorerSet,
    Approved,
    Key,
    Locked,
    Member,
    Replaced,
    Resumed,
    Revoked,
    RevokedInLog,
    Rotated,
    Suspended,
    SuspendedUntil,
    Voted,
)


class Members(Face):
    """Who belongs to the consortium, in which roles and with which keys, and what its
    members have decided. One member, one vote. Nobody owns this contract: memberships
    change by Timelock, that is by a vote and a delay; the council can stop an account for
    a while. Membership cannot be transferred.
    """

    NAME = "Members"
    EVENTS = (
        Admitted,
        Locked,
        Voted,
        Approved,
        Rotated,
        Revoked,
        RevokedInLog,
        AnchorerSet,
        Suspended,
        SuspendedUntil,
        Resumed,
        Replaced,
    )

    @staticmethod
    def deployment(founders: Sequence[Admission], timelock: str, council: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Members").deployment(founders, timelock, council)

    def CLOCK_MODE(self) -> str:
        """ERC-6372: what timepoints count."""
        return self._ask(str, "CLOCK_MODE")

    def account_at(self, arg0: int) -> str:
        """The account at a position, counted from 1."""
        return self._ask(str, "account_at", arg0)

    def admit(self, account: str, keys: bytes, controller: bytes, roles: int) -> Call:
        """Timelock: admits a new account, or a suspended one again."""
        return self._encode("admit", account, keys, controller, roles)

    def approved(self, arg0: bytes) -> bool:
        """True once two thirds supported the subject; it stays so."""
        return self._ask(bool, "approved", arg0)

    def balanceOf(self, owner: str) -> int:
        """ERC-5192 shape: an account has one membership or none."""
        return self._ask(int, "balanceOf", owner)

    def clock(self) -> int:
        """ERC-6372: the present timepoint."""
        return self._ask(int, "clock")

    def confirm(self, subject: bytes) -> Call:
        """Freezes a subject that reached two thirds because the electorate shrank; by anyone."""
        return self._encode("confirm", subject)

    def controller_of(self, account: str) -> bytes:
        """Who stands behind the account, suspended, replaced or not; zero for a stranger."""
        return self._ask(bytes, "controller_of", account)

    def council(self) -> str:
        """The contract of the council, for emergencies."""
        return self._ask(str, "council")

    def delegates(self, account: str) -> str:
        """Everybody votes for itself."""
        return self._ask(str, "delegates", account)

    def electorate(self) -> int:
        """Bits of the accounts that may vote now: role MEMBER, not suspended by Timelock;
        bit = position - 1.
        """
        return self._ask(int, "electorate")

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def getPastTotalSupply(self, timepoint: int) -> int:
        """How many members could vote at the end of a second."""
        return self._ask(int, "getPastTotalSupply", timepoint)

    def getPastVotes(self, account: str, timepoint: int) -> int:
        """The votes that an account had at the end of a second."""
        return self._ask(int, "getPastVotes", account, timepoint)

    def getVotes(self, account: str) -> int:
        """The votes that an account has now."""
        return self._ask(int, "getVotes", account)

    def has_role(self, account: str, role: int) -> bool:
        """True when the account is active and has any role of the mask `role`."""
        return self._ask(bool, "has_role", account, role)

    def is_active(self, account: str) -> bool:
        """True for an admitted account that is not suspended, by Timelock or by Council."""
        return self._ask(bool, "is_active", account)

    def key_count(self, account: str) -> int:
        """How many digests the account's history holds."""
        return self._ask(int, "key_count", account)

    def key_of(self, account: str, number: int) -> Key:
        """One digest of the account's history."""
        return self._ask(Key, "key_of", account, number)

    def keys_at(self, account: str, height: int) -> bytes:
        """The digest of the account's keys that was valid at a block."""
        return self._ask(bytes, "keys_at", account, height)

    def keys_at_index(self, account: str, log_id: bytes, index: int) -> bytes:
        """The digest of the account's keys that counts at a leaf of a log, see `revoke_at`."""
        return self._ask(bytes, "keys_at_index", account, log_id, index)

    def locked(self, token_id: int) -> bool:
        """ERC-5192: memberships cannot be transferred."""
        return self._ask(bool, "locked", token_id)

    def may_anchor(self, owner: str, log_id: bytes, who: str) -> bool:
        """True when `who` may anchor the log of `owner`: itself, or whom it allowed. While
        the owner is suspended nobody may.
        """
        return self._ask(bool, "may_anchor", owner, log_id, who)

    def member(self, account: str) -> Member:
        """All that is known about an account; position 0 for a stranger."""
        return self._ask(Member, "member", account)

    def no_votes(self, arg0: bytes) -> int:
        """Bits of the members that opposed a subject."""
        return self._ask(int, "no_votes", arg0)

    def ownerOf(self, token_id: int) -> str:
        """ERC-5192 shape: the account at a position, suspended or not."""
        return self._ask(str, "ownerOf", token_id)

    def replace(self, account: str, successor: str, keys: bytes) -> Call:
        """Timelock: a new account in the place of one whose key is lost. Position,
        controller, roles and what was voted with them go over; the old account is out for
        good. Tokens and bonds do not go over: nobody can take them.
        """
        return self._encode("replace", account, successor, keys)

    def resume(self, account: str) -> Call:
        """Council or Timelock: ends a suspension by Council now."""
        return self._encode("resume", account)

    def retire(self, number: int) -> Call:
        """The caller's keys are not valid from this block on; others come by `rotate`."""
        return self._encode("retire", number)

    def revoke(self, account: str, number: int, height: int) -> Call:
        """Timelock: keys are not valid from a block of the past on, because they were stolen."""
        return self._encode("revoke", account, number, height)

    def revoke_at(self, account: str, log_id: bytes, index: int) -> Call:
        """The account while active, or Timelock: the keys that count in a log stop doing so
        at a leaf; from it on the next digest of the history counts.
        """
        return self._encode("revoke_at", account, log_id, index)

    def rotate(self, keys: bytes) -> Call:
        """The caller's new keys: valid from this block on, the old ones no more. Active
        accounts.
        """
        return self._encode("rotate", keys)

    def set_anchorer(self, log_id: bytes, anchorer: str, allowed: bool) -> Call:
        """Says who may anchor the caller's log beside itself. Active accounts."""
        return self._encode("set_anchorer", log_id, anchorer, allowed)

    def size(self) -> int:
        """How many positions there are."""
        return self._ask(int, "size")

    def successor_of(self, account: str) -> str:
        """Who replaced the account after a loss of its key."""
        return self._ask(str, "successor_of", account)

    def supportsInterface(self, interface_id: bytes) -> bool:
        """ERC-165."""
        return self._ask(bool, "supportsInterface", interface_id)

    def suspend(self, account: str) -> Call:
        """Timelock: takes every role and the vote from an account, until it is admitted again."""
        return self._encode("suspend", account)

    def suspend_until(self, account: str, until: int) -> Call:
        """Council: stops an account's work in an emergency. It ends by itself, and cannot be
        repeated for the account until as long again has passed. The account keeps its
        vote.
        """
        return self._encode("suspend_until", account, until)

    def suspended_until(self, account: str) -> int:
        """The end of the account's newest suspension by Council."""
        return self._ask(int, "suspended_until", account)

    def timelock(self) -> str:
        """The contract that executes what the members decided."""
        return self._ask(str, "timelock")

    def vote(self, subject: bytes, support: bool) -> Call:
        """Casts the caller's only vote on `subject`. Reaching two thirds freezes it as approved."""
        return self._encode("vote", subject, support)

    def voters(self) -> int:
        """How many members may vote now."""
        return self._ask(int, "voters")

    def yes_votes(self, arg0: bytes) -> int:
        """Bits of the members that supported a subject."""
        return self._ask(int, "yes_votes", arg0)
