"""Looks for what must never leave a party: its rows, in any likely spelling, and its private keys.

The scanner knows the secrets; it decodes what it reads (ZIP members, SQLite values, base64 and hex
runs, one inside the other) and looks for: rows as text with any separator, rows as numbers however
they are written down (raw or standardised), rows as float64 or float32 of either byte order, keys.
"""

import base64
import io
import re
import sqlite3
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from quorate.core.hashing import derive_key
from quorate.core.keyring import Keyring

WINDOW = 8  # bytes of a needle that the index holds
SIGNIFICANT = 5  # characters of a number that make it telling
RUN = 3  # consecutive telling numbers of one row are no coincidence
DEPTH = 3  # base64 in hex in base64
_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{24,}={0,2}")
_HEX = re.compile(rb"(?:[0-9a-f]{32,}|[0-9A-F]{32,})")
_NUMBER = re.compile(rb"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_KEYS: tuple[tuple[str, ...], ...] = (
    ("ed25519",),
    ("ml-dsa-44",),
    ("log", "ed25519"),
    ("log", "ml-dsa-44"),
    ("witness", "ed25519"),
    ("secp256k1",),
    ("x25519",),
    ("derived", "rows", "training"),
    ("derived", "rows", "hold-out"),
    ("derived", "decisions"),
    ("derived", "chain operator"),
)


@dataclass(frozen=True, order=True)
class Leak:
    """Whose secret lies where, and in which spelling."""

    owner: str
    kind: str
    place: str


@dataclass
class Secrets:
    """What to look for, filled by `add_row` and `add_keys`."""

    _needles: dict[int, list[tuple[bytes, str, str]]] = field(default_factory=dict)
    _runs: dict[tuple[str, ...], tuple[str, str]] = field(default_factory=dict)
    _sorted: NDArray[np.uint64] | None = None

    def add_row(
        self, owner: str, cells: Sequence[str], raw: Sequence[float], scaled: Sequence[float]
    ) -> None:
        """One row: its cells as in the file, its numbers, its numbers as the trainer sees them."""
        for separator in (",", ";", "\t", ", ", '","', '", "', "','", "', '"):
            self._add(owner, "text", separator.join(cells).encode())
        for kind, values in (("raw", raw), ("standardised", scaled)):
            for code, together in (("<f8", 2), (">f8", 2), ("<f4", 3), (">f4", 3)):
                for at in range(len(values) - together + 1):
                    part = np.asarray(values[at : at + together])
                    if np.all(part != np.round(part)):  # small integers are everywhere
                        self._add(owner, f"{kind} {code}", part.astype(code).tobytes())
            # Zero and small integers tell nothing; what is left must stand in row order.
            telling = [str(value) for value in values if len(repr(float(value))) >= SIGNIFICANT]
            for at in range(len(telling) - RUN + 1):
                run = tuple(_spelling(float(each)) for each in telling[at : at + RUN])
                self._runs[run] = (owner, f"{kind} numbers")

    def add_keys(self, keyring: Keyring) -> None:
        """The secret of a party and every private key that comes of it."""
        secret = keyring._secret
        self._add(keyring.name, "secret", secret)
        for context in _KEYS:
            self._add(keyring.name, f"key {' '.join(context)}", derive_key(secret, *context))
        both = derive_key(secret, "ml-kem-768", length=64)
        self._add(keyring.name, "key ml-kem-768 d", both[:32])
        self._add(keyring.name, "key ml-kem-768 z", both[32:])

    def _add(self, owner: str, kind: str, needle: bytes) -> None:
        assert len(needle) >= WINDOW, "too short to be told from chance"
        window = int.from_bytes(needle[:WINDOW], "little")
        self._needles.setdefault(window, []).append((needle, owner, kind))
        self._sorted = None

    def find(self, data: bytes, place: str) -> Iterator[Leak]:
        """Every leak in ``data``, whatever it is wrapped in."""
        layers = b"\n\n".join(unwrapped(data, set()))
        yield from self._find_bytes(layers, place)
        yield from self._find_numbers(layers, place)

    def _find_bytes(self, data: bytes, place: str) -> Iterator[Leak]:
        if self._sorted is None:
            self._sorted = np.array(sorted(self._needles), dtype=np.uint64)
        known = self._sorted
        for offset in range(min(WINDOW, max(len(data) - WINDOW + 1, 0))):
            count = (len(data) - offset) // WINDOW
            windows = np.frombuffer(data, "<u8", count, offset)
            places = np.minimum(np.searchsorted(known, windows), known.size - 1)
            for index in np.flatnonzero(known[places] == windows).tolist():
                start = offset + index * WINDOW
                for needle, owner, kind in self._needles[int(windows[index])]:
                    if data.startswith(needle, start):
                        yield Leak(owner, kind, place)

    def _find_numbers(self, data: bytes, place: str) -> Iterator[Leak]:
        recent: list[str] = []
        for token in _NUMBER.findall(data):
            if len(token) < SIGNIFICANT or len(token) > 40:
                continue
            recent = [*recent[-RUN + 1 :], _spelling(float(token))]
            found = self._runs.get(tuple(recent))
            if found is not None:
                yield Leak(*found, place)


