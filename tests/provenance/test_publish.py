"""Publication: in order, once, resumable after every durable step."""

import pytest

from quorate.core.files import observe_writes
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness, SteppedClock
from quorate.log.writer import Log
from quorate.provenance.book import STATEMENT, RecordBook
from quorate.provenance.kinds import DataSet
from quorate.provenance.publish import Publisher
from quorate.provenance.statement import verify_statement
from quorate.vault.disk import DiskStore
from quorate.vault.vault import Vault

ALICE = Keyring.generate("alice", SeededRandomness("alice"))
ORIGIN = "alice.invalid/log"


class Killed(Exception):
    """The process died here."""


class Ledger:
    """A real, in-memory holder of anchors that refuses to shrink."""

    def __init__(self) -> None:
        self.heads: dict[int, bytes] = {}

    def anchored(self) -> int:
        return max(self.heads, default=0)

    def anchor(self, size: int, root: bytes) -> None:
        assert size > self.anchored()
        self.heads[size] = root


class House:
    """A party's folder, opened as a process would open it."""

    def __init__(self, folder) -> None:
        clock = SteppedClock()
        log_folder = folder / "log"
        make = Log.open if (log_folder / "checkpoint").exists() else Log.create
        self.log = make(log_folder, ORIGIN, *ALICE.log_signers, clock)
        self.book = RecordBook(self.log, "alice", clock, SeededRandomness(1))
        self.vault = Vault(DiskStore(folder / "vault"), ALICE.sealing, SeededRandomness(2))
        self.publisher = Publisher(
            ALICE.statement_signers, self.log, self.book, folder / "statements"
        )

    def claim(self) -> DataSet:
        address = self.vault.put(b"the rows")
        return DataSet(
            author="alice",
            time="1",
            name="rows",
            purpose="training",
            rows=1,
            columns=1,
            commitment=str(address),
            licence="CC0-1.0",
        )

    def publish(self):
        return self.publisher.publish("dataset-0001", self.claim)


def statements_in(log):
    book = RecordBook(log, "alice", SteppedClock(), SeededRandomness(1))
    return [record for _, record in book.records() if record.type == STATEMENT]


def test_publish__twice__one_statement_one_record(tmp_path):
    house = House(tmp_path)
    first, second = house.publish(), house.publish()
    assert first == second
    assert [r.object[0]["digest"] for r in statements_in(house.log)] == [
        str(Digest.of(first.envelope))
    ]


def test_publish__order__vault_before_statement_before_log(tmp_path):
    house, heard = House(tmp_path), []
    with observe_writes(lambda when, name: heard.append(name) if when == "after" else None):
        house.publish()
    blob, statement, *log = heard
    assert statement == "dataset-0001.json"
    assert blob not in (statement, "checkpoint")
    assert log[-1] == "checkpoint"


def test_publish__killed_at_every_write__resumed_to_one_statement(tmp_path):
    total = 0
    heard = []
    house = House(tmp_path / "whole")
    with observe_writes(lambda *event: heard.append(event)):
        house.publish()
    for at in range(len(heard)):
        folder = tmp_path / f"killed-{at}"
        house, seen = House(folder), []

        def kill(*event, seen=seen, at=at):
            seen.append(event)
            if len(seen) > at:
                raise Killed

        with observe_writes(kill), pytest.raises(Killed):
            house.publish()
        house.log.close()
        again = House(folder)
        published = again.publish()
        claim = DataSet.from_statement(verify_statement(published.envelope, ALICE.identity, "here"))
        assert again.vault.get(Digest.parse(claim.commitment)) == b"the rows"
        assert len(statements_in(again.log)) == 1
        total += 1
    assert total == len(heard) >= 8


def test_anchor__everything_so_far__once(tmp_path):
    house, ledger = House(tmp_path), Ledger()
    house.publish()
    house.publisher.anchor(ledger)
    house.publisher.anchor(ledger)
    assert ledger.heads == {house.log.size: house.log.root}


def test_book__reopened__sequence_and_links_go_on(tmp_path):
    house = House(tmp_path)
    house.book.record_chain_head(3, str(Digest.of(b"block")))
    house.log.close()
    again = House(tmp_path)
    again.book.record_chain_head(4, str(Digest.of(b"next")))
    records = [record for _, record in again.book.records()]
    assert [record.seq for record in records] == [1, 2]
    assert records[1].prev_source_head == str(Digest.of(again.log.entry(1)))
