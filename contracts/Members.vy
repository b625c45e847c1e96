# pragma version 0.4.3
"""
@title   Members
@license Apache-2.0
@notice  Who belongs to the consortium, in which roles and with which keys, and what its members
         have decided. One member, one vote. Nobody owns this contract: memberships change by
         Timelock, that is by a vote and a delay; the council can stop an account for a while.
         Membership cannot be transferred.
@dev     Calls no other contract, so there is nothing to re-enter.
"""

from .interfaces import IMembers
from .modules import hashchain
from .modules import keyring
from .modules import roster
from .modules import subjects
from .modules import suffrage

implements: IMembers
initializes: hashchain
initializes: roster
initializes: suffrage[roster := roster]
initializes: subjects[hashchain := hashchain, roster := roster, suffrage := suffrage]
initializes: keyring[hashchain := hashchain, roster := roster]
exports: hashchain.event_head
exports: (
    roster.timelock,
    roster.council,
    roster.size,
    roster.account_at,
    roster.is_active,
    roster.has_role,
    roster.controller_of,
    roster.suspended_until,
    roster.successor_of,
    roster.ownerOf,
    roster.balanceOf,
    roster.locked,
    roster.supportsInterface,
)
exports: (
    suffrage.electorate,
    suffrage.voters,
    suffrage.clock,
    suffrage.CLOCK_MODE,
    suffrage.getVotes,
    suffrage.getPastVotes,
    suffrage.getPastTotalSupply,
    suffrage.delegates,
)
exports: (
    subjects.vote,
    subjects.confirm,
    subjects.yes_votes,
    subjects.no_votes,
    subjects.approved,
)
exports: (
    keyring.rotate,
    keyring.retire,
    keyring.revoke,
    keyring.revoke_at,
    keyring.set_anchorer,
    keyring.may_anchor,
    keyring.keys_at,
    keyring.keys_at_index,
    keyring.key_count,
    keyring.key_of,
)

MEMBER: constant(uint256) = 1
ALL_ROLES: constant(uint256) = 7  # MEMBER 1, PARTICIPANT 2, VALIDATOR 4
MAX_ACCOUNTS: constant(uint256) = 256  # the width of a bitmap
MAX_SUSPENSION: constant(uint256) = 14 * 24 * 3600  # by the council, seconds

ADMITTED: constant(bytes32) = keccak256("Admitted(address,uint256,bytes32,bytes32,uint256)")
LOCKED: constant(bytes32) = keccak256("Locked(uint256)")
SUSPENDED: constant(bytes32) = keccak256("Suspended(address)")
SUSPENDED_UNTIL: constant(bytes32) = keccak256("SuspendedUntil(address,uint256)")
RESUMED: constant(bytes32) = keccak256("Resumed(address)")
REPLACED: constant(bytes32) = keccak256("Replaced(address,address,uint256,bytes32)")


@deploy
def __init__(
    founders: DynArray[IMembers.Admission, MAX_ACCOUNTS], _timelock: address, _council: address
):
    """
    @notice Admits the founders without a vote.
    @param founders At least one of them with the role MEMBER.
    @param _timelock The Timelock contract: admits, suspends, replaces, revokes.
    @param _council The Council contract: suspends for a while.
    """
    roster.__init__(_timelock, _council)
    bits: uint256 = 0
    for founder: IMembers.Admission in founders:
        bits |= self._admit(founder)
    assert bits != 0, "Members: no founder is a member"
    suffrage.change(bits)


@external
def admit(account: address, keys: bytes32, controller: bytes32, roles: uint256):
    """
    @notice Timelock: admits a new account, or a suspended one again.
    @param account Whom to admit.
    @param keys Digest of the identity.
    @param controller Who stands behind the account.
    @param roles Bits: MEMBER 1, PARTICIPANT 2, VALIDATOR 4.
    """
    self._only_timelock()
    bits: uint256 = self._admit(
        IMembers.Admission(account=account, keys=keys, controller=controller, roles=roles)
    )
    if bits != 0:
        suffrage.change(suffrage.electorate | bits)


@external
def suspend(account: address):
    """
    @notice Timelock: takes every role and the vote from an account, until it is admitted again.
    @param account Whom to suspend.
    """
    self._only_timelock()
    facts: roster.Facts = self._settled(account)
    left: uint256 = suffrage.electorate & ~roster.bit(account)
    assert left != 0, "Members: nobody is left to vote"
    facts.suspended = True
    facts.changes += 1
    roster.save(account, facts)
    if left != suffrage.electorate:
        suffrage.change(left)
    log IMembers.Suspended(account=account)
    hashchain.extend(keccak256(abi_encode(SUSPENDED, account)))


