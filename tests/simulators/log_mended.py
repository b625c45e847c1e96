"""Changes by somebody without keys, who mends what is above them up to some level, not the head.

One of the files that he changed must be named. Where he mended every tile, files and tiles agree
with each other and only the checkpoint stands against them: then it is the place, and its text says
so (``fsck.root``).
"""

from dataclasses import replace

from quorate.log.merkle import root_of
from quorate.log.storage import CHECKPOINT
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile, count_at, encode_hashes, parse_hashes
from tests.simulators.log_blind import file_kinds
from tests.simulators.log_forger import forge
from tests.simulators.log_judge import full_reader
from tests.simulators.log_repaired import fresh
from tests.simulators.log_table import BLIND, Draw, InapplicableError, Mutation, enter
from tests.simulators.log_worlds import World


def _today(world: World, level: int, index: int) -> Tile:
    width = min(TILE_WIDTH, count_at(level, world.size) - index * TILE_WIDTH)
    if width < 1:
        raise InapplicableError
    return Tile(level, index, width)


def _mutation(world: World, changed: dict[str, bytes], whole: bool) -> Mutation:
    """``whole``: no tile is left that was not mended."""
    places = (CHECKPOINT,) if whole else tuple(changed)
    return Mutation(
        world.objects | changed, full_reader(world), places, f"{world.name}: {', '.join(changed)}"
    )


def _is_top(world: World, level: int, index: int) -> bool:
    """Whether no tile holds the root of this one: it is at the right edge, or alone."""
    return _today(world, level, index).width < TILE_WIDTH or not count_at(level + 1, world.size)


@enter(BLIND, "mended: record altered, bundle and tiles up to a level")
def _record(world: World, draw: Draw) -> Mutation:
    index, top = draw.randrange(world.size), draw.randrange(3)
    leaves = list(world.leaves)
    leaves[index] = fresh(world, draw)
    rebuilt = forge(world, leaves, renumber=False).objects()
    changed, whole = {}, False
    for level in (ENTRIES, *range(top + 1)):
        tile = _today(world, level, index // TILE_WIDTH ** (1 + max(level, 0)))
        changed[tile.path] = rebuilt[tile.path]
        whole = level != ENTRIES and _is_top(world, level, tile.index)
        if whole:
            break
    if world.leaves[index] == leaves[index]:
        raise InapplicableError
    return _mutation(world, changed, whole)


@enter(BLIND, "mended: record altered, everything but the head")
def _all_but_head(world: World, draw: Draw) -> Mutation:
    leaves = list(world.leaves)
    index = draw.randrange(world.size)
    leaves[index] = fresh(world, draw)
    rebuilt = forge(world, leaves, renumber=False).objects()
    rebuilt[CHECKPOINT] = world.objects[CHECKPOINT]
    if rebuilt == world.objects:
        raise InapplicableError
    return replace(_mutation(world, rebuilt, True), what=f"{world.name}: record {index}")


@enter(BLIND, "mended: hash altered, and the tiles above")
def _hash(world: World, draw: Draw) -> Mutation:
    """The bundle stays: it disagrees with its tile, and the signed root is on its side."""
    index, level, changed = draw.randrange(world.size), 0, {}
    new = draw.randbytes(32)
    while True:
        tile = _today(world, level, index // TILE_WIDTH)
        hashes = parse_hashes(world.objects[tile.path], tile.width)
        hashes[index % TILE_WIDTH] = new
        changed[tile.path] = encode_hashes(hashes)
        if _is_top(world, level, tile.index):
            break
        index, level, new = tile.index, level + 1, root_of(hashes)
    return replace(_mutation(world, changed, False), places=(next(iter(changed)),))


@enter(BLIND, "mended: older partial files altered together")
def _older(world: World, draw: Draw) -> Mutation:
    """A bundle of an older size and its tile, so that they agree with each other."""
    paths = [path for path in file_kinds(world)["older"] if "entries" in path]
    if not paths:
        raise InapplicableError
    bundle = Tile.parse(draw.choice(paths))
    leaves = list(world.leaves)
    leaves[bundle.index * TILE_WIDTH + draw.randrange(bundle.width)] = fresh(world, draw)
    rebuilt = forge(world, leaves, renumber=False).objects()
    pair = [bundle.path, replace(bundle, level=0).path]
    return _mutation(world, {path: rebuilt[path] for path in pair}, False)
