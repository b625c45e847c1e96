# pragma version 0.4.3
"""
@title   Keyring: which keys an account had, where, and who anchors its logs
@license Apache-2.0
@notice  A history of digests per account that only grows. A signature on the chain counts when its
         digest was valid at its block, one in a log when it was valid at its leaf: a key that is
         lost later takes nothing back.
@dev     Positions in a log are stated, for the chain does not see leaves. The block of the
         statement is in its event: a verifier gives no weight to one made after the leaves that
         it is about were anchored, unless Timelock made it.
"""

from ..interfaces import IMembers
from . import hashchain
from . import refusal
from . import roster

uses: hashchain
uses: roster

ROTATED: constant(bytes32) = keccak256("Rotated(address,uint256,bytes32)")
REVOKED: constant(bytes32) = keccak256("Revoked(address,uint256,uint256)")
REVOKED_IN_LOG: constant(bytes32) = keccak256("RevokedInLog(address,bytes32,uint256,uint256)")
ANCHORER_SET: constant(bytes32) = keccak256("AnchorerSet(address,bytes32,address,bool)")
UNTIL_MASK: constant(uint256) = 2**64 - 1

_digests: HashMap[address, HashMap[uint256, bytes32]]
# First block (from bit 64; of key 0 it is the account's `first_block`) and end (64; 0 while valid).
_spans: HashMap[address, HashMap[uint256, uint256]]
# Per log, where key 0, 1, .. stopped counting: never falling, so that it can be halved.
_stops: HashMap[address, HashMap[bytes32, HashMap[uint256, uint256]]]
_stop_count: HashMap[address, HashMap[bytes32, uint256]]
_anchorers: HashMap[address, HashMap[bytes32, HashMap[address, bool]]]


@external
def rotate(keys: bytes32):
    """
    @notice The caller's new keys: valid from this block on, the old ones no more. Active accounts.
    @param keys Digest of the identity.
    """
    if not roster.acts(msg.sender):
        refusal.because("Members: not active")
    facts: roster.Facts = roster.load(msg.sender)
    number: uint256 = facts.key_count
    self.add(msg.sender, number, keys)
    facts.key_count = number + 1
    roster.save(msg.sender, facts)
    log IMembers.Rotated(account=msg.sender, number=number, keys=keys)
    hashchain.extend(keccak256(abi_encode(ROTATED, msg.sender, number, keys)))


@external
def retire(number: uint256):
    """
    @notice The caller's keys are not valid from this block on; others come by `rotate`.
    @param number Which of its digests, counted from 0.
    """
    self._end(msg.sender, number, block.number)


@external
def revoke(account: address, number: uint256, height: uint256):
    """
    @notice Timelock: keys are not valid from a block of the past on, because they were stolen.
    @param account Whose keys.
    @param number Which of its digests, counted from 0.
    @param height The block, not after this one; an earlier end cannot be undone.
    """
    if msg.sender != roster.timelock:
        refusal.because("Members: only Timelock")
    if height == 0 or height > block.number:
        refusal.because("Members: no such block yet")
    self._end(account, number, height)


@external
def revoke_at(account: address, log_id: bytes32, index: uint256):
    """
    @notice The account while active, or Timelock: the keys that count in a log stop doing so at a
            leaf; from it on the next digest of the history counts.
    @param account Whose keys.
    @param log_id SHA-256 of the log's origin line.
    @param index The first leaf where they count no more; never less than the one before, but for
           Timelock, whose word takes back all that was said of later leaves.
    """
    number: uint256 = self._stop_count[account][log_id]
    if msg.sender == roster.timelock:
        # A thief of the key may have said that it counts for ever: that is taken back.
        number = self._stopped(account, log_id, index)
    else:
        if msg.sender != account:
            refusal.because("Members: not the account")
        if not roster.acts(account):
            refusal.because("Members: not active")
    if number >= roster.load(account).key_count:
        refusal.because("Members: no key left to revoke")
    if number != 0:
        if index < self._stops[account][log_id][number - 1]:
            refusal.because("Members: index goes back")
    self._stops[account][log_id][number] = index
    self._stop_count[account][log_id] = number + 1
    log IMembers.RevokedInLog(account=account, log_id=log_id, number=number, index=index)
    hashchain.extend(keccak256(abi_encode(REVOKED_IN_LOG, account, log_id, number, index)))


