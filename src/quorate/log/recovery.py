"""What a writer looks at and clears away when it opens a log that a kill may have left half-way."""

from collections.abc import Iterator

from quorate.core.errors import DamagedError
from quorate.log.storage import (
    CHECKPOINT,
    ListedReader,
    LogStorage,
    damage,
    object_tile,
    wrong_length,
)
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile, belongs, tiles_of


def leftovers(reader: ListedReader, size: int) -> list[str]:
    """Paths below ``tile/`` that no log of ``size`` leaves has, sorted."""
    return sorted(path for path, tile in _objects(reader) if not tile or not belongs(tile, size))


def partials(reader: ListedReader, size: int) -> Iterator[Tile]:
    """The partial tiles and bundles there that a log of ``size`` leaves may hold."""
    for _, tile in _objects(reader):
        if tile and tile.width < TILE_WIDTH and belongs(tile, size):
            yield tile


def check_lengths(storage: LogStorage, size: int) -> None:
    """Raises `DamagedError` unless every object of a log of ``size`` is there at full length.

    Looks at lengths, not at contents, so that opening a long log stays quick; a bundle's
    length is known only to its reader, here it must hold its length prefixes.
    """
    for tile in tiles_of(size):
        length = storage.length(tile.path)
        if length is None:
            raise damage(storage, tile, "the file is missing")
        if wrong_length(tile, length):
            raise damage(storage, tile, f"{length} bytes for {tile.width} items")


def tidy(storage: LogStorage, size: int) -> None:
    """Removes what a killed writer left: nothing of it was ever acknowledged or signed.

    Raises `DamagedError`, and removes nothing, where more lies there than one interrupted
    commit can leave: then the checkpoint is lost or was put back, and the objects are the log.
    """
    beyond = [tile for _, tile in _objects(storage) if tile and not belongs(tile, size)]
    bundles = [t for t in beyond if t.level == ENTRIES and t.width < TILE_WIDTH]
    if len(bundles) > 1 or (size == 0 and any(t.width > 1 for t in beyond)):
        raise DamagedError(
            f"could not open log {storage.name}: its checkpoint is lost or older than its files",
            remedy="restore the checkpoint from a copy, a witness or a bundle",
            file=CHECKPOINT,
        )
    storage.remove(iter(leftovers(storage, size)))


def _objects(reader: ListedReader) -> Iterator[tuple[str, Tile | None]]:
    """Every object below ``tile/`` with the tile that its path names, if it names one."""
    for path in reader.paths():
        yield path, object_tile(path)
