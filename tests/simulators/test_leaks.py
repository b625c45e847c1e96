"""The scanner finds what is planted, in every spelling and wrapping, and nothing in noise."""

import base64
import json
import sqlite3
import zipfile

import numpy as np
import pytest

from quorate.core.hashing import derive_key
from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness
from tests.simulators.leaks import Leak, Secrets, leaks_in, places, strayed

RAW = [17.99, 10.38, 122.8, 1001.0, 0.1184, 0.2776]
CELLS = [*map(str, RAW)]
SCALED = ((np.array(RAW) - 3.7) / 1.9).tolist()
NOISE = SeededRandomness("noise").bytes(5000)
KEYRING = Keyring.generate("north", SeededRandomness("keys"))
SECRET = KEYRING._secret

SPELLINGS = {
    "csv": ",".join(CELLS).encode(),
    "csv with semicolons": ";".join(CELLS).encode(),
    "json texts": json.dumps(CELLS).encode(),
    "json numbers": json.dumps(RAW).encode(),
    "json object": json.dumps(dict(zip("abcdef", RAW, strict=True))).encode(),
    "cells one per line": "\n".join(f"cell {cell}" for cell in CELLS).encode(),
    "part of a row": b"122.8 1001.0 0.1184",
    "exponents": " ".join(f"{value:.6e}" for value in RAW).encode(),
    "standardised": repr(SCALED).encode(),
    "standardised, rounded": " ".join(f"{value:.6f}" for value in SCALED).encode(),
    "secret": SECRET,
    "signing key": derive_key(SECRET, "ml-dsa-44"),
    "chain account": derive_key(SECRET, "secp256k1"),
    "sealing key": derive_key(SECRET, "ml-kem-768", length=64),
    "row key": KEYRING.derive("rows", "hold-out"),
    "operator key": KEYRING.derive("chain operator"),
} | {
    f"{kind} {code}": np.array(values).astype(code).tobytes()
    for kind, values in (("raw", RAW), ("scaled", SCALED))
    for code in ("<f8", ">f8", "<f4", ">f4")
}
WRAPPINGS = {
    "plain": lambda data: data,
    "base64": base64.b64encode,
    "base64, shifted by one": lambda data: base64.b64encode(b"x" + data),
    "base64, shifted by two": lambda data: base64.b64encode(b"xy" + data),
    "base64 for addresses": base64.urlsafe_b64encode,
    "base64 after letters": lambda data: b"abc" + base64.b64encode(data),
    "hex": lambda data: data.hex().encode(),
    "hex, upper case": lambda data: data.hex().upper().encode(),
    "hex after a digit": lambda data: b"7" + data.hex().encode(),
    "base64 in JSON in base64": lambda data: base64.b64encode(
        json.dumps({"payload": base64.b64encode(data).decode()}).encode()
    ),
}


@pytest.fixture(scope="module")
def secrets() -> Secrets:
    found = Secrets()
    found.add_row("north", CELLS, RAW, SCALED)
    found.add_keys(KEYRING)
    return found


@pytest.mark.parametrize("wrapping", WRAPPINGS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_scan__planted__found(secrets, spelling, wrapping):
    planted = b"{" + WRAPPINGS[wrapping](SPELLINGS[spelling]) + b"}"
    found = list(secrets.find(NOISE + planted + NOISE, "here"))
    assert found and {leak.owner for leak in found} == {"north"}
    assert {leak.place for leak in found} == {"here"}


@pytest.mark.parametrize("shift", range(8))
def test_scan__at_any_offset__found(secrets, shift):
    assert list(secrets.find(b"." * shift + SECRET, "here"))


@pytest.mark.parametrize(
    "harmless",
    [
        b"",
        b"short",
        NOISE,
        base64.b64encode(NOISE),
        NOISE.hex().encode(),
        b"17.99 apart from 122.8",
        json.dumps(sorted(RAW)).encode(),
        np.zeros(99).tobytes(),
        str(KEYRING.identity).encode(),
    ],
)
def test_scan__nothing_planted__nothing_found(secrets, harmless):
    assert list(secrets.find(harmless, "here")) == []


def test_places__zip_members_and_table_values_are_looked_into(secrets, tmp_path):
    secret = ",".join(CELLS).encode()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner", secret * 3)
    with sqlite3.connect(tmp_path / "b.sqlite") as database:
        database.execute("CREATE TABLE t (x BLOB)")
        # Longer than a page, so that the row is cut in two where it lies.
        database.execute("INSERT INTO t VALUES (?)", (b"." * 4040 + secret + b"." * 9000,))
    database.close()
    (tmp_path / "north").mkdir()
    (tmp_path / "north" / "rows.csv").write_bytes(secret)
    own = {"north": ("north/",)}
    everywhere = leaks_in(places(tmp_path), secrets)
    found = strayed(everywhere, own)
    assert {leak.place for leak in found} >= {"a.zip!inner", "b.sqlite!t"}
    assert not any(leak.place.startswith("north/") for leak in found)
    assert everywhere > found
    assert Leak("north", "text", "north/rows.csv") in everywhere
