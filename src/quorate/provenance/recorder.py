"""Decisions recorded on the hot path: the records of `book`, as bytes put together, not encoded.

A decision recorder chooses its promise and every record states it (``outcome.promise``): *recorded*
costs the caller microseconds and a power cut may take the last interval, shown as a gap;
*durable* waits for the log. Access decisions, votes and money never come here: they go through
`quorate.provenance.book.RecordBook`, whose every record is durable.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, Protocol

from quorate.core.encoding import canonical_bytes
from quorate.core.errors import InputError
from quorate.core.sources import Clock, Randomness
from quorate.provenance.book import DECISION
from quorate.provenance.records import VERSION, Record, record_id

RECORDED = "recorded"
DURABLE = "durable"

_VARYING = (
    "commitments",
    "decision",
    "id",
    "on_behalf_of",
    "outcome",
    "prev_source_head",
    "seq",
    "ts_end",
    "ts_start",
)
"""What differs from record to record, in the order of canonical JSON."""


class NumberedLog(Protocol):
    """What a decision recorder needs of `quorate.log.recorder.Recorder`."""

    source: str

    @property
    def head(self) -> bytes:
        """The SHA-256 of this source's last leaf; before the first, of the log's genesis leaf."""
        ...

    def record(self, make: Callable[[int], bytes]) -> int:
        """Records what ``make`` returns for the next number, one caller at a time: that number."""
        ...

    def wait_durable(self, number: int, timeout: float = 10) -> None:
        """Returns when the record ``number`` is fsynced and in the log's signed tree."""
        ...


class DecisionRecorder:
    """Records decisions of one kind by one source; for any number of threads.

    ``constant``: the fields of the header that are the same in every record, such as ``object``
    (the model's digest), ``actor`` (else the source), ``purpose`` or ``policy``.
    """

    def __init__(
        self,
        log: NumberedLog,
        clock: Clock,
        randomness: Randomness,
        *,
        promise: str = RECORDED,
        **constant: Any,
    ) -> None:
        if promise not in (RECORDED, DURABLE):
            raise InputError(f"could not promise {promise!r}: neither recorded nor durable")
        self.promise = promise
        self._log = log
        self._clock = clock
        self._randomness = randomness
        self._form = _form(log.source, constant)

    def begin(self) -> tuple[str, int]:
        """A decision's id, which commitments are keyed by, and its beginning, nanoseconds."""
        now = self._clock.now_ns()
        return record_id(now, self._randomness.bytes(10)), now

    def record(
        self,
        begun: tuple[str, int],
        *,
        outcome: Mapping[str, Any],
        commitments: Mapping[str, str],
        decision: str | None = None,
        on_behalf_of: str | None = None,
    ) -> int:
        """Records the decision that `begin` began; its number in its source's sequence.

        On return what the promise says holds. Raises what `quorate.log.recorder.Recorder.record`
        does, and `EncodingError` for a value that canonical JSON cannot hold; then nothing is
        recorded, and nothing should be released.
        """
        identifier, started = begun
        stated = canonical_bytes({**outcome, "promise": self.promise})
        committed = canonical_bytes(dict(commitments))
        decided, behalf = canonical_bytes(decision), canonical_bytes(on_behalf_of)
        ended = self._clock.now_ns()

        def make(number: int) -> bytes:
            head = self._log.head.hex().encode()
            return self._form % (
                committed,
                decided,
                identifier.encode(),
                behalf,
                stated,
                head,
                number,
                ended,
                started,
            )

        number = self._log.record(make)
        if self.promise == DURABLE:
            self._log.wait_durable(number)
        return number


def _form(source: str, constant: dict[str, Any]) -> bytes:
    """A record's bytes with a place for everything that varies."""
    places = dict.fromkeys(("commitments", "decision", "on_behalf_of", "outcome"), b"%b")
    places |= {"id": b'"%b"', "prev_source_head": b'"sha256:%b"', "seq": b"%d"}
    places |= {"ts_end": b'"%d"', "ts_start": b'"%d"'}
    header: dict[str, Any] = {"type": DECISION, "action": "classify", "actor": source}
    varying = dict.fromkeys(_VARYING, "")
    try:
        record = Record(**(header | constant | varying | {"source": source, "seq": 0}))
    except TypeError as error:
        raise InputError(f"could not record decisions: {error}") from None
    value = asdict(record) | {"v": VERSION}
    parts = [
        canonical_bytes(key).replace(b"%", b"%%")
        + b":"
        + (places[key] if key in places else canonical_bytes(value[key]).replace(b"%", b"%%"))
        for key in sorted(value)
    ]
    return b"{" + b",".join(parts) + b"}"
