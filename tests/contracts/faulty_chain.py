"""What lives with faults stand on: a chain with griefing receivers, with twins or without."""

from typing import Any

from quorate.ledger.transactions import created_address, raw_address
from tests.contracts.pair import Chain, Done, Pair, account

OWNER = account("owner of griefers")

# Calls the address in its first word with the rest of the calldata, and returns what that returns.
RELAY = "602036038060206000376000600091600060006000355af13d600060003e603f573d6000fd5b3d6000f3"


def griefer_code(owner: str) -> bytes:
    """Creation code of a receiver that reverts on every call but its owner's; it signs nothing."""
    runtime = bytes.fromhex("3373") + raw_address(owner) + bytes.fromhex("18604457")
    runtime += bytes.fromhex(RELAY) + bytes.fromhex("5b60006000fd")
    size = len(runtime).to_bytes(1, "big")
    return b"\x60" + size + bytes.fromhex("600c60003960") + size + bytes.fromhex("6000f3") + runtime


class GrieferChain(Chain):
    """Some senders are contracts that take no calls; what they do is their owner's doing."""

    def __init__(self) -> None:
        super().__init__()
        self.griefers: set[str] = set()

    def griefer(self) -> str:
        """A new contract account."""
        nonce = self.machine.state.entry(raw_address(OWNER)).nonce
        address = created_address(OWNER, nonce)
        assert self.execute(OWNER, None, griefer_code(OWNER)).status
        self.griefers.add(address)
        return address

    def execute(self, sender: str, to: str | None, data: bytes):
        if sender in self.griefers and to is not None:
            return super().execute(OWNER, sender, bytes(12) + raw_address(to) + data)
        return super().execute(sender, to, data)


class Twins(Pair):
    """Contract and twin side by side, with griefers."""

    def __init__(self) -> None:
        super().__init__()
        self.chain = GrieferChain()


class Alone:
    """The same calls as a `Pair`, on the contracts alone."""

    def __init__(self) -> None:
        self.chain = GrieferChain()
        self.deployer = account("deployer")

    def predict(self, offset: int) -> str:
        nonce = self.chain.machine.state.entry(raw_address(self.deployer)).nonce
        return created_address(self.deployer, nonce + offset)

    def add(self, name: str, _twin: type, *arguments: Any) -> str:
        return str(self.chain.deploy(name, self.deployer, *arguments).contract)

    def address(self, name: str) -> str:
        return self.chain.contracts[name].address

    @property
    def now(self) -> int:
        return self.chain.now

    def wait(self, seconds: int) -> None:
        self.chain.now += seconds

    def send(self, sender: str, name: str, function: str, *arguments: Any) -> Done:
        return self.chain.send(sender, name, function, *arguments)

    def view(self, name: str, function: str, *arguments: Any) -> Any:
        return self.chain.view(name, function, *arguments)
