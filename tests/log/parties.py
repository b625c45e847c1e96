"""The parties of the log tests, with fixed keys, and a log of known leaves."""

from pathlib import Path

import pytest

from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness, SteppedClock
from quorate.log.checkpoint import LogIdentity, WitnessIdentity
from quorate.log.writer import Log

ORIGIN = "quorate.example/alice"
ALICE = Keyring.generate("alice", SeededRandomness("alice"))
MALLORY = Keyring.generate("mallory", SeededRandomness("mallory"))
WITNESSES = [Keyring.generate(name, SeededRandomness(name)) for name in ("bob", "carol", "dave")]

IDENTITY = LogIdentity(ORIGIN, *(signer.public_key for signer in ALICE.log_signers))
WITNESS_IDENTITIES = [
    WitnessIdentity(f"quorate.example/{w.name}/witness", w.witness_signer.public_key)
    for w in WITNESSES
]
CLOCK = SteppedClock()

VECTORS = Path(__file__).parents[2].parent / "shared" / "vectors"


def published(folder: str) -> Path:
    """A folder of published vectors; skips the test where they are absent."""
    path = VECTORS / folder
    if not path.is_dir():
        pytest.skip(f"published vectors are not at ../shared/vectors/{folder}")
    return path


def create_log(folder: Path, leaves: int = 0) -> Log:
    """A new log of alice with ``leaves`` leaves ``leaf 1``, ``leaf 2`` ... after the genesis."""
    log = Log.create(folder, ORIGIN, *ALICE.log_signers, CLOCK)
    log.append_many(leaf(i) for i in range(1, leaves + 1))
    return log


def open_log(folder: Path) -> Log:
    """Opens a log of alice."""
    return Log.open(folder, ORIGIN, *ALICE.log_signers, CLOCK)


def leaf(index: int) -> bytes:
    """The leaf that `create_log` writes at ``index``."""
    return f"leaf {index}".encode()
