# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Members
@license Apache-2.0
@notice  Who belongs to the consortium, in which roles, and what its members have decided.
         One member, one vote. Nobody owns this contract: after deployment every change needs two
         thirds of the members. Membership cannot be transferred.
@dev     A subject is any 32-byte digest that other contracts give a meaning to. Votes are bitmaps
         over positions, so a suspended member's votes stop counting for what is undecided.
"""

from .interfaces import IMembers
from .modules import quorum

implements: IMembers

MEMBER: constant(uint256) = 1
PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
ALL_ROLES: constant(uint256) = MEMBER | PARTICIPANT | VALIDATOR
MAX_FOUNDERS: constant(uint256) = 32
MAX_ACCOUNTS: constant(uint256) = 256  # the width of a bitmap

# The ASCII text, then zero bytes: "quorate/admit/v1" and "quorate/suspend/v1".
ADMIT_TAG: constant(bytes32) = 0x71756f726174652f61646d69742f763100000000000000000000000000000000
SUSPEND_TAG: constant(bytes32) = 0x71756f726174652f73757370656e642f76310000000000000000000000000000

# @notice How many accounts were ever admitted.
size: public(uint256)
# @notice Bits of the accounts that may vote now: role MEMBER, not suspended; bit = position - 1.
electorate: public(uint256)
# @notice The account at a position, counted from 1.
account_at: public(HashMap[uint256, address])
# @notice Bits of the members that supported and that opposed a subject.
yes_votes: public(HashMap[bytes32, uint256])
no_votes: public(HashMap[bytes32, uint256])
# @notice True once two thirds supported the subject; it stays so.
approved: public(HashMap[bytes32, bool])

_members: HashMap[address, IMembers.Member]


@deploy
def __init__(founders: DynArray[IMembers.Admission, MAX_FOUNDERS]):
    """
    @notice Admits the founders without a vote.
    @param founders At least one of them with the role MEMBER.
    """
    for founder: IMembers.Admission in founders:
        self._admit(founder)
    assert self.electorate != 0, "Members: no founder is a member"


@external
def vote(subject: bytes32, support: bool):
    """
    @notice Casts the caller's only vote on `subject`.
    @dev    Reaching two thirds freezes the subject as approved.
    @param subject The digest that is voted on.
    @param support True for yes, false for no.
    """
    bit: uint256 = self._bit(msg.sender)
    assert self.electorate & bit != 0, "Members: not a member"
    assert not self.approved[subject], "Members: already approved"
    assert (self.yes_votes[subject] | self.no_votes[subject]) & bit == 0, "Members: already voted"
    if support:
        self.yes_votes[subject] |= bit
    else:
        self.no_votes[subject] |= bit
    log IMembers.Voted(subject=subject, account=msg.sender, support=support)
    if self._carried(subject):
        self._approve(subject)


@external
def confirm(subject: bytes32):
    """
    @notice Freezes a subject that reached two thirds because the electorate shrank.
    @param subject The digest that is voted on.
    """
    assert not self.approved[subject], "Members: already approved"
    assert self._carried(subject), "Members: not two thirds of the members"
    self._approve(subject)


@external
def admit(account: address, keys: bytes32, controller: bytes32, roles: uint256):
    """
    @notice Admits a new account, or a suspended one again, once its subject is approved.
    @dev    Callable by anyone: the vote decided. See `admit_subject`.
    @param account Whom to admit.
    @param keys Digest of the identity.
    @param controller Who stands behind the account.
    @param roles Bits: MEMBER 1, PARTICIPANT 2, VALIDATOR 4.
    """
    subject: bytes32 = self._admit_subject(account, keys, controller, roles)
    assert self.approved[subject], "Members: not approved"
    self._admit(
        IMembers.Admission(account=account, keys=keys, controller=controller, roles=roles)
    )


@external
def suspend(account: address):
    """
    @notice Takes every role from an account once its subject is approved.
    @dev    Callable by anyone: the vote decided. See `suspend_subject`.
    @param account Whom to suspend.
    """
    assert self.approved[self._suspend_subject(account)], "Members: not approved"
    member: IMembers.Member = self._members[account]
    assert member.position != 0 and not member.suspended, "Members: not active"
    left: uint256 = self.electorate & ~self._bit(account)
    assert left != 0, "Members: nobody would be left to vote"
    self.electorate = left
    self._members[account].suspended = True
    self._members[account].changes = member.changes + 1
    log IMembers.Suspended(account=account)


@external
@view
def admit_subject(
    account: address, keys: bytes32, controller: bytes32, roles: uint256
) -> bytes32:
    """
    @notice What members vote on to admit: SHA-256 of the ABI encoding of tag, chain id, this
            contract, the arguments and the account's count of changes (so no vote counts twice).
    @param account Whom to admit.
    @param keys Digest of the identity.
    @param controller Who stands behind the account.
    @param roles Bits: MEMBER 1, PARTICIPANT 2, VALIDATOR 4.
    @return The subject.
    """
    return self._admit_subject(account, keys, controller, roles)


@external
@view
def suspend_subject(account: address) -> bytes32:
    """
    @notice What members vote on to suspend; bound as `admit_subject` is.
    @param account Whom to suspend.
    @return The subject.
    """
    return self._suspend_subject(account)


@external
@view
def member(account: address) -> IMembers.Member:
    """
    @notice All that is known about an account; position 0 for a stranger.
    @param account The account asked about.
    @return The record.
    """
    return self._members[account]


@external
@view
def is_active(account: address) -> bool:
    """
    @notice True for an admitted account that is not suspended.
    @param account The account asked about.
    @return True or false.
    """
    return self._members[account].position != 0 and not self._members[account].suspended


@external
@view
def has_role(account: address, role: uint256) -> bool:
    """
    @notice True when the account is not suspended and has any role of the mask `role`.
    @param account The account asked about.
    @param role Any of these bits.
    @return True or false.
    """
    return self._members[account].roles & role != 0 and not self._members[account].suspended


@external
@view
def controller_of(account: address) -> bytes32:
    """
    @notice Who stands behind the account, suspended or not; zero for a stranger.
    @param account The account asked about.
    @return The controller.
    """
    return self._members[account].controller


@external
@view
def voters() -> uint256:
    """
    @notice How many members may vote now.
    @return Their number.
    """
    return quorum.count(self.electorate)


@internal
def _admit(admission: IMembers.Admission):
    account: address = admission.account
    assert account != empty(address), "Members: no account"
    assert admission.keys != empty(bytes32), "Members: no keys"
    assert admission.controller != empty(bytes32), "Members: no controller"
    assert admission.roles != 0 and admission.roles <= ALL_ROLES, "Members: no such roles"
    member: IMembers.Member = self._members[account]
    assert member.position == 0 or member.suspended, "Members: already active"
    if member.position == 0:
        assert self.size < MAX_ACCOUNTS, "Members: full"
        self.size += 1
        member.position = self.size
        self.account_at[member.position] = account
    member.keys = admission.keys
    member.controller = admission.controller
    member.roles = admission.roles
    member.suspended = False
    member.changes += 1
    self._members[account] = member
    if member.roles & MEMBER != 0:
        self.electorate |= 1 << (member.position - 1)
    log IMembers.Admitted(
        account=account,
        position=member.position,
        keys=member.keys,
        controller=member.controller,
        roles=member.roles,
    )


@internal
def _approve(subject: bytes32):
    self.approved[subject] = True
    log IMembers.Approved(
        subject=subject, yes=self.yes_votes[subject], electorate=self.electorate
    )


@internal
@view
def _carried(subject: bytes32) -> bool:
    electorate: uint256 = self.electorate
    yes: uint256 = self.yes_votes[subject] & electorate
    return quorum.reached(quorum.count(yes), quorum.count(electorate))


@internal
@view
def _bit(account: address) -> uint256:
    position: uint256 = self._members[account].position
    return 0 if position == 0 else 1 << (position - 1)


@internal
@view
def _admit_subject(
    account: address, keys: bytes32, controller: bytes32, roles: uint256
) -> bytes32:
    changes: uint256 = self._members[account].changes
    return sha256(
        abi_encode(ADMIT_TAG, chain.id, self, account, keys, controller, roles, changes)
    )


@internal
@view
def _suspend_subject(account: address) -> bytes32:
    return sha256(
        abi_encode(SUSPEND_TAG, chain.id, self, account, self._members[account].changes)
    )
