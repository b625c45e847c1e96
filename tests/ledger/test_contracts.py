"""Artifacts, ABI values and typed faces: fresh, strict, and equal to what the chain says."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from eth_abi.abi import encode

from quorate.core.errors import EncodingError, InputError, RefusedError
from quorate.core.hashing import Digest
from quorate.ledger import bindings
from quorate.ledger.accounts import Account
from quorate.ledger.bindings import Anchor, Members, Rounds, Stakes, Tasks, Token
from quorate.ledger.contracts import NAMES, Contract, Event, code_roots, load_artifact
from quorate.ledger.deploy import deploy_suite
from quorate.ledger.faces.anchor_facts import Anchored, Head
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.members_facts import Admitted, Member
from quorate.ledger.faces.rounds_facts import Round
from quorate.ledger.faces.tasks_facts import TaskCreated, Terms
from quorate.ledger.faces.token_facts import Transfer
from quorate.ledger.interface import Log, LoggedEvent
from tests.ledger.chains import SIGNER, fill, found
from tests.ledger.probes import probe_artifact, probe_data

SOMEONE = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
FACES = tuple(getattr(bindings, name) for name in NAMES)


@pytest.mark.slow
def test_artifacts_and_faces__compiled_again__are_the_committed_ones():
    script = Path(__file__).parents[2] / "scripts" / "compile_contracts.py"
    run = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("name", NAMES)
def test_artifact__committed__fits_the_evm_and_its_root(name):
    artifact = load_artifact(name)
    assert 0 < len(artifact.runtime) <= 24_576
    assert artifact.runtime in artifact.creation
    assert artifact.root.creation == Digest.of(artifact.creation)
    assert artifact.root in code_roots()


def test_artifact__unknown_name__refused():
    for name in ("Nothing", "../artifacts/Token"):
        with pytest.raises(InputError, match="no artifact"):
            load_artifact(name)


@pytest.mark.parametrize("face", FACES)
def test_face__has_every_function_and_event_of_the_artifact(face):
    artifact = load_artifact(face.NAME)
    own = {n for n, _ in inspect.getmembers(face, inspect.isfunction) if n not in vars(Face)}
    own -= {"deployment"}
    assert {n for n in own if not n.startswith("_")} == {
        n for n in artifact.functions if "(" not in n
    }
    assert {kind.__name__ for kind in face.EVENTS} == {e.name for e in artifact.events.values()}
    for kind in face.EVENTS:
        (shape,) = [e for e in artifact.events.values() if e.name == kind.__name__]
        fields = [name for name in kind.__dataclass_fields__ if name != "logged"]
        assert fields == [name for name, _, _ in shape.parameters]
    for name, function in artifact.functions.items():
        if "(" in name:  # an overload with fewer arguments: those that a face leaves out
            continue
        parameters = list(inspect.signature(getattr(face, name)).parameters)
        assert len(parameters) == 1 + len(function.inputs)


def test_bindings__names__are_the_suite():
    assert sorted(bindings.__all__) == sorted(NAMES)


@pytest.fixture
def suite(tmp_path):
    with found(tmp_path) as ledger:
        account = Account(ledger, SIGNER)
        founders = [(SIGNER.address, b"\x01" * 32, b"\x0a" * 32, 7)]
        yield ledger, account, deploy_suite(ledger, account, founders, [(SIGNER.address, 1000)], 60)


def test_faces__on_a_deployed_suite__calls_views_structs_events(suite):
    ledger, account, book = suite
    token, members = Token(ledger, book.token), Members(ledger, book.members)
    anchor, stakes = Anchor(ledger, book.anchor), Stakes(ledger, book.stakes)
    rounds = Rounds(ledger, book.rounds)
    receipt = account.transact(token.transfer(SOMEONE, 40))
    assert token.balanceOf(SOMEONE) == 40
    minted, moved = token.events_of(Transfer)
    assert (minted.receiver, minted.value) == (SIGNER.address, 1000)
    assert (moved.sender, moved.receiver, moved.value) == (SIGNER.address, SOMEONE, 40)
    assert (moved.logged.transaction, moved.logged.block) == (receipt.transaction, receipt.block)
    assert list(token.events_of(Transfer, receipt.block)) == [moved]
    member = members.member(SIGNER.address)
    assert isinstance(member, Member) and (member.position, member.roles) == (1, 7)
    assert [e.account for e in members.events_of(Admitted)] == [SIGNER.address]
    log = b"\x07" * 32
    account.transact(anchor.anchor(SIGNER.address, log, 3, b"\x05" * 32, []))
    assert anchor.head(SIGNER.address, log) == Head(3, b"\x05" * 32) == (3, b"\x05" * 32)
    assert [(e.size, e.root) for e in anchor.events_of(Anchored)] == [(3, b"\x05" * 32)]
    assert (stakes.rounds(), stakes.unbonding_seconds()) == (rounds.address, 60)
    assert Tasks(ledger, book.tasks).validators_of(bytes(32)) == ()
    assert isinstance(rounds.round_of(bytes(32)), Round)
    with pytest.raises(RefusedError, match=r"could not Rounds.open: Rounds: no running task"):
        account.transact(rounds.open(bytes(32)))
    with pytest.raises(InputError, match="Token has no Anchored"):
        token.events_of(Anchored)


def test_typed_event__with_struct_and_lists__wrapped():
    shape = next(e for e in load_artifact("Tasks").events.values() if e.name == "TaskCreated")
    terms = (b"\x01" * 32, SOMEONE.lower(), *range(1, 19))
    plain = [kind for _, kind, indexed in shape.parameters if not indexed]
    data = encode(plain, [terms, [SOMEONE.lower()], 7, 8])
    topics = (shape.topic, b"\x02" * 32, bytes(12) + bytes.fromhex(SOMEONE[2:]))
    logged = LoggedEvent(1, 2, bytes(32), 0, Log(SIGNER.address, topics, data))
    event = Tasks(None, SIGNER.address).typed(logged)
    assert isinstance(event, TaskCreated) and isinstance(event.terms, Terms)
    assert (event.terms.sponsor, event.terms.rounds, event.sponsor) == (SOMEONE, 1, SOMEONE)
    assert (event.validators, event.escrow, event.join_deadline) == ((SOMEONE,), 7, 8)


def probe_at(address: str, monkeypatch) -> Contract:
    monkeypatch.setattr("quorate.ledger.contracts.load_artifact", lambda name: probe_artifact())
    return Contract("Probe", address)


def test_contract__encode_and_decode__structs_and_addresses(tmp_path, monkeypatch):
    with found(tmp_path) as ledger:
        probe = probe_at(fill(ledger), monkeypatch)
        pairs = [(SOMEONE, -3), (SIGNER.address, 2**255 - 1)]
        call = probe.encode("flip", pairs)
        (flipped,) = probe.decode("flip", ledger.call(probe.address, call.data))
        assert flipped == ((SOMEONE, 3), (SIGNER.address, 1 - 2**255))
        assert call.what == "Probe.flip"
        logged = next(ledger.events(probe.address))
        event = probe.event(logged)
        assert event == Event("Probe", "Stored", event.values, logged)
        assert (event["sender"], event["key"], event["text"]) == (SIGNER.address, 1, "stored")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("store", (1,)),
        ("store", (1, 2, 3)),
        ("store", (-1, 2)),
        ("store", (2**256, 2)),
        ("store", ("1", 2)),
        ("enter", (SOMEONE.lower(),)),
        ("enter", ("0x00",)),
        ("enter", (5,)),
        ("hashes", ("text",)),
        ("twin", (1,)),
        ("flip", ([(SOMEONE,)],)),
        ("flip", (5,)),
    ],
)
def test_contract__arguments_out_of_type_or_range__refused(monkeypatch, function, arguments):
    with pytest.raises(EncodingError, match=f"Probe.{function}"):
        probe_at(SOMEONE, monkeypatch).encode(function, *arguments)


def test_contract__short_digest__refused_instead_of_padded():
    with pytest.raises(EncodingError, match="31 bytes"):
        Contract("Anchor", SOMEONE).encode("anchor", SOMEONE, bytes(32), 1, bytes(31), [])


def test_contract__unknown_function__refused():
    with pytest.raises(InputError, match="no such function"):
        Contract("Anchor", SOMEONE).encode("steal")


def test_contract__foreign_or_malformed_log__refused(tmp_path, monkeypatch):
    with found(tmp_path) as ledger:
        fill(ledger)
        logged = next(ledger.events())
    probe = probe_at(logged.log.address, monkeypatch)
    log = logged.log
    for other in (
        Log(SOMEONE, log.topics, log.data),
        Log(log.address, (), log.data),
        Log(log.address, (bytes(32), *log.topics[1:]), log.data),
        Log(log.address, log.topics[:2], log.data),
        Log(log.address, log.topics, log.data[:40]),
    ):
        with pytest.raises(EncodingError):
            probe.event(LoggedEvent(1, 1, bytes(32), 0, other))


def test_decode__output_cut_short__refused():
    with pytest.raises(EncodingError, match=r"could not decode Anchor\.head"):
        Contract("Anchor", SOMEONE).decode("head", bytes(40))


def test_probe_data__is_what_contract_encodes(monkeypatch):
    assert probe_at(SOMEONE, monkeypatch).encode("store", 1, 2).data == probe_data("store", 1, 2)
