"""Anchor in plain Python: growing logs, proofs read by the recursive definition of RFC 6962."""

import hashlib
from dataclasses import dataclass, field

from tests.twins.world import ZERO, Twin, World, need

Log = tuple[str, bytes]  # its owner and the SHA-256 of its origin line
Head = tuple[int, bytes]


class WrongProof(Exception):
    """The proof has another shape than the sizes demand."""


def node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def cut(size: int) -> int:
    """Leaves on the left of a tree: the largest power of two below its size."""
    half = 1
    while 2 * half < size:
        half *= 2
    return half


def topmost(proof: list[bytes]) -> tuple[list[bytes], bytes]:
    """A proof climbs from the leaves: its last hash stands right below the root."""
    if not proof:
        raise WrongProof
    return proof[:-1], proof[-1]


def root_from(leaf: bytes, index: int, size: int, proof: list[bytes]) -> bytes:
    """The root of a tree where `leaf` is number `index` and `proof` holds all that is beside."""
    if size == 1:
        if proof:
            raise WrongProof
        return leaf
    left = cut(size)
    below, beside = topmost(proof)
    if index < left:
        return node(root_from(leaf, index, left, below), beside)
    return node(beside, root_from(leaf, index - left, size - left, below))


def roots_from(old_size: int, size: int, known: bytes | None, proof: list[bytes]) -> Head | tuple:
    """The roots of the first `old_size` leaves and of all; `known` is the former, if left out."""
    if old_size == size:
        rest, root = (proof, known) if known is not None else topmost(proof)
        if rest:
            raise WrongProof
        return root, root
    left = cut(size)
    below, beside = topmost(proof)
    if old_size <= left:
        old, new = roots_from(old_size, left, known, below)
        return old, node(new, beside)
    old, new = roots_from(old_size - left, size - left, None, below)
    return node(beside, old), node(beside, new)


def included(index: int, size: int, leaf: bytes, root: bytes, proof: list[bytes]) -> bool:
    try:
        return index < size and root_from(leaf, index, size, list(proof)) == root
    except WrongProof:
        return False


def consistent(old_size: int, old_root: bytes, size: int, root: bytes, proof: list[bytes]) -> bool:
    if not 0 < old_size <= size:
        return False
    try:
        return roots_from(old_size, size, old_root, list(proof)) == (old_root, root)
    except WrongProof:
        return False


@dataclass
class State:
    heads: dict[Log, Head] = field(default_factory=dict)
    pinned: dict[Log, dict[int, bytes]] = field(default_factory=dict)


class Anchor(Twin):
    def __init__(self, world: World, address: str, members: str) -> None:
        super().__init__(world, address, State())
        self._members = members

    def anchor(  # noqa: PLR0917 (the contract's arguments)
        self, sender: str, owner: str, log_id: bytes, size: int, root: bytes, proof: list[bytes]
    ) -> None:
        need(root != ZERO, "Anchor: no root")
        old_size, old_root = self.head(owner, log_id)
        if size <= old_size:
            standing = self.root_at(owner, log_id, size)
            need(standing != ZERO, "Anchor: size must grow")
            need(standing == root, "Anchor: another root is anchored")
            return
        need(size < 2**63, "Anchor: size too large")
        allowed = self.world.at[self._members].may_anchor(owner, log_id, sender)
        need(allowed, "Anchor: not allowed for this log")
        if old_size == 0:
            need(not proof, "Anchor: first takes no proof")
        else:
            need(consistent(old_size, old_root, size, root, proof), "Anchor: not consistent")
        self.state.heads[owner, log_id] = size, root
        self.emit("Anchored", owner=owner, log_id=log_id, size=size, root=root)

    def pin(  # noqa: PLR0917 (the contract's arguments)
        self, sender: str, owner: str, log_id: bytes, size: int, root: bytes, proof: list[bytes]
    ) -> None:
        pinned = self.state.pinned.setdefault((owner, log_id), {})
        if pinned.get(size) == root:
            return
        need(self.contains(owner, log_id, size, root, proof), "Anchor: not consistent")
        pinned[size] = root
        self.emit("Pinned", owner=owner, log_id=log_id, size=size, root=root)

    def members(self) -> str:
        return self._members

    def head(self, owner: str, log_id: bytes) -> Head:
        return self.state.heads.get((owner, log_id), (0, ZERO))

    def root_at(self, owner: str, log_id: bytes, size: int) -> bytes:
        newest, root = self.head(owner, log_id)
        if size == newest:
            return root
        return self.state.pinned.get((owner, log_id), {}).get(size, ZERO)

    def contains(
        self, owner: str, log_id: bytes, size: int, root: bytes, proof: list[bytes]
    ) -> bool:
        return consistent(size, root, *self.head(owner, log_id), proof)

    def verifyInclusion(  # noqa: PLR0917 (the contract's name and arguments)
        self, owner: str, log_id: bytes, size: int, index: int, leaf: bytes, proof: list[bytes]
    ) -> bool:
        root = self.root_at(owner, log_id, size)
        need(root != ZERO, "Anchor: no such checkpoint")
        return included(index, size, leaf, root, proof)

    def verify_record(  # noqa: PLR0917 (the contract's arguments)
        self, owner: str, log_id: bytes, size: int, index: int, record: bytes, proof: list[bytes]
    ) -> bool:
        leaf = hashlib.sha256(b"\0" + record).digest()
        return self.verifyInclusion(owner, log_id, size, index, leaf, proof)
