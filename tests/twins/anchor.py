"""Anchor in plain Python: per log, growing sizes, one root each."""

from dataclasses import dataclass, field

from tests.twins.members import Members
from tests.twins.world import ZERO, Twin, World, need


@dataclass
class State:
    roots: dict[str, dict[int, bytes]] = field(default_factory=dict)


class Anchor(Twin):
    def __init__(self, world: World, address: str, members: Members) -> None:
        super().__init__(world, address, State())
        self._members = members

    def anchor(self, sender: str, size: int, root: bytes) -> None:
        need(root != ZERO, "Anchor: no root")
        roots = self.state.roots.setdefault(sender, {})
        if roots.get(size) == root:
            return
        need(self._members.is_active(sender), "Anchor: not an active account")
        need(size > max(roots, default=0), "Anchor: size must grow")
        roots[size] = root
        self.emit("Anchored", account=sender, size=size, root=root)

    def members(self) -> str:
        return self._members.address

    def head(self, account: str) -> tuple[int, bytes]:
        roots = self.state.roots.get(account, {})
        return (max(roots), roots[max(roots)]) if roots else (0, ZERO)

    def root_at(self, account: str, size: int) -> bytes:
        return self.state.roots.get(account, {}).get(size, ZERO)
