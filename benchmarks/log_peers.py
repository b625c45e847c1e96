"""What the log is measured against, on the same disk: a file, SQLite, and a Merkle tree in SQLite.

Each takes the same records in groups of the same size as the log's commits and makes every group
durable before the next. ``raw_file`` writes record by record, as records come to the log;
``raw_file_grouped`` gets each group as one ready buffer, which nobody who is handed records one by
one can reach.
"""

import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path

from pymerkle import SqliteTree

Records = Sequence[bytes]


def groups(records: Records, size: int) -> list[Records]:
    """``records`` cut into groups of ``size``."""
    return [records[start : start + size] for start in range(0, len(records), size)]


def raw_file(folder: Path, records: Records, group: int) -> float:
    """Seconds for one write per record and one fsync per group."""
    descriptor = os.open(folder / "raw", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    parts = groups(records, group)
    start = time.perf_counter()
    for part in parts:
        for record in part:
            os.write(descriptor, record)
        os.fsync(descriptor)
    seconds = time.perf_counter() - start
    os.close(descriptor)
    return seconds


def raw_file_grouped(folder: Path, records: Records, group: int) -> float:
    """Seconds for one write and one fsync per group, the buffers made beforehand."""
    descriptor = os.open(folder / "raw", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
    parts = [b"".join(part) for part in groups(records, group)]
    start = time.perf_counter()
    for part in parts:
        os.write(descriptor, part)
        os.fsync(descriptor)
    seconds = time.perf_counter() - start
    os.close(descriptor)
    return seconds


def sqlite_rows(folder: Path, records: Records, group: int) -> float:
    """Seconds for one row per record, one transaction per group, WAL, every commit synced."""
    connection = sqlite3.connect(folder / f"rows-{time.time_ns()}.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE records (id INTEGER PRIMARY KEY, data BLOB)")
    parts = groups(records, group)
    start = time.perf_counter()
    for part in parts:
        connection.execute("BEGIN")
        rows = ((record,) for record in part)
        connection.executemany("INSERT INTO records (data) VALUES (?)", rows)
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def pymerkle_tree(folder: Path, records: Records, group: int) -> float:
    """Seconds for pymerkle's SQLite tree, by its bulk call, in WAL mode as a favour."""
    with SqliteTree(str(folder / f"tree-{time.time_ns()}.db")) as tree:
        tree.con.execute("PRAGMA journal_mode = WAL")
        tree.con.execute("PRAGMA synchronous = FULL")
        parts = groups(records, group)
        start = time.perf_counter()
        for part in parts:
            tree.append_entries(part)
        return time.perf_counter() - start
