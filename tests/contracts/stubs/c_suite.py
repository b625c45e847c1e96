"""Members, Assets and Grants with small contracts around them: a council, receivers of tokens."""

import json
import warnings
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import RefusedError
from quorate.ledger.contracts import Artifact, parse_artifact
from tests.contracts.pair import MEMBER, Done, Pair, account, word
from tests.twins.assets import Assets
from tests.twins.grants import Grants
from tests.twins.members import Members
from tests.twins.world import NOBODY, Revert, Twin, World

DATA_SET, MODEL, SERVICE = 1, 2, 3
ACTIVE, DEPRECATED, WITHDRAWN = 1, 2, 3
ACCEPT, WRONG_ANSWER, REVERT, SHORT_ANSWER, ALL_GAS = range(5)
PURPOSE = word("train a model")
FOREVER = 2**256 - 1


@cache
def stub_artifact(name: str) -> Artifact:
    """The compiled stub tests/contracts/stubs/`name`.vy."""
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (found,) = compile_files(
            [Path(__file__).with_name(f"{name}.vy")],
            ("abi", "bytecode", "bytecode_runtime"),
            settings=Settings(evm_version="cancun"),
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


def admission(who: str) -> tuple:
    return (who, word(f"keys of {who}"), word(f"house of {who}"), MEMBER)


class Switch(Twin):
    """Plays Council: what is in its state is paused."""

    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, set())

    def paused(self, target: str) -> bool:
        return target in self.state


class Receiver(Twin):
    """A contract; whether it takes tokens is set by `Suite.receiver`."""

    def __init__(self, world: World, address: str) -> None:
        super().__init__(world, address, None)
        self.accepts_tokens = True


@dataclass
class Suite:
    """Contracts and twins; `active` accounts and a keeper are members, nothing is paused."""

    active: tuple[str, ...] = ()
    pair: Pair = field(default_factory=Pair)

    def __post_init__(self) -> None:
        self.council = self.stub("c_switch", Switch)
        self.timelock = account("timelock")
        founders = [admission(who) for who in (account("keeper"), *self.active)]
        self.members = self.pair.add("Members", Members, founders, self.timelock, self.council)
        where = (self.members, self.timelock, self.council)
        self.assets = self.pair.add("Assets", Assets, *where)
        self.grants = self.pair.add("Grants", Grants, self.assets, self.council)

    # --- stubs: no names of the suite, so they stand beside `Pair` ------------------------------

    def stub(self, name: str, twin: type) -> str:
        outcome = self.pair.chain.execute(
            account("stubs"), None, stub_artifact(name).deployment().data
        )
        assert outcome.status
        twin(self.pair.world, outcome.contract)
        return outcome.contract

    def pause(self, name: str, yes: bool = True) -> None:
        target = self.pair.address(name)
        self.call("c_switch", self.council, "set", target, yes)
        state = self.pair.world.at[self.council].state
        (state.add if yes else state.discard)(target)

    def receiver(self, mode: int, target: str = NOBODY, payload: bytes = b"") -> str:
        """A contract that takes tokens in this way; it calls `target` back when asked."""
        address = self.stub("c_receiver", Receiver)
        self.call("c_receiver", address, "arm", mode, target, payload)
        self.pair.world.at[address].accepts_tokens = mode == ACCEPT
        return address

    def call(self, name: str, address: str, function: str, *arguments: Any) -> None:
        data = self.encode(name, function, *arguments)
        outcome = self.pair.chain.execute(account("stubs"), address, data)
        assert outcome.status, outcome.reason

    def ask(self, name: str, address: str, function: str, *arguments: Any) -> Any:
        from eth_abi.abi import decode

        data = self.encode(name, function, *arguments)
        output = self.pair.chain.machine.call(address, data, self.pair.chain.block())
        return decode(stub_artifact(name).functions[function].outputs, output)[0]

    def encode(self, name: str, function: str, *arguments: Any) -> bytes:
        from eth_abi.abi import encode

        shape = stub_artifact(name).functions[function]
        return shape.selector + encode(shape.inputs, arguments)

    # --- members ------------------------------------------------------------------------------

    def admit(self, who: str) -> None:
        self.send(self.timelock, "Members", "admit", *admission(who))

    def suspend(self, who: str) -> None:
        self.send(self.timelock, "Members", "suspend", who)

    # --- steps ------------------------------------------------------------------------------

    def send(self, who: str, name: str, function: str, *arguments: Any) -> Done:
        return self.pair.send(who, name, function, *arguments)

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        return self.pair.view(name, function, *arguments)

    def refuses(self, message: str, name: str, function: str, *arguments: Any) -> None:
        """The view reverts with `message`, on both sides."""
        with pytest.raises(Revert) as twin:
            getattr(self.pair.twins[name], function)(*arguments)
        with pytest.raises(RefusedError) as contract:
            self.pair.chain.view(name, function, *arguments)
        assert str(twin.value) == message
        assert message in str(contract.value)

    def register(self, who: str, text: str, **changes: Any) -> int:
        """A new asset of `who`."""
        facts = {
            "kind": DATA_SET,
            "digest": word(text),
            "parents": [],
            "licence": word("licence"),
            "royalty_receiver": NOBODY,
            "royalty_bps": 0,
            "uri": f"https://example.org/{text}",
        } | changes
        return int(self.send(who, "Assets", "register", *facts.values()).value)

    def move(self, owner: str, receiver: str, asset: int) -> Done:
        return self.send(owner, "Assets", "transferFrom", owner, receiver, asset)

    def grant(self, who: str, asset: int, grantee: str, **changes: Any) -> int:
        """A grant for PURPOSE, without limits and not to be passed on, but for `changes`."""
        facts = {"purpose": PURPOSE, "expires": FOREVER, "uses": 0, "depth": 0} | changes
        return int(self.send(who, "Grants", "grant", asset, grantee, *facts.values()).value)

    def delegate(self, who: str, parent: int, grantee: str, **changes: Any) -> int:
        facts = {"expires": FOREVER, "uses": 0, "depth": 0} | changes
        return int(self.send(who, "Grants", "delegate", parent, grantee, *facts.values()).value)

    def consume(self, who: str, grant: int) -> Done:
        return self.send(who, "Grants", "consume", grant)

    def allowed(self, asset: int, who: str, purpose: bytes = PURPOSE) -> bool:
        return bool(self.view("Grants", "isAllowed", asset, who, purpose))
