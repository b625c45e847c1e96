# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Anchor
@license Apache-2.0
@notice  Each member's log, pinned: sizes only grow, and one size has one root for ever. A log
         that shows two people different histories contradicts what stands here.
@dev     Consistency between two anchored roots is proven off chain (RFC 6962).
"""

from .interfaces import IAnchor
from .interfaces import IMembers

members: public(immutable(IMembers))
# @notice The root that a log had at a size; zero if that size was never anchored.
root_at: public(HashMap[address, HashMap[uint256, bytes32]])

_heads: HashMap[address, IAnchor.Head]


@deploy
def __init__(_members: IMembers):
    """
    @notice Logs belong to the active accounts of one Members contract.
    @param _members The Members contract.
    """
    members = _members


@external
def anchor(size: uint256, root: bytes32):
    """
    @notice Pins the caller's own log. Repeating what stands here already changes nothing, so
            that sending again is safe.
    @param size Number of leaves.
    @param root RFC 6962 root over them.
    """
    assert root != empty(bytes32), "Anchor: no root"
    if self.root_at[msg.sender][size] == root:
        return
    assert staticcall members.is_active(msg.sender), "Anchor: not an active account"
    assert size > self._heads[msg.sender].size, "Anchor: size must grow"
    self._heads[msg.sender] = IAnchor.Head(size=size, root=root)
    self.root_at[msg.sender][size] = root
    log IAnchor.Anchored(account=msg.sender, size=size, root=root)


@external
@view
def head(account: address) -> IAnchor.Head:
    """
    @notice The newest anchored size and root of an account's log; zeros if there is none.
    @param account The account asked about.
    @return Size and root.
    """
    return self._heads[account]
