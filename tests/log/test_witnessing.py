"""Checkpoints that witnesses cosigned while the log moved on; receipts under them."""

import threading
from pathlib import Path

import pytest

from quorate.core.errors import DamagedError, InputError, UnavailableError, VerificationError
from quorate.log.appender import Appender
from quorate.log.checkpoint import Checkpoint
from quorate.log.cosigning import Cosigning
from quorate.log.note import Note
from quorate.log.rollback import RolledBackError
from quorate.log.verify import verify_note, verify_receipt
from quorate.log.witness import LocalWitness, Witness, WitnessedLog
from quorate.log.witnessing import Witnessing
from tests.log.parties import (
    CLOCK,
    IDENTITY,
    ORIGIN,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
    open_log,
)

KNOWN = {ORIGIN: WitnessedLog.of(IDENTITY)}


def witnesses(count: int = 2) -> list[LocalWitness]:
    """Witnesses in this process that remember in memory."""
    pairs = zip(WITNESS_IDENTITIES[:count], WITNESSES[:count], strict=True)
    return [LocalWitness(Witness(i.name, w.witness_signer, None, CLOCK), KNOWN) for i, w in pairs]


def size_of(note: str) -> int:
    return Checkpoint.parse(Note.parse(note).text).size


def cosign_old(folder: Path) -> str:
    """Lets a log of 6 leaves grow to 300 before the cosignature of its 6 arrives."""
    with create_log(folder, 5) as log:
        note = log.checkpoint_note()
        log.append_many(leaf(i) for i in range(6, 300))
        (witness,) = witnesses(1)
        log.add_cosignatures(witness.add_checkpoint(0, (), note), WITNESS_IDENTITIES[:1], note=note)
        assert log.witnessed_note() != log.checkpoint_note()
        return log.checkpoint_note()


def test_witnessing__while_records_come_in__receipts_under_what_was_cosigned(tmp_path):
    rounds = threading.Semaphore(0)
    with create_log(tmp_path) as log, Appender(log, interval=0) as appender:
        cosigning = Cosigning(witnesses())
        with Witnessing(appender, cosigning, pause=0.001, report=lambda _: rounds.release()):
            for i in range(1, 400):
                appender.append_now(leaf(i))
            assert rounds.acquire(timeout=10)
        last = Witnessing(appender, cosigning).ask()
        assert last is None or last.given == 2
    assert log.size == 400
    assert log.witnessed_note() == log.checkpoint_note()  # nothing came after the last round
    for index in (0, 1, 255, 256, 399):
        receipt = log.receipt(index, witnessed=True)
        found = verify_receipt(receipt, log.entry(index), IDENTITY, WITNESS_IDENTITIES, 2)
        assert found.index == index


def test_witnessed__log_moved_on__kept_beside_the_head_and_across_opening(tmp_path):
    head = cosign_old(tmp_path)
    with open_log(tmp_path) as log:
        assert log.checkpoint_note() == head
        note = log.witnessed_note()
        assert note is not None
        assert verify_note(note, IDENTITY, WITNESS_IDENTITIES, 1).checkpoint.size == 6
        receipt = log.receipt(3, witnessed=True)
        assert verify_receipt(receipt, leaf(3), IDENTITY, WITNESS_IDENTITIES, 1).index == 3
        with pytest.raises(UnavailableError, match="have cosigned 6 leaves"):
            log.receipt(6, witnessed=True)
        assert verify_receipt(log.receipt(6), leaf(6), IDENTITY).index == 6


def test_witnessed__none_yet__said(tmp_path):
    with create_log(tmp_path, 2) as log:
        assert log.witnessed_note() is None
        with pytest.raises(UnavailableError, match="have cosigned 0 leaves"):
            log.receipt(0, witnessed=True)


