"""The chain on disk: one SQLite file with blocks, the state that they leave, and an index.

Everything that a block changes is one SQLite transaction (``synchronous=FULL``), announced to
`quorate.core.files.durable_step`. Whatever SQLite finds wrong with its file is told as
`DamagedError`; what it cannot see (a changed value) is found by digests. One thing neither sees:
a write-ahead log that was cut off loses its newest blocks. Parties write the heads that they see
into their own logs, which shows it.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from quorate.core.errors import DamagedError, EncodingError, UnavailableError
from quorate.core.files import durable_step, sync_folder
from quorate.ledger.blocks import Block, parse_block
from quorate.ledger.state import Entry, State, Writes

FORMAT = "quorate/chain/v1"
FILE_NAME = "chain.sqlite"

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE block (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE inclusion (
    transaction_hash BLOB PRIMARY KEY, block INTEGER NOT NULL, position INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE entry (address BLOB PRIMARY KEY, nonce INTEGER NOT NULL, code BLOB NOT NULL);
CREATE TABLE slot (
    address BLOB NOT NULL, slot BLOB NOT NULL, value BLOB NOT NULL, PRIMARY KEY (address, slot)
) WITHOUT ROWID;
"""
_UNAVAILABLE = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


class ChainStore:
    """The SQLite file of one chain; use `create` or `open`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._guarded("open"):
            self._database = sqlite3.connect(path, isolation_level=None)
            self._database.execute("PRAGMA synchronous=FULL")

    @classmethod
    def create(cls, folder: Path, genesis: Block) -> None:
        """Writes a new file holding ``genesis``; it appears complete or not at all."""
        path = folder / FILE_NAME
        temporary = path.with_name(f".{FILE_NAME}.tmp")
        temporary.unlink(missing_ok=True)
        store = cls(temporary)
        with contextlib.closing(store._database) as database, store._guarded("found"):
            database.execute("PRAGMA journal_mode=MEMORY")
            database.executescript(_SCHEMA)
            database.execute("INSERT INTO meta VALUES ('format', ?)", (FORMAT,))
            store._insert(genesis, Writes({}, {}))
        with durable_step(FILE_NAME):
            with temporary.open("rb") as stream:
                os.fsync(stream.fileno())
            temporary.replace(path)
            sync_folder(folder)

    @classmethod
    def open(cls, folder: Path) -> "ChainStore":
        """The file that is there."""
        store = cls(folder / FILE_NAME)
        try:
            with store._guarded("open"):  # reads first: a file that is no chain stays as it is
                row = store._database.execute(
                    "SELECT value FROM meta WHERE name='format'"
                ).fetchone()
            if row != (FORMAT,):
                raise store._damaged("it is not of the format " + FORMAT)
            with store._guarded("open"):
                store._database.execute("PRAGMA journal_mode=WAL")
        except BaseException:
            store.close()
            raise
        return store

    @staticmethod
    def holds_chain(folder: Path) -> bool:
        """Whether there is a file; a founding that was killed half-way leaves none."""
        return (folder / FILE_NAME).exists()

    def append(self, block: Block, writes: Writes) -> None:
        """Adds ``block`` and the state it leaves, durably, all or nothing."""
        with self._transaction(f"chain block {block.header.number}"):
            self._insert(block, writes)

    def block(self, number: int) -> Block:
        """The block with this number."""
        with self._guarded(f"read block {number} of"):
            row = self._database.execute(
                "SELECT body FROM block WHERE number = ?", (number,)
            ).fetchone()
        if row is None:
            raise self._damaged(f"block {number} is missing")
        return self._parse(number, row[0])

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """The blocks from ``start`` on."""
        with self._guarded("read"):
            rows = self._database.execute(
                "SELECT number, body FROM block WHERE number >= ? ORDER BY number", (start,)
            )
            for number, (found, body) in enumerate(rows, start):
                if found != number:
                    raise self._damaged(f"block {number} is missing")
                yield self._parse(number, body)

    def height(self) -> int:
        """The number of the newest block."""
        with self._guarded("read"):
            (number,) = self._database.execute("SELECT max(number) FROM block").fetchone()
        if not isinstance(number, int):
            raise self._damaged("it holds no block")
        return number

    def inclusion(self, transaction: bytes) -> tuple[int, int] | None:
        """Block number and index of an included transaction."""
        with self._guarded("read"):
            row: tuple[int, int] | None = self._database.execute(
                "SELECT block, position FROM inclusion WHERE transaction_hash = ?", (transaction,)
            ).fetchone()
        return row

    def inclusions(self) -> int:
        """How many transactions the index names."""
        with self._guarded("read"):
            return int(self._database.execute("SELECT count(*) FROM inclusion").fetchone()[0])

    def load_state(self) -> State:
        """The state as it stands in the tables, its digest summed from nothing."""
        state = State()
        with self._guarded("read the state of"):
            entries = self._database.execute("SELECT address, nonce, code FROM entry").fetchall()
            slots = self._database.execute("SELECT address, slot, value FROM slot").fetchall()
        try:
            state.apply(
                Writes(
                    {bytes(a): Entry(int(n), bytes(c)) for a, n, c in entries},
                    {(bytes(a), int.from_bytes(k)): int.from_bytes(v) for a, k, v in slots},
                )
            )
        except (TypeError, ValueError, OverflowError):
            raise self._damaged("a row of its state is not what was written") from None
        return state

    def check_file(self) -> None:
        """Lets SQLite examine its own file; raises `DamagedError` with the first complaint."""
        with self._guarded("check"):
            (verdict,) = self._database.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise self._damaged(str(verdict))

    def close(self) -> None:
        """Releases the file."""
        self._database.close()

    def _insert(self, block: Block, writes: Writes) -> None:
        execute, many = self._database.execute, self._database.executemany
        number = block.header.number
        execute("INSERT INTO block VALUES (?, ?)", (number, block.to_bytes()))
        many(
            "INSERT INTO inclusion VALUES (?, ?, ?)",
            [(r.transaction, number, r.index) for r in block.receipts],
        )
        many(
            "INSERT OR REPLACE INTO entry VALUES (?, ?, ?)",
            [(address, entry.nonce, entry.code) for address, entry in writes.entries.items()],
        )
        rows = [(a, k.to_bytes(32, "big"), v) for (a, k), v in writes.slots.items()]
        many(
            "DELETE FROM slot WHERE address = ? AND slot = ?", [(a, k) for a, k, v in rows if not v]
        )
        many(
            "INSERT OR REPLACE INTO slot VALUES (?, ?, ?)",
            [(a, k, v.to_bytes(32, "big")) for a, k, v in rows if v],
        )

    def _parse(self, number: int, body: object) -> Block:
        try:
            if not isinstance(body, bytes):
                raise EncodingError("not bytes")
            block = parse_block(body)
        except EncodingError as error:
            raise self._damaged(f"block {number}: {error}") from None
        if block.header.number != number:
            raise self._damaged(f"block {number} holds number {block.header.number}")
        return block

    @contextlib.contextmanager
    def _transaction(self, name: str) -> Iterator[None]:
        with self._guarded("write"):
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
                with durable_step(name):
                    self._database.execute("COMMIT")
            except BaseException:
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _guarded(self, deed: str) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError:
            raise  # used after close: a bug of ours, not damage
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _UNAVAILABLE:
                raise UnavailableError(
                    f"could not {deed} the chain {self._path}: {error}",
                    remedy="free space on the disk or end the other process",
                ) from None
            raise self._damaged(str(error)) from None

    def _damaged(self, why: str) -> DamagedError:
        return DamagedError(
            f"could not use the chain {self._path}: {why}",
            remedy="restore the folder from a copy; the log names the last good head",
            place=str(self._path),
        )
