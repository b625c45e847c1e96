"""Every witness keeps the same promises: in this process and over HTTP, asked in the same words."""

import pytest

from quorate.core.errors import EncodingError, InputError, UnavailableError, VerificationError
from quorate.log.checkpoint import WitnessIdentity
from quorate.log.cosigning import CheckpointWitness
from quorate.log.rollback import HeadMemory
from quorate.log.verify import verify_note
from quorate.log.web.hosting import hosted
from quorate.log.web.witness_client import HttpWitness
from quorate.log.web.witness_server import WITNESS_LIMITS, witness_routes
from quorate.log.witness import LocalWitness, Witness, WitnessedLog
from quorate.log.witness_protocol import (
    ForkError,
    StaleSizeError,
    UnknownLogError,
    UnprovenError,
    UnsignedError,
)
from tests.log.forks import Branch
from tests.log.parties import CLOCK, IDENTITY, MALLORY, ORIGIN, WITNESSES

NAME = "quorate.example/bob/witness"
ONE, TWO = Branch("one", shared=2), Branch("two", shared=2)


@pytest.fixture(params=["local", "http", "http with a prefix"])
def witness(request, tmp_path):
    ed25519, ml_dsa_44 = WITNESSES[0].witness_signers
    local = Witness(NAME, ed25519, tmp_path / "seen", CLOCK, quantum_signer=ml_dsa_44)
    logs = {ORIGIN: WitnessedLog.of(IDENTITY)}
    if request.param == "local":
        yield LocalWitness(local, logs)
        return
    prefix = "/a/witness" if "prefix" in request.param else ""
    with (
        hosted(witness_routes(local, logs, prefix), limits=WITNESS_LIMITS) as address,
        HttpWitness(address.url + prefix, local.identities) as client,
    ):
        yield client


def ask(witness: CheckpointWitness, branch: Branch, old: int, new: int) -> tuple[str, ...]:
    return witness.add_checkpoint(old, branch.proof(old, new), branch.note(new))


def test_port__name_and_keys(witness: CheckpointWitness):
    memory: HeadMemory = witness  # the log takes it as one when it is opened
    assert memory.name == NAME
    assert [each.key.scheme for each in witness.identities] == ["ed25519", "ml-dsa-44"]


def test_add_checkpoint__growing_log__lines_verify(witness):
    for old, new in ((0, 1), (1, 3), (3, 3), (3, 64)):
        lines = ask(witness, ONE, old, new)
        note = ONE.note(new) + "".join(lines)
        assert len(verify_note(note, IDENTITY, witness.identities, 1).cosigners) == 2


def test_add_checkpoint__note_with_cosignatures__taken_all_the_same(witness):
    note = ONE.note(3) + "".join(ask(witness, ONE, 0, 3))
    assert len(witness.add_checkpoint(3, [], note)) == 2


def test_add_checkpoint__stale__size_told(witness):
    with pytest.raises(StaleSizeError) as caught:
        ask(witness, ONE, 2, 3)
    assert caught.value.size == 0
    ask(witness, ONE, 0, 3)
    for old, new in ((0, 5), (2, 5), (0, 2)):
        with pytest.raises(StaleSizeError) as caught:
            ask(witness, ONE, old, new)
        assert caught.value.size == 3


def test_add_checkpoint__fork__told_and_the_other_branch_goes_on(witness):
    ask(witness, ONE, 0, 3)
    with pytest.raises(ForkError) as caught:
        ask(witness, TWO, 3, 3)
    assert caught.value.size == 3
    with pytest.raises(UnprovenError):
        ask(witness, TWO, 3, 5)
    ask(witness, ONE, 3, 5)


@pytest.mark.parametrize(
    ("signers", "origin", "error"),
    [
        (MALLORY.log_signers, ORIGIN, UnsignedError),
        (MALLORY.log_signers, "quorate.example/mallory", UnknownLogError),
    ],
)
def test_add_checkpoint__not_signed_or_not_known__refused(witness, signers, origin, error):
    with pytest.raises(error):
        witness.add_checkpoint(0, [], ONE.note(3, signers=signers, origin=origin))


def test_add_checkpoint__bad_request__refused_and_nothing_remembered(witness):
    with pytest.raises(UnprovenError):
        witness.add_checkpoint(0, [bytes(32)], ONE.note(3))
    with pytest.raises(InputError):
        witness.add_checkpoint(4, [], ONE.note(3))
    with pytest.raises(EncodingError):
        witness.add_checkpoint(0, [], "no note")
    assert witness.size_seen(ONE.note(3)) == 0


def test_size_seen__smaller_equal_larger__told(witness):
    assert witness.size_seen(ONE.note(3)) == 0
    ask(witness, ONE, 0, 5)
    assert [witness.size_seen(ONE.note(size)) for size in (3, 5, 9)] == [5, 5, 5]


def test_size_seen__another_tree_of_the_size__fork(witness):
    ask(witness, ONE, 0, 3)
    with pytest.raises(ForkError):
        witness.size_seen(TWO.note(3))


def test_size_seen__cannot_tell__not_taken_for_a_fork(witness):
    for signers, origin in ((MALLORY.log_signers, ORIGIN), (MALLORY.log_signers, "other.example")):
        with pytest.raises(UnavailableError):
            witness.size_seen(ONE.note(3, signers=signers, origin=origin))


def test_http__line_of_another_key__not_believed(tmp_path):
    local = Witness(NAME, WITNESSES[0].witness_signer, None, CLOCK)
    impostor = WitnessIdentity(NAME, MALLORY.witness_signer.public_key)
    routes = witness_routes(local, {ORIGIN: WitnessedLog.of(IDENTITY)})
    with hosted(routes) as address, HttpWitness(address.url, [impostor]) as client:
        with pytest.raises(VerificationError, match="none of its known keys"):
            ask(client, ONE, 0, 3)
        with pytest.raises(UnavailableError):
            client.size_seen(ONE.note(3))


def test_http__nobody_there__unavailable():
    with hosted([]) as address:
        pass
    identity = WitnessIdentity(NAME, WITNESSES[0].witness_signer.public_key)
    with HttpWitness(address.url, [identity]) as client, pytest.raises(UnavailableError):
        client.size_seen(ONE.note(3))
    with (
        hosted([]) as address,
        HttpWitness(address.url, [identity]) as client,
        pytest.raises(InputError, match="knows no such log"),
    ):
        ask(client, ONE, 0, 3)


def test_http__keys_of_two_names__refused():
    keys = [WitnessIdentity(n, WITNESSES[0].witness_signer.public_key) for n in ("a", "b")]
    with pytest.raises(InputError, match="one name"):
        HttpWitness("http://127.0.0.1:1", keys)
