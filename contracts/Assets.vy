# pragma version 0.4.3
"""
@title   Assets
@license Apache-2.0
@notice  Data sets, models and services as ERC-721 tokens, with versions, lineage, licence and
         royalty. What is registered are digests; the content stays where it is.
@dev     Nobody owns this contract. An asset's owner decides on it; Timelock can only withdraw it,
         Council can only stop what is new for a while.
         Lineage has no cycles: an asset's parents are there before it. Parents may be withdrawn:
         what a model was made from does not change when that is withdrawn.
"""

from .interfaces import IAssets
from .interfaces import ICouncil
from .interfaces import IMembers
from .modules import erc721
from .modules import hashchain
from .modules import versions

initializes: hashchain
initializes: erc721[hashchain := hashchain]
initializes: versions[hashchain := hashchain]
implements: IAssets
exports: hashchain.event_head
exports: (
    erc721.balanceOf,
    erc721.ownerOf,
    erc721.approve,
    erc721.getApproved,
    erc721.setApprovalForAll,
    erc721.isApprovedForAll,
    erc721.transferFrom,
    erc721.safeTransferFrom,
    erc721.is_allowed_to_manage,
    erc721.epoch_of,
    versions.version_count,
    versions.version_of,
    versions.latest,
    versions.asset_of_digest,
)

KINDS: constant(uint256) = 3  # 1 data set, 2 model, 3 service
ACTIVE: constant(uint256) = 1
WITHDRAWN: constant(uint256) = 3
MAX_PARENTS: constant(uint256) = 16
WHOLE: constant(uint256) = 10_000
MAX_ROYALTY: constant(uint256) = 5_000

METADATA_UPDATE: constant(bytes32) = keccak256("MetadataUpdate(uint256)")
REGISTERED: constant(bytes32) = keccak256(
    "Registered(uint256,address,uint256,bytes32,uint256[],address,uint256)"
)
STATUS_CHANGED: constant(bytes32) = keccak256("StatusChanged(uint256,uint256,address)")

# ERC-165 itself, ERC-721, its metadata, ERC-2981, ERC-4906.
SUPPORTED: constant(bytes4[5]) = [0x01ffc9a7, 0x80ac58cd, 0x5b5e139f, 0x2a55205a, 0x49064906]

name: public(constant(String[14])) = "Quorate Assets"
symbol: public(constant(String[4])) = "QAST"

members: public(immutable(IMembers))
timelock: public(immutable(address))
council: public(immutable(ICouncil))

_asset: HashMap[uint256, IAssets.Asset]
_parents: HashMap[uint256, DynArray[uint256, MAX_PARENTS]]


@deploy
def __init__(_members: IMembers, _timelock: address, _council: ICouncil):
    """
    @notice The three contracts are fixed for good.
    @param _members Who may register.
    @param _timelock Who may withdraw an asset.
    @param _council Who may stop what is new for a while.
    """
    members = _members
    timelock = _timelock
    council = _council


@external
@nonreentrant
def register(
    kind: uint256,
    digest: bytes32,
    parents: DynArray[uint256, MAX_PARENTS],
    licence: bytes32,
    royalty_receiver: address,
    royalty_bps: uint256,
    uri: String[256],
) -> uint256:
    """
    @notice A new asset for the caller, an active member account, with its first version.
    @param kind 1 data set, 2 model, 3 service.
    @param digest Of the content; registered once in all, so let it bind its owner's name.
    @param parents What it was made from: existing assets, in ascending order.
    @param licence Digest of the licence's text; zero for none.
    @param royalty_receiver Who is paid at a sale; the zero address for nobody.
    @param royalty_bps Its share of the price, of 10,000; at most 5,000.
    @param uri Where its description is.
    @return The asset's number.
    """
    self._open()
    assert staticcall members.is_active(msg.sender), "Assets: not an active member"
    assert kind != 0 and kind <= KINDS, "Assets: no such kind"
    assert royalty_bps <= MAX_ROYALTY, "Assets: royalty over one half"
    somebody: bool = royalty_receiver != empty(address)
    assert somebody or royalty_bps == 0, "Assets: royalty for nobody"
    before: uint256 = 0
    for parent: uint256 in parents:
        assert parent > before, "Assets: parents not ascending"
        before = parent
    assert before <= erc721.count, "Assets: no such parent"
    asset: uint256 = erc721.mint(msg.sender)
    self._asset[asset] = IAssets.Asset(
        kind=kind,
        status=ACTIVE,
        licence=licence,
        royalty_receiver=royalty_receiver,
        royalty_bps=royalty_bps,
    )
    self._parents[asset] = parents
    log IAssets.Registered(
        asset=asset,
        owner=msg.sender,
        kind=kind,
        licence=licence,
        parents=parents,
        royalty_receiver=royalty_receiver,
        royalty_bps=royalty_bps,
    )
    hashchain.extend(
        keccak256(
            abi_encode(
                REGISTERED,
                asset,
                msg.sender,
                kind,
                licence,
                parents,
                royalty_receiver,
                royalty_bps,
            )
        )
    )
    versions.add(asset, digest, uri)
    return asset


