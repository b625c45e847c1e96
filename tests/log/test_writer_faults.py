"""A writer killed at every durable write: nothing acknowledged is lost, nothing is forked.

The writer runs in a forked process that ends itself (no handler, no flush) just before or just
after the n-th durable write, for every n. It tells its parent through a pipe what the log has
acknowledged. The parent reopens, checks every file, lets a witness compare with what it cosigned
before, finishes the work and demands the same tree as without a kill.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from quorate.core.errors import UnavailableError
from quorate.core.files import observe_writes
from quorate.log.checkpoint import sign_cosignature
from quorate.log.folder import FolderStorage
from quorate.log.fsck import check_log
from quorate.log.witness import Witness
from quorate.log.writer import Log
from tests.log.parties import (
    CLOCK,
    IDENTITY,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
    open_log,
)

BATCHES = [1, 1, 254, 3, 1, 1]  # the third fills a tile, the fourth follows whole tiles
LEAVES = sum(BATCHES)


def open_or_create(folder: Path) -> Log:
    return create_log(folder) if FolderStorage(folder).head() is None else open_log(folder)


def work(folder: Path, acknowledge: Callable[[int], object]) -> bytes:
    """Brings the log to all its leaves, whatever is there already, with one cosignature midway."""
    with open_or_create(folder) as log:
        acknowledge(log.size)
        for end in (1 + sum(BATCHES[: i + 1]) for i in range(len(BATCHES))):
            if log.size < end:
                log.append_many(leaf(i) for i in range(log.size, end))
                acknowledge(log.size)
            if end == 3:
                name, signer = WITNESS_IDENTITIES[0].name, WITNESSES[0].witness_signer
                log.add_cosignatures([str(sign_cosignature(log.checkpoint, name, signer, 7))])
        return log.root


def killed_at(step: int, folder: Path) -> int | None:
    """Runs `work` in a process that dies at the ``step``-th announcement.

    The size that it had acknowledged; None if it came to its end before.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        left = step

        def count(_when: str, _name: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                os._exit(9)

        try:
            with observe_writes(count):
                work(folder, lambda size: os.write(writer, size.to_bytes(4, "big")))
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        told = stream.read()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) in {0, 9}
    if os.waitstatus_to_exitcode(status) == 0:
        return None
    return int.from_bytes(told[-4:], "big")


@pytest.mark.slow
def test_writer__killed_at_every_durable_write__resumes_to_the_same_tree(tmp_path):
    root = work(tmp_path / "whole", lambda _: None)
    folder, step = tmp_path / "killed", 1
    while (acknowledged := killed_at(step, folder)) is not None:
        witness = Witness(*_witness(), None, CLOCK)
        if (folder / "checkpoint").exists():  # what a reader of the files could have seen
            report = check_log(folder, IDENTITY)
            assert report.size >= acknowledged
            witness.cosign((folder / "checkpoint").read_text("utf-8"), IDENTITY, [])
        with open_or_create(folder) as log:
            assert log.size >= acknowledged
            assert list(log.entries(1)) == [leaf(i) for i in range(1, log.size)]
            assert check_log(folder, IDENTITY).leftovers == ()
        assert work(folder, lambda _: None) == root
        with open_log(folder) as log:
            proof = log.consistency(witness.size_seen(log.identity.origin))
            witness.cosign(log.checkpoint_note(), IDENTITY, proof)
        assert check_log(folder, IDENTITY).leftovers == ()
        shutil.rmtree(folder)
        step += 1
    assert step > 25  # every announcement was hit, and there were not few


def _witness() -> tuple:
    return WITNESS_IDENTITIES[0].name, WITNESSES[0].witness_signer


def test_writer__killed_again_and_again__still_arrives(tmp_path):
    root = work(tmp_path / "whole", lambda _: None)
    folder, kills = tmp_path / "killed", 0
    while killed_at(9, folder) is not None:  # far enough for the longest single step
        kills += 1
        assert kills < 40, "the writer makes no progress"
    assert kills >= 2
    assert check_log(folder, IDENTITY).root == root


@pytest.mark.parametrize("when", ["before", "after"])
def test_append__a_write_fails__log_refuses_more_until_reopened(tmp_path, when):
    for failing in range(1, 3):
        folder = tmp_path / f"{when}{failing}"
        log, count = create_log(folder, 5), 0

        def fail(at: str, _name: str, failing: int = failing) -> None:
            nonlocal count
            count += at == when
            if at == when and count == failing:
                raise OSError(28, "No space left on device")

        with observe_writes(fail), pytest.raises(UnavailableError, match="No space left"):
            log.append(b"one")
        # The disk may hold this append or not: signing another one now could fork the log.
        for attempt in (
            lambda log=log: log.append(b"other"),
            lambda log=log: log.add_cosignatures(
                [str(sign_cosignature(log.checkpoint, *_witness(), 7))]
            ),
        ):
            with pytest.raises(UnavailableError, match="open it again"):
                attempt()
        assert log.size == 6
        log.close()
        with open_log(folder) as log:
            assert log.size == (7 if (when, failing) == ("after", 2) else 6)
            log.append(b"other")
        check_log(folder, IDENTITY)
