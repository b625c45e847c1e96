"""Blind changes of a log's files: somebody without keys changes, loses or exchanges one thing.

The reader holds everything (`log_judge.full_reader`). The place that must be named is the file that
was changed, with these exceptions: of two files that were exchanged either; an older checkpoint in
today's place is contradicted by the holder of the smallest head that it does not reach.
"""

from collections.abc import Callable

from quorate.log.storage import CHECKPOINT
from quorate.log.tiles import (
    ENTRIES,
    TILE_WIDTH,
    Tile,
    count_at,
    encode_entries,
    encode_hashes,
    parse_entries,
    parse_hashes,
    tiles_of,
)
from tests.simulators.log_judge import full_reader
from tests.simulators.log_notes import NOTE_EDITS, NoteEdit
from tests.simulators.log_table import (
    BLIND,
    BYTES,
    Draw,
    InapplicableError,
    Mutation,
    changed_bytes,
    enter,
    pick,
)
from tests.simulators.log_worlds import World, foreign


def file_kinds(world: World) -> dict[str, list[str]]:
    """Paths by what they are: bundles and tiles of today, partial files of older sizes.

    The file of cosigned heads is none of these: `log_kept`.
    """
    today = {tile.path for tile in tiles_of(world.size)}
    kinds: dict[str, list[str]] = {"bundle": [], "tile": [], "older": []}
    for path in sorted(world.objects):
        if path.startswith("tile/"):
            bundle = path.startswith("tile/entries/")
            kinds["older" if path not in today else "bundle" if bundle else "tile"].append(path)
    return kinds


def put(world: World, path: str, data: bytes, *places: str, what: str = "") -> Mutation:
    """One file has other bytes; the file itself is the place unless others are given."""
    if world.objects.get(path) == data:
        raise InapplicableError
    objects = world.objects | {path: data}
    return Mutation(objects, full_reader(world), places or (path,), what or path)


def _any_path(world: World, draw: Draw) -> str:
    kinds = [kind for kind in file_kinds(world).values() if kind]
    return draw.choice(draw.choice([[CHECKPOINT], *kinds]))


# Bytes of a file.


def _enter_bytes(how: str, kind: str) -> None:
    @enter(BLIND, f"{kind}: byte {how}" if how in ("insert", "delete") else f"{kind}: {how}")
    def change(world: World, draw: Draw) -> Mutation:
        paths = [CHECKPOINT] if kind == CHECKPOINT else file_kinds(world)[kind]
        path = pick(draw, paths)
        return put(world, path, changed_bytes(draw, world.objects[path], how))


for _how in BYTES:
    for _kind in (CHECKPOINT, "bundle", "tile", "older"):
        _enter_bytes(_how, _kind)


# Whole files.


@enter(BLIND, "file: dropped")
def _dropped(world: World, draw: Draw) -> Mutation:
    """Older partial files may be dropped: tlog-tiles allows it (`log_inert`)."""
    kinds = file_kinds(world)
    path = draw.choice([CHECKPOINT, *kinds["bundle"], *kinds["tile"]])
    objects = {name: data for name, data in world.objects.items() if name != path}
    return Mutation(objects, full_reader(world), (path,), path)


@enter(BLIND, "file: exchanged with another")
def _exchanged(world: World, draw: Draw) -> Mutation:
    one, other = _any_path(world, draw), _any_path(world, draw)
    mutation = put(world, one, world.objects[other], one, other, what=f"{one} and {other}")
    return Mutation(
        mutation.objects | {other: world.objects[one]},
        mutation.reader,
        mutation.places,
        mutation.what,
    )


@enter(BLIND, "file: overwritten with another")
def _overwritten(world: World, draw: Draw) -> Mutation:
    path, source = _any_path(world, draw), _any_path(world, draw)
    return put(world, path, world.objects[source], what=f"{path} from {source}")


@enter(BLIND, "file: renamed")
def _renamed(world: World, draw: Draw) -> Mutation:
    """Today's file under another width or index: it is missing where it should be."""
    kinds = file_kinds(world)
    path = draw.choice([*kinds["bundle"], *kinds["tile"]])
    tile = Tile.parse(path)
    other = Tile(tile.level, tile.index + draw.randrange(2), draw.randrange(1, TILE_WIDTH + 1))
    if other.path in world.objects:
        raise InapplicableError
    objects = {other.path if name == path else name: d for name, d in world.objects.items()}
    return Mutation(objects, full_reader(world), (path,), f"{path} to {other.path}")


