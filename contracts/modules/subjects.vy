# pragma version 0.4.3
"""
@title   Subjects: what the members have decided by two thirds
@license Apache-2.0
@notice  A subject is any 32-byte digest that another contract gives a meaning to: a task, an
         appeal. One member, one vote.
@dev     Votes are bitmaps over positions, so a suspended member's votes stop counting for what is
         undecided, and a member that was replaced does not vote twice.
"""

from ..interfaces import IMembers
from . import hashchain
from . import quorum
from . import roster
from . import suffrage

uses: hashchain
uses: roster
uses: suffrage

VOTED: constant(bytes32) = keccak256("Voted(bytes32,address,bool)")
APPROVED: constant(bytes32) = keccak256("Approved(bytes32,uint256,uint256)")

# @notice Bits of the members that supported a subject.
yes_votes: public(HashMap[bytes32, uint256])
# @notice Bits of the members that opposed a subject.
no_votes: public(HashMap[bytes32, uint256])
# @notice True once two thirds supported the subject; it stays so.
approved: public(HashMap[bytes32, bool])


@external
def vote(subject: bytes32, support: bool):
    """
    @notice Casts the caller's only vote on `subject`. Reaching two thirds freezes it as approved.
    @param subject The digest that is voted on.
    @param support True for yes, false for no.
    """
    bit: uint256 = roster.bit(msg.sender)
    yes: uint256 = self.yes_votes[subject]
    no: uint256 = self.no_votes[subject]
    assert suffrage.electorate & bit != 0, "Members: not a member"
    assert not self.approved[subject], "Members: already approved"
    assert (yes | no) & bit == 0, "Members: already voted"
    if support:
        self.yes_votes[subject] = yes | bit
    else:
        self.no_votes[subject] = no | bit
    log IMembers.Voted(subject=subject, account=msg.sender, support=support)
    hashchain.extend(keccak256(abi_encode(VOTED, subject, msg.sender, support)))
    if self._carried(subject):
        self._approve(subject)


@external
def confirm(subject: bytes32):
    """
    @notice Freezes a subject that reached two thirds because the electorate shrank; by anyone.
    @param subject The digest that is voted on.
    """
    assert not self.approved[subject], "Members: already approved"
    assert self._carried(subject), "Members: not two thirds"
    self._approve(subject)


@internal
def _approve(subject: bytes32):
    self.approved[subject] = True
    yes: uint256 = self.yes_votes[subject]
    now: uint256 = suffrage.electorate
    log IMembers.Approved(subject=subject, yes=yes, electorate=now)
    hashchain.extend(keccak256(abi_encode(APPROVED, subject, yes, now)))


@internal
@view
def _carried(subject: bytes32) -> bool:
    yes: uint256 = self.yes_votes[subject] & suffrage.electorate
    return quorum.reached(quorum.count(yes), suffrage.count())
