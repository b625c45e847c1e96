"""A log's files with the heads that others hold: cut, put back, rewritten and signed again."""

import pytest

from quorate.core.errors import InputError, VerificationError
from quorate.log.fsck import check_log
from quorate.log.heads import HeldHead
from quorate.log.history import check_history
from quorate.log.memory import MemoryStorage
from quorate.log.storage import WITNESSED
from quorate.log.writer import Log
from tests.log.parties import ALICE, CLOCK, IDENTITY, ORIGIN, create_log, leaf


def refusal(call, *arguments) -> VerificationError:
    with pytest.raises(VerificationError) as caught:
        call(*arguments)
    return caught.value


@pytest.fixture(scope="module")
def logs():
    """A log of 600 leaves, and what it was at 280."""
    storage = MemoryStorage(name="log")
    with Log.create(storage, ORIGIN, *ALICE.log_signers, CLOCK) as log:
        log.append_many(leaf(i) for i in range(1, 280))
        older, root = dict(storage.objects), log.root
        log.append_many(leaf(i) for i in range(280, 600))
        return storage, older, [HeldHead("bob", 280, root), HeldHead("the anchor", 600, log.root)]


def test_check_history__honest__report(logs):
    storage, _, heads = logs
    assert check_history(storage, IDENTITY, heads).size == 600


def test_check_history__folder__as_in_memory(tmp_path):
    with create_log(tmp_path, 4) as log:
        kept = HeldHead("bob", 3, log.root_at(3))
        assert check_history(tmp_path, IDENTITY, [kept]).root == log.root
    error = refusal(check_history, tmp_path, IDENTITY, [HeldHead("bob", 6, log.root)])
    assert error.place == "bob"
    with pytest.raises(InputError, match="no checkpoint"):
        check_history(tmp_path / "nothing", IDENTITY, [kept])


def test_check_history__older_copy_put_back__holder_named_not_a_tile(logs):
    storage, older, heads = logs
    back = MemoryStorage(name="log")
    back.objects = older
    assert check_history(back, IDENTITY, heads[:1]).size == 280
    assert refusal(check_history, back, IDENTITY, heads).place == "the anchor"
    back.objects = storage.objects | {"checkpoint": older["checkpoint"]}
    error = refusal(check_history, back, IDENTITY, heads)
    assert (error.step, error.place) == ("heads.size", "the anchor")
    back.objects = storage.objects | {"checkpoint": b"\xff"}
    assert refusal(check_history, back, IDENTITY, heads).place == "checkpoint"


def test_check_history__rewritten_and_signed_again__holder_named(logs):
    _, _, heads = logs
    forged = MemoryStorage(name="log")
    with Log.create(forged, ORIGIN, *ALICE.log_signers, CLOCK) as log:
        log.append_many(leaf(i + (i == 270)) for i in range(1, 600))
    error = refusal(check_history, forged, IDENTITY, heads)
    assert (error.step, error.place) == ("heads.root", "bob")
    assert check_history(forged, IDENTITY, []).size == 600  # nobody who holds a head is asked


def test_check_history__file_of_cosigned_heads__of_this_tree_or_named(logs):
    storage, older, heads = logs
    back = MemoryStorage(name="log")
    back.objects = storage.objects | {WITNESSED: older["checkpoint"]}
    assert check_history(back, IDENTITY, heads).size == 600
    back.objects = older | {WITNESSED: storage.objects["checkpoint"]}
    assert refusal(check_history, back, IDENTITY, []).place == WITNESSED


class TwoFaced:
    """A server that shows each file of one log first, and of another when it is asked again."""

    name = "two-faced"

    def __init__(self, first: dict[str, bytes], again: dict[str, bytes]) -> None:
        self._shown = {path: [again.get(path, data), data] for path, data in first.items()}

    def read(self, path: str, limit: int) -> bytes:
        if path not in self._shown:
            raise InputError(f"could not read {path}: no such object")
        return self._shown[path].pop() if self._shown[path][1:] else self._shown[path][0]


def test_check_history__other_tiles_when_asked_again__refused_all_the_same(logs):
    storage, older, heads = logs
    forged = MemoryStorage(name="log")
    with Log.create(forged, ORIGIN, *ALICE.log_signers, CLOCK) as log:
        log.append_many(leaf(i + (i == 270)) for i in range(1, 600))
    tiles = {path: data for path, data in storage.objects.items() if path != "checkpoint"}
    error = refusal(check_history, TwoFaced(forged.objects, tiles), IDENTITY, heads[:1])
    assert (error.step, error.place) == ("heads.root", "bob")
    kept = forged.objects | {WITNESSED: older["checkpoint"]}
    error = refusal(check_log, TwoFaced(kept, tiles), IDENTITY)
    assert (error.step, error.place) == ("fsck.witnessed", WITNESSED)
