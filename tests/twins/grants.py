"""Grants in plain Python: rights to use assets, a tree of them per asset."""

from dataclasses import dataclass, field

from tests.twins.world import NOBODY, ZERO, Twin, World, need

NO_GRANT = (0, 0, 0, NOBODY, NOBODY, ZERO, 0, 0, 0, 0, False)


@dataclass
class Grant:
    asset: int
    epoch: int
    parent: int
    giver: str
    grantee: str
    purpose: bytes
    expires: int
    uses: int
    depth: int
    used: int = 0
    revoked: bool = False

    @property
    def spent(self) -> bool:
        return self.uses > 0 and self.used >= self.uses


@dataclass
class State:
    grants: list[Grant] = field(default_factory=list)
    listed: dict[tuple[int, str, bytes], list[int]] = field(default_factory=dict)
    meters: set[tuple[int, int, str]] = field(default_factory=set)  # asset, epoch, operator


class Grants(Twin):
    def __init__(self, world: World, address: str, assets: str, council: str) -> None:
        super().__init__(world, address, State())
        self._assets, self._council = assets, council

    def assets(self) -> str:
        return self._assets

    def council(self) -> str:
        return self._council

    def grant(  # noqa: PLR0917 (the contract's)
        self,
        sender: str,
        asset: int,
        grantee: str,
        purpose: bytes,
        expires: int,
        uses: int,
        depth: int,
    ) -> int:
        self._need_manager(asset, sender)
        need(not self._closed(asset), self._closed(asset))
        need(purpose != ZERO, "Grants: no purpose")
        need(depth <= 8, "Grants: passed on too often")
        epoch = self._registry.epoch_of(asset)
        return self._give(
            Grant(asset, epoch, 0, sender, grantee, purpose, expires, uses, depth), places=16
        )

    def delegate(  # noqa: PLR0917 (the contract's)
        self, sender: str, parent: int, grantee: str, expires: int, uses: int, depth: int
    ) -> int:
        need(not self.refusal(parent), self.refusal(parent))
        above = self._grant(parent)
        need(sender == above.grantee, "Grants: not the grantee")
        need(depth < above.depth, "Grants: passed on too often")
        need(expires <= above.expires, "Grants: longer than its parent")
        within = above.uses == 0 or 0 < uses <= above.uses - above.used
        need(within, "Grants: more than its parent")
        asset, epoch, purpose = above.asset, above.epoch, above.purpose
        return self._give(
            Grant(asset, epoch, parent, sender, grantee, purpose, expires, uses, depth), places=12
        )

    def revoke(self, sender: str, grant: int) -> None:
        need(self._exists(grant), "Grants: no such grant")
        found = self._grant(grant)
        if sender != found.giver:
            self._need_manager(found.asset, sender)
        need(not found.revoked, "Grants: revoked")
        found.revoked = True
        self.emit("Revoked", grant=grant, actor=sender)

    def consume(self, sender: str, grant: int) -> None:
        need(not self.refusal(grant), self.refusal(grant))
        found = self._grant(grant)
        meter = (found.asset, found.epoch, sender) in self.state.meters
        need(sender == found.grantee or meter, "Grants: not the grantee")
        found.used += 1
        for above in self._line(grant)[1:]:
            above.used += above.uses > 0
        grantee = found.grantee
        self.emit("Consumed", grant=grant, asset=found.asset, grantee=grantee, actor=sender)

    def set_meter(self, sender: str, asset: int, operator: str, allowed: bool) -> None:
        self._need_manager(asset, sender)
        epoch = self._registry.epoch_of(asset)
        if allowed:
            self.state.meters.add((asset, epoch, operator))
        else:
            self.state.meters.discard((asset, epoch, operator))
        self.emit("MeterSet", asset=asset, operator=operator, epoch=epoch, allowed=allowed)

    def isAllowed(self, asset: int, who: str, purpose: bytes) -> bool:
        return any(not self.refusal(grant) for grant in self.grants_of(asset, who, purpose))

    def is_allowed_by(self, grant: int, who: str, purpose: bytes) -> bool:
        if self.refusal(grant):
            return False
        return (who, purpose) == (self._grant(grant).grantee, self._grant(grant).purpose)

    def refusal(self, grant: int) -> str:
        if not self._exists(grant):
            return "Grants: no such grant"
        return self._closed(self._grant(grant).asset) or self._ended(grant)

    def grant_count(self) -> int:
        return len(self.state.grants)

    def grant_of(self, grant: int) -> tuple:
        if not self._exists(grant):
            return NO_GRANT
        g = self._grant(grant)
        origin = (g.asset, g.epoch, g.parent, g.giver, g.grantee, g.purpose)
        return (*origin, g.expires, g.uses, g.used, g.depth, g.revoked)

    def grants_of(self, asset: int, who: str, purpose: bytes) -> tuple[int, ...]:
        return tuple(self.state.listed.get((asset, who, purpose), ()))

    def is_meter(self, asset: int, operator: str) -> bool:
        return (asset, self._registry.epoch_of(asset), operator) in self.state.meters

    # --- parts ------------------------------------------------------------------------------

    @property
    def _registry(self):
        return self.world.at[self._assets]

    def _need_manager(self, asset: int, sender: str) -> None:
        manages = self._registry.is_allowed_to_manage(asset, sender)
        need(manages, "Grants: only the asset's owner")

    def _exists(self, grant: int) -> bool:
        return 1 <= grant <= len(self.state.grants)

    def _grant(self, grant: int) -> Grant:
        return self.state.grants[grant - 1]

    def _line(self, grant: int) -> list[Grant]:
        """The grant, then what it was passed on from, up to the owner's."""
        line = []
        while grant:
            line.append(self._grant(grant))
            grant = line[-1].parent
        return line

    def _closed(self, asset: int) -> str:
        if self.world.at[self._council].paused(self.address):
            return "Grants: paused by Council"
        if self._registry.status_of(asset) == 3:
            return "Grants: the asset is withdrawn"
        return ""

    def _ended(self, grant: int) -> str:
        found = self._grant(grant)
        if found.epoch != self._registry.epoch_of(found.asset):
            return "Grants: the asset changed hands"
        if self.world.now > found.expires:
            return "Grants: expired"
        for each in self._line(grant):
            if each.revoked:
                return "Grants: revoked"
            if each.spent:
                return "Grants: no uses left"
        return ""

    def _give(self, given: Grant, places: int) -> int:
        need(given.grantee != NOBODY, "Grants: no account")
        need(self.world.now <= given.expires, "Grants: expired")
        listed = self.state.listed.setdefault((given.asset, given.grantee, given.purpose), [])
        if len(listed) >= places:
            listed[:] = [old for old in listed if not self._ended(old)]
        need(len(listed) < places, "Grants: too many for one account")
        self.state.grants.append(given)
        number = len(self.state.grants)
        listed.append(number)
        self.emit(
            "Granted",
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
        return number
