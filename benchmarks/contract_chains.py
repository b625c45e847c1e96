"""Chains for bench_contracts: the embedded machine, and anvil under named EVM rules."""

import json
import shutil
import socket
import subprocess
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from contract_rounds import CHAIN_ID, Gas
from report import ROOT

from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.contracts import Call
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, Transaction, created_address, raw_address

DEPLOYER = Secp256k1Signer(keccak256(b"deployer")).address
START = 1_800_000_000


class Transcript:
    """What every transaction of a chain cost, in order: its name and its gas."""

    def __init__(self) -> None:
        self.costs: list[tuple[str, Gas]] = []

    def note(self, call: Call, gas: Gas) -> Gas:
        """Keeps what ``call`` cost."""
        self.costs.append((call.what, gas))
        return gas


class EmbeddedChain(Transcript):
    """The machine of the embedded ledger."""

    def __init__(self) -> None:
        super().__init__()
        self._machine = Machine(State(), CHAIN_ID)
        self._number = 0

    def predict(self, offset: int) -> str:
        """The address of the contract that is created after ``offset`` others."""
        nonce = self._machine.state.entry(raw_address(DEPLOYER)).nonce
        return created_address(DEPLOYER, nonce + offset)

    def deploy(self, call: Call) -> str:
        """Creates a contract; its address."""
        address = self.predict(0)
        self.send(DEPLOYER, call)
        return address

    def send(self, sender: str, call: Call) -> Gas:
        """What the transaction cost; raises when it failed."""
        nonce = self._machine.state.entry(raw_address(sender)).nonce
        transaction = Transaction(CHAIN_ID, nonce, call.to, call.data, BLOCK_GAS_LIMIT)
        self._number += 1
        outcome = self._machine.apply(transaction, sender, self._block())
        if not outcome.status:
            raise RuntimeError(f"{call.what}: {outcome.reason}")
        return self.note(call, outcome.gas_used)

    def view(self, call: Call) -> bytes:
        """What a view returns."""
        return self._machine.call(str(call.to), call.data, self._block())

    def close(self) -> None:
        """Nothing is left to stop."""

    def _block(self) -> BlockContext:
        return BlockContext(self._number, START + self._number)


class AnvilChain(Transcript):
    """A process of Foundry's anvil with the rules of ``hardfork``, which signs for anybody."""

    def __init__(self, hardfork: str) -> None:
        super().__init__()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        rules = ["--hardfork", hardfork, "--chain-id", str(CHAIN_ID), "--auto-impersonate"]
        rules += ["--timestamp", str(START)]
        costs = ["--gas-limit", str(BLOCK_GAS_LIMIT), "--gas-price", "0", "--base-fee", "0"]
        command = [anvil(), "--port", str(port), "--silent", *rules, *costs]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        self._connection = HTTPConnection("127.0.0.1", port, timeout=60)
        self._created = 0
        self._number = 0
        for _ in range(200):
            try:
                self._ask("eth_chainId")
                return
            except OSError:
                self._connection.close()
                time.sleep(0.05)
        raise RuntimeError("anvil did not start")

    def predict(self, offset: int) -> str:
        """The address of the contract that is created after ``offset`` others."""
        return created_address(DEPLOYER, self._created + offset)

    def deploy(self, call: Call) -> str:
        """Creates a contract; its address."""
        address = self.predict(0)
        self.send(DEPLOYER, call)
        self._created += 1
        return address

    def send(self, sender: str, call: Call) -> Gas:
        """What the transaction cost; raises when it failed."""
        sent = self._object(call) | {"from": sender, "gas": hex(BLOCK_GAS_LIMIT), "gasPrice": "0x0"}
        self._number += 1
        self._ask("evm_setNextBlockTimestamp", START + self._number)
        digest = self._ask("eth_sendTransaction", sent)
        receipt = None
        while receipt is None:  # anvil answers before it mines
            receipt = self._ask("eth_getTransactionReceipt", digest)
        if receipt["status"] != "0x1":
            raise RuntimeError(f"{call.what} failed on anvil")
        return self.note(call, int(receipt["gasUsed"], 16))

    def view(self, call: Call) -> bytes:
        """What a view returns."""
        return bytes.fromhex(self._ask("eth_call", self._object(call), "latest")[2:])

    def close(self) -> None:
        """Ends the process."""
        self._connection.close()
        self._process.terminate()
        self._process.wait()

    @staticmethod
    def _object(call: Call) -> dict[str, str]:
        to = {} if call.to is None else {"to": call.to}
        return to | {"data": "0x" + call.data.hex()}

    def _ask(self, method: str, *params: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        headers = {"Content-Type": "application/json"}
        self._connection.request("POST", "/", body, headers)
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]


def anvil() -> str:
    """The program, from `make services` or the PATH."""
    own = ROOT / ".services" / "node_modules" / ".bin" / "anvil"
    found = str(own) if own.is_file() else shutil.which("anvil")
    if not found:
        raise SystemExit("could not find anvil: run `make services` first")
    return str(Path(found))
