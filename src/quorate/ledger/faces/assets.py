"""The Assets contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from collections.abc import Sequence

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.assets_facts import (
    Approval,
    ApprovalForAll,
    Asset,
    MetadataUpdate,
    Registered,
    StatusChanged,
    Transfer,
    Version,
    VersionRegistered,
)
from quorate.ledger.faces.base import Face


class Assets(Face):
    """Data sets, models and services as ERC-721 tokens, with versions, lineage, licence and
    royalty. What is registered are digests; the content stays where it is.
    """

    NAME = "Assets"
    EVENTS = (
        Approval,
        ApprovalForAll,
        Transfer,
        Registered,
        VersionRegistered,
        MetadataUpdate,
        StatusChanged,
    )

    @staticmethod
    def deployment(members: str, timelock: str, council: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Assets").deployment(members, timelock, council)

    def approve(self, approved: str, token_id: int) -> Call:
        """Lets one account move a token, until its next transfer; by the owner or its operator."""
        return self._encode("approve", approved, token_id)

    def asset_count(self) -> int:
        """How many assets there are; they are numbered from 1."""
        return self._ask(int, "asset_count")

    def asset_of(self, asset: int) -> Asset:
        """All that is known about an asset beside owner, parents and versions."""
        return self._ask(Asset, "asset_of", asset)

    def asset_of_digest(self, digest: bytes) -> tuple[int, int]:
        """Which version of which asset has this digest."""
        return self._ask(tuple[int, int], "asset_of_digest", digest)

    def balanceOf(self, owner: str) -> int:
        """How many tokens an account owns."""
        return self._ask(int, "balanceOf", owner)

    def council(self) -> str:
        """The Council contract that this one was created for."""
        return self._ask(str, "council")

    def epoch_of(self, arg0: int) -> int:
        """How often a token went to another owner."""
        return self._ask(int, "epoch_of", arg0)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def getApproved(self, token_id: int) -> str:
        """Who beside the owner and its operators may move a token."""
        return self._ask(str, "getApproved", token_id)

    def isApprovedForAll(self, arg0: str, arg1: str) -> bool:
        """True when the operator may move all of the owner's tokens."""
        return self._ask(bool, "isApprovedForAll", arg0, arg1)

    def is_allowed_to_manage(self, asset: int, who: str) -> bool:
        """True for the owner, the approved account and the owner's operators."""
        return self._ask(bool, "is_allowed_to_manage", asset, who)

    def kind_of(self, asset: int) -> int:
        """What sort of thing it is."""
        return self._ask(int, "kind_of", asset)

    def latest(self, asset: int) -> Version:
        """The newest version; reverts when there is no such asset."""
        return self._ask(Version, "latest", asset)

    def members(self) -> str:
        """The Members contract that this one was created for."""
        return self._ask(str, "members")

    def name(self) -> str:
        """The contract's `name`."""
        return self._ask(str, "name")

    def new_version(self, asset: int, digest: bytes, uri: str) -> Call:
        """Adds a version to an asset that is not withdrawn; by its owner, approved account
        or operator.
        """
        return self._encode("new_version", asset, digest, uri)

    def ownerOf(self, token_id: int) -> str:
        """Who owns a token."""
        return self._ask(str, "ownerOf", token_id)

    def parents_of(self, asset: int) -> tuple[int, ...]:
        """What it was made from."""
        return self._ask(tuple[int, ...], "parents_of", asset)

    def register(
        self,
        *,
        kind: int,
        digest: bytes,
        parents: Sequence[int],
        licence: bytes,
        royalty_receiver: str,
        royalty_bps: int,
        uri: str,
    ) -> Call:
        """A new asset for the caller, an active member account, with its first version."""
        return self._encode(
            "register", kind, digest, parents, licence, royalty_receiver, royalty_bps, uri
        )

    def royaltyInfo(self, token_id: int, sale_price: int) -> tuple[str, int]:
        """ERC-2981: who is to be paid how much when the asset is sold. Rounded down."""
        return self._ask(tuple[str, int], "royaltyInfo", token_id, sale_price)

    def safeTransferFrom(self, owner: str, receiver: str, token_id: int, data: bytes) -> Call:
        """The contract's `safeTransferFrom`."""
        return self._encode("safeTransferFrom", owner, receiver, token_id, data)

    def setApprovalForAll(self, operator: str, approved: bool) -> Call:
        """Lets an account move all of the caller's tokens, present and future, or no longer."""
        return self._encode("setApprovalForAll", operator, approved)

    def set_status(self, asset: int, status: int) -> Call:
        """Says whether an asset is to be used; by its owner. Timelock may withdraw it."""
        return self._encode("set_status", asset, status)

    def status_of(self, asset: int) -> int:
        """Whether it is to be used."""
        return self._ask(int, "status_of", asset)

    def supportsInterface(self, interface_id: bytes) -> bool:
        """ERC-165: which interfaces this contract has."""
        return self._ask(bool, "supportsInterface", interface_id)

    def symbol(self) -> str:
        """The contract's `symbol`."""
        return self._ask(str, "symbol")

    def timelock(self) -> str:
        """The Timelock contract that this one was created for."""
        return self._ask(str, "timelock")

    def tokenURI(self, token_id: int) -> str:
        """Where the newest version's description is."""
        return self._ask(str, "tokenURI", token_id)

    def transferFrom(self, owner: str, receiver: str, token_id: int) -> Call:
        """Moves a token without asking the receiver; by its owner, approved account or operator."""
        return self._encode("transferFrom", owner, receiver, token_id)

    def version_count(self, asset: int) -> int:
        """How many versions it has."""
        return self._ask(int, "version_count", asset)

    def version_of(self, asset: int, number: int) -> Version:
        """One version; reverts when there is none of that number."""
        return self._ask(Version, "version_of", asset, number)
