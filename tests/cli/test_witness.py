"""``quorate witness``: made once, its keys printed, its state shown; bad input changes nothing."""

import json

import pytest

from quorate.log.checkpoint import WitnessIdentity
from quorate.log.note import NoteKey
from quorate.log.web.hosting import hosted
from quorate.log.witness import Witness, WitnessedLog, logs_of
from quorate.log.witness_protocol import AddCheckpoint, ForkError
from tests.cli.calls import refused, tree
from tests.log.forks import Branch
from tests.log.parties import CLOCK, IDENTITY, ORIGIN
from tests.log.web.witness_process import KEYRING, LOG_KEYS, NAME, make_state


@pytest.fixture
def state(tmp_path):
    return make_state(tmp_path / "state")


def test_create__new__verifier_keys_printed_and_kept(call, tmp_path):
    ending = call("witness", "create", "--state", tmp_path / "w", "--name", "example.org/w")
    assert (ending.code, ending.err) == (0, "")
    keys = [NoteKey.parse_vkey(line) for line in ending.out.splitlines()]
    assert [(k.name, k.kind) for k in keys] == [("example.org/w", 4), ("example.org/w", 6)]
    assert [WitnessIdentity(k.name, k.key).verifier.note_key for k in keys] == keys
    assert (tmp_path / "w" / "witness.key").stat().st_mode & 0o777 == 0o600
    shown = call("witness", "status", "--state", tmp_path / "w")
    assert [line.strip() for line in shown.out.splitlines()[1:]] == [k.vkey for k in keys]


def test_create__there_is_one__refused_and_its_key_kept(call, state):
    before = tree(state)
    refused(call("witness", "create", "--state", state, "--name", "b"), 65, "one already")
    assert tree(state) == before


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_create__name_that_no_line_can_carry__refused(call, tmp_path, name):
    refused(call("witness", "create", "--state", tmp_path / "w", "--name", name), 65, "key name")
    assert tree(tmp_path) == {}


def test_status__logs_and_forks__shown(call, state):
    ed25519, ml_dsa_44 = KEYRING.witness_signers
    witness = Witness(NAME, ed25519, state / "seen", CLOCK, quantum_signer=ml_dsa_44)
    logs = {ORIGIN: WitnessedLog.of(IDENTITY)}
    witness.add_checkpoint(AddCheckpoint.of(0, [], Branch("one").note(3)), logs)
    with pytest.raises(ForkError):
        witness.add_checkpoint(AddCheckpoint.of(3, [], Branch("two").note(3)), logs)
    shown = call("witness", "status", "--state", state).out
    assert f"3  {ORIGIN}  root {Branch('one').root(3).hex()}" in shown
    assert f"FORK  {ORIGIN} signed two trees of one size" in shown
    value = json.loads(call("witness", "status", "--state", state, "--json").out)
    assert value["logs"] == [{"origin": ORIGIN, "root": Branch("one").root(3).hex(), "size": 3}]
    assert (value["name"], len(value["keys"]), len(value["conflicts"])) == (NAME, 2, 1)


def test_evidence__fork__proof_that_verify_accepts(call, state, tmp_path):
    ed25519, _ = KEYRING.witness_signers
    witness = Witness(NAME, ed25519, state / "seen", CLOCK)
    logs = {ORIGIN: WitnessedLog.of(IDENTITY)}
    nothing = call("witness", "evidence", "--state", state, "--to", tmp_path / "to")
    assert (nothing.code, (tmp_path / "to").exists()) == (0, False)
    witness.add_checkpoint(AddCheckpoint.of(0, [], Branch("one").note(3)), logs)
    with pytest.raises(ForkError):
        witness.add_checkpoint(AddCheckpoint.of(3, [], Branch("two").note(3)), logs)
    ending = call("witness", "evidence", "--state", state, "--to", tmp_path / "to")
    (path,) = (tmp_path / "to").iterdir()
    assert (ending.code, ending.out) == (0, f"{path}  {ORIGIN}\n")
    verdict = call("verify", path)
    assert verdict.code == 0 and f"proven: {ORIGIN} signed two trees" in verdict.out


def test_evidence__log_known_by_one_key__cannot_tell(call, state, tmp_path):
    (state / "logs").write_text(f"log {LOG_KEYS[0]}\n")
    witness = Witness(NAME, KEYRING.witness_signer, state / "seen", CLOCK)
    logs = logs_of(LOG_KEYS[:1])
    witness.add_checkpoint(AddCheckpoint.of(0, [], Branch("one").note(3)), logs)
    with pytest.raises(ForkError):
        witness.add_checkpoint(AddCheckpoint.of(3, [], Branch("two").note(3)), logs)
    ending = call("witness", "evidence", "--state", state, "--to", tmp_path / "to")
    refused(ending, 2, "not both of its keys", "--log")
    assert not (tmp_path / "to").exists()


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--listen", "80"], 64, "not HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], 64, "no port"),
        (["--prefix", "w"], 65, "not a path"),
        (["--prefix", "/w/"], 65, "not a path"),
        (["--log", "nonsense"], 65, "verifier key"),
        (["--log", LOG_KEYS[0][:-4] + "AAA="], 65, "key"),
    ],
)
def test_serve__bad_option__refused(call, state, options, code, words):
    refused(call("witness", "serve", "--state", state, *options), code, words)


@pytest.mark.parametrize("text", ["lag x\n", "log\n", "log x y z\n", "log x\n", "\udcff"])
def test_serve__bad_list_of_logs__refused(call, state, text):
    (state / "logs").write_text(text, errors="surrogateescape")
    refused(call("witness", "serve", "--state", state), 65, "could not read the logs to witness")


def test_serve__no_log_known__refused(call, state):
    (state / "logs").unlink()
    refused(call("witness", "serve", "--state", state), 65, "knows no log", "--log")


def test_serve__no_witness_there__refused(call, tmp_path):
    refused(call("witness", "serve", "--state", tmp_path), 65, "witness.key")
    assert tree(tmp_path) == {}


def test_serve__address_in_use__refused(call, state):
    with hosted([]) as address:
        ending = call("witness", "serve", "--state", state, "--listen", str(address))
    assert ending.code == 69
    assert f"could not listen on {address}" in ending.err


def test_serve__host_that_is_none__refused(call, state):
    ending = call("witness", "serve", "--state", state, "--listen", "no.such.host.invalid:0")
    assert ending.code == 69 and "could not listen" in ending.err


def test_serve__damaged_state__refused(call, state):
    (state / "seen").mkdir()
    (state / "seen" / "x.json").write_text("{}")
    refused(call("witness", "serve", "--state", state), 65, "could not read witness state")
