"""The log on disk against a list in memory; what it refuses; what it notices when opened."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from quorate.core.encoding import parse_canonical
from quorate.core.errors import (
    DamagedError,
    EncodingError,
    InputError,
    LockedError,
    UnavailableError,
    VerificationError,
)
from quorate.log.checkpoint import sign_cosignature
from quorate.log.fsck import check_log
from quorate.log.merkle import leaf_hash, root_of, verify_consistency
from quorate.log.tiles import MAX_LEAF_SIZE
from quorate.log.verify import verify_log, verify_note, verify_receipt
from quorate.log.writer import Log
from tests.log.parties import (
    ALICE,
    CLOCK,
    IDENTITY,
    MALLORY,
    ORIGIN,
    WITNESS_IDENTITIES,
    WITNESSES,
    create_log,
    leaf,
    open_log,
)


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".lock")
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def cosignature(log: Log, number: int, time: int = 1_800_000_000) -> str:
    witness, name = WITNESSES[number], WITNESS_IDENTITIES[number].name
    return str(sign_cosignature(log.checkpoint, name, witness.witness_signer, time))


class LogAgainstList(RuleBasedStateMachine):
    """Whatever is appended, reopened and proven: the log says what a plain list says."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.log = create_log(self.folder / "log")
        self.leaves = [self.log.entry(0)]

    def teardown(self) -> None:
        self.log.close()
        check_log(self.folder / "log", IDENTITY)
        shutil.rmtree(self.folder)

    @rule(data=st.binary(max_size=40))
    def append(self, data: bytes) -> None:
        assert self.log.append(data) == len(self.leaves)
        self.leaves.append(data)

    @rule(count=st.sampled_from([0, 1, 2, 7, 100, 255, 256, 257, 600]))
    def append_many(self, count: int) -> None:
        start = len(self.leaves)
        batch = [leaf(start + i) for i in range(count)]
        assert self.log.append_many(batch) == range(start, start + count)
        self.leaves += batch

    @rule()
    def reopen(self) -> None:
        self.log.close()
        self.log = open_log(self.folder / "log")

    @rule(data=st.data())
    def prove(self, data) -> None:
        index = data.draw(st.integers(0, len(self.leaves) - 1))
        verified = verify_receipt(self.log.receipt(index), self.leaves[index], IDENTITY)
        assert (verified.index, verified.checkpoint) == (index, self.log.checkpoint)

    @rule(data=st.data())
    def extend(self, data) -> None:
        old = data.draw(st.integers(1, len(self.leaves)))
        old_root = root_of([leaf_hash(each) for each in self.leaves[:old]])
        assert self.log.root_at(old) == old_root
        proof = self.log.consistency(old)
        verify_consistency(old, old_root, self.log.size, self.log.root, proof)

    @rule(data=st.data())
    def read(self, data) -> None:
        start = data.draw(st.integers(0, len(self.leaves)))
        end = data.draw(st.integers(0, len(self.leaves) + 5))
        assert list(self.log.entries(start, end)) == self.leaves[start:end]

    @precondition(lambda self: len(self.leaves) < 1500)
    @invariant()
    def same_tree(self) -> None:
        assert self.log.size == len(self.leaves)
        assert self.log.leaf_hashes() == [leaf_hash(each) for each in self.leaves]
        assert self.log.root == root_of(self.log.leaf_hashes())


TestLogAgainstList = LogAgainstList.TestCase
TestLogAgainstList.settings = settings(max_examples=8, stateful_step_count=15, deadline=None)


def test_create__new_log__holds_its_genesis(tmp_path):
    with create_log(tmp_path / "deep" / "log") as log:
        genesis = parse_canonical(log.entry(0))
        verify_log(list(log.entries()), log.checkpoint_note(), IDENTITY)
    keys = [str(IDENTITY.ed25519), str(IDENTITY.ml_dsa_44)]
    assert genesis == {"keys": keys, "origin": ORIGIN, "type": "genesis", "v": 1}


def test_create__where_a_log_is__refused_and_unchanged(tmp_path):
    create_log(tmp_path, 3).close()
    before = contents(tmp_path)
    with pytest.raises(InputError, match="already"):
        create_log(tmp_path)
    assert contents(tmp_path) == before


