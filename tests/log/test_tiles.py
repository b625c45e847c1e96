"""Paths and bytes of tiles, by the examples of the specification and for any size."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorate.core.errors import EncodingError, InputError
from quorate.log.merkle import leaf_hash, root_of
from quorate.log.tiles import (
    ENTRIES,
    MAX_LEAF_SIZE,
    RightEdge,
    Tile,
    belongs,
    check_leaf,
    encode_entries,
    encode_hashes,
    parse_entries,
    parse_hashes,
    tiles_of,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0), "tile/0/000"),
        (Tile(0, 1234067), "tile/0/x001/x234/067"),
        (Tile(63, 999, 255), "tile/63/999.p/255"),
        (Tile(2, 1000, 1), "tile/2/x001/000.p/1"),
        (Tile(ENTRIES, 273, 112), "tile/entries/273.p/112"),
    ],
)
def test_path__examples__spelled_and_read(tile, path):
    assert tile.path == path
    assert Tile.parse(path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/0",
        "tile/00/000",
        "tile/64/000",
        "tile/0/001/000",
        "tile/0/x000/001",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/999",
        "tile/0/000.p",
        "tile/entry/000",
        "tile/0/000\n",
        "../tile/0/000",
        "tile/0/٠٠٠",
    ],
)
def test_path__other_spelling__refused(path):
    with pytest.raises(EncodingError):
        Tile.parse(path)


@given(st.integers(-1, 63), st.integers(0, 2**62), st.integers(1, 256))
def test_path__any_tile__round_trips(level, index, width):
    tile = Tile(level, index, width)
    assert Tile.parse(tile.path) == tile


def test_tiles_of__70000_leaves__as_the_specification_counts():
    tiles = list(tiles_of(70_000))
    assert sum(t.level == 0 and t.width == 256 for t in tiles) == 273
    partial = {t.level: t.width for t in tiles if t.width < 256}
    assert partial == {ENTRIES: 112, 0: 112, 1: 17, 2: 1}
    assert [t for t in tiles if t.level == 1 and t.width == 256] == [Tile(1, 0)]
    assert len(tiles) == 274 + 274 + 2 + 1


def test_tiles_of__256_leaves__one_whole_and_one_partial():
    assert list(tiles_of(256)) == [Tile(ENTRIES, 0), Tile(0, 0), Tile(1, 0, 1)]
    assert list(tiles_of(0)) == []


@given(st.integers(0, 200_000))
def test_belongs__tiles_of_that_size_and_older__and_no_others(size):
    assert all(belongs(tile, size) for tile in tiles_of(size))
    grown = set(tiles_of(size + 1)) - set(tiles_of(size))
    assert grown
    assert not any(belongs(tile, size) for tile in grown)


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_entries__any__round_trip(entries):
    data = encode_entries(entries)
    assert parse_entries(data, len(entries)) == entries


@pytest.mark.parametrize(
    ("data", "width"),
    [(b"", 1), (b"\x00", 1), (b"\x00\x02a", 1), (b"\x00\x01a", 2), (b"\x00\x01ab", 1), (b"a", 0)],
)
def test_entries__truncated_or_too_long__refused(data, width):
    with pytest.raises(EncodingError):
        parse_entries(data, width)


def test_hashes__wrong_length__refused():
    hashes = [leaf_hash(b"one"), leaf_hash(b"two")]
    assert parse_hashes(encode_hashes(hashes), 2) == hashes
    for data in (encode_hashes(hashes)[:-1], encode_hashes(hashes) + b"x", b""):
        with pytest.raises(EncodingError):
            parse_hashes(data, 2)


def test_leaf__longest_and_one_more__accepted_and_refused():
    check_leaf(bytes(MAX_LEAF_SIZE))
    with pytest.raises(InputError, match="vault"):
        check_leaf(bytes(MAX_LEAF_SIZE + 1))


def test_right_edge__every_size_to_1000_and_beyond_two_levels__root_of_all():
    leaves = [leaf_hash(str(i).encode()) for i in range(66_000)]
    edge = RightEdge()
    for size, each in enumerate(leaves, start=1):
        edge.extend([each])
        if size <= 300 or size % 6_553 == 0 or 65_530 < size < 65_545:
            assert edge.root() == root_of(leaves[:size]), size
    assert [len(hashes) for hashes in edge.levels] == [66_000 % 256, 66_000 // 256 % 256, 1]
