"""Stand-ins for Members and Assets beside real contracts: one call changes contract and twin."""

import json
import warnings
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import decode, encode

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import Artifact, parse_artifact
from tests.contracts.pair import Pair, account, word
from tests.twins.world import NOBODY, ZERO, Twin, World

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[2]


@cache
def stub_artifact(name: str) -> Artifact:
    """The compiled stub `<name>.vy` beside this file."""
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import OptimizationLevel, Settings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (found,) = compile_files(
            [FOLDER / f"{name}.vy"],
            ("abi", "bytecode", "bytecode_runtime"),
            settings=Settings(evm_version="cancun", optimize=OptimizationLevel.CODESIZE),
            paths=[ROOT],
        ).values()
    value = {
        "abi": json.loads(json.dumps(found["abi"])),
        "compiler": "vyper",
        "creation": found["bytecode"].removeprefix("0x"),
        "name": name,
        "runtime": found["bytecode_runtime"].removeprefix("0x"),
        "source": "",
    }
    return parse_artifact(canonical_bytes(value))


class Stub:
    """A deployed stub; `act` is a transaction by `sender`, `ask` a view."""

    def __init__(self, pair: Pair, name: str, *arguments: Any) -> None:
        self.pair = pair
        self.artifact = stub_artifact(name)
        data = self.artifact.deployment(*arguments).data
        outcome = pair.chain.execute(account("stubs"), None, data)
        assert outcome.status, outcome.reason
        self.address: str = outcome.contract

    def data(self, function: str, *arguments: Any) -> bytes:
        shape = self.artifact.functions[function]
        return shape.selector + encode(shape.inputs, arguments)

    def act(self, sender: str, function: str, *arguments: Any):
        """The outcome of the transaction."""
        outcome = self.pair.chain.execute(sender, self.address, self.data(function, *arguments))
        assert outcome.status, outcome.reason
        return outcome

    def ask(self, function: str, *arguments: Any) -> Any:
        chain = self.pair.chain
        output = chain.machine.call(self.address, self.data(function, *arguments), chain.block())
        return decode(self.artifact.functions[function].outputs, output)[0]


# --- Members --------------------------------------------------------------------------------


@dataclass
class Rights:
    roles: dict[str, int] = field(default_factory=dict)
    controllers: dict[str, bytes] = field(default_factory=dict)
    active: set[str] = field(default_factory=set)
    anchorers: set[tuple[str, bytes, str]] = field(default_factory=set)


class MembersTwin(Twin):
    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, Rights())

    def is_active(self, who: str) -> bool:
        return who in self.state.active

    def has_role(self, who: str, role: int) -> bool:
        return self.is_active(who) and self.state.roles[who] & role != 0

    def controller_of(self, who: str) -> bytes:
        return self.state.controllers.get(who, ZERO)

    def may_anchor(self, owner: str, log_id: bytes, who: str) -> bool:
        allowed = who == owner or (owner, log_id, who) in self.state.anchorers
        return self.is_active(owner) and allowed


class MembersStub(Stub):
    """Members without votes."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair, "d_members")
        self.twin = MembersTwin(pair.world, self.address)

    def put(self, who: str, roles: int = 7, house: str = "", active: bool = True) -> None:
        """`who` with these roles; accounts with one `house` are under one control."""
        controller = word(f"house of {house or who}")
        self.act(who, "put", who, roles, controller, active)
        self.twin.state.roles[who] = roles
        self.twin.state.controllers[who] = controller
        (self.twin.state.active.add if active else self.twin.state.active.discard)(who)

    def allow(self, owner: str, log_id: bytes, who: str, allowed: bool = True) -> None:
        self.act(owner, "set_anchorer", log_id, who, allowed)
        anchorers = self.twin.state.anchorers
        (anchorers.add if allowed else anchorers.discard)((owner, log_id, who))


# --- Assets ---------------------------------------------------------------------------------


@dataclass
class Facts:
    """By asset: (owner, kind, status), digests of the versions, who acts for the owner."""

    assets: dict[int, tuple[str, int, int]] = field(default_factory=dict)
    versions: dict[int, list[bytes]] = field(default_factory=dict)
    managers: set[tuple[int, str]] = field(default_factory=set)


class AssetsTwin(Twin):
    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, Facts())

    def exists(self, asset: int) -> bool:
        return asset in self.state.assets

    def ownerOf(self, asset: int) -> str:
        return self.state.assets[asset][0]

    def kind_of(self, asset: int) -> int:
        return self.state.assets.get(asset, (NOBODY, 0, 0))[1]

    def status_of(self, asset: int) -> int:
        return self.state.assets.get(asset, (NOBODY, 0, 0))[2]

    def is_allowed_to_manage(self, asset: int, who: str) -> bool:
        if not self.exists(asset):
            return False
        return who == self.ownerOf(asset) or (asset, who) in self.state.managers

    def version_count(self, asset: int) -> int:
        return len(self.state.versions.get(asset, []))

    def version_of(self, asset: int, version: int) -> tuple[int, bytes, int]:
        return version, self.state.versions[asset][version - 1], self.world.now

    def asset_of_digest(self, digest: bytes) -> tuple[int, int]:
        for asset, digests in self.state.versions.items():
            if digest in digests:
                return asset, digests.index(digest) + 1
        return 0, 0


class AssetsStub(Stub):
    """Assets without rights."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair, "d_assets")
        self.twin = AssetsTwin(pair.world, self.address)

    def put(self, asset: int, owner: str, kind: int = 2, status: int = 1) -> None:
        self.act(owner, "put", asset, owner, kind, status)
        self.twin.state.assets[asset] = (owner, kind, status)

    def add_version(self, asset: int, digest: bytes) -> None:
        self.act(account("stubs"), "add_version", asset, digest)
        self.twin.state.versions.setdefault(asset, []).append(digest)

    def allow(self, asset: int, who: str, allowed: bool = True) -> None:
        self.act(account("stubs"), "allow", asset, who, allowed)
        managers = self.twin.state.managers
        (managers.add if allowed else managers.discard)((asset, who))


# --- Council --------------------------------------------------------------------------------


class CouncilTwin(Twin):
    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, set())

    def paused(self, target: str) -> bool:
        return target in self.state


class CouncilStub(Stub):
    """A council that pauses when told; what its address sends goes through it."""

    def __init__(self, pair: Pair) -> None:
        super().__init__(pair, "d_council")
        self.twin = CouncilTwin(pair.world, self.address)
        direct = pair.chain.execute

        def execute(sender: str, to: str | None, data: bytes):
            if sender != self.address:
                return direct(sender, to, data)
            outcome = direct(account("stubs"), self.address, self.data("relay", to, data))
            if not outcome.status:
                return outcome
            return replace(outcome, output=decode(["bytes"], outcome.output)[0])

        pair.chain.execute = execute

    def pause(self, target: str, paused: bool = True) -> None:
        self.act(account("stubs"), "set_paused", target, paused)
        (self.twin.state.add if paused else self.twin.state.discard)(target)
