"""Decisions on the hot path: the very bytes that `Record` gives, linked, each in the log."""

import dataclasses
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, InputError
from quorate.core.hashing import Digest
from quorate.core.sources import SeededRandomness, SteppedClock
from quorate.log.appender import Appender
from quorate.log.collector import Collector
from quorate.log.recorder import Recorder
from quorate.provenance.book import RecordBook
from quorate.provenance.recorder import DURABLE, RECORDED, DecisionRecorder
from quorate.provenance.records import Record, leaf_digest
from tests.log.parties import create_log

MODEL = {"digest": str(Digest.of(b"model")), "type": "model", "name": "100% model"}


class Numbered:
    """Keeps what is recorded."""

    source = "alice/serving"

    def __init__(self) -> None:
        self.leaves: list[bytes] = [b"genesis"]
        self.waited: list[int] = []

    @property
    def head(self) -> bytes:
        return sha256(self.leaves[-1]).digest()

    def record(self, make) -> int:
        self.leaves.append(make(len(self.leaves)))
        return len(self.leaves) - 1

    def wait_durable(self, number: int, timeout: float = 10) -> None:
        self.waited.append(number)


def recorder(log, **options) -> DecisionRecorder:
    return DecisionRecorder(
        log, SteppedClock(), SeededRandomness("decisions"), object=[MODEL], **options
    )


texts = st.dictionaries(st.text("abc%", min_size=1), st.text('x%"\\\n\u00e9\u4e2d'), max_size=3)


@given(texts, texts, st.none() | st.text("permit%"), st.sampled_from([RECORDED, DURABLE]))
def test_record__any_values__the_bytes_that_record_gives(outcome, commitments, decision, promise):
    log = Numbered()
    decisions = recorder(log, purpose="care %s", actor="model %d", promise=promise)
    for _ in range(2):
        begun = decisions.begin()
        decisions.record(begun, outcome=outcome, commitments=commitments, decision=decision)
        record = Record.from_leaf(log.leaves[-1])
        assert record.to_leaf() == log.leaves[-1]
        assert record == dataclasses.replace(
            record,
            id=begun[0],
            seq=len(log.leaves) - 1,
            source=log.source,
            actor="model %d",
            purpose="care %s",
            outcome=outcome | {"promise": promise},
            commitments=commitments,
            decision=decision,
            object=[MODEL],
            prev_source_head=leaf_digest(log.leaves[-2]),
        )
    assert log.waited == ([1, 2] if promise == DURABLE else [])


def test_record__value_outside_canonical_json__nothing_recorded():
    log = Numbered()
    decisions = recorder(log)
    with pytest.raises(EncodingError):
        decisions.record(decisions.begin(), outcome={"confidence": 0.5}, commitments={})
    assert log.leaves == [b"genesis"]


def test_decision_recorder__unknown_field_or_promise__refused():
    with pytest.raises(InputError, match="colour"):
        recorder(Numbered(), colour="red")
    with pytest.raises(InputError, match="neither"):
        recorder(Numbered(), promise="maybe")


def test_two_sources__one_log__each_numbered_and_linked_on_its_own(tmp_path):
    clock, dice = SteppedClock(), SeededRandomness("book")
    with create_log(tmp_path / "log") as log:
        book = RecordBook(log, "alice", clock, dice)
        book.append("chain-head", "see")
        with Appender(log, interval=0.001) as appender:
            collector = Collector(appender, tmp_path / "journals")
            with collector.running(), Recorder.open(tmp_path / "journals", "alice/x") as fast:
                decisions = recorder(fast, promise=DURABLE)
                for _ in range(3):
                    decisions.record(decisions.begin(), outcome={}, commitments={})
        book.append("chain-head", "see")
        again = RecordBook(log, "alice", clock, dice)
        assert again.append("chain-head", "see") == 6
        records = [record for _, record in again.records()]
        leaves = list(log.entries())
    assert [(r.source, r.seq) for r in records] == [
        ("alice", 1),
        ("alice/x", 1),
        ("alice/x", 2),
        ("alice/x", 3),
        ("alice", 2),
        ("alice", 3),
    ]
    heads = [leaf_digest(leaves[index]) for index in (0, 0, 2, 3, 1, 5)]
    assert [record.prev_source_head for record in records] == heads
