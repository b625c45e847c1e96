# pragma version 0.4.3
"""
@title   Rights: the grants that were given, and whether they count
@license Apache-2.0
@notice  A grant has ended when it expired, is used up or revoked, when one that it comes from has
         ended, or when its asset changed hands. What has ended never counts again.
"""

from ..interfaces import IAssets
from ..interfaces import ICouncil
from ..interfaces import IGrants
from . import hashchain

uses: hashchain

WITHDRAWN: constant(uint256) = 3
MAX_DEPTH: constant(uint256) = 8
# @dev How many grants are looked at per asset, account and purpose; the last four places are the
#      owner's, so that nobody who passes rights on can keep it from giving one.
MAX_LISTED: constant(uint256) = 16
MAX_PASSED: constant(uint256) = 12

GRANTED: constant(bytes32) = keccak256(
    "Granted(uint256,uint256,address,uint256,uint256,address,bytes32,uint256,uint256,uint256)"
)

assets: public(immutable(IAssets))
council: public(immutable(ICouncil))

# @notice How many grants were ever given; they are numbered from 1.
grant_count: public(uint256)
# @notice All that is known about a grant.
grants: HashMap[uint256, IGrants.Grant]

_listed: HashMap[uint256, HashMap[address, HashMap[bytes32, DynArray[uint256, MAX_LISTED]]]]


@deploy
def __init__(_assets: IAssets, _council: ICouncil):
    """
    @notice The two contracts are fixed for good.
    @param _assets Whose owners give grants.
    @param _council Who may stop all use for a while.
    """
    assets = _assets
    council = _council


@external
@view
def isAllowed(asset: uint256, who: address, purpose: bytes32) -> bool:
    """
    @notice True when any grant lets the account use the asset for the purpose now.
    @param asset The asset.
    @param who The account.
    @param purpose What for, by digest.
    @return True or false; never reverts.
    """
    if self.closed(asset) != "":
        return False
    epoch: uint256 = staticcall assets.epoch_of(asset)
    for listed: uint256 in self._listed[asset][who][purpose]:
        if self._ended(listed, epoch) == "":
            return True
    return False


@external
@view
def is_allowed_by(grant: uint256, who: address, purpose: bytes32) -> bool:
    """
    @notice True when this grant lets the account use its asset for the purpose now.
    @param grant The grant.
    @param who The account.
    @param purpose What for, by digest.
    @return True or false; never reverts.
    """
    if self.grants[grant].grantee != who or self.grants[grant].purpose != purpose:
        return False
    return self.why_not(grant) == ""


@external
@view
def refusal(grant: uint256) -> String[32]:
    """
    @notice Why a grant cannot be used now.
    @param grant The grant.
    @return The reason; empty when it can.
    """
    return self.why_not(grant)


@external
@view
def grant_of(grant: uint256) -> IGrants.Grant:
    """
    @notice All that is known about a grant.
    @param grant The grant.
    @return The record; all zeros when there is none of that number.
    """
    return self.grants[grant]


@external
@view
def grants_of(asset: uint256, who: address, purpose: bytes32) -> DynArray[uint256, MAX_LISTED]:
    """
    @notice The grants that `isAllowed` looks at, some of them ended perhaps.
    @param asset The asset.
    @param who The account.
    @param purpose What for, by digest.
    @return Their numbers, in the order in which they were given.
    """
    return self._listed[asset][who][purpose]


@internal
def give(given: IGrants.Grant, places: uint256) -> uint256:
    """@notice Writes a grant down, in a list that holds fewer than `places` grants in force."""
    assert given.grantee != empty(address), "Grants: no account"
    assert block.timestamp <= given.expires, "Grants: expired"
    number: uint256 = self.grant_count + 1
    self.grant_count = number
    self.grants[number] = given
    self._list(number, given, places)
    log IGrants.Granted(
        grant=number,
        asset=given.asset,
        grantee=given.grantee,
        epoch=given.epoch,
        parent=given.parent,
        giver=given.giver,
        purpose=given.purpose,
        expires=given.expires,
        uses=given.uses,
        depth=given.depth,
    )
    hashchain.extend(
        keccak256(
            abi_encode(
                GRANTED,
                number,
                given.asset,
                given.grantee,
                given.epoch,
                given.parent,
                given.giver,
                given.purpose,
                given.expires,
                given.uses,
                given.depth,
            )
        )
    )
    return number


@internal
def _list(number: uint256, given: IGrants.Grant, places: uint256):
    """@notice Adds a grant to its list; what has ended leaves the list when there is no place."""
    listed: DynArray[uint256, MAX_LISTED] = self._listed[given.asset][given.grantee][given.purpose]
    if len(listed) >= places:
        left: DynArray[uint256, MAX_LISTED] = []
        for old: uint256 in listed:
            if self._ended(old, given.epoch) == "":
                left.append(old)
        listed = left
        assert len(listed) < places, "Grants: too many for one account"
    listed.append(number)
    self._listed[given.asset][given.grantee][given.purpose] = listed


@internal
@view
def why_not(grant: uint256) -> String[32]:
    """@notice Why a grant cannot be used now; empty when it can."""
    if self.grants[grant].grantee == empty(address):
        return "Grants: no such grant"
    asset: uint256 = self.grants[grant].asset
    closed: String[32] = self.closed(asset)
    if closed != "":
        return closed
    return self._ended(grant, staticcall assets.epoch_of(asset))


@internal
@view
def closed(asset: uint256) -> String[32]:
    """@notice Why no grant of the asset can be used now; empty when some may."""
    if staticcall council.paused(self):
        return "Grants: paused by Council"
    if staticcall assets.status_of(asset) == WITHDRAWN:
        return "Grants: the asset is withdrawn"
    return ""


@internal
@view
def _ended(grant: uint256, epoch: uint256) -> String[32]:
    """@notice Why a grant, or one that it comes from, has ended; empty when none has."""
    if self.grants[grant].epoch != epoch:
        return "Grants: the asset changed hands"
    if block.timestamp > self.grants[grant].expires:
        return "Grants: expired"
    place: uint256 = grant
    for _: uint256 in range(MAX_DEPTH + 1):
        if place == 0:
            break
        if self.grants[place].revoked:
            return "Grants: revoked"
        uses: uint256 = self.grants[place].uses
        if uses != 0 and self.grants[place].used >= uses:
            return "Grants: no uses left"
        place = self.grants[place].parent
    return ""
