"""Stakes over a token that does what a token should not; no twin."""

import json
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from eth_abi.abi import encode

from quorate.core.encoding import canonical_bytes
from quorate.ledger.contracts import Artifact, parse_artifact
from tests.contracts.pair import Chain, Reverted, account, word

DEPLOYER, TASKS = account("deployer"), account("tasks")


@cache
def token_artifact() -> Artifact:
    from vyper.cli.vyper_compile import compile_files
    from vyper.compiler.settings import Settings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (found,) = compile_files(
            [Path(__file__).with_name("b_token.vy")],
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


class HostileStakes(Chain):
    """The token is a member with every role, and Rounds itself."""

    def __init__(self, others: list[str]) -> None:
        super().__init__()
        self.token = self.execute(DEPLOYER, None, token_artifact().creation).contract
        people = [(who, word("keys"), word(who), 7) for who in (self.token, *others)]
        members = self.deploy("Members", DEPLOYER, people, DEPLOYER, DEPLOYER).contract
        self.deploy("Stakes", DEPLOYER, self.token, members, TASKS, self.token, 0)

    def tell(self, function: str, *arguments: Any) -> int:
        """A transaction to, or a view of, the token itself."""
        shape = token_artifact().functions[function]
        data = shape.selector + encode(shape.inputs, arguments)
        if shape.outputs:
            return int.from_bytes(self.machine.call(self.token, data, self.block()), "big")
        outcome = self.execute(DEPLOYER, self.token, data)
        if not outcome.status:
            raise Reverted(outcome.reason)
        return 0

    def act(self, function: str, *arguments: Any) -> None:
        """The token as a caller of Stakes."""
        self.tell("act", *self._data(function, *arguments))

    def arm(self, function: str, *arguments: Any) -> None:
        """Every transfer from now on makes this call in its middle."""
        self.tell("arm", *self._data(function, *arguments))

    def calls_back(self) -> tuple[int, int]:
        """How many were tried, how many went through."""
        return self.tell("tries"), self.tell("successes")

    def _data(self, function: str, *arguments: Any) -> tuple[str, bytes]:
        stakes = self.contracts["Stakes"]
        return stakes.address, stakes.encode(function, *arguments).data
