"""A log of several stretches: the same finding whatever the number of processes."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import UnavailableError, VerificationError
from quorate.log import stretch
from quorate.log.folder import FolderReader
from quorate.log.fsck import check_log
from quorate.log.merkle import hash_leaves
from quorate.log.sequence import Sequences
from quorate.log.stretch import Numbering, Run, derive
from quorate.log.tiles import ENTRIES, Tile, encode_entries, parse_entries
from tests.log.parties import IDENTITY, create_log

SIZE = 4 * 16_384 + 1_000


def record(source, number):
    return json.dumps({"seq": number, "source": source}).encode()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five stretches; sources ``a`` and ``b`` number their records alternately."""
    folder = tmp_path_factory.mktemp("log")
    with create_log(folder) as log:
        log.append_many(record("ab"[i % 2], i // 2 + 1) for i in range(SIZE - 1))
    return folder


@pytest.fixture
def copy(folder, tmp_path):
    """The same log, to be damaged."""
    return shutil.copytree(folder, tmp_path / "copy")


def flip(folder, tile, at=-1):
    path = folder / tile.path
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def fault_of(folder, jobs):
    with pytest.raises(VerificationError) as caught:
        check_log(folder, IDENTITY, jobs=jobs)
    return caught.value.step, caught.value.place, caught.value.message


def test_check_log__any_number_of_jobs__same_report(folder):
    told = []
    alone = check_log(folder, IDENTITY, progress=lambda done, size: told.append((done, size)))
    assert (alone.size, alone.gaps, alone.leftovers, alone.listed) == (SIZE, (), (), True)
    assert told == sorted(told) and told[-1] == (SIZE, SIZE) and len(told) == 5
    assert check_log(folder, IDENTITY, jobs=2) == alone


@pytest.mark.parametrize(
    ("damaged", "step", "named"),
    [
        ([Tile(ENTRIES, 200), Tile(0, 70)], "entries", Tile(0, 70)),
        ([Tile(ENTRIES, 70), Tile(0, 200)], "entries", Tile(ENTRIES, 70)),
        ([Tile(ENTRIES, 70), Tile(ENTRIES, 200)], "entries", Tile(ENTRIES, 70)),
        ([Tile(0, 255), Tile(1, 0)], "entries", Tile(0, 255)),
        ([Tile(0, 259, 232)], "entries", Tile(0, 259, 232)),
        ([Tile(ENTRIES, 259, 232)], "entries", Tile(ENTRIES, 259, 232)),
        ([Tile(1, 1, 3)], "tiles", Tile(1, 1, 3)),
        ([Tile(2, 0, 1), Tile(1, 0)], "tiles", Tile(1, 0)),
    ],
    ids=str,
)
def test_check_log__several_bad_files__the_first_named(copy, damaged, step, named):
    for tile in damaged:
        flip(copy, tile)
    found = fault_of(copy, 1)
    assert found[:2] == (f"fsck.{step}", named.path)
    assert fault_of(copy, 2) == found


def test_check_log__missing_files_in_two_stretches__the_first_named(copy):
    for tile in (Tile(ENTRIES, 66), Tile(0, 130)):
        (copy / tile.path).unlink()
    assert fault_of(copy, 2)[:2] == ("fsck.files", Tile(ENTRIES, 66).path)
    assert fault_of(copy, 1)[:2] == ("fsck.files", Tile(ENTRIES, 66).path)


def test_check_log__missing_file_before_a_disagreement__the_missing_named(copy):
    flip(copy, Tile(ENTRIES, 66))
    (copy / Tile(0, 20).path).unlink()
    assert fault_of(copy, 2)[:2] == ("fsck.files", Tile(0, 20).path)


def test_check_log__record_replaced_and_its_tile_repaired__bundle_named(copy):
    bundle, tile = Tile(ENTRIES, 70), Tile(0, 70)
    entries = parse_entries((copy / bundle.path).read_bytes(), 256)
    entries[9] = b"another"
    (copy / bundle.path).write_bytes(encode_entries(entries))
    (copy / tile.path).write_bytes(b"".join(hash_leaves(entries)))
    assert fault_of(copy, 1)[:2] == ("fsck.tiles", bundle.path)


def test_check_log__not_reachable_meanwhile__no_verdict(folder):
    class Interrupted(FolderReader):
        def read(self, path, limit):
            if path == Tile(0, 100).path:
                raise UnavailableError("could not reach the log: the line broke")
            return super().read(path, limit)

    with pytest.raises(UnavailableError, match="the line broke"):
        check_log(Interrupted(folder), IDENTITY)


def test_check_log__nobody_lists_what_is_there__said(folder):
    class Served:
        name = "a log behind an address"

        def read(self, path, limit):
            return FolderReader(folder).read(path, limit)

    report = check_log(Served(), IDENTITY)
    assert not report.listed and report.size == SIZE


# -- gaps


def gapped(folder, numbers):
    with create_log(folder) as log:
        log.append_many(record("a", number) for number in numbers)
    return folder


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ([1, 2, 4, 5], "leaf 3: a has 4 where 3 was due, 1 missing"),
        ([2, 3], "leaf 1: a has 2 where 1 was due, 1 missing"),
        ([1, 2, 2, 3], "leaf 3: a has 2 where 3 was due, numbered again"),
    ],
    ids=str,
)
def test_check_log__gap__judged_unless_allowed(tmp_path, numbers, words):
    gapped(tmp_path, numbers)
    step, place, message = fault_of(tmp_path, 1)
    assert (step, place, message) == (
        "fsck.sequence",
        f"tile/entries/000.p/{len(numbers) + 1}",
        words,
    )
    report = check_log(tmp_path, IDENTITY, gapless=False)
    assert [str(gap) for gap in report.gaps] == [words]


def cut_runs(stated, pieces):
    """The gaps of a numbering that was cut into pieces."""
    numbering, work = Numbering(), []
    for index, (source, number) in enumerate(stated):
        if index % pieces == 0:
            work.append(stretch._Work(None))
        work[-1]._follow([record(source, number)], index)
    for each in work:
        for run in each.runs:
            numbering.add(Run(*run))
    return numbering.gaps


STATED = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 6)), max_size=30)


@given(stated=STATED, pieces=st.integers(1, 8))
def test_numbering__cut_anywhere__the_same_gaps(stated, pieces):
    assert cut_runs(stated, pieces) == cut_runs(stated, 1000)


@given(stated=STATED)
def test_numbering__every_gap__is_one_of_the_plain_reading(stated):
    sequences = Sequences()
    sequences.add([record(*each) for each in stated], 0)
    found = cut_runs(stated, 7)
    assert set(found) <= set(sequences.gaps)
    assert bool(found) == bool(sequences.gaps)
    lost = [gap for gap in sequences.gaps if gap.found > gap.due]
    assert lost == [gap for gap in found if gap.found > gap.due]


def test_derive__last_stretch__roots_and_edge(folder):
    found = derive(FolderReader(folder), SIZE, 4 * 64)
    assert (len(found.roots), len(found.edge)) == (3 * 32, 232 * 32)
    assert found.genesis is None and found.fault is None
    assert [(run.source, run.count) for run in found.runs] == [("b", 500), ("a", 500)]
