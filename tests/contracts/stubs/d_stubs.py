"""Stand-ins for Members and Assets beside real contracts: one call changes contract and twin."""

import json
import warnings
from dataclasses import dataclass, field
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


__all__ = ["NOBODY", "MembersStub", "MembersTwin", "Stub", "stub_artifact"]
