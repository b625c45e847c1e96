"""Every contract on two engines: revm, which runs it, and py-evm; equal to the last unit of gas.

A scenario is what the contract's own state machine does under a fixed seed: several actors, time
travel, transactions that revert among them. Each transaction runs on both engines; status, gas,
logs, output, new contract and what was stored must be equal.
"""

import warnings
from importlib import import_module
from typing import Any

import pytest
from eth.vm.spoof import SpoofTransaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from quorate.ledger.contracts import NAMES
from quorate.ledger.interface import Log
from quorate.ledger.machine import Outcome
from quorate.ledger.transactions import Transaction, raw_address, sign_transaction, spell_address
from tests.contracts.pair import CHAIN_ID, Chain, Pair, signer
from tests.ledger.reference import ReferenceMachine, ReferenceOutcome

SCENARIOS = {
    "Members": "test_members:MembersMachine",
    "Token": "test_token:TokenMachine",
    "Stakes": "test_stakes:ExitMachine",
    "Tasks": "test_tasks:MoneyMachine",
    "Rounds": "test_rounds:RoundsMachine",
    "Appeals": "test_appeals:AppealsMachine",
    "Anchor": "test_anchor:AnchorMachine",
    "Assets": "test_assets:AssetsMachine",
    "Grants": "test_grants:GrantsMachine",
    "Gates": "test_gates:GatesMachine",
    "Timelock": "test_timelock:TimelockMachine",
    "Council": "test_council:CouncilMachine",
    "Governor": "test_governor:GovernorMachine",
}
HEAVY = {"Members", "Tasks", "Rounds", "Appeals"}  # many accounts to set up, on both engines
SHORT = settings(
    max_examples=5,
    stateful_step_count=15,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
LONG = settings(SHORT, max_examples=25, stateful_step_count=40)


class Impersonating(ReferenceMachine):
    """py-evm, where any account can send: as on `Chain`, which asks for no signatures."""

    def send(self, transaction: Transaction, sender: str, number: int, time: int):
        raw = sign_transaction(transaction, signer("whoever"))
        vm = self._open(number, time)
        signed = vm.get_transaction_builder().decode(raw)
        there = SpoofTransaction(signed, sender=raw_address(sender), validate=lambda: None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            receipt, computation = vm.apply_transaction(vm.get_header(), there)
        vm.state.lock_changes()
        self._root = vm.state.make_state_root()
        vm.state.persist()
        self._vm = self._open(number, time)
        status = int(computation.is_success)
        created = spell_address(computation.msg.storage_address)
        logs = (
            Log(spell_address(g.address), tuple(t.to_bytes(32, "big") for t in g.topics), g.data)
            for g in receipt.logs
        )
        return ReferenceOutcome(
            status=status,
            gas_used=receipt.gas_used,
            contract=created if status and transaction.to is None else None,
            logs=tuple(logs),
            output=computation.output if transaction.to else b"",
        )


class Comparison:
    """Stands between every `Chain` and its machine while a scenario runs."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.transactions = self.reverted = 0
        self.called: set[str] = set()
        begin, execute = Chain.__init__, Chain.execute

        def begun(chain: Any) -> None:
            begin(chain)
            chain.reference = Impersonating(CHAIN_ID)

        def compared(chain: Any, sender: str, to: str | None, data: bytes) -> Outcome:
            nonce = chain.machine.state.entry(raw_address(sender)).nonce
            ours = execute(chain, sender, to, data)
            transaction = Transaction(CHAIN_ID, nonce, to, data, 30_000_000)
            theirs = chain.reference.send(transaction, sender, chain.number, chain.now)
            self.compare(chain, to, ours, theirs)
            return ours

        monkeypatch.setattr(Chain, "__init__", begun)
        monkeypatch.setattr(Chain, "execute", compared)

    def compare(self, chain: Any, to: str | None, ours: Outcome, theirs: ReferenceOutcome) -> None:
        assert (ours.status, ours.gas_used) == (theirs.status, theirs.gas_used), ours.reason
        assert ours.contract == theirs.contract
        assert ours.logs == theirs.logs
        if to is not None:
            assert ours.output == theirs.output
        for address, entry in ours.writes.entries.items():
            assert chain.reference.nonce(address) == entry.nonce
            assert chain.reference.code(address) == entry.code
        for (address, slot), value in ours.writes.slots.items():
            assert chain.reference.slot(address, slot) == value
        names = {contract.address: name for name, contract in chain.contracts.items()}
        self.called.add(names.get(to or "", ""))
        self.transactions += 1
        self.reverted += not ours.status


def _machine(name: str) -> Any:
    module, machine = SCENARIOS[name].split(":")
    return getattr(import_module(f"tests.stateful.{module}"), machine)


def _run(name: str, how: settings, monkeypatch: pytest.MonkeyPatch) -> Comparison:
    comparison = Comparison(monkeypatch)
    run_state_machine_as_test(_machine(name), settings=how)
    assert name in comparison.called
    return comparison


def test_scenarios__every_contract__has_one():
    assert tuple(SCENARIOS) == NAMES


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[pytest.mark.slow] if n in HEAVY else []) for n in SCENARIOS],
)
def test_scenario__on_both_engines__same_to_the_gas(name, monkeypatch):
    assert _run(name, SHORT, monkeypatch).transactions > 10


@pytest.mark.slow
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario__long__same_to_the_gas(name, monkeypatch):
    comparison = _run(name, LONG, monkeypatch)
    assert comparison.transactions > 100 and comparison.reverted


def test_comparison__one_unit_of_gas_more__noticed(monkeypatch):
    send = Impersonating.send

    def dearer(self, *arguments):
        found = send(self, *arguments)
        return ReferenceOutcome(
            found.status, found.gas_used + 1, found.contract, found.logs, found.output
        )

    monkeypatch.setattr(Impersonating, "send", dearer)
    Comparison(monkeypatch)
    with pytest.raises(AssertionError):
        Pair().chain.execute(signer("a").address, signer("b").address, b"")
