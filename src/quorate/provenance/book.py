"""A party's record book: its log, written as a gapless, hash-linked sequence of records."""

from collections.abc import Iterator
from typing import Any, Protocol

from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest
from quorate.core.sources import Clock, Randomness
from quorate.provenance.records import Record, leaf_digest, record_id

STATEMENT = "statement"
CHAIN_HEAD = "chain-head"
DECISION = "decision"


class AppendOnlyLog(Protocol):
    """What a record book needs of a log: durable on return, provable at once."""

    @property
    def size(self) -> int:
        """The number of leaves, the genesis leaf included."""
        ...

    def append(self, leaf: bytes) -> int:
        """The index of ``leaf``, durable and integrated on return."""
        ...

    def entry(self, index: int) -> bytes:
        """The leaf at ``index``."""
        ...

    def entries(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The leaves from ``start`` up to ``end``."""
        ...


class RecordBook:
    """Appends one source's records to a log; ``seq`` counts them, so a gap cannot be hidden.

    Every record is durable and in the log's signed tree before `append` returns: access decisions,
    votes and money are recorded here and nowhere else (`recorder` is for hot paths). Other sources
    may write to the same log; a source that is alone has its records at index ``seq``.
    """

    def __init__(
        self, log: AppendOnlyLog, source: str, clock: Clock, randomness: Randomness
    ) -> None:
        self.log = log
        self.source = source
        self._clock = clock
        self._randomness = randomness
        self._number = 0
        self._head = leaf_digest(log.entry(0))
        self._statements: dict[str, int] = {}
        for index, leaf in enumerate(log.entries(1), start=1):
            self._take_in(index, leaf)

    def append(self, type_: str, action: str, **fields: Any) -> int:
        """Writes one record of ``type_``; ``fields`` fill the rest of the header. Its index."""
        return self.append_record(self.draft(type_, action, **fields))

    def draft(self, type_: str, action: str, **fields: Any) -> Record:
        """The record that `append_record` would write next, for commitments that need its id."""
        now = self._clock.now_ns()
        stamp = {"ts_start": str(now), "ts_end": str(now), "actor": self.source} | fields
        return Record(
            type=type_,
            action=action,
            id=record_id(now, self._randomness.bytes(10)),
            seq=self._number + 1,
            source=self.source,
            prev_source_head=self._head,
            **stamp,
        )

    def append_record(self, record: Record) -> int:
        """Writes ``record``, which must be the latest `draft`. Its index."""
        leaf = record.to_leaf()
        index = self.log.append(leaf)
        self._number, self._head = record.seq, leaf_digest(leaf)
        return index

    def _take_in(self, index: int, leaf: bytes) -> None:
        try:
            record = Record.from_leaf(leaf)
        except EncodingError:
            return  # a leaf that is not ours to index; the audit names it
        if record.source == self.source:
            self._number, self._head = record.seq, leaf_digest(leaf)
            if record.type == STATEMENT:
                self._statements[record.object[0]["digest"]] = index

    def records(self) -> Iterator[tuple[int, Record]]:
        """Index and record of every leaf after the genesis, of other sources too, in order."""
        for index, leaf in enumerate(self.log.entries(1), start=1):
            yield index, Record.from_leaf(leaf)

    def record_statement(self, kind: str, key: str, envelope: bytes) -> int:
        """Writes the record of a signed statement, once; the index of the record."""
        digest = str(Digest.of(envelope))
        if digest not in self._statements:
            item = {"digest": digest, "type": kind, "name": key}
            self._statements[digest] = self.append(STATEMENT, "publish", object=[item])
        return self._statements[digest]

    def record_chain_head(self, number: int, digest: str) -> int:
        """Writes down which chain head this party has seen: what shows a rewind or a fork."""
        item = {"digest": digest, "type": "block", "name": str(number)}
        return self.append(CHAIN_HEAD, "see", object=[item])
