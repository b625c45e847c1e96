# pragma version 0.4.3
"""
@title   Versions: the registered states of an asset
@license Apache-2.0
@notice  Numbered from 1, found by number or by digest. No digest is registered twice, in whichever
         asset, and no version ever changes.
"""

from ..interfaces import IAssets
from . import hashchain

uses: hashchain

VERSION_REGISTERED: constant(bytes32) = keccak256(
    "VersionRegistered(uint256,bytes32,uint256,string)"
)

# @notice Where the description of an asset's newest version is.
uri: HashMap[uint256, String[256]]
# @notice The number of an asset's newest version.
newest: HashMap[uint256, uint256]

_versions: HashMap[uint256, HashMap[uint256, IAssets.Version]]
_asset_of: HashMap[bytes32, uint256]
_number_of: HashMap[bytes32, uint256]


@external
@view
def version_count(asset: uint256) -> uint256:
    """
    @notice How many versions it has.
    @param asset The asset.
    @return Their number; 0 when there is no such asset.
    """
    return self.newest[asset]


@external
@view
def version_of(asset: uint256, number: uint256) -> IAssets.Version:
    """
    @notice One version; reverts when there is none of that number.
    @param asset The asset.
    @param number Counted from 1.
    @return The version.
    """
    return self._version(asset, number)


@external
@view
def latest(asset: uint256) -> IAssets.Version:
    """
    @notice The newest version; reverts when there is no such asset.
    @param asset The asset.
    @return The version.
    """
    return self._version(asset, self.newest[asset])


@external
@view
def asset_of_digest(digest: bytes32) -> (uint256, uint256):
    """
    @notice Which version of which asset has this digest.
    @param digest Of the content.
    @return Asset and version; zeros when it was never registered.
    """
    return self._asset_of[digest], self._number_of[digest]


@internal
@view
def _version(asset: uint256, number: uint256) -> IAssets.Version:
    found: IAssets.Version = self._versions[asset][number]
    assert found.number != 0, "Assets: no such version"
    return found


@internal
def add(asset: uint256, digest: bytes32, uri: String[256]) -> uint256:
    """@notice Adds the next version; its digest must be new."""
    assert digest != empty(bytes32), "Assets: no digest"
    assert self._asset_of[digest] == 0, "Assets: the digest is registered"
    number: uint256 = self.newest[asset] + 1
    self.newest[asset] = number
    self._versions[asset][number] = IAssets.Version(
        number=number, digest=digest, registered_at=block.timestamp
    )
    self._asset_of[digest] = asset
    self._number_of[digest] = number
    self.uri[asset] = uri
    log IAssets.VersionRegistered(asset=asset, digest=digest, version=number, uri=uri)
    hashchain.extend(keccak256(abi_encode(VERSION_REGISTERED, asset, digest, number, uri)))
    return number
