"""A suite whose token calls back, made once per test."""

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import encode

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import Artifact, Contract, parse_artifact
from quorate.ledger.transactions import created_address, raw_address
from tests.contracts.pair import Chain, Reverted, account


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
    """The suite over the hostile token, which is a member with every role; no twin."""

    ORDER = ("Council", "Members", "Stakes", "Tasks", "Rounds", "Appeals")

    def __init__(self, founders: list[tuple], deployer: str) -> None:
        super().__init__()
        self.deployer = deployer
        outcome = self.execute(deployer, None, hostile_artifact().creation)
        self.token = outcome.contract
        nonce = self.machine.state.entry(raw_address(deployer)).nonce
        council, members, stakes, tasks, rounds, appeals = (
            created_address(deployer, nonce + place) for place in range(len(self.ORDER))
        )
        timelock = account("timelock")
        everybody = [*founders, (self.token, b"k" * 32, b"h" * 32, 7)]
        self.deploy("Council", deployer, [account("guard")], 1, timelock)
        self.deploy("Members", deployer, everybody, timelock, council)
        self.deploy("Stakes", deployer, self.token, members, tasks, rounds, 0)
        self.deploy("Tasks", deployer, members, self.token, stakes, rounds, council)
        self.deploy("Rounds", deployer, tasks, appeals, council)
        self.deploy("Appeals", deployer, members, rounds, tasks)

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

    def counts(self) -> tuple[int, int]:
        """How many calls back were tried, and how many went through."""
        return self.token_call("tries"), self.token_call("successes")
