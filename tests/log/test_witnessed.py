"""What is kept as witnessed when witnesses come and go, and whom an idle log asks."""

import pytest

from quorate.core.errors import UnavailableError
from quorate.core.sources import stopwatch
from quorate.log.appender import Appender
from quorate.log.checkpoint import Checkpoint
from quorate.log.cosigning import Cosigning
from quorate.log.note import Note
from quorate.log.rollback import RolledBackError
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


class Wayward(LocalWitness):
    """A witness that can go away, and counts how often it was asked."""

    def __init__(self, number):
        signer, name = WITNESSES[number].witness_signer, WITNESS_IDENTITIES[number].name
        known = {ORIGIN: WitnessedLog.of(IDENTITY)}
        super().__init__(Witness(name, signer, None, CLOCK), known)
        self.away, self.asked = False, 0

    def add_checkpoint(self, old_size, proof, note):
        self.asked += 1
        if self.away:
            raise UnavailableError("away")
        return super().add_checkpoint(old_size, proof, note)


def both(lines):
    return {line.name for line in lines} >= {each.name for each in WITNESS_IDENTITIES[:2]}


@pytest.fixture
def pair():
    return Wayward(0), Wayward(1)


@pytest.fixture
def log(tmp_path):
    with create_log(tmp_path / "log") as log:
        yield log


@pytest.fixture
def appender(log):
    with Appender(log, interval=0) as appender:
        yield appender


def witnessed(log):
    """Size and cosignatures of what witnesses cosigned last."""
    note = Note.parse(log.witnessed_note() or "")
    return Checkpoint.parse(note.text).size, len(note.signatures) - 2


@pytest.mark.parametrize("enough", [both, None])
def test_witnessed__one_of_two_goes_away__both_lines_stay(log, appender, pair, enough):
    witnessing = Witnessing(appender, Cosigning(pair), enough=enough, pause=0)
    appender.append_now(leaf(1))
    assert witnessing.ask().given == 2
    pair[1].away = True
    appender.append_now(leaf(2))
    assert witnessing.ask().given == 1
    assert witnessed(log) == (2, 2)
    assert len(Note.parse(log.checkpoint_note()).signatures) == 3  # the head has what there is
    pair[1].away = False
    assert witnessing.ask().given == 2
    assert witnessed(log) == (3, 2)
    assert log.witnessed_note() == log.checkpoint_note()


def test_witnessed__too_few_from_the_start__none_until_enough(log, appender, pair):
    witnessing = Witnessing(appender, Cosigning(pair), enough=both, pause=0)
    pair[0].away = True
    witnessing.ask()
    assert log.witnessed_note() is None
    pair[0].away = False
    witnessing.ask()
    assert witnessed(log) == (1, 2)


def test_witnessed__as_many_of_an_older_checkpoint__the_newer_stays(log, pair):
    note = log.checkpoint_note()
    late = pair[1].add_checkpoint(0, (), note)
    log.append(leaf(1))
    log.add_cosignatures(pair[0].add_checkpoint(0, (), log.checkpoint_note()))
    head = log.checkpoint_note()
    log.add_cosignatures(late, note=note)
    assert (witnessed(log), log.checkpoint_note()) == ((2, 1), head)


def test_witnessed__lines_one_by_one_across_opening__joined(tmp_path, pair):
    for witness in pair:
        with (create_log if witness is pair[0] else open_log)(tmp_path) as log:
            lines = witness.add_checkpoint(0, (), log.checkpoint_note())
            log.add_cosignatures(lines, enough=both)
    assert witnessed(log) == (1, 2)


def test_idle_log__one_witness_away__the_other_is_left_alone(tmp_path, log, appender, pair):
    pair[1].away = True
    witnessing = Witnessing(appender, Cosigning(pair), pause=0.01, patience=0.2)
    assert witnessing.ask().given == 1
    head = tmp_path / "log" / "checkpoint"
    before = head.stat().st_ino, head.stat().st_mtime_ns
    start, rounds = stopwatch(), 0
    while stopwatch() - start < 0.5:
        collected = witnessing.ask()
        if collected is not None:
            rounds += 1
            assert str(collected) == f"1 of 2 witnesses cosigned; {pair[1].name}: away"
    assert pair[0].asked == 1
    assert 1 <= rounds <= 8  # at most: after 0.01, 0.02, 0.04, ... and then every 0.2 seconds
    assert (head.stat().st_ino, head.stat().st_mtime_ns) == before
    pair[1].away = False
    while witnessing.ask() is None:
        assert stopwatch() - start < 5
    assert witnessed(log) == (1, 2)
    assert witnessing.ask() is None


def test_claim__while_records_wait__nothing_more_is_signed(tmp_path, pair):
    with create_log(tmp_path / "ahead", 5) as ahead:
        pair[0].add_checkpoint(0, (), ahead.checkpoint_note())
    heard = []
    with create_log(tmp_path / "log", 3) as log, Appender(log, interval=0) as appender:
        witnessing = Witnessing(appender, Cosigning(pair), stopped=heard.append)
        with pytest.raises(RolledBackError, match="claims a head of 6 leaves; this log has 4"):
            witnessing.ask()
        with pytest.raises(UnavailableError, match="claims a head of 6 leaves"):
            appender.append_now(b"more")
        with pytest.raises(UnavailableError, match="open it again"):
            log.append(b"more")
        assert (log.size, [type(each) for each in heard]) == (4, [RolledBackError])