def _spelling(value: float) -> str:
    """A number's first five digits: what two ways of writing it down have in common."""
    return f"{value:.4e}"


def unwrapped(data: bytes, seen: set[bytes], depth: int = DEPTH) -> Iterator[bytes]:
    """``data`` itself, and all that it holds in base64 or hex, at every alignment."""
    yield data
    for run in {*_BASE64.findall(data), *_HEX.findall(data)} - seen:
        seen.add(run)
        for inner in (*_from_base64(run), *_from_hex(run)):
            if depth > 1 and _is_text(inner):
                yield from unwrapped(inner, seen, depth - 1)
            else:
                yield inner


def _from_base64(run: bytes) -> Iterator[bytes]:
    text = run.rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    for shift in range(4):
        part = text[shift : shift + (len(text) - shift) // 4 * 4]
        yield base64.b64decode(part + _tail(text, shift, part))


def _from_hex(run: bytes) -> Iterator[bytes]:
    if _HEX.fullmatch(run):
        for shift in range(2):
            yield bytes.fromhex(run[shift : shift + (len(run) - shift) // 2 * 2].decode())


def _tail(text: bytes, shift: int, part: bytes) -> bytes:
    """The last, unfinished group of four, padded; nothing where one character is left."""
    rest = text[shift + len(part) :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""


def _is_text(data: bytes) -> bool:
    """Whether more encoded text can be inside: mostly printable."""
    sample = np.frombuffer(data[:256], np.uint8)
    return bool(sample.size and np.mean((sample >= 32) & (sample < 127)) > 0.9)


def places(root: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below ``root`` by its path, with ZIP members and SQLite values of their own."""
    for path in sorted(root.rglob("*")):
        if not path.is_file():
            continue
        name = path.relative_to(root).as_posix()
        data = path.read_bytes()
        yield name, data
        if data.startswith(b"PK"):
            yield from _zip_members(name, data)
        if data.startswith(b"SQLite format 3"):
            yield from _table_values(name, path)


def _zip_members(name: str, data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            yield f"{name}!{member}", archive.read(member)


def _table_values(name: str, path: Path) -> Iterator[tuple[str, bytes]]:
    """Values as SQLite holds them: on its pages a long one is cut into pieces."""
    with closing(sqlite3.connect(path)) as database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
        for (table,) in tables:
            rows = database.execute(f"SELECT * FROM {table}").fetchall()
            values = [value for row in rows for value in row if value is not None]
            joined = [
                value if isinstance(value, bytes) else str(value).encode() for value in values
            ]
            yield f"{name}!{table}", b"\n".join(joined)


def leaks_in(found: Iterable[tuple[str, bytes]], secrets: Secrets) -> set[Leak]:
    """Every secret that is found, where it belongs or not."""
    return {leak for place, data in found for leak in secrets.find(data, place)}


def strayed(leaks: Iterable[Leak], own: dict[str, tuple[str, ...]]) -> set[Leak]:
    """The leaks that do not lie below the folders that are their owner's ``own``."""
    return {leak for leak in leaks if not leak.place.startswith(own.get(leak.owner, ()))}