@enter(BLIND, "file: added")
def _added(world: World, draw: Draw) -> Mutation:
    """A partial file that the log may have had, with bytes that it never had."""
    tile = Tile.parse(pick(draw, [*file_kinds(world)["bundle"], *file_kinds(world)["tile"]]))
    width = draw.randrange(1, TILE_WIDTH)
    older = Tile(tile.level, tile.index, width)
    if older.path in world.objects or width > tile.width:
        raise InapplicableError
    data = world.objects[tile.path]
    if tile.level == ENTRIES:
        entries = parse_entries(data, tile.width)[:width]
        entries[draw.randrange(width)] += b"!"
        return put(world, older.path, encode_entries(entries))
    wrong = changed_bytes(draw, data[: 32 * width], "bit")
    return put(world, older.path, wrong)


@enter(BLIND, "file: of another log")
def _foreign(world: World, draw: Draw) -> Mutation:
    path = _any_path(world, draw)
    return put(world, path, foreign(world.name).objects[path])


@enter(BLIND, "file: older version of a tile or bundle")
def _older(world: World, draw: Draw) -> Mutation:
    older = Tile.parse(pick(draw, file_kinds(world)["older"]))
    width = min(TILE_WIDTH, count_at(older.level, world.size) - older.index * TILE_WIDTH)
    today = Tile(older.level, older.index, width)
    return put(world, today.path, world.objects[older.path], what=f"{today.path} of {older.path}")


@enter(BLIND, "file: older checkpoint put back")
def _put_back(world: World, draw: Draw) -> Mutation:
    size = pick(draw, world.sizes[:-1])
    holder = min((h for h in world.heads if h.size > size), key=lambda head: head.size).holder
    return put(world, CHECKPOINT, str(world.notes[size]).encode(), holder, what=f"of size {size}")


# Entries of a bundle.


def _enter_entries(name: str, edit: Callable[[list[bytes], Draw], None]) -> None:
    @enter(BLIND, f"entry: {name}")
    def change(world: World, draw: Draw) -> Mutation:
        kinds = file_kinds(world)
        bundles = [*kinds["bundle"], *(p for p in kinds["older"] if "entries" in p)]
        path = pick(draw, bundles)
        entries = parse_entries(world.objects[path], Tile.parse(path).width)
        edit(entries, draw)
        return put(world, path, encode_entries(entries))


def _exchange(items: list[bytes], draw: Draw) -> None:
    if len(items) < 2:
        raise InapplicableError
    one, other = draw.sample(range(len(items)), 2)
    items[one], items[other] = items[other], items[one]


def _move(items: list[bytes], draw: Draw) -> None:
    if len(items) < 2:
        raise InapplicableError
    one, other = draw.sample(range(len(items)), 2)
    items.insert(other, items.pop(one))


def _replace(items: list[bytes], draw: Draw) -> None:
    items[draw.randrange(len(items))] = draw.choice(items)


def _alter(items: list[bytes], draw: Draw) -> None:
    items[draw.randrange(len(items))] = draw.randbytes(draw.randrange(60))


_enter_entries("dropped", lambda items, draw: items.pop(draw.randrange(len(items))) and None)
_enter_entries(
    "inserted", lambda items, draw: items.insert(draw.randrange(len(items) + 1), draw.randbytes(9))
)
_enter_entries(
    "duplicated", lambda items, draw: items.insert(draw.randrange(len(items)), draw.choice(items))
)
_enter_entries("exchanged", _exchange)
_enter_entries("moved", _move)
_enter_entries("replaced by another", _replace)
_enter_entries("altered, other length", _alter)


# Hashes of a tile.


def _enter_hashes(name: str, edit: Callable[[list[bytes], Draw], None]) -> None:
    @enter(BLIND, f"hash: {name}")
    def change(world: World, draw: Draw) -> Mutation:
        kinds = file_kinds(world)
        tiles = [*kinds["tile"], *(p for p in kinds["older"] if "entries" not in p)]
        path = pick(draw, tiles)
        hashes = parse_hashes(world.objects[path], Tile.parse(path).width)
        edit(hashes, draw)
        return put(world, path, encode_hashes(hashes))


def _other_hash(items: list[bytes], draw: Draw) -> None:
    items[draw.randrange(len(items))] = draw.randbytes(32)


_enter_hashes("exchanged", _exchange)
_enter_hashes("moved", _move)
_enter_hashes("replaced by another", _replace)
_enter_hashes("replaced by chance", _other_hash)
_enter_hashes("dropped", lambda items, draw: items.pop(draw.randrange(len(items))) and None)
_enter_hashes(
    "duplicated", lambda items, draw: items.insert(draw.randrange(len(items)), draw.choice(items))
)


# The checkpoint as text.


def _enter_note_edit(name: str, edit: NoteEdit) -> None:
    @enter(BLIND, f"checkpoint: {name}")
    def change(world: World, draw: Draw) -> Mutation:
        text = world.objects[CHECKPOINT].decode()
        return put(world, CHECKPOINT, edit(text, world, draw).encode())


for _name, _edit in NOTE_EDITS.items():
    _enter_note_edit(_name, _edit)