@external
def set_anchorer(log_id: bytes32, anchorer: address, allowed: bool):
    """
    @notice Says who may anchor the caller's log beside itself. Active accounts.
    @param log_id SHA-256 of the log's origin line.
    @param anchorer Any account, a member's or not.
    @param allowed False takes it back.
    """
    if not roster.acts(msg.sender):
        refusal.because("Members: not active")
    self._anchorers[msg.sender][log_id][anchorer] = allowed
    log IMembers.AnchorerSet(
        account=msg.sender, log_id=log_id, anchorer=anchorer, allowed=allowed
    )
    hashchain.extend(keccak256(abi_encode(ANCHORER_SET, msg.sender, log_id, anchorer, allowed)))


@external
@view
def may_anchor(owner: address, log_id: bytes32, who: address) -> bool:
    """
    @notice True when `who` may anchor the log of `owner`: itself, or whom it allowed. While the
            owner is suspended nobody may.
    @param owner Whose log.
    @param log_id SHA-256 of the log's origin line.
    @param who The account asked about.
    @return True or false.
    """
    return (who == owner or self._anchorers[owner][log_id][who]) and roster.acts(owner)


@external
@view
def keys_at(account: address, height: uint256) -> bytes32:
    """
    @notice The digest of the account's keys that was valid at a block.
    @param account Whose keys.
    @param height The block's number.
    @return Zero when there was none, or it was revoked at or before the block.
    """
    return self.valid(account, roster.load(account).key_count, height)


@external
@view
def keys_at_index(account: address, log_id: bytes32, index: uint256) -> bytes32:
    """
    @notice The digest of the account's keys that counts at a leaf of a log, see `revoke_at`.
    @param account Whose keys.
    @param log_id SHA-256 of the log's origin line.
    @param index The leaf, counted from 0.
    @return Zero when there is none.
    """
    return self._digests[account][self._stopped(account, log_id, index)]


@external
@view
def key_count(account: address) -> uint256:
    """
    @notice How many digests the account's history holds.
    @param account Whose keys.
    @return Their number.
    """
    return roster.load(account).key_count


@external
@view
def key_of(account: address, number: uint256) -> IMembers.Key:
    """
    @notice One digest of the account's history.
    @param account Whose keys.
    @param number Which, counted from 0.
    @return The record; zeros when there is none.
    """
    if number >= roster.load(account).key_count:
        return empty(IMembers.Key)
    return IMembers.Key(
        keys=self._digests[account][number],
        since=self._since(account, number),
        until=self._spans[account][number] & UNTIL_MASK,
    )


@internal
def add(account: address, number: uint256, keys: bytes32):
    """@notice Appends digest `number`, valid from this block on; the one before ends here."""
    if keys == empty(bytes32):
        refusal.because("Members: no keys")
    self._digests[account][number] = keys
    if number != 0:
        self._spans[account][number] = block.number << 64
        self.close(account, number - 1)


@internal
def close(account: address, number: uint256):
    """@notice Ends a digest with this block, unless it has ended."""
    span: uint256 = self._spans[account][number]
    if span & UNTIL_MASK == 0:
        self._spans[account][number] = span | block.number


@internal
@view
def valid(account: address, count: uint256, height: uint256) -> bytes32:
    """@notice The digest of `count` ones that is valid at a block; zero when none is."""
    low: uint256 = 0
    high: uint256 = count
    for step: uint256 in range(32):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self._since(account, middle) <= height:
            low = middle + 1
        else:
            high = middle
    if low == 0:
        return empty(bytes32)
    until: uint256 = self._spans[account][low - 1] & UNTIL_MASK
    if until != 0 and until <= height:
        return empty(bytes32)
    return self._digests[account][low - 1]


@internal
def _end(account: address, number: uint256, height: uint256):
    if number >= roster.load(account).key_count:
        refusal.because("Members: no such key")
    span: uint256 = self._spans[account][number]
    until: uint256 = span & UNTIL_MASK
    if until != 0 and height >= until:
        refusal.because("Members: key has ended")
    self._spans[account][number] = (span & ~UNTIL_MASK) | height
    log IMembers.Revoked(account=account, number=number, height=height)
    hashchain.extend(keccak256(abi_encode(REVOKED, account, number, height)))


@internal
@view
def _since(account: address, number: uint256) -> uint256:
    if number == 0:
        return roster.load(account).first_block
    return self._spans[account][number] >> 64


@internal
@view
def _stopped(account: address, log_id: bytes32, index: uint256) -> uint256:
    """@notice How many digests of the history count no more at a leaf."""
    low: uint256 = 0
    high: uint256 = self._stop_count[account][log_id]
    for step: uint256 in range(32):
        if low == high:
            break
        middle: uint256 = (low + high) // 2
        if self._stops[account][log_id][middle] <= index:
            low = middle + 1
        else:
            high = middle
    return low
