"""A suite whose token calls back, made once per test."""

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import encode

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import Artifact, Contract, parse_artifact
from tests.contracts.pair import Chain, Reverted


@cache
def hostile_artifact() -> Artifact:
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (found,) = compile_files(
            [Path(__file__).with_name("hostile_token.vy")],
            ("abi", "bytecode", "bytecode_runtime"),
            settings=Settings(evm_version="cancun"),
        ).values()
    value = {
        "abi": json.loads(json.dumps(found["abi"])),
        "compiler": "vyper",
        "creation": found["bytecode"].removeprefix("0x"),
        "name": "Hostile",
        "runtime": found["bytecode_runtime"].removeprefix("0x"),
        "source": "",
    }
    return parse_artifact(canonical_bytes(value))


class HostileChain(Chain):
    """Members, Stakes and Rounds over the hostile token; no twin."""

    def __init__(self, founders: list[tuple], deployer: str) -> None:
        super().__init__()
        self.deployer = deployer
        outcome = self.execute(deployer, None, hostile_artifact().creation)
        self.token = outcome.contract
        self.deploy("Members", deployer, [*founders, (self.token, b"k" * 32, b"h" * 32, 7)])
        members = self.contracts["Members"].address
        self.deploy("Stakes", deployer, self.token, members, 0)
        stakes = self.contracts["Stakes"].address
        self.deploy("Rounds", deployer, members, self.token, stakes)
        self.send(deployer, "Stakes", "bind", self.contracts["Rounds"].address)

    def token_call(self, function: str, *arguments: Any) -> int:
        """A transaction to, or a view of, the token itself."""
        shape = hostile_artifact().functions[function]
        data = shape.selector + encode(shape.inputs, arguments)
        if shape.outputs:
            return int.from_bytes(self.machine.call(self.token, data, self.block()), "big")
        outcome = self.execute(self.deployer, self.token, data)
        if not outcome.status:
            raise Reverted(outcome.reason)
        return 0

    def data(self, name: str, function: str, *arguments: Any) -> tuple[str, bytes]:
        contract: Contract = self.contracts[name]
        return contract.address, contract.encode(function, *arguments).data

    def act(self, name: str, function: str, *arguments: Any) -> None:
        """The token as an account."""
        self.token_call("act", *self.data(name, function, *arguments))

    def arm(self, name: str, function: str, *arguments: Any) -> None:
        """Every transfer from now on makes this call in its middle."""
        self.token_call("arm", *self.data(name, function, *arguments))
