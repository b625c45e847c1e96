"""Our own vectors of the log: valid files accepted, each mutation refused at the step it names."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import LogIdentity, WitnessIdentity
from quorate.log.equivocation import verify_equivocation
from quorate.log.note import NoteKey
from quorate.log.policy import Policy
from quorate.log.tiles import Tile, parse_entries, parse_hashes
from quorate.log.verify import verify_note, verify_receipt

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "vectors" / "log"
INDEX = json.loads((VECTORS / "index.json").read_text("utf-8"))
_FIRST, _SECOND = (NoteKey.parse_vkey(text) for text in INDEX["keys"]["log"])
LOG = LogIdentity(_FIRST.name, _FIRST.key, _SECOND.key)
WITNESSES = [
    WitnessIdentity(key.name, key.key)
    for key in map(NoteKey.parse_vkey, INDEX["keys"]["witnesses"])
]


@cache
def policy() -> Policy:
    return Policy.from_bytes((VECTORS / "policy" / "valid-nested.policy").read_bytes())


def receipt(data: bytes) -> None:
    leaf = (VECTORS / "receipt" / "valid-leaf").read_bytes()
    if data != leaf:
        verify_receipt(decode_text(data), leaf, LOG, WITNESSES, INDEX["quorum"])


READERS: dict[str, Callable[[bytes], object]] = {
    "note": lambda data: verify_note(decode_text(data), LOG, WITNESSES, INDEX["quorum"]),
    "receipt": receipt,
    "equivocation": lambda data: verify_equivocation(decode_text(data), LOG),
    "entries-of-4": lambda data: parse_entries(data, 4),
    "hashes-of-4": lambda data: parse_hashes(data, 4),
    "tile-path": lambda data: Tile.parse(decode_text(data)),
    "vkey": lambda data: NoteKey.parse_vkey(decode_text(data)),
    "policy": Policy.from_bytes,
    "note-under-policy": lambda data: policy().check(decode_text(data)),
}


def step_of(path: str) -> str | None:
    """The step at which the file is refused, None if it is accepted."""
    try:
        READERS[path.split("/", maxsplit=1)[0]]((VECTORS / path).read_bytes())
    except VerificationError as error:
        assert error.place
        return error.step
    except EncodingError:
        return "form"
    return None


@pytest.mark.parametrize("path", INDEX["files"])
def test_vector__each_file__accepted_or_refused_at_its_step(path):
    assert step_of(path) == INDEX["files"][path]


def test_vectors__every_file_that_lies_there__is_in_the_index():
    found = {path.relative_to(VECTORS).as_posix() for path in VECTORS.glob("*/*")}
    assert found == set(INDEX["files"])
    assert {path.split("/")[0] for path in found} == set(READERS)
    for kind in READERS:
        verdicts = {step for path, step in INDEX["files"].items() if path.startswith(f"{kind}/")}
        assert None in verdicts and len(verdicts) > 1, kind


def test_vectors__made_again__the_same_bytes():
    ended = subprocess.run(
        [sys.executable, ROOT / "scripts" / "make_vectors.py", "--check"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stdout + ended.stderr