def test_create_and_open__impossible_folder__refused(tmp_path):
    (tmp_path / "file").write_text("x")
    for attempt in (create_log, open_log):
        with pytest.raises(InputError):
            attempt(tmp_path / "file")
    with pytest.raises(InputError, match="there is none"):
        open_log(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_open__while_another_holds_it__refused(tmp_path):
    with create_log(tmp_path):
        with pytest.raises(LockedError):
            open_log(tmp_path)
        with pytest.raises(LockedError):
            create_log(tmp_path)
    open_log(tmp_path).close()


def test_open__other_keys_or_origin__refused_and_lock_released(tmp_path):
    create_log(tmp_path, 1).close()
    with pytest.raises(DamagedError, match="keys"):
        Log.open(tmp_path, ORIGIN, *MALLORY.log_signers, CLOCK)
    with pytest.raises(DamagedError):
        Log.open(tmp_path, "quorate.example/other", *ALICE.log_signers, CLOCK)
    open_log(tmp_path).close()


def test_append__each_leaf__two_durable_writes(tmp_path):
    from quorate.core.files import observe_writes

    writes: list[str] = []

    def observe(when: str, name: str) -> None:
        if when == "after":
            writes.append(name)

    with create_log(tmp_path, 10) as log, observe_writes(observe):
        log.append(b"one more")
    assert writes == ["12", "checkpoint"]  # the bundle and its hashes in one step


def test_append__too_long__refused_and_nothing_changed(tmp_path):
    with create_log(tmp_path, 2) as log:
        before = contents(tmp_path)
        with pytest.raises(InputError):
            log.append_many([b"short", bytes(MAX_LEAF_SIZE + 1)])
        assert contents(tmp_path) == before
        assert log.append(bytes(MAX_LEAF_SIZE)) == 3
    with open_log(tmp_path) as log:
        assert log.entry(3) == bytes(MAX_LEAF_SIZE)


def test_append__after_close__refused(tmp_path):
    log = create_log(tmp_path)
    log.close()
    with pytest.raises(UnavailableError, match="open it again"):
        log.append(b"late")
    assert log.append_many([]) == range(1, 1)


def test_whole_tiles__their_partials__removed(tmp_path):
    with create_log(tmp_path) as log:
        for i in range(1, 20):
            log.append(leaf(i))
        assert len(list((tmp_path / "tile/0/000.p").iterdir())) == 20
        log.append_many(leaf(i) for i in range(20, 256))
    assert sorted(contents(tmp_path)) == [
        "checkpoint",
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/entries/000",
    ]
    assert not (tmp_path / "tile/0/000.p").exists()


def test_reading__outside__refused(tmp_path):
    with create_log(tmp_path, 2) as log:
        for call in (log.entry, log.receipt, log.root_at):
            for index in (-1, 4):
                with pytest.raises(InputError):
                    call(index)
        with pytest.raises(InputError):
            log.consistency(4)
        with pytest.raises(InputError):
            list(log.entries(-1))
        assert log.consistency(0) == []


def test_cosignatures__added__in_note_and_receipt_until_the_log_grows(tmp_path):
    with create_log(tmp_path, 2) as log:
        log.add_cosignatures([cosignature(log, 0), cosignature(log, 1)], WITNESS_IDENTITIES)
        log.add_cosignatures([cosignature(log, 0, 1_800_000_009)])
        note, receipt = log.checkpoint_note(), log.receipt(1)
    with open_log(tmp_path) as log:
        assert log.checkpoint_note() == note
        verified = verify_note(note, IDENTITY, WITNESS_IDENTITIES, 2)
        times = {c.witness: c.time for c in verified.cosigners}
        assert times == {WITNESS_IDENTITIES[0]: 1_800_000_009, WITNESS_IDENTITIES[1]: 1_800_000_000}
        assert verify_receipt(receipt, leaf(1), IDENTITY, WITNESS_IDENTITIES, 2).cosigners
        log.append(b"more")
        assert verify_note(log.checkpoint_note(), IDENTITY, WITNESS_IDENTITIES).cosigners == ()


def test_cosignatures__bad_ones__refused_and_nothing_changed(tmp_path):
    with create_log(tmp_path, 2) as log:
        stale = cosignature(log, 0)
        log.append(b"more")
        before = log.checkpoint_note()
        own = before.splitlines()[-1]
        good = cosignature(log, 1)
        for lines, witnesses, error in (
            (["not a line"], (), EncodingError),
            ([own], (), InputError),
            ([good, stale], WITNESS_IDENTITIES, VerificationError),
            ([good], WITNESS_IDENTITIES[:1], VerificationError),
        ):
            with pytest.raises(error):
                log.add_cosignatures(lines, witnesses)
            assert log.checkpoint_note() == before
        log.add_cosignatures([])
        assert log.checkpoint_note() == before


def files_of_300(tmp_path: Path) -> list[str]:
    create_log(tmp_path, 300).close()
    return sorted(contents(tmp_path))


def test_open__any_file_truncated_or_missing__damage_named(tmp_path):
    for name in files_of_300(tmp_path / "log"):
        if name in {"checkpoint", "tile/entries/000"}:
            continue  # below: a missing checkpoint is no log; a bundle's length only reading tells
        for data in (None, b"", (tmp_path / "log" / name).read_bytes()[:-1]):
            copy = tmp_path / "copy"
            shutil.copytree(tmp_path / "log", copy)
            if data is None:
                (copy / name).unlink()
            else:
                (copy / name).write_bytes(data)
            before = contents(copy)
            with pytest.raises(DamagedError) as caught:
                open_log(copy)
            assert caught.value.fields["file"] == name
            assert contents(copy) == before
            shutil.rmtree(copy)


def test_open__byte_changed_at_the_right_edge__damage_named(tmp_path):
    for name in files_of_300(tmp_path):
        if ".p/" not in name:
            continue
        path = tmp_path / name
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        with pytest.raises(DamagedError) as caught:
            open_log(tmp_path)
        assert caught.value.fields["file"] == name
        path.write_bytes(good)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"no note\n", None])