@external
def suspend_until(account: address, until: uint256):
    """
    @notice Council: stops an account's work in an emergency. It ends by itself, and cannot be
            repeated for the account until as long again has passed. The account keeps its vote.
    @param account Whom to stop.
    @param until The first second when it may work again, at most 14 days from now.
    """
    assert msg.sender == roster.council, "Members: only Council"
    facts: roster.Facts = self._settled(account)
    assert until > block.timestamp, "Members: not in the future"
    assert until - block.timestamp <= MAX_SUSPENSION, "Members: over 14 days"
    assert block.timestamp >= facts.until + facts.length, "Members: too soon again"
    facts.until = until
    facts.length = until - block.timestamp
    roster.save(account, facts)
    log IMembers.SuspendedUntil(account=account, until=until)
    hashchain.extend(keccak256(abi_encode(SUSPENDED_UNTIL, account, until)))


@external
def resume(account: address):
    """
    @notice Council or Timelock: ends a suspension by Council now.
    @param account Who may work again.
    """
    allowed: bool = msg.sender == roster.council or msg.sender == roster.timelock
    assert allowed, "Members: not Council or Timelock"
    facts: roster.Facts = roster.load(account)
    assert facts.until > block.timestamp, "Members: not suspended"
    facts.length -= facts.until - block.timestamp
    facts.until = block.timestamp
    roster.save(account, facts)
    log IMembers.Resumed(account=account)
    hashchain.extend(keccak256(abi_encode(RESUMED, account)))


@external
def replace(account: address, successor: address, keys: bytes32):
    """
    @notice Timelock: a new account in the place of one whose key is lost. Position, controller,
            roles and what was voted with them go over; the old account is out for good.
            Tokens and bonds do not go over: nobody can take them.
    @param account The lost account.
    @param successor An account that was never admitted.
    @param keys Digest of the new identity.
    """
    self._only_timelock()
    old: roster.Facts = self._settled(account)
    assert successor != empty(address), "Members: no account"
    assert roster.controller(successor) == empty(bytes32), "Members: already known"
    keyring.close(account, old.key_count - 1)
    roster.hand_over(account, successor)
    keyring.add(successor, 0, keys)
    log IMembers.Replaced(
        account=account, successor=successor, position=old.position, keys=keys
    )
    hashchain.extend(
        keccak256(abi_encode(REPLACED, account, successor, old.position, keys))
    )


@external
@view
def member(account: address) -> IMembers.Member:
    """
    @notice All that is known about an account; position 0 for a stranger.
    @param account The account asked about.
    @return The record.
    """
    facts: roster.Facts = roster.load(account)
    return IMembers.Member(
        position=facts.position,
        keys=keyring.valid(account, facts.key_count, block.number),
        controller=roster.controller(account),
        roles=facts.roles,
        suspended=facts.suspended or facts.until > block.timestamp,
        changes=facts.changes,
    )


@internal
def _admit(admission: IMembers.Admission) -> uint256:
    """@notice Admits one account; returns its bit if it may vote, else 0."""
    account: address = admission.account
    assert account != empty(address), "Members: no account"
    assert admission.controller != empty(bytes32), "Members: no controller"
    assert admission.roles != 0 and admission.roles <= ALL_ROLES, "Members: no such roles"
    facts: roster.Facts = roster.load(account)
    isnew: bool = facts.changes == 0
    if isnew:
        assert roster.size < MAX_ACCOUNTS, "Members: full"
        facts.position = roster.take_seat(account)
        facts.first_block = block.number
        facts.joined = block.timestamp
    else:
        assert facts.suspended, "Members: already active"
        assert facts.position != 0, "Members: was replaced"
    keyring.add(account, facts.key_count, admission.keys)
    facts.key_count += 1
    facts.roles = admission.roles
    facts.suspended = False
    facts.changes += 1
    roster.save(account, facts)
    roster.set_controller(account, admission.controller)
    log IMembers.Admitted(
        account=account,
        position=facts.position,
        keys=admission.keys,
        controller=admission.controller,
        roles=admission.roles,
    )
    hashchain.extend(
        keccak256(
            abi_encode(
                ADMITTED,
                account,
                facts.position,
                admission.keys,
                admission.controller,
                admission.roles,
            )
        )
    )
    if isnew:
        log IMembers.Locked(tokenId=facts.position)
        hashchain.extend(keccak256(abi_encode(LOCKED, facts.position)))
    return 0 if admission.roles & MEMBER == 0 else 1 << (facts.position - 1)


@internal
@view
def _settled(account: address) -> roster.Facts:
    """@notice What is stored about an account that Timelock has not suspended."""
    facts: roster.Facts = roster.load(account)
    assert facts.position != 0 and not facts.suspended, "Members: not active"
    return facts


@internal
@view
def _only_timelock():
    assert msg.sender == roster.timelock, "Members: only Timelock"
