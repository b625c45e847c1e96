"""Assets in plain Python: tokens with versions and parents."""

from dataclasses import dataclass, field

from tests.twins.world import NOBODY, ZERO, Twin, World, need

INTERFACES = ("01ffc9a7", "80ac58cd", "5b5e139f", "2a55205a", "49064906")
NO_ASSET = (0, 0, ZERO, NOBODY, 0)


@dataclass
class Asset:
    owner: str
    kind: int
    licence: bytes
    parents: list[int]
    royalty: tuple[str, int]
    status: int = 1
    epoch: int = 0
    approved: str = NOBODY
    uri: str = ""
    versions: list[tuple[bytes, int]] = field(default_factory=list)  # digest, when


@dataclass
class State:
    assets: list[Asset] = field(default_factory=list)
    operators: set[tuple[str, str]] = field(default_factory=set)  # owner, operator


class Assets(Twin):
    def __init__(
        self, world: World, address: str, members: str, timelock: str, council: str
    ) -> None:
        super().__init__(world, address, State())
        self._members, self._timelock, self._council = members, timelock, council

    def members(self) -> str:
        return self._members

    def timelock(self) -> str:
        return self._timelock

    def council(self) -> str:
        return self._council

    # --- assets -----------------------------------------------------------------------------

    def register(  # noqa: PLR0917 (the contract's)
        self,
        sender: str,
        kind: int,
        digest: bytes,
        parents: list[int],
        licence: bytes,
        royalty_receiver: str,
        royalty_bps: int,
        uri: str,
    ) -> int:
        self._need_open()
        need(self.world.at[self._members].is_active(sender), "Assets: not an active member")
        need(kind in {1, 2, 3}, "Assets: no such kind")
        need(royalty_bps <= 5_000, "Assets: royalty over one half")
        need(royalty_bps == 0 or royalty_receiver != NOBODY, "Assets: royalty for nobody")
        ascending = sorted(set(parents)) == list(parents) and 0 not in parents
        need(ascending, "Assets: parents not ascending")
        need(all(parent <= self.asset_count() for parent in parents), "Assets: no such parent")
        royalty = (royalty_receiver, royalty_bps)
        self.state.assets.append(Asset(sender, kind, licence, list(parents), royalty))
        number = self.asset_count()
        self.emit("Transfer", sender=NOBODY, receiver=sender, token_id=number)
        self.emit(
            "Registered",
            asset=number,
            owner=sender,
            kind=kind,
            licence=licence,
            parents=tuple(parents),
            royalty_receiver=royalty_receiver,
            royalty_bps=royalty_bps,
        )
        self._add_version(number, digest, uri)
        return number

    def new_version(self, sender: str, asset: int, digest: bytes, uri: str) -> int:
        self._need_open()
        found = self._asset(asset)
        need(self.is_allowed_to_manage(asset, sender), "Assets: not allowed")
        need(found.status != 3, "Assets: withdrawn for good")
        number = self._add_version(asset, digest, uri)
        self.emit("MetadataUpdate", token_id=asset)
        return number

    def set_status(self, sender: str, asset: int, status: int) -> None:
        found = self._asset(asset)
        need(status in {1, 2, 3}, "Assets: no such status")
        may = sender == found.owner or (sender == self._timelock and status == 3)
        need(may, "Assets: only the owner")
        need(found.status != 3, "Assets: withdrawn for good")
        need(found.status != status, "Assets: it has that status")
        found.status = status
        self.emit("StatusChanged", asset=asset, status=status, actor=sender)

    def asset_count(self) -> int:
        return len(self.state.assets)

    def asset_of(self, asset: int) -> tuple:
        if not self._exists(asset):
            return NO_ASSET
        found = self._asset(asset)
        return (found.kind, found.status, found.licence, *found.royalty)

    def kind_of(self, asset: int) -> int:
        return self.asset_of(asset)[0]

    def status_of(self, asset: int) -> int:
        return self.asset_of(asset)[1]

    def epoch_of(self, asset: int) -> int:
        return self._asset(asset).epoch if self._exists(asset) else 0

    def parents_of(self, asset: int) -> tuple[int, ...]:
        return tuple(self._asset(asset).parents) if self._exists(asset) else ()

    def version_count(self, asset: int) -> int:
        return len(self._asset(asset).versions) if self._exists(asset) else 0

    def version_of(self, asset: int, number: int) -> tuple[int, bytes, int]:
        need(1 <= number <= self.version_count(asset), "Assets: no such version")
        return (number, *self._asset(asset).versions[number - 1])

    def latest(self, asset: int) -> tuple[int, bytes, int]:
        return self.version_of(asset, self.version_count(asset))

    def asset_of_digest(self, digest: bytes) -> tuple[int, int]:
        for number, asset in enumerate(self.state.assets, 1):
            for version, (known, _) in enumerate(asset.versions, 1):
                if known == digest:
                    return number, version
        return 0, 0

    # --- ERC-721, its metadata, 2981, 165 -----------------------------------------------------

    def name(self) -> str:
        return "Quorate Assets"

    def symbol(self) -> str:
        return "QAST"

    def supportsInterface(self, interface_id: bytes) -> bool:
        return interface_id.hex() in INTERFACES

    def tokenURI(self, token_id: int) -> str:
        return self._asset(token_id).uri

    def royaltyInfo(self, token_id: int, sale_price: int) -> tuple[str, int]:
        receiver, share = self.asset_of(token_id)[3:]
        return receiver, sale_price * share // 10_000

    def balanceOf(self, owner: str) -> int:
        need(owner != NOBODY, "Assets: no account")
        return sum(asset.owner == owner for asset in self.state.assets)

    def ownerOf(self, token_id: int) -> str:
        return self._asset(token_id).owner

    def getApproved(self, token_id: int) -> str:
        return self._asset(token_id).approved

    def isApprovedForAll(self, owner: str, operator: str) -> bool:
        return (owner, operator) in self.state.operators

    def is_allowed_to_manage(self, asset: int, who: str) -> bool:
        if not self._exists(asset) or who == NOBODY:
            return False
        found = self._asset(asset)
        return who in {found.owner, found.approved} or self.isApprovedForAll(found.owner, who)

    def approve(self, sender: str, approved: str, token_id: int) -> None:
        found = self._asset(token_id)
        may = sender == found.owner or self.isApprovedForAll(found.owner, sender)
        need(may, "Assets: not allowed")
        found.approved = approved
        self.emit("Approval", owner=found.owner, approved=approved, token_id=token_id)

    def setApprovalForAll(self, sender: str, operator: str, approved: bool) -> None:
        need(operator != NOBODY, "Assets: no account")
        if approved:
            self.state.operators.add((sender, operator))
        else:
            self.state.operators.discard((sender, operator))
        self.emit("ApprovalForAll", owner=sender, operator=operator, approved=approved)

    def transferFrom(self, sender: str, owner: str, receiver: str, token_id: int) -> None:
        found = self._asset(token_id)
        need(found.owner == owner, "Assets: not the owner")
        need(self.is_allowed_to_manage(token_id, sender), "Assets: not allowed")
        need(receiver != NOBODY, "Assets: no account")
        found.approved = NOBODY
        found.owner = receiver
        found.epoch += receiver != owner
        self.emit("Transfer", sender=owner, receiver=receiver, token_id=token_id)

    def safeTransferFrom(
        self, sender: str, owner: str, receiver: str, token_id: int, data: bytes
    ) -> None:
        self.transferFrom(sender, owner, receiver, token_id)
        contract = self.world.at.get(receiver)
        accepts = contract is None or getattr(contract, "accepts_tokens", False)
        need(accepts, "Assets: the receiver refuses")

    # --- parts ------------------------------------------------------------------------------

    def _need_open(self) -> None:
        paused = self.world.at[self._council].paused(self.address)
        need(not paused, "Assets: paused by Council")

    def _exists(self, asset: int) -> bool:
        return 1 <= asset <= len(self.state.assets)

    def _asset(self, asset: int) -> Asset:
        need(self._exists(asset), "Assets: no such asset")
        return self.state.assets[asset - 1]

    def _add_version(self, asset: int, digest: bytes, uri: str) -> int:
        need(digest != ZERO, "Assets: no digest")
        need(self.asset_of_digest(digest) == (0, 0), "Assets: the digest is registered")
        found = self._asset(asset)
        found.versions.append((digest, self.world.now))
        found.uri = uri
        number = len(found.versions)
        self.emit("VersionRegistered", asset=asset, digest=digest, version=number, uri=uri)
        return number
