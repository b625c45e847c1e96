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
from quorate.ledger.transactions import (
    BLOCK_GAS_LIMIT,
    Transaction,
    created_address,
    raw_address,
)
from tests.twins.world import Revert, World

CHAIN_ID = 31337
START = 1_800_000_000
DAY = 86_400
MEMBER, PARTICIPANT, VALIDATOR = 1, 2, 4


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
        values = contract.decode(function, output)
        return values[0] if len(values) == 1 else values

    def events(self, outcome) -> list[tuple[str, str, dict[str, Any]]]:
        by_address = {contract.address: contract for contract in self.contracts.values()}
        found = []
        for log in outcome.logs:
            place = LoggedEvent(self.number, self.now, b"", len(found), log)
            event = by_address[log.address].event(place)
            found.append((event.contract, event.name, dict(event.values)))
        return found


class Pair:
    """Contracts and their twins. `send` demands the same value, events or revert from both."""

    def __init__(self) -> None:
        self.chain = Chain()
        self.world = World(CHAIN_ID, START)
        self.twins: dict[str, Any] = {}
        self.deployer = account("deployer")
        self.heads: dict[str, bytes] = {}

    def predict(self, offset: int) -> str:
        """The address of the contract that `add` creates after `offset` others."""
        nonce = self.chain.machine.state.entry(raw_address(self.deployer)).nonce
        return created_address(self.deployer, nonce + offset)

    def add(self, name: str, twin: type, *arguments: Any) -> str:
        """Deploys contract and twin with the same arguments; returns the address."""
        address = self.predict(0)
        self._tick()
        self.world.events = []
        try:
            built: Any = twin(self.world, address, *arguments)
        except Revert as reverted:
            built = str(reverted)
        try:
            outcome = self.chain.deploy(name, self.deployer, *arguments)
        except Reverted as refused:
            assert str(refused) == built, f"{name}: only the contract refuses: {refused}"
            raise
        assert not isinstance(built, str), f"{name}: only the twin refuses: {built}"
        assert outcome.contract == address
        self.twins[name] = built
        found = self.chain.events(outcome)
        assert found == self.world.events
        self._check_heads(found)
        return address

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
        self._tick()
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
        self._check_heads(done.events)
        return done

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        """The view on both."""
        self.world.number = self.chain.number
        expected = getattr(self.twins[name], function)(*arguments)
        try:
            found = self.chain.view(name, function, *arguments)
        except RefusedError as refused:
            raise AssertionError(f"{name}.{function} reverts: {refused}") from refused
        assert found == expected, f"{name}.{function}:\ncontract {found}\ntwin     {expected}"
        return found

    def _tick(self) -> None:
        """The next transaction is a block of its own, reverted or not."""
        self.world.number = self.chain.number + 1

    def _check_heads(self, events: list[tuple[str, str, dict[str, Any]]]) -> None:
        """The running hash of every contract that said something is that of all it ever said."""
        for name, event, values in events:
            shape = next(s for s in load_artifact(name).events.values() if s.name == event)
            types = ["bytes32", *(kind for _, kind, _ in shape.parameters)]
            entry = keccak256(encode(types, [shape.topic, *values.values()]))
            head = self.heads.get(name, bytes(32))
            count = (int.from_bytes(head[-5:], "big") + 1).to_bytes(5, "big")
            self.heads[name] = keccak256(head + entry)[:-5] + count
        for name in {name for name, _, _ in events}:
            found = self.chain.view(name, "event_head")
            assert found == self.heads[name], f"{name}: not the running hash of its events"


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
