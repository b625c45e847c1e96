"""A loaded appender in a process of its own, killed with SIGKILL after random milliseconds.

The real file system and the real kernel; a kill takes no power, so what is proven is that no
acknowledgement runs ahead of the log, wherever the process ends. Acknowledgements come through a
pipe, one line each: the index and a mark of the leaf, short, so that the pipe never fills.
"""

import hashlib
import os
import random
import signal
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from quorate.core.errors import QuorateError
from quorate.log.appender import Appender
from quorate.log.checkpoint import Checkpoint
from quorate.log.fsck import check_log
from quorate.log.note import Note
from quorate.log.writer import Log
from tests.log.parties import IDENTITY, create_log, open_log

CALLERS = 4
INTERVAL = 0.002  # seconds between commits: many of them within the life of one process
LIFE = (0.002, 0.12)  # seconds


@dataclass
class Kills:
    """What many kills of one log came to; ``broken`` is empty or what was broken."""

    kills: int = 0
    acknowledged: int = 0
    size: int = 0
    broken: str = ""


def kill_again_and_again(folder: Path, count: int, seed: int) -> Kills:
    """Starts, loads and kills the appender of the log in ``folder``, ``count`` times."""
    found, dice = Kills(), random.Random(f"kills {seed}")
    heads: dict[int, bytes] = {}
    with create_log(folder) as log:
        heads[log.size] = log.root
    try:
        for turn in range(count):
            acknowledged = _killed(folder, f"{seed}/{turn}", dice.uniform(*LIFE), heads)
            found.kills += 1
            found.acknowledged += len(acknowledged)
            with open_log(folder) as log:
                found.broken = _broken(log, acknowledged, heads)
                log.append(b"after kill %d" % turn)
                heads[log.size] = log.root
                found.size = log.size
            if found.broken or check_log(folder, IDENTITY).leftovers:
                found.broken = found.broken or "leftovers"
                break
    except QuorateError as error:
        found.broken = f"{type(error).__name__}: {error.message}"
    return found


def mark(leaf: bytes) -> bytes:
    """A digest of the leaf, in few characters."""
    return hashlib.sha256(leaf).hexdigest()[:12].encode()


def _broken(log: Log, acknowledged: dict[int, bytes], heads: dict[int, bytes]) -> str:
    if acknowledged:
        first = min(acknowledged)
        leaves = list(log.entries(first, max(acknowledged) + 1))
        for index, told in acknowledged.items():
            if index >= log.size or mark(leaves[index - first]) != told:
                return f"lost: leaf {index}"
    for size, root in heads.items():
        if size > log.size or log.root_at(size) != root:
            return f"forked: the head of {size} leaves is no more"
    return ""


def _killed(folder: Path, name: str, life: float, heads: dict[int, bytes]) -> dict[int, bytes]:
    """One process from its start to its kill: a mark of each leaf that it acknowledged."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _load(folder, name, writer)
        finally:
            os._exit(1)  # never reached alive
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        first = stream.readline()  # it has opened the log: from here on its life is counted
        time.sleep(life)
        head = (folder / "checkpoint").read_text("utf-8")
        os.kill(child, signal.SIGKILL)
        told = stream.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL and first == b"open\n"
    shown = Checkpoint.parse(Note.parse(head).text)
    heads[shown.size] = shown.root
    whole = told[: told.rfind(b"\n") + 1].splitlines()
    return {int(index): told_mark for index, told_mark in (line.split(b" ", 1) for line in whole)}


def _load(folder: Path, name: str, writer: int) -> None:
    log = open_log(folder)
    appender = Appender(log, interval=INTERVAL)
    pipe, telling = os.fdopen(writer, "wb", buffering=0), threading.Lock()
    pipe.write(b"open\n")

    def call(caller: int) -> None:
        dice = random.Random(f"{name}/{caller}")
        for turn in range(10**9):
            leaves = [
                f"{name}/{caller}/{turn}/{number} {'x' * dice.randint(0, 900)}".encode()
                for number in range(dice.choice([1, 1, 1, 10, 100]))
            ]
            start = appender.append_many(leaves).start
            told = b"".join(b"%d %s\n" % (start + i, mark(leaf)) for i, leaf in enumerate(leaves))
            with telling:  # a pipe may take it in pieces
                pipe.write(told)

    threads = [threading.Thread(target=call, args=[caller]) for caller in range(CALLERS)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
