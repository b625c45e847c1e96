"""The published tiled log: its 16 checkpoints recomputed from its entries, its files from ours."""

from quorate.log.checkpoint import Checkpoint
from quorate.log.merkle import leaf_hash, root_of, roots_at
from quorate.log.note import Note
from quorate.log.tiles import (
    ENTRIES,
    Tile,
    encode_entries,
    encode_hashes,
    parse_entries,
    parse_hashes,
    tiles_of,
)
from tests.log.parties import published

SIZES = range(16)


def checkpoint(size: int) -> Checkpoint:
    path = published("tlog-tiles") / f"checkpoint.{size}"
    return Checkpoint.parse(Note.parse(path.read_text("utf-8")).text)


def entries() -> list[bytes]:
    path = published("tlog-tiles") / Tile(ENTRIES, 0, 15).path
    return parse_entries(path.read_bytes(), 15)


def test_checkpoints__16_published__recomputed_from_the_entries():
    hashes = [leaf_hash(entry) for entry in entries()]
    roots = roots_at(hashes, SIZES)
    for size in SIZES:
        found = checkpoint(size)
        assert (found.size, found.root) == (size, roots[size])
        assert root_of(hashes[:size]) == roots[size]


def test_files__every_published_tile__same_bytes_as_ours():
    folder, leaves = published("tlog-tiles"), entries()
    ours = {tile for size in SIZES for tile in tiles_of(size)}
    theirs = {p.relative_to(folder).as_posix() for p in (folder / "tile").rglob("*") if p.is_file()}
    assert theirs <= {tile.path for tile in ours}
    compared = 0
    for tile in ours:
        path = folder / tile.path
        if not path.exists():
            continue
        data = path.read_bytes()
        some = leaves[: tile.width]
        if tile.level == ENTRIES:
            assert data == encode_entries(some)
        else:
            assert data == encode_hashes([leaf_hash(each) for each in some])
            assert root_of(parse_hashes(data, tile.width)) == checkpoint(tile.width).root
        compared += 1
    assert compared >= 30
