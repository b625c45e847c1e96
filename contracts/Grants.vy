# pragma version 0.4.3
"""
@title   Grants
@license Apache-2.0
@notice  Who may use which asset, for which purpose, until when and how often. Every use rests on a
         grant, the owner's own too, so that the list of events is the list of rights.
@dev     A grant may be passed on, at most 8 times in a row; what is passed on never exceeds what it
         comes from, and counts while all that it comes from counts.
         All grants of an asset end when it changes hands: the new owner answers for its use and
         decides anew. While Council pauses this contract nothing is given, used or allowed; what
         takes rights away always works.
"""

from .interfaces import IAssets
from .interfaces import ICouncil
from .interfaces import IGrants
from .modules import hashchain
from .modules import rights

initializes: hashchain
initializes: rights[hashchain := hashchain]
implements: IGrants
exports: hashchain.event_head
exports: (
    rights.assets,
    rights.council,
    rights.grant_count,
    rights.isAllowed,
    rights.is_allowed_by,
    rights.refusal,
    rights.grant_of,
    rights.grants_of,
)

REVOKED: constant(bytes32) = keccak256("Revoked(uint256,address)")
CONSUMED: constant(bytes32) = keccak256("Consumed(uint256,uint256,address,address)")
METER_SET: constant(bytes32) = keccak256("MeterSet(uint256,address,uint256,bool)")

# By asset and its epoch.
_meters: HashMap[uint256, HashMap[uint256, HashMap[address, bool]]]


@deploy
def __init__(_assets: IAssets, _council: ICouncil):
    """
    @notice The two contracts are fixed for good.
    @param _assets Whose owners give grants.
    @param _council Who may stop all use for a while.
    """
    rights.__init__(_assets, _council)


@external
@nonreentrant
def grant(
    asset: uint256,
    grantee: address,
    purpose: bytes32,
    expires: uint256,
    uses: uint256,
    depth: uint256,
) -> uint256:
    """
    @notice Gives a right to use an asset; by its owner, approved account or operator.
    @param asset The asset, not withdrawn.
    @param grantee Who may use it.
    @param purpose What for, by digest.
    @param expires The last second in which it counts.
    @param uses How often; 0 without a limit.
    @param depth How many times it may be passed on, at most 8.
    @return The grant's number.
    """
    self._manages(asset)
    closed: String[32] = rights.closed(asset)
    assert closed == "", closed
    assert purpose != empty(bytes32), "Grants: no purpose"
    assert depth <= rights.MAX_DEPTH, "Grants: passed on too often"
    return rights.give(
        IGrants.Grant(
            asset=asset,
            epoch=staticcall rights.assets.epoch_of(asset),
            parent=0,
            giver=msg.sender,
            grantee=grantee,
            purpose=purpose,
            expires=expires,
            uses=uses,
            used=0,
            depth=depth,
            revoked=False,
        ),
        rights.MAX_LISTED,
    )


@external
@nonreentrant
def delegate(
    parent: uint256, grantee: address, expires: uint256, uses: uint256, depth: uint256
) -> uint256:
    """
    @notice Passes a grant on for the same purpose, whole or in part; by its grantee.
    @param parent The caller's grant, in force.
    @param grantee Who may use the asset too.
    @param expires The last second in which it counts, not after the parent's.
    @param uses How often, not more than the parent has left; 0 without a limit if it has none.
    @param depth How many times it may be passed on, fewer than the parent.
    @return The new grant's number.
    """
    given: IGrants.Grant = rights.grants[parent]
    refused: String[32] = rights.why_not(parent)
    assert refused == "", refused
    assert msg.sender == given.grantee, "Grants: not the grantee"
    assert depth < given.depth, "Grants: passed on too often"
    assert expires <= given.expires, "Grants: longer than its parent"
    if given.uses != 0:
        left: uint256 = given.uses - given.used
        assert uses != 0 and uses <= left, "Grants: more than its parent"
    return rights.give(
        IGrants.Grant(
            asset=given.asset,
            epoch=given.epoch,
            parent=parent,
            giver=msg.sender,
            grantee=grantee,
            purpose=given.purpose,
            expires=expires,
            uses=uses,
            used=0,
            depth=depth,
            revoked=False,
        ),
        rights.MAX_PASSED,
    )


@external
@nonreentrant
def revoke(grant: uint256):
    """
    @notice Ends a grant and all that was passed on from it, for good; by whoever gave it, or who
            manages the asset now.
    @param grant The grant.
    """
    giver: address = rights.grants[grant].giver
    assert giver != empty(address), "Grants: no such grant"
    if msg.sender != giver:
        self._manages(rights.grants[grant].asset)
    assert not rights.grants[grant].revoked, "Grants: revoked"
    rights.grants[grant].revoked = True
    log IGrants.Revoked(grant=grant, actor=msg.sender)
    hashchain.extend(keccak256(abi_encode(REVOKED, grant, msg.sender)))


@external
@nonreentrant
def consume(grant: uint256):
    """
    @notice Takes one use from a grant, and from all with a limit that it comes from; by its grantee
            or a meter of the asset.
    @param grant The grant, in force.
    """
    refused: String[32] = rights.why_not(grant)
    assert refused == "", refused
    asset: uint256 = rights.grants[grant].asset
    grantee: address = rights.grants[grant].grantee
    if msg.sender != grantee:
        epoch: uint256 = rights.grants[grant].epoch
        assert self._meters[asset][epoch][msg.sender], "Grants: not the grantee"
    rights.grants[grant].used += 1
    ancestor: uint256 = rights.grants[grant].parent
    for _: uint256 in range(rights.MAX_DEPTH):
        if ancestor == 0:
            break
        if rights.grants[ancestor].uses != 0:
            rights.grants[ancestor].used += 1
        ancestor = rights.grants[ancestor].parent
    log IGrants.Consumed(grant=grant, asset=asset, grantee=grantee, actor=msg.sender)
    hashchain.extend(keccak256(abi_encode(CONSUMED, grant, asset, grantee, msg.sender)))


@external
@nonreentrant
def set_meter(asset: uint256, operator: address, allowed: bool):
    """
    @notice Appoints who counts the uses of an asset, until it changes hands; by who manages it.
    @param asset The asset.
    @param operator The account that may consume any grant of it.
    @param allowed False to dismiss it.
    """
    self._manages(asset)
    epoch: uint256 = staticcall rights.assets.epoch_of(asset)
    self._meters[asset][epoch][operator] = allowed
    log IGrants.MeterSet(asset=asset, operator=operator, epoch=epoch, allowed=allowed)
    hashchain.extend(keccak256(abi_encode(METER_SET, asset, operator, epoch, allowed)))


@external
@view
def is_meter(asset: uint256, operator: address) -> bool:
    """
    @notice True when the account may consume any grant of the asset.
    @param asset The asset.
    @param operator The account.
    @return True or false.
    """
    return self._meters[asset][staticcall rights.assets.epoch_of(asset)][operator]


@internal
@view
def _manages(asset: uint256):
    manages: bool = staticcall rights.assets.is_allowed_to_manage(asset, msg.sender)
    assert manages, "Grants: only the asset's owner"
