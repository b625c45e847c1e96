"""The machine against py-evm: same status, gas, logs, output, nonces, code and storage."""

import pytest
from hypothesis import given, settings

from quorate.core.errors import RefusedError
from quorate.core.hashing import keccak256
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.contracts import Artifact
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import SetDigest, State
from quorate.ledger.transactions import (
    INITCODE_LIMIT,
    Transaction,
    intrinsic_gas,
    raw_address,
    spell_address,
)
from tests.ledger.probes import probe_data
from tests.ledger.programs import Scenario, assemble, creation_of, push, scenarios
from tests.ledger.twins import CHAIN_ID, Twins

BLOCK = BlockContext(1, 1_000)


@pytest.fixture
def twins(probe: Artifact, signer: Secp256k1Signer) -> tuple[Twins, str]:
    twins = Twins(signer)
    contract = twins.send(None, probe.deployment(5).data).contract
    assert contract is not None
    return twins, contract


def test_deploy__constructor_with_immutable__same_as_reference(twins, probe):
    pair, contract = twins
    code = pair.machine.state.entry(raw_address(contract)).code
    assert code.startswith(probe.runtime) and len(code) == len(probe.runtime) + 32


def test_calls__every_kind__same_as_reference(twins, probe):
    pair, contract = twins
    other = pair.send(None, probe.deployment(0).data).contract
    someone = "0x" + "11" * 20
    calls = [
        ("store", 1, 10),
        ("store", 1, 10),  # a slot written before is cold and clean again
        ("store", 1, 0),  # cleared: refund
        ("store_and_undo", 1, 7),  # dirty and restored: refund
        ("store_and_undo", 9, 7),
        ("enter", someone),
        ("enter", someone),
        ("leave",),
        ("fail", 3),
        ("divide", 6, 2),
        ("divide", 6, 0),
        ("poke", other, 4, 40),
        ("poke", other, 4, 0),
        ("poke", someone, 4, 40),  # not a contract
        ("poke_failing", other, 5),
        ("twin", False),
        ("twin", True),
        ("twin", True),  # address taken
        ("hashes", b"abc" * 100),
        ("hashes", b""),
        ("read", 1),
        ("who",),
        ("flip", [(someone, -3), (someone, 2**255 - 1)]),
        ("leave",),
        ("leave",),  # nothing to pop
    ]
    outcomes = [pair.send(contract, probe_data(*call)) for call in calls]
    assert [o.reason for o in outcomes if not o.status][:2] == ["Probe: always", "no reason given"]
    assert sum(o.status for o in outcomes) >= 19


def test_calls__malformed_or_starved__same_as_reference(twins):
    pair, contract = twins
    assert pair.send(contract, b"").status == 0
    assert pair.send(contract, b"\xff" * 200).status == 0
    assert pair.send(contract, probe_data("burn_gas"), gas=200_000).reason.startswith("halted")
    assert pair.send(contract, probe_data("store", 1, 1), gas=21_600).status == 0
    assert pair.send("0x" + "77" * 20, b"hello").status == 1
    assert pair.send("0x" + "02".rjust(40, "0"), b"hello").status == 1


@pytest.mark.parametrize(
    "creation",
    [
        b"",
        bytes.fromhex("5f5ffd"),  # reverts
        b"\xfe",  # invalid instruction
        bytes.fromhex("60ef5f5360015ff3"),  # code that starts with 0xef (EIP-3541)
        push(0x7000, 2) + push(0) + b"\xf3",  # code beyond 24,576 bytes (EIP-170)
        push(0x6000, 2) + push(0) + b"\xf3",  # the largest that is allowed
        push(1) + push(0) + b"\x55" + push(0) + b"\xff",  # stores, then destroys itself
        push(1) * 2 + b"\x55" + creation_of(b"\x00"),
        b"\x00" * INITCODE_LIMIT,
    ],
)
def test_create__edge_cases__same_as_reference(signer, creation):
    twins = Twins(signer)
    twins.send(None, creation, gas=10_000_000)
    twins.send(None, creation_of(b"\x00"))


def test_create__gas_limit_exactly_intrinsic__included_and_out_of_gas(signer):
    twins, creation = Twins(signer), push(1) + push(1) + b"\x55" * 30
    due = intrinsic_gas(creation, create=True)
    assert twins.send(None, creation, gas=due).gas_used == due
    with pytest.raises(RefusedError, match="its own bytes"):
        twins.machine.check(Transaction(CHAIN_ID, 1, None, creation, due - 1), signer.address)


@settings(max_examples=60)
@given(scenarios)
def test_random_programs__same_as_reference(scenario: Scenario):
    _run(scenario)


@pytest.mark.slow
@settings(max_examples=600)
@given(scenarios)
def test_random_programs__many__same_as_reference(scenario: Scenario):
    _run(scenario)


