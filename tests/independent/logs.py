"""Logs written by the package under test, and witnesses made from the specification alone."""

import hashlib
import random
import struct
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from quorate.core.keyring import Keyring
from quorate.core.sources import SeededRandomness, SteppedClock
from quorate.log.note import NoteKey
from quorate.log.writer import Log
from tests.independent import checker

ORIGIN = "quorate.example/alice"
LENGTHS = (0, 0, 1, 2, 31, 32, 63, 64, 255, 256, 428, 1000)  # of most leaves
LONG_LENGTHS = (4096, 32767, 65534, 65535)  # of a few


def varied_leaves(count: int, seed: int = 0) -> list[bytes]:
    """``count`` leaves of all lengths from 0 to 65,535, most of them short."""
    draws = random.Random(seed)
    lengths = draws.choices(LENGTHS, k=count)
    for i, length in enumerate(LONG_LENGTHS):
        if count > 20 * i:
            lengths[draws.randrange(count)] = length
    return [draws.randbytes(length) for length in lengths]


@dataclass
class Party:
    """Whoever writes the log: its signers, and the vkeys that a reader is given."""

    name: str = "alice"
    origin: str = ORIGIN
    vkeys: list[str] = field(init=False)

    def __post_init__(self):
        self.signers = Keyring.generate(self.name, SeededRandomness(self.name)).log_signers
        kinds = (checker.ED25519, checker.SUBTREE)
        pairs = zip(kinds, self.signers, strict=True)
        self.vkeys = [NoteKey(self.origin, kind, s.public_key).vkey for kind, s in pairs]

    @property
    def trust(self) -> checker.Trust:
        return checker.trust_keys(self.vkeys)

    def create(self, folder: Path, clock: SteppedClock | None = None) -> Log:
        return Log.create(folder, self.origin, *self.signers, clock or SteppedClock())

    def open(self, folder: Path) -> Log:
        return Log.open(folder, self.origin, *self.signers, SteppedClock())

    def write(self, folder: Path, batches: Iterable[list[bytes]]) -> list[bytes]:
        """Writes a log of the genesis and these batches: every checkpoint on the way."""
        log = self.create(folder)
        heads = [log.checkpoint_note().encode()]
        for batch in batches:
            log.append_many(batch)
            heads.append(log.checkpoint_note().encode())
        log.close()
        return heads


class Witness:
    """Cosigns as tlog-cosignature says, in either way; ``kind``: 0x04 or 0x06."""

    def __init__(self, name: str, kind: int) -> None:
        self.name, self.kind = name, kind
        seed = hashlib.sha256(name.encode()).digest()
        ed25519 = kind == checker.COSIGNED
        made = (
            Ed25519PrivateKey.from_private_bytes if ed25519 else MLDSA44PrivateKey.from_seed_bytes
        )
        self.secret = made(seed)
        self.raw = self.secret.public_key().public_bytes_raw()
        self.id = hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + self.raw).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{b64encode(bytes([kind]) + self.raw).decode()}"

    def line(self, note: str, time: int = 1_800_000_000) -> str:
        """The signature line for the checkpoint in ``note``, without its newline."""
        text = note.partition("\n\n")[0] + "\n"
        origin, size, root = text.split("\n")[:3]
        if self.kind == checker.COSIGNED:
            message = b"cosignature/v1\ntime %d\n" % time + text.encode()
        else:
            name, log = self.name.encode(), origin.encode()
            message = b"subtree/v1\n\0" + bytes([len(name)]) + name + struct.pack(">Q", time)
            message += bytes([len(log)]) + log + struct.pack(">QQ", 0, int(size))
            message += checker.unbase64(root, "root")
        blob = self.id + struct.pack(">Q", time) + self.secret.sign(message)
        return f"— {self.name} {b64encode(blob).decode()}"
