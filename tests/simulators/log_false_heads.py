"""The operator signs a head that is not his files': what a fault in a writer would look like.

Nobody else is needed to contradict it: a reader without witnesses, heads and receipts sees it. The
place is the first object that a log of the signed size would have, in the order of `fsck`, or the
checkpoint if all are there.
"""

from collections.abc import Iterator

from quorate.log.checkpoint import Checkpoint, sign_checkpoint
from quorate.log.merkle import EMPTY_ROOT
from quorate.log.storage import CHECKPOINT
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile, levels_of
from tests.simulators.log_judge import Reader
from tests.simulators.log_table import REPAIRED, Draw, Mutation, enter
from tests.simulators.log_worlds import ALICE, ORIGIN, TIME, World


def _signed(world: World, size: int, root: bytes) -> Mutation:
    note = sign_checkpoint(Checkpoint(ORIGIN, size, root), *ALICE.log_signers, TIME)
    objects = world.objects | {CHECKPOINT: str(note).encode()}
    missing = (tile.path for tile in _in_order(size) if tile.path not in objects)
    place = next(missing, CHECKPOINT)
    return Mutation(objects, Reader(quorum=0), (place,), f"{world.name}, signed as {size}")


def _in_order(size: int) -> Iterator[Tile]:
    """The objects of a log in the order in which `fsck` looks at them."""
    for level, count in levels_of(size):
        for index in range(-(-count // TILE_WIDTH)):
            tile = Tile(level, index, min(TILE_WIDTH, count - index * TILE_WIDTH))
            yield tile
            if level == 0:
                yield Tile(ENTRIES, index, tile.width)


def _point(world: World) -> Checkpoint:
    return Checkpoint.parse(world.notes[world.size].text)


@enter(REPAIRED, "head of a larger size signed / the files")
def _larger(world: World, draw: Draw) -> Mutation:
    """Up to the largest number that a checkpoint can state: no reader may start to count."""
    more = draw.choice((1, draw.randrange(1, 600), 2**40, 2**63 - 1 - world.size))
    return _signed(world, world.size + more, _point(world).root)


@enter(REPAIRED, "head of a smaller size signed / the files")
def _smaller(world: World, draw: Draw) -> Mutation:
    """With today's root; of size 0 with the root that it must have."""
    size = draw.choice((0, draw.randrange(world.size), draw.choice((0, *world.sizes[:-1]))))
    return _signed(world, size, _point(world).root if size else EMPTY_ROOT)


@enter(REPAIRED, "head of another root signed / the files")
def _root(world: World, draw: Draw) -> Mutation:
    return _signed(world, world.size, draw.randbytes(32))
