# pragma version 0.4.3
"""
@title   Anchor
@license Apache-2.0
@notice  Each member's logs, pinned: a log can only grow, and the contract checks by an RFC 6962
         consistency proof that the new tree contains the old one whole. A log that shows two people
         different histories contradicts what stands here.
@dev     A log is named by its owner and the SHA-256 of its origin line, so nobody can squat on
         another's. Only the newest checkpoint of a log is stored: it fixes all earlier ones, for a
         second root at any smaller size would need a collision of SHA-256. Whoever wants to verify
         against an earlier checkpoint for ever makes it stay by `pin`, at any time. The only call
         out is a static one to Members, whose code is fixed: nothing can re-enter.
"""

from .interfaces import IAnchor
from .interfaces import IMembers
from .modules import hashchain
from .modules import rfc6962

implements: IAnchor
initializes: hashchain
exports: hashchain.event_head

LEAF: constant(bytes1) = 0x00
MAX_SIZE: constant(uint256) = 2**63 - 1
MAX_PROOF: constant(uint256) = 64
MAX_RECORD: constant(uint256) = 4096
ANCHORED: constant(bytes32) = keccak256("Anchored(address,bytes32,uint256,bytes32)")
PINNED: constant(bytes32) = keccak256("Pinned(address,bytes32,uint256,bytes32)")

members: public(immutable(IMembers))

_heads: HashMap[address, HashMap[bytes32, IAnchor.Head]]
_pinned: HashMap[address, HashMap[bytes32, HashMap[uint256, bytes32]]]


@deploy
def __init__(_members: IMembers):
    """
    @notice Who may anchor which log is answered by one Members contract.
    @param _members The Members contract.
    """
    members = _members


@external
def anchor(
    owner: address,
    log_id: bytes32,
    size: uint256,
    root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
):
    """
    @notice Moves a log's head: by the log's owner, or by one whom the owner allowed. Repeating what
            stands here changes nothing, so that sending again is safe.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @param size Number of leaves, below 2**63.
    @param root RFC 6962 root over them.
    @param proof RFC 6962 consistency proof from the head's size; empty for the first anchor.
    """
    assert root != empty(bytes32), "Anchor: no root"
    old: IAnchor.Head = self._heads[owner][log_id]
    if size <= old.size:
        known: bytes32 = self._root_at(owner, log_id, size)
        assert known != empty(bytes32), "Anchor: size must grow"
        assert known == root, "Anchor: another root is anchored"
        return
    assert size <= MAX_SIZE, "Anchor: size too large"
    allowed: bool = staticcall members.may_anchor(owner, log_id, msg.sender)
    assert allowed, "Anchor: not allowed for this log"
    if old.size == 0:
        assert len(proof) == 0, "Anchor: first takes no proof"
    else:
        proven: bool = rfc6962.consistent(old.size, old.root, size, root, proof)
        assert proven, "Anchor: not consistent"
    self._heads[owner][log_id] = IAnchor.Head(size=size, root=root)
    log IAnchor.Anchored(owner=owner, log_id=log_id, size=size, root=root)
    hashchain.extend(keccak256(abi_encode(ANCHORED, owner, log_id, size, root)))


@external
def pin(
    owner: address,
    log_id: bytes32,
    size: uint256,
    root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
):
    """
    @notice Keeps the root of a log's present or earlier checkpoint for ever: by anyone, who proves
            that the head contains it. Repeating it changes nothing.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @param size Number of leaves of that checkpoint, from 1 to the head's.
    @param root RFC 6962 root over them.
    @param proof RFC 6962 consistency proof from `size` to the head; empty for the head itself.
    """
    if root == self._pinned[owner][log_id][size] and root != empty(bytes32):
        return
    assert self._contains(owner, log_id, size, root, proof), "Anchor: not consistent"
    self._pinned[owner][log_id][size] = root
    log IAnchor.Pinned(owner=owner, log_id=log_id, size=size, root=root)
    hashchain.extend(keccak256(abi_encode(PINNED, owner, log_id, size, root)))


@external
@view
def head(owner: address, log_id: bytes32) -> IAnchor.Head:
    """
    @notice The newest anchored size and root of a log.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @return Size and root; zeros if there is none.
    """
    return self._heads[owner][log_id]


@external
@view
def root_at(owner: address, log_id: bytes32, size: uint256) -> bytes32:
    """
    @notice The root that a log has at a size: its head's, or one that was pinned.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @param size Number of leaves.
    @return Zero when the contract holds no root for that size.
    """
    return self._root_at(owner, log_id, size)


@external
@view
def contains(
    owner: address,
    log_id: bytes32,
    size: uint256,
    root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    """
    @notice Whether the log's head contains an earlier checkpoint whole, pinned or not.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @param size Number of leaves of that checkpoint.
    @param root RFC 6962 root over them.
    @param proof RFC 6962 consistency proof from `size` to the head; empty for the head itself.
    @return False for a wrong proof, or when nothing was anchored.
    """
    return self._contains(owner, log_id, size, root, proof)


@external
@view
def verifyInclusion(
    owner: address,
    log_id: bytes32,
    size: uint256,
    index: uint256,
    leaf_hash: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    """
    @notice Whether a leaf is in a log, by the root that the contract holds for a size.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @param size The head's size, or one that was pinned.
    @param index The leaf's number, from 0.
    @param leaf_hash SHA-256 of a zero byte and the leaf.
    @param proof RFC 6962 audit path, from the leaf upwards.
    @return False for a wrong proof.
    """
    root: bytes32 = self._known_root(owner, log_id, size)
    return rfc6962.included(index, size, leaf_hash, root, proof)


@external
@view
def verify_record(
    owner: address,
    log_id: bytes32,
    size: uint256,
    index: uint256,
    record: Bytes[MAX_RECORD],
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    """
    @notice Whether a record of at most 4,096 bytes is a leaf of a log; else as `verifyInclusion`.
    @param owner The account whose log it is.
    @param log_id SHA-256 of the log's origin line.
    @param size The head's size, or one that was pinned.
    @param index The record's number, from 0.
    @param record Its bytes.
    @param proof RFC 6962 audit path, from the leaf upwards.
    @return False for a wrong proof.
    """
    root: bytes32 = self._known_root(owner, log_id, size)
    return rfc6962.included(index, size, sha256(concat(LEAF, record)), root, proof)


@internal
@view
def _contains(
    owner: address,
    log_id: bytes32,
    size: uint256,
    root: bytes32,
    proof: DynArray[bytes32, MAX_PROOF],
) -> bool:
    newest: IAnchor.Head = self._heads[owner][log_id]
    return rfc6962.consistent(size, root, newest.size, newest.root, proof)


@internal
@view
def _known_root(owner: address, log_id: bytes32, size: uint256) -> bytes32:
    root: bytes32 = self._root_at(owner, log_id, size)
    assert root != empty(bytes32), "Anchor: no such checkpoint"
    return root


@internal
@view
def _root_at(owner: address, log_id: bytes32, size: uint256) -> bytes32:
    if size == self._heads[owner][log_id].size:
        return self._heads[owner][log_id].root
    return self._pinned[owner][log_id][size]
