"""Contract and twin side by side: every transaction runs on both, every difference is an error."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from quorate.core.errors import RefusedError
from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer, checksum_address
from quorate.ledger.contracts import Contract, load_artifact
from quorate.ledger.interface import LoggedEvent
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, Transaction, raw_address
from tests.twins.anchor import Anchor
from tests.twins.members import Members
from tests.twins.rounds import Rounds
from tests.twins.stakes import Stakes
from tests.twins.token import Token
from tests.twins.world import Revert, World

CHAIN_ID = 31337
START = 1_800_000_000
DAY = 86_400
MEMBER, PARTICIPANT, VALIDATOR = 1, 2, 4
SUITE = ("Members", "Token", "Stakes", "Rounds", "Anchor")


class Reverted(Exception):
    """Contract and twin agree that the transaction reverts with this message."""


@dataclass(frozen=True)
class Done:
    """What contract and twin agree on; events as (contract, name, values)."""

    value: Any
    events: list[tuple[str, str, dict[str, Any]]]
    gas: int

    def named(self, name: str) -> list[dict[str, Any]]:
        return [values for _, event, values in self.events if event == name]


def signer(name: str) -> Secp256k1Signer:
    return Secp256k1Signer(keccak256(name.encode()))


def account(name: str) -> str:
    return signer(name).address


def word(text: str) -> bytes:
    """32 bytes that differ per text."""
    return keccak256(text.encode())


class Chain:
    """The machine with named contracts; senders need no signature here."""

    def __init__(self) -> None:
        self.machine = Machine(State(), CHAIN_ID)
        self.contracts: dict[str, Contract] = {}
        self.number = 0
        self.now = START

    def block(self) -> BlockContext:
        return BlockContext(self.number, self.now)

    def execute(self, sender: str, to: str | None, data: bytes):
        nonce = self.machine.state.entry(raw_address(sender)).nonce
        transaction = Transaction(CHAIN_ID, nonce, to, data, BLOCK_GAS_LIMIT)
        self.number += 1
        return self.machine.apply(transaction, sender, self.block())

    def deploy(self, name: str, sender: str, *arguments: Any):
        outcome = self.execute(sender, None, load_artifact(name).deployment(*arguments).data)
        if not outcome.status:
            raise Reverted(outcome.reason)
        self.contracts[name] = Contract(name, outcome.contract)
        return outcome

    def send(self, sender: str, name: str, function: str, *arguments: Any) -> Done:
        contract = self.contracts[name]
        outcome = self.execute(sender, contract.address, contract.encode(function, *arguments).data)
        if not outcome.status:
            raise Reverted(outcome.reason)
        values = contract.decode(function, outcome.output)
        return Done(values[0] if values else None, self.events(outcome), outcome.gas_used)

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        contract = self.contracts[name]
        data = contract.encode(function, *arguments).data
        output = self.machine.call(contract.address, data, self.block())
        return contract.decode(function, output)[0]

    def events(self, outcome) -> list[tuple[str, str, dict[str, Any]]]:
        by_address = {contract.address: contract for contract in self.contracts.values()}
        found = []
        for log in outcome.logs:
            place = LoggedEvent(self.number, self.now, b"", len(found), log)
            event = by_address[log.address].event(place)
            found.append((event.contract, event.name, dict(event.values)))
        return found


class Pair:
    """The whole suite twice. `send` demands the same value, events or revert from both."""

    def __init__(
        self,
        founders: list[tuple],
        holders: list[tuple],
        delay: int = 7 * DAY,
        *,
        bound: str | None = "Rounds",
    ) -> None:
        self.chain = Chain()
        self.world = World(CHAIN_ID, START)
        self.twins: dict[str, Any] = {}
        self.deployer = account("deployer")
        self._both("Members", Members, [founders], lambda: [founders])
        self._both("Token", Token, ["Unit", "UNIT", holders], lambda: ["Unit", "UNIT", holders])
        at = self.address
        t = self.twins
        self._both(
            "Stakes",
            Stakes,
            [at("Token"), at("Members"), delay],
            lambda: [t["Token"], t["Members"], delay, self.deployer],
        )
        self._both(
            "Rounds",
            Rounds,
            [at("Members"), at("Token"), at("Stakes")],
            lambda: [t["Members"], t["Token"], t["Stakes"]],
        )
        self._both("Anchor", Anchor, [at("Members")], lambda: [t["Members"]])
        if bound:  # to the contract of that name, or to an account that plays it
            target = at(bound) if bound in SUITE else bound
            self.send(self.deployer, "Stakes", "bind", target)

    def _both(self, name: str, twin: type, arguments: list, twin_arguments) -> None:
        try:
            outcome = self.chain.deploy(name, self.deployer, *arguments)
        except Reverted as refused:
            try:
                twin(self.world, "0x" + "00" * 20, *twin_arguments())
            except Revert as reverted:
                assert str(refused) == str(reverted)
                raise
            raise AssertionError(f"{name}: only the contract refuses: {refused}") from refused
        self.world.events = []
        self.twins[name] = twin(self.world, self.address(name), *twin_arguments())
        assert self.chain.events(outcome) == self.world.events

    def address(self, name: str) -> str:
        return self.chain.contracts[name].address

    @property
    def now(self) -> int:
        return self.world.now

    def wait(self, seconds: int) -> None:
        self.world.now += seconds
        self.chain.now = self.world.now

    def send(self, sender: str, name: str, function: str, *arguments: Any) -> Done:
        """The transaction on both; raises `Reverted` when both revert alike."""
        act = getattr(self.twins[name], function)
        try:
            value, events = self.world.transact(act, sender, *arguments)
            expected: Any = (value, events)
        except Revert as reverted:
            expected = str(reverted)
        try:
            done = self.chain.send(sender, name, function, *arguments)
            found: Any = (done.value, done.events)
        except Reverted as reverted:
            found = str(reverted)
        assert found == expected, f"{name}.{function}:\ncontract {found}\ntwin     {expected}"
        if isinstance(found, str):
            raise Reverted(found)
        return done

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        """The view on both."""
        expected = getattr(self.twins[name], function)(*arguments)
        try:
            found = self.chain.view(name, function, *arguments)
        except RefusedError as refused:
            raise AssertionError(f"{name}.{function} reverts: {refused}") from refused
        assert found == expected, f"{name}.{function}:\ncontract {found}\ntwin     {expected}"
        return found


def compact(raw: bytes) -> tuple[bytes, bytes]:
    """A signature of 65 bytes (r, s, recovery id) in the compact form of EIP-2098."""
    s = int.from_bytes(raw[32:64], "big") | raw[64] << 255
    return raw[:32], s.to_bytes(32, "big")


def commitment(  # noqa: PLR0917 (what it binds)
    pair: Pair, tag: str, task: bytes, number: int, sender: str, types: list[str], values: list
) -> bytes:
    """Keccak-256 of the ABI encoding of tag, chain id, Rounds, task, round, sender, payload."""
    head_types = ["bytes32", "uint256", "address", "bytes32", "uint256", "address"]
    text = tag.encode().ljust(32, b"\0")
    head = [text, CHAIN_ID, pair.address("Rounds"), task, number, sender]
    return keccak256(encode([*head_types, *types], [*head, *values]))


def spelled(number: int) -> str:
    return checksum_address(number.to_bytes(20, "big"))


@contextmanager
def reverts(message: str) -> Iterator[None]:
    """Contract and twin both revert with exactly `message` inside."""
    try:
        yield
    except Reverted as reverted:
        assert str(reverted) == message, f"{reverted} instead of {message}"
    else:
        raise AssertionError(f"nothing reverted with {message}")