def test_witnessed__second_line_for_an_older_checkpoint__joins_nothing_of_the_head(tmp_path):
    with create_log(tmp_path, 5) as log:
        note = log.checkpoint_note()
        first, second = witnesses(2)
        log.add_cosignatures(first.add_checkpoint(0, (), note), WITNESS_IDENTITIES[:1])
        assert log.witnessed_note() == log.checkpoint_note()
        log.append(leaf(6))
        lines = second.add_checkpoint(0, (), note)
        log.add_cosignatures(lines, WITNESS_IDENTITIES[1:2], note=note)
        assert len(Note.parse(log.checkpoint_note()).signatures) == 2
        assert size_of(log.witnessed_note() or "") == 6


def test_witnessed__a_checkpoint_of_another_tree__refused(tmp_path):
    with create_log(tmp_path / "one", 5) as log, create_log(tmp_path / "two", 9) as other:
        other_note = other.checkpoint_note()
        lines = witnesses(1)[0].add_checkpoint(0, (), other_note)
        with pytest.raises(VerificationError, match="another tree"):
            log.add_cosignatures(lines, WITNESS_IDENTITIES, note=other_note)
        log.append_many([b"x", b"y", b"z", b"u", b"v"])
        with pytest.raises(VerificationError, match="another tree"):
            log.add_cosignatures(lines, WITNESS_IDENTITIES, note=other_note)
        assert log.witnessed_note() is None


def test_open__head_put_back_below_what_was_witnessed__refuses_to_sign(tmp_path):
    with create_log(tmp_path / "log", 5) as log:
        old = {p.name: p.read_bytes() for p in (tmp_path / "log").iterdir() if p.is_file()}
        log.append(leaf(6))
        (witness,) = witnesses(1)
        log.add_cosignatures(witness.add_checkpoint(0, (), log.checkpoint_note()))
    (tmp_path / "log" / "checkpoint").write_bytes(old["checkpoint"])
    with pytest.raises(RolledBackError, match="its own file witnessed covers 7"):
        open_log(tmp_path / "log")


def test_open__file_of_what_was_witnessed_damaged__named(tmp_path):
    cosign_old(tmp_path)
    (tmp_path / "witnessed").write_text("nonsense\n")
    with pytest.raises(DamagedError, match="witnessed") as refused:
        open_log(tmp_path)
    assert refused.value.fields["file"] == "witnessed"
    (tmp_path / "witnessed").unlink()
    with open_log(tmp_path) as log:
        assert log.witnessed_note() is None


def test_compare__a_witness_holds_more__log_signs_nothing(tmp_path):
    (witness,) = witnesses(1)
    with create_log(tmp_path / "log", 5) as log:
        log.append(leaf(6))
        witness.add_checkpoint(0, (), log.checkpoint_note())
    with create_log(tmp_path / "old", 5) as log:
        with pytest.raises(RolledBackError, match="claims a head of 7 leaves"):
            log.compare([witness])
        with pytest.raises(UnavailableError, match="open it again"):
            log.append(b"more")
        assert log.size == 6


def test_compare__a_witness_holds_another_tree_of_this_size__log_signs_nothing(tmp_path):
    (witness,) = witnesses(1)
    with create_log(tmp_path / "log") as log:
        log.append(b"one history")
        witness.add_checkpoint(0, (), log.checkpoint_note())
    with create_log(tmp_path / "other") as log:
        log.append(b"another")
        with pytest.raises(RolledBackError, match="claims another head"):
            log.compare([witness])
        with pytest.raises(UnavailableError):
            log.append(b"more")


def test_compare__witness_behind_equal_or_silent__goes_on(tmp_path):
    class Silent:
        name = "nobody"

        def size_seen(self, note: str) -> int:
            raise UnavailableError("could not ask nobody: no answer")

    (witness,) = witnesses(1)
    with create_log(tmp_path, 3) as log:
        assert log.compare([witness, Silent()]) == 1
        witness.add_checkpoint(0, (), log.checkpoint_note())
        assert log.compare([witness]) == 1
        log.append(leaf(4))
        assert log.compare([witness]) == 1
        log.append(leaf(5))
    with pytest.raises(InputError):
        log.receipt(9)