def test_open__damaged_checkpoint__refused(tmp_path, data):
    create_log(tmp_path, 2).close()
    path = tmp_path / "checkpoint"
    path.write_bytes(path.read_bytes()[:-10] if data is None else data)
    with pytest.raises(DamagedError, match="checkpoint"):
        open_log(tmp_path)


def test_reading__damaged_whole_tile__never_handed_out(tmp_path):
    create_log(tmp_path, 300).close()
    entries = tmp_path / "tile/entries/000"
    good = entries.read_bytes()
    entries.write_bytes(good[:-1])
    tile = tmp_path / "tile/0/000"
    with open_log(tmp_path) as log:
        with pytest.raises(DamagedError, match="entries/000"):
            log.entry(5)
        entries.write_bytes(good)
        assert log.entry(5) == leaf(5)
    tile.write_bytes(bytes(32) + tile.read_bytes()[32:])
    with open_log(tmp_path) as log:
        for index in (0, 1, 255):
            with pytest.raises(DamagedError, match="tile/0/000"):
                log.entry(0) if index == 0 else log.receipt(index)
    with open_log(tmp_path) as log, pytest.raises(DamagedError, match="tile/0/000"):
        log.consistency(100)


def test_open__checkpoint_lost_or_put_back__refused_and_nothing_removed(tmp_path):
    notes = []
    with create_log(tmp_path) as log:
        for i in range(1, 5):
            notes.append(log.checkpoint_note())
            log.append(leaf(i))
        notes.append(log.checkpoint_note())
    checkpoint = tmp_path / "checkpoint"
    for note, attempt in ((None, create_log), (notes[0], open_log), (notes[2], open_log)):
        checkpoint.unlink() if note is None else checkpoint.write_text(note, "utf-8")
        before = contents(tmp_path)
        with pytest.raises(DamagedError, match="lost or older"):
            attempt(tmp_path)
        assert contents(tmp_path) == before
    checkpoint.write_text(notes[-1], "utf-8")
    with open_log(tmp_path) as log:
        assert list(log.entries(1)) == [leaf(i) for i in range(1, 5)]


def test_open__leftovers_of_a_killed_writer__removed(tmp_path):
    create_log(tmp_path, 5).close()
    before = contents(tmp_path)
    for name in (
        "tile/0/000.p/9",
        "tile/entries/000.p/9",
        "tile/0/000",
        "tile/1/000.p/1",
        ".checkpoint.77.tmp",
        "tile/0/000.p/.7.77.tmp",
        "tile/0/x001/000",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"never signed")
    with open_log(tmp_path) as log:
        assert contents(tmp_path) == before
        log.append_many(leaf(i) for i in range(6, 300))
    assert check_log(tmp_path, IDENTITY).leftovers == ()
