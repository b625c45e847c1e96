"""A log asks all witnesses at once, waits for none beyond its budget, and says who refused why."""

import threading
import time

import pytest

from quorate.core.errors import InputError, UnavailableError, VerificationError
from quorate.log.cosigning import MAX_REASON, Cosigning
from quorate.log.verify import verify_note
from quorate.log.witness import LocalWitness, Witness, WitnessedLog
from quorate.log.witness_protocol import StaleSizeError
from tests.log.forks import Branch
from tests.log.parties import (
    CLOCK,
    IDENTITY,
    ORIGIN,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
)

LOGS = {ORIGIN: WitnessedLog.of(IDENTITY)}


def witness(number: int = 0) -> LocalWitness:
    ed25519, ml_dsa_44 = WITNESSES[number].witness_signers
    name = WITNESS_IDENTITIES[number].name
    return LocalWitness(Witness(name, ed25519, None, CLOCK, quantum_signer=ml_dsa_44), LOGS)


class Odd:
    """A witness that does something else than cosign."""

    def __init__(self, act) -> None:
        self.name = "odd"
        self.identities = ()
        self.asked = 0
        self._act = act

    def add_checkpoint(self, old_size, proof, note):
        self.asked += 1
        return self._act(old_size)

    def size_seen(self, note):
        raise AssertionError("nobody asks this witness what it has seen")


def raising(error):
    def act(_):
        raise error

    return act


@pytest.fixture
def log(tmp_path):
    with create_log(tmp_path / "log", 3) as log:
        yield log


def test_collect__growing_log__every_line_on_the_checkpoint(log):
    witnesses = [witness(n) for n in range(3)]
    cosigning = Cosigning(witnesses)
    for count in (0, 1, 300):
        log.append_many(leaf(i) for i in range(count))
        collected = cosigning.collect(log, 10)
        assert str(collected) == "3 of 3 witnesses cosigned"
        known = [each for w in witnesses for each in w.identities]
        assert len(verify_note(log.checkpoint_note(), IDENTITY, known, 3).cosigners) == 6


def test_collect__witness_that_saw_more_than_we_remember__asked_again(log):
    known = witness()
    Cosigning([known]).collect(log, 10)
    log.append(b"more")
    assert Cosigning([known]).collect(log, 10).given == 1


def test_collect__larger_tree_cosigned__said_and_not_asked_again(log):
    known = witness()
    branch = Branch("restored")
    known.add_checkpoint(0, [], branch.note(9))
    collected = Cosigning([known]).collect(log, 10)
    assert (collected.given, collected.wanted) == (0, 1)
    assert "larger tree of this log, of size 9" in collected.failures[0].reason


def test_collect__fork__said(log):
    known = witness()
    known.add_checkpoint(0, [], Branch("other").note(4))
    collected = Cosigning([known]).collect(log, 10)
    assert "another tree of size 4" in str(collected)


def test_collect__some_fail__the_others_are_kept_and_reasons_told(log):
    odd = [
        Odd(raising(UnavailableError("could not reach a: refused"))),
        Odd(raising(VerificationError("no", place="x"))),
        Odd(raising(InputError("y" * 1000))),
        Odd(raising(RuntimeError("our own secret words"))),
    ]
    collected = Cosigning([*odd, witness()]).collect(log, 10)
    assert (collected.given, collected.wanted) == (1, 5)
    reasons = [each.reason for each in collected.failures]
    assert reasons[:2] == ["could not reach a: refused", "no"]
    assert len(reasons[2]) == MAX_REASON + 1
    assert reasons[3] == "RuntimeError"
    assert len(verify_note(log.checkpoint_note(), IDENTITY, witness().identities, 1).cosigners) == 2


def test_collect__stale_for_ever__asked_twice(log):
    sizes = iter([1, 2, 3])

    def act(old):
        size = next(sizes)
        raise StaleSizeError(size, f"size {size}", step="witness.size", place="x")

    odd = Odd(act)
    collected = Cosigning([odd]).collect(log, 10)
    assert (collected.given, odd.asked) == (0, 2)
    assert collected.failures[0].reason == "size 2"


def test_collect__slow_witness__not_waited_for_nor_asked_again_before_it_is_done(log):
    release = threading.Event()
    slow = Odd(lambda _: release.wait(20) and ())
    cosigning = Cosigning([slow, witness()])
    started = time.monotonic()
    collected = cosigning.collect(log, 0.3)
    assert time.monotonic() - started < 10
    assert str(collected) == "1 of 2 witnesses cosigned; odd: did not answer in time"
    assert "still busy" in str(cosigning.collect(log, 5))
    assert slow.asked == 1
    release.set()
    for thread in threading.enumerate():
        if thread.name == "asking odd":
            thread.join()
    cosigning.collect(log, 5)
    assert slow.asked == 2


def test_collect__proof_that_cannot_be_made__raised_and_nothing_left_waiting(log):
    def fail(_):
        raise UnavailableError("could not read")

    with pytest.raises(UnavailableError):
        Cosigning([witness()]).gather(log.checkpoint_note(), fail, 10)
    assert not [t for t in threading.enumerate() if isinstance(t, threading.Timer)]


def test_collect__no_witness__nothing_to_do(log):
    before = log.checkpoint_note()
    assert str(Cosigning([]).collect(log, 1)) == "0 of 0 witnesses cosigned"
    assert log.checkpoint_note() == before


def test_open__memory_of_a_larger_head__seen_by_the_port(log):
    known = witness()
    known.add_checkpoint(0, [], Branch("restored").note(9))
    assert known.size_seen(log.checkpoint_note()) == 9
