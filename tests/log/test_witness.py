"""A witness signs what extends what it saw, remembers before it signs, and refuses forks."""

import pytest

from quorate.core.errors import DamagedError, LockedError, VerificationError
from quorate.core.files import FolderLock, observe_writes
from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.merkle import EMPTY_ROOT
from quorate.log.verify import verify_note
from quorate.log.witness import Witness
from tests.log.parties import (
    ALICE,
    CLOCK,
    IDENTITY,
    MALLORY,
    ORIGIN,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
)

NAME, SIGNER = WITNESS_IDENTITIES[0].name, WITNESSES[0].witness_signer


@pytest.fixture(params=["memory", "disk"])
def witness(request, tmp_path):
    return Witness(NAME, SIGNER, tmp_path / "seen" if request.param == "disk" else None, CLOCK)


@pytest.fixture
def log(tmp_path):
    with create_log(tmp_path / "log", 3) as log:
        yield log


def signed(size: int, root: bytes, signers=ALICE.log_signers) -> str:
    return str(sign_checkpoint(Checkpoint(ORIGIN, size, root), *signers, 1_800_000_000))


def test_cosign__growing_log__each_time(witness, log):
    assert witness.size_seen(ORIGIN) == 0
    for count in (0, 1, 2, 300):
        log.append_many(leaf(i) for i in range(count))
        line = witness.cosign(
            log.checkpoint_note(), IDENTITY, log.consistency(witness.size_seen(ORIGIN))
        )
        assert witness.size_seen(ORIGIN) == log.size
        (cosigner,) = verify_note(
            log.checkpoint_note() + line, IDENTITY, [witness.identity], 1
        ).cosigners
        assert (cosigner.witness, cosigner.time) == (witness.identity, CLOCK.now_ns() // 10**9)


def test_cosign__same_tree_again__signed_and_nothing_written(witness, log):
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
    writes = []
    with observe_writes(lambda *write: writes.append(write)):
        witness.cosign(log.checkpoint_note(), IDENTITY, [])
    assert writes == []


def test_cosign__fork__refused_and_memory_kept(witness, log, tmp_path):
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
    with create_log(tmp_path / "fork", 5) as fork:
        for note, proof in (
            (signed(4, EMPTY_ROOT), []),
            (signed(4, fork.root), []),
            (signed(9, bytes(32)), log.consistency(4)),
            (signed(9, bytes(32)), []),
            (signed(9, bytes(32)), [bytes(32)] * 3),
        ):
            with pytest.raises(VerificationError) as caught:
                witness.cosign(note, IDENTITY, proof)
            assert (caught.value.step, caught.value.place) == ("witness.consistency", ORIGIN)
    assert witness.size_seen(ORIGIN) == 4
    log.append(b"honest")
    witness.cosign(log.checkpoint_note(), IDENTITY, log.consistency(4))


def test_cosign__rewritten_past_with_its_own_good_proof__refused(witness, tmp_path):
    with create_log(tmp_path / "one") as one, create_log(tmp_path / "two") as two:
        one.append(b"shown to this witness")
        two.append_many([b"shown to another", b"and grown"])
        witness.cosign(one.checkpoint_note(), IDENTITY, [])
        with pytest.raises(VerificationError, match="misses the root"):
            witness.cosign(two.checkpoint_note(), IDENTITY, two.consistency(2))


def test_cosign__older_tree__refused(witness, log):
    old = log.checkpoint_note()
    log.append(b"more")
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
    with pytest.raises(VerificationError) as caught:
        witness.cosign(old, IDENTITY, [])
    assert caught.value.step == "witness.size"


def test_cosign__first_checkpoint__with_a_proof_refused_empty_tree_accepted(witness, log):
    with pytest.raises(VerificationError):
        witness.cosign(log.checkpoint_note(), IDENTITY, log.consistency(2))
    # The size 0 rule: everything extends the empty tree, so no proof is due from it.
    witness.cosign(signed(0, EMPTY_ROOT), IDENTITY, [])
    witness.cosign(log.checkpoint_note(), IDENTITY, log.consistency(witness.size_seen(ORIGIN)))


def test_cosign__not_signed_by_the_log__refused_and_not_remembered(witness, log):
    stripped = "\n".join(log.checkpoint_note().split("\n")[:5]) + "\n"
    for note in (signed(9, bytes(32), MALLORY.log_signers), stripped, "no note"):
        with pytest.raises(VerificationError):
            witness.cosign(note, IDENTITY, [])
    assert witness.size_seen(ORIGIN) == 0


def test_cosign__two_logs__kept_apart(witness, log):
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
    assert witness.size_seen("quorate.example/other") == 0


def test_state__other_process_same_folder__shared_and_locked(tmp_path, log):
    witness = Witness(NAME, SIGNER, tmp_path / "seen", CLOCK)
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
    again = Witness(NAME, SIGNER, tmp_path / "seen", CLOCK)
    assert again.size_seen(ORIGIN) == 4
    with FolderLock(tmp_path / "seen", "witness state"), pytest.raises(LockedError):
        again.cosign(log.checkpoint_note(), IDENTITY, [])


@pytest.mark.parametrize("data", [b"", b"{}", b"[]", b'{"origin":1,"root":"00","size":3}'])
def test_state__damaged__refused_not_forgotten(tmp_path, log, data):
    witness = Witness(NAME, SIGNER, tmp_path / "seen", CLOCK)
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
    (path,) = (tmp_path / "seen").glob("*.json")
    path.write_bytes(data)
    with pytest.raises(DamagedError):
        witness.cosign(log.checkpoint_note(), IDENTITY, [])


@pytest.mark.parametrize("when", ["before", "after"])
def test_cosign__killed_at_the_write__no_signature_left_and_no_fork(tmp_path, log, when):
    witness = Witness(NAME, SIGNER, tmp_path / "seen", CLOCK)

    def kill(at: str, _name: str) -> None:
        if at == when:
            raise KeyboardInterrupt

    with observe_writes(kill), pytest.raises(KeyboardInterrupt):
        witness.cosign(log.checkpoint_note(), IDENTITY, [])
    assert witness.size_seen(ORIGIN) == (4 if when == "after" else 0)
    witness.cosign(log.checkpoint_note(), IDENTITY, [])
