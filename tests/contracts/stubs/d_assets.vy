# pragma version 0.4.3
"""
@title   Assets whose facts anybody may set
@license Apache-2.0
"""

from contracts.interfaces import IAssets

ownerOf: public(HashMap[uint256, address])
kind_of: public(HashMap[uint256, uint256])
status_of: public(HashMap[uint256, uint256])
version_count: public(HashMap[uint256, uint256])
_versions: HashMap[uint256, HashMap[uint256, bytes32]]
_digests: HashMap[bytes32, uint256[2]]
_managers: HashMap[uint256, HashMap[address, bool]]


@external
def put(asset: uint256, owner: address, kind: uint256, status: uint256):
    self.ownerOf[asset] = owner
    self.kind_of[asset] = kind
    self.status_of[asset] = status


@external
def add_version(asset: uint256, digest: bytes32):
    number: uint256 = self.version_count[asset] + 1
    self.version_count[asset] = number
    self._versions[asset][number] = digest
    self._digests[digest] = [asset, number]


@external
def allow(asset: uint256, who: address, allowed: bool):
    self._managers[asset][who] = allowed


@external
@view
def is_allowed_to_manage(asset: uint256, who: address) -> bool:
    if self.status_of[asset] == 0:
        return False
    return self.ownerOf[asset] == who or self._managers[asset][who]


@external
@view
def version_of(asset: uint256, number: uint256) -> IAssets.Version:
    assert number != 0 and number <= self.version_count[asset], "Assets: no such version"
    return IAssets.Version(
        number=number, digest=self._versions[asset][number], registered_at=block.timestamp
    )


@external
@view
def asset_of_digest(digest: bytes32) -> (uint256, uint256):
    return self._digests[digest][0], self._digests[digest][1]