def _run(scenario: Scenario) -> None:
    twins = Twins(Secp256k1Signer(b"\x07" * 32))
    known: list[str] = []
    for steps in scenario.programs:
        contract = twins.send(None, creation_of(assemble(steps, known))).contract
        assert contract is not None
        known.append(contract)
    for which, gas in scenario.calls:
        twins.send(known[which % len(known)], b"", gas=gas)
    total = SetDigest()
    for element in twins.machine.state.elements():
        total.add(element)
    assert total.digest() == twins.machine.state.digest()


def test_machine__over_a_loaded_state__continues_exactly(twins):
    pair, contract = twins
    pair.send(contract, probe_data("store", 1, 10))
    old = pair.machine
    pair.machine = Machine(State(dict(old.state.entries), dict(old.state.slots)), CHAIN_ID)
    pair.send(contract, probe_data("store", 1, 0))
    pair.send(contract, probe_data("twin", False))


def test_execute__without_adopt__changes_nothing(twins, signer):
    machine, contract = twins[0].machine, twins[1]
    before = machine.state.digest()
    transaction = Transaction(CHAIN_ID, 1, contract, probe_data("store", 1, 9), 100_000)
    first = machine.execute(transaction, signer.address, BLOCK)
    second = machine.execute(transaction, signer.address, BLOCK)
    assert first == second and first.status == 1
    assert machine.state.digest() == before
    assert int.from_bytes(machine.call(contract, probe_data("read", 1), BLOCK)) == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"chain_id": 1}, "chain 1"),
        ({"nonce": 0}, "nonce"),
        ({"nonce": 2}, "nonce"),
        ({"gas_limit": 30_000_001}, "gas limit"),
        ({"gas_limit": 20_999}, "gas limit"),
        ({"to": None, "data": bytes(INITCODE_LIMIT + 1)}, "creation code"),
    ],
)
def test_execute__not_includable__refused(twins, signer, change, reason):
    machine, contract = twins[0].machine, twins[1]
    fields = {"chain_id": CHAIN_ID, "nonce": 1, "to": contract, "data": b"", "gas_limit": 900_000}
    with pytest.raises(RefusedError, match=reason):
        machine.execute(Transaction(**{**fields, **change}), signer.address, BLOCK)


def test_call__revert__reason_and_no_trace(twins):
    machine, contract = twins[0].machine, twins[1]
    with pytest.raises(RefusedError) as caught:
        machine.call(contract, probe_data("fail", 1), BLOCK)
    assert caught.value.fields["reason"] == "Probe: always"
    sender = "0x" + keccak256(b"")[12:].hex()
    output = machine.call(contract, probe_data("who"), BlockContext(8, 99), sender)
    assert [int.from_bytes(output[i : i + 32]) for i in range(64, 160, 32)] == [8, 99, CHAIN_ID]
    assert output[44:64] == keccak256(b"")[12:]


ENVIRONMENT = {
    "address": 0x30,
    "selfbalance": 0x47,
    "origin": 0x32,
    "caller": 0x33,
    "callvalue": 0x34,
    "calldatasize": 0x36,
    "codesize": 0x38,
    "gasprice": 0x3A,
    "returndatasize": 0x3D,
    "coinbase": 0x41,
    "timestamp": 0x42,
    "number": 0x43,
    "prevrandao": 0x44,
    "gaslimit": 0x45,
    "chainid": 0x46,
    "basefee": 0x48,
    "blobbasefee": 0x4A,
    "msize": 0x59,
    "gas": 0x5A,
}


def test_environment__every_instruction__same_as_reference(signer):
    twins = Twins(signer)
    code = b"".join(
        bytes([op]) + push(slot) + b"\x55" for slot, op in enumerate(ENVIRONMENT.values())
    )
    code += push(0) + b"\x49" + push(90) + b"\x55"  # blobhash 0
    code += push(0) + b"\x31" + push(91) + b"\x55"  # balance of the beneficiary
    contract = twins.send(None, creation_of(code + b"\x00")).contract
    assert twins.send(contract, b"\x01\x02").status == 1
    slots = twins.machine.state.slots
    key = raw_address(contract)
    names = list(ENVIRONMENT)
    assert slots[key, names.index("chainid")] == CHAIN_ID
    assert slots[key, names.index("number")] == 2
    assert slots[key, names.index("gaslimit")] == 30_000_000
    assert slots[key, names.index("blobbasefee")] == 1
    assert (key, names.index("basefee")) not in slots


@pytest.mark.parametrize("number", range(1, 12))
@pytest.mark.parametrize("data", [b"", b"\x00" * 213, b"\x01" * 192, bytes(range(256)) * 2])
def test_precompiles__any_input__same_as_reference(signer, number, data):
    twins = Twins(signer)
    address = spell_address(number.to_bytes(20, "big"))
    twins.send(address, data)
    copy = b"\x36" + push(0) * 2 + b"\x37"
    call = push(64) + push(0) + b"\x36" + push(0) * 2 + push(number) + b"\x5a\xf1"
    keep = push(0) + b"\x55" + push(0) + b"\x51" + push(1) + b"\x55"
    contract = twins.send(None, creation_of(copy + call + keep + b"\x00")).contract
    twins.send(contract, data, gas=1_000_000)