@external
@nonreentrant
def new_version(asset: uint256, digest: bytes32, uri: String[256]) -> uint256:
    """
    @notice Adds a version to an asset that is not withdrawn; by its owner, approved account or
            operator.
    @param asset The asset.
    @param digest Of the content; registered once in all.
    @param uri Where its description is, from now on.
    @return The version's number.
    """
    self._open()
    erc721.owner(asset)
    assert erc721.may_move(asset, msg.sender), "Assets: not allowed"
    assert self._asset[asset].status != WITHDRAWN, "Assets: withdrawn for good"
    number: uint256 = versions.add(asset, digest, uri)
    log IAssets.MetadataUpdate(token_id=asset)
    hashchain.extend(keccak256(abi_encode(METADATA_UPDATE, asset)))
    return number


@external
@nonreentrant
def set_status(asset: uint256, status: uint256):
    """
    @notice Says whether an asset is to be used; by its owner. Timelock may withdraw it.
    @param asset The asset.
    @param status 1 active, 2 deprecated, 3 withdrawn, which is final.
    """
    owner: address = erc721.owner(asset)
    assert status != 0 and status <= WITHDRAWN, "Assets: no such status"
    forced: bool = msg.sender == timelock and status == WITHDRAWN
    assert forced or msg.sender == owner, "Assets: only the owner"
    present: uint256 = self._asset[asset].status
    assert present != WITHDRAWN, "Assets: withdrawn for good"
    assert present != status, "Assets: it has that status"
    self._asset[asset].status = status
    log IAssets.StatusChanged(asset=asset, status=status, actor=msg.sender)
    hashchain.extend(keccak256(abi_encode(STATUS_CHANGED, asset, status, msg.sender)))


@external
@view
def tokenURI(token_id: uint256) -> String[256]:
    """
    @notice Where the newest version's description is.
    @param token_id The asset; reverts when there is none of that number.
    @return The URI as given.
    """
    erc721.owner(token_id)
    return versions.uri[token_id]


@external
@view
def royaltyInfo(token_id: uint256, sale_price: uint256) -> (address, uint256):
    """
    @notice ERC-2981: who is to be paid how much when the asset is sold. Rounded down.
    @param token_id The asset; nothing is due for one that does not exist.
    @param sale_price In any unit.
    @return The receiver, and the amount in that unit.
    """
    share: uint256 = self._asset[token_id].royalty_bps
    # Split, so that no price overflows.
    amount: uint256 = sale_price // WHOLE * share + sale_price % WHOLE * share // WHOLE
    return self._asset[token_id].royalty_receiver, amount


@external
@pure
def supportsInterface(interface_id: bytes4) -> bool:
    """
    @notice ERC-165: which interfaces this contract has.
    @param interface_id Of ERC-165, 721 and its metadata, 2981, 4906: true.
    @return True or false.
    """
    return interface_id in SUPPORTED


@external
@view
def asset_count() -> uint256:
    """
    @notice How many assets there are; they are numbered from 1.
    @return Their number.
    """
    return erc721.count


@external
@view
def asset_of(asset: uint256) -> IAssets.Asset:
    """
    @notice All that is known about an asset beside owner, parents and versions.
    @param asset The asset.
    @return The record; kind 0 when there is none of that number.
    """
    return self._asset[asset]


@external
@view
def kind_of(asset: uint256) -> uint256:
    """
    @notice What sort of thing it is.
    @param asset The asset.
    @return 1 data set, 2 model, 3 service; 0 when there is none of that number.
    """
    return self._asset[asset].kind


@external
@view
def status_of(asset: uint256) -> uint256:
    """
    @notice Whether it is to be used.
    @param asset The asset.
    @return 1 active, 2 deprecated, 3 withdrawn; 0 when there is none of that number.
    """
    return self._asset[asset].status


@external
@view
def parents_of(asset: uint256) -> DynArray[uint256, MAX_PARENTS]:
    """
    @notice What it was made from.
    @param asset The asset.
    @return Numbers of assets, all smaller than its own.
    """
    return self._parents[asset]


@internal
@view
def _open():
    """@notice The council must not have stopped what is new."""
    assert not staticcall council.paused(self), "Assets: paused by Council"
