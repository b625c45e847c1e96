"""The files of one tiled log: reading that trusts nothing, writing that lasts, tidying up.

A reader of these files need not be a writer: `fsck` reads them without a lock.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from quorate.core.errors import DamagedError, EncodingError, InputError
from quorate.core.files import make_folder, read_file, write_durable
from quorate.log.merkle import HASH_SIZE
from quorate.log.note import MAX_NOTE_SIZE
from quorate.log.tiles import (
    ENTRIES,
    MAX_LEAF_SIZE,
    TILE_WIDTH,
    Tile,
    belongs,
    parse_entries,
    parse_hashes,
    tiles_of,
)

CHECKPOINT = "checkpoint"
_MAX_BUNDLE = TILE_WIDTH * (MAX_LEAF_SIZE + 2)  # bytes


class LogFolder:
    """The folder that holds one log's checkpoint, tiles and entry bundles."""

    def __init__(self, folder: Path) -> None:
        self.path = folder

    @property
    def holds_log(self) -> bool:
        """Whether a checkpoint was ever written: without one there is no log."""
        return (self.path / CHECKPOINT).exists()

    def checkpoint(self) -> str:
        """The text of the checkpoint note, not verified."""
        data = read_file(self.path / CHECKPOINT, "checkpoint", limit=MAX_NOTE_SIZE)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            raise DamagedError(
                f"could not read checkpoint {self.path / CHECKPOINT}: it is not text"
            ) from None

    def write_checkpoint(self, note: str) -> None:
        """Replaces the checkpoint, durably."""
        write_durable(self.path / CHECKPOINT, note.encode("utf-8"))

    def read(self, tile: Tile) -> bytes:
        """A tile's bytes; raises `DamagedError`, naming the file, if they cannot be had."""
        try:
            return read_file(self.path / tile.path, "tile", limit=_MAX_BUNDLE)
        except InputError:
            raise self.damage(tile, "it is missing or cannot be read") from None

    def hashes(self, tile: Tile) -> list[bytes]:
        """A tile's hashes, right in number only; raises `DamagedError` otherwise."""
        try:
            return parse_hashes(self.read(tile), tile.width)
        except EncodingError as error:
            raise self.damage(tile, error.message) from None

    def entries(self, tile: Tile) -> list[bytes]:
        """An entry bundle's entries, right in number only; raises `DamagedError` otherwise."""
        try:
            return parse_entries(self.read(tile), tile.width)
        except EncodingError as error:
            raise self.damage(tile, error.message) from None

    def write(self, tile: Tile, data: bytes) -> None:
        """Writes a tile, durably."""
        path = self.path / tile.path
        make_folder(path.parent)
        write_durable(path, data)

    def damage(self, tile: Tile, message: str) -> DamagedError:
        """The error that says what is wrong with a tile's file."""
        return DamagedError(
            f"could not use {self.path / tile.path}: {message}",
            remedy="restore the file from a copy of the log",
            file=tile.path,
            why=message,
        )

    def check_lengths(self, size: int) -> None:
        """Raises `DamagedError` unless every file of a log of ``size`` is there at full length.

        Looks at lengths, not at contents, so that opening a long log stays quick; a bundle's
        length is known only to its reader, here it must hold its length prefixes.
        """
        for tile in tiles_of(size):
            try:
                length = (self.path / tile.path).stat().st_size
            except OSError:
                raise self.damage(tile, "the file is missing") from None
            if tile.level == ENTRIES:
                wrong = not 2 * tile.width <= length <= _MAX_BUNDLE
            else:
                wrong = length != tile.width * HASH_SIZE
            if wrong:
                raise self.damage(tile, f"{length} bytes for {tile.width} items")

    def leftovers(self, size: int) -> list[str]:
        """Files below ``tile/`` that no log of ``size`` leaves has, as sorted relative paths."""
        return sorted(path for path, tile in self._files() if not tile or not belongs(tile, size))

    def partials(self, size: int) -> Iterator[Tile]:
        """The partial tiles and bundles there that a log of ``size`` leaves may hold."""
        for _, tile in self._files():
            if tile and tile.width < TILE_WIDTH and belongs(tile, size):
                yield tile

    def tidy(self, size: int) -> None:
        """Removes what a killed writer left: nothing of it was ever acknowledged or signed.

        Raises `DamagedError`, and removes nothing, where more lies there than one interrupted
        append can leave: then the checkpoint is lost or was put back, and the files are the log.
        """
        beyond = [tile for _, tile in self._files() if tile and not belongs(tile, size)]
        bundles = [t for t in beyond if t.level == ENTRIES and t.width < TILE_WIDTH]
        if len(bundles) > 1 or (size == 0 and any(t.width > 1 for t in beyond)):
            raise DamagedError(
                f"could not open log {self.path}: its checkpoint is lost or older than its files",
                remedy="restore the checkpoint from a copy, a witness or a bundle",
                file=CHECKPOINT,
            )
        for path in self.path.glob(".*.tmp"):
            path.unlink(missing_ok=True)
        for leftover in self.leftovers(size):
            (self.path / leftover).unlink(missing_ok=True)

    def drop_partials(self, tile: Tile) -> None:
        """Removes the partial forerunners of a whole tile (tlog-tiles allows it from then on)."""
        folder = self.path / f"{Tile(tile.level, tile.index).path}.p"
        with contextlib.suppress(OSError):  # a web server may hold one: it stays, harmlessly
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()

    def _files(self) -> Iterator[tuple[str, Tile | None]]:
        """Every file below ``tile/`` with the tile that its path names, if it names one."""
        for path in sorted((self.path / "tile").rglob("*")):
            if path.is_dir():
                continue
            relative = path.relative_to(self.path).as_posix()
            try:
                yield relative, Tile.parse(relative)
            except EncodingError:
                yield relative, None
