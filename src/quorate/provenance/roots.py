"""Roots of trust: whose keys, chain, bytecode and timestamps; and which keys are one hand's.

An auditor keeps this file and never takes it from the bundle. Format page: docs/formats/trust.md.
"""

from dataclasses import dataclass
from typing import Any

from quorate.core.encoding import canonical_bytes, decode_base64, encode_base64, parse_canonical
from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest
from quorate.core.keyring import PublicIdentity
from quorate.core.keys import PublicKey, parse_address
from quorate.log.timestamp import TimestampAuthority

FORMAT = "quorate/trust/v1"


@dataclass(frozen=True, slots=True)
class MemberRoot:
    """One organisation: its keys, its log's origin, who controls it, what it may do."""

    identity: PublicIdentity
    origin: str
    controller: str
    roles: int

    @property
    def name(self) -> str:
        """The organisation's name."""
        return self.identity.name


@dataclass(frozen=True, slots=True)
class ChainRoot:
    """The chain: its id, its first block's hash, its operator's key, the contracts believed in."""

    chain_id: int
    genesis: str
    operator: PublicKey
    contracts: dict[str, str]
    """Contract name -> account address."""
    code: dict[str, tuple[str, int]]
    """Contract name -> digest and size (bytes) of its creation code without arguments."""


@dataclass(frozen=True, slots=True)
class Roots:
    """Everything that a verifier takes on trust, and how independent it is."""

    chain: ChainRoot
    members: tuple[MemberRoot, ...]
    hands: tuple[tuple[str, ...], ...]
    """Groups of members under one operator: keys of one hand count once."""
    authorities: tuple[TimestampAuthority, ...] = ()
    """Timestamp authorities, in the order in which they are tried; none is usual."""

    def member(self, name: str) -> MemberRoot:
        """The organisation called ``name``."""
        for member in self.members:
            if member.name == name:
                return member
        raise EncodingError(f"could not find a member called {name[:64]!r} in the roots")

    def hand_of(self, name: str) -> int:
        """The index of the operator that runs ``name``."""
        return next(index for index, hand in enumerate(self.hands) if name in hand)

    def to_bytes(self) -> bytes:
        """The trust file."""
        chain = self.chain
        authorities = [
            {"name": each.name, "policy": each.policy, "root": encode_base64(each.root)}
            for each in self.authorities
        ]
        return canonical_bytes(
            ({"authorities": authorities} if authorities else {})
            | {
                "format": FORMAT,
                "chain": {
                    "chain_id": chain.chain_id,
                    "code": {
                        name: {"digest": digest, "size": size}
                        for name, (digest, size) in chain.code.items()
                    },
                    "contracts": chain.contracts,
                    "genesis": chain.genesis,
                    "operator": str(chain.operator),
                },
                "hands": [list(hand) for hand in self.hands],
                "members": [
                    {
                        "controller": member.controller,
                        "identity": member.identity.to_value(),
                        "origin": member.origin,
                        "roles": member.roles,
                    }
                    for member in self.members
                ],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Roots":
        """The inverse of `to_bytes`; unknown or missing fields are refused."""
        value = parse_canonical(data)
        try:
            fields = set(value) - {"authorities"}  # absent from files that name none
            if fields != {"format", "chain", "hands", "members"} or value["format"] != FORMAT:
                raise EncodingError("could not read a trust file: unexpected fields or format")
            roots = cls(
                chain=_read_chain(value["chain"]),
                members=tuple(_read_member(item) for item in value["members"]),
                hands=tuple(tuple(str(name) for name in hand) for hand in value["hands"]),
                authorities=_read_authorities(value),
            )
        except (TypeError, KeyError, AttributeError):
            raise EncodingError("could not read a trust file: malformed") from None
        _check_names(roots)
        return roots


def _read_chain(value: dict[str, Any]) -> ChainRoot:
    if set(value) != {"chain_id", "code", "contracts", "genesis", "operator"}:
        raise EncodingError("could not read a trust file: unexpected chain fields")
    for address in value["contracts"].values():
        parse_address(address)
    if type(value["chain_id"]) is not int or set(value["code"]) != set(value["contracts"]):
        raise EncodingError("could not read a trust file: chain id or contracts are wrong")
    Digest.parse(value["genesis"])
    return ChainRoot(
        chain_id=value["chain_id"],
        genesis=str(value["genesis"]),
        operator=PublicKey.parse(value["operator"]),
        contracts=dict(value["contracts"]),
        code={name: _read_code(item) for name, item in value["code"].items()},
    )


def _read_code(value: dict[str, Any]) -> tuple[str, int]:
    if set(value) != {"digest", "size"} or type(value["size"]) is not int:
        raise EncodingError("could not read a trust file: unexpected code fields")
    return str(Digest.parse(value["digest"])), value["size"]


def _read_member(value: dict[str, Any]) -> MemberRoot:
    if set(value) != {"controller", "identity", "origin", "roles"}:
        raise EncodingError("could not read a trust file: unexpected member fields")
    if type(value["roles"]) is not int:
        raise EncodingError("could not read a trust file: roles are not an integer")
    return MemberRoot(
        identity=PublicIdentity.from_value(value["identity"]),
        origin=str(value["origin"]),
        controller=str(value["controller"]),
        roles=value["roles"],
    )


def _read_authorities(value: dict[str, Any]) -> tuple[TimestampAuthority, ...]:
    if "authorities" not in value:
        return ()
    found = []
    for item in value["authorities"]:
        if set(item) != {"name", "policy", "root"} or type(item["name"]) is not str:
            raise EncodingError("could not read a trust file: unexpected authority fields")
        if type(item["policy"]) not in (str, type(None)) or type(item["root"]) is not str:
            raise EncodingError("could not read a trust file: an authority's policy or root")
        found.append(TimestampAuthority(item["name"], decode_base64(item["root"]), item["policy"]))
    names = {authority.name for authority in found}
    if not found or len(names) != len(found):  # no list has one spelling: it is left out
        raise EncodingError("could not read a trust file: authorities empty or named twice")
    return tuple(found)


def _check_names(roots: Roots) -> None:
    """Every member once, in exactly one hand; accounts and keys unique."""
    names = sorted(member.name for member in roots.members)
    if sorted(name for hand in roots.hands for name in hand) != names:
        raise EncodingError("could not read a trust file: hands do not cover the members once")
    for values in (
        names,
        [member.identity.account for member in roots.members],
        [member.origin for member in roots.members],
        [str(member.identity.statement_keys[0]) for member in roots.members],
        [str(member.identity.witness_key) for member in roots.members],
        [str(member.identity.log_keys[0]) for member in roots.members],
    ):
        if len(set(values)) != len(values):
            raise EncodingError("could not read a trust file: a name or key appears twice")
