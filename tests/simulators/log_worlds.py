"""Honest logs of several shapes, with all that anybody holds of them: what mutations start from.

Every checkpoint that a log ever signed is kept with the cosignatures of two witnesses, as a cache
keeps it; a reader demands two of three. So every line of a note is needed, and a change of any of
its bytes must be found. (Lines beyond the quorum may be lost unseen: `log_inert`.)
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from quorate.core.keyring import Keyring
from quorate.core.keys import Signer
from quorate.core.sources import SeededRandomness, SteppedClock
from quorate.log.checkpoint import Checkpoint, LogIdentity, WitnessIdentity, sign_cosignature
from quorate.log.heads import HeldHead
from quorate.log.memory import MemoryStorage
from quorate.log.note import Note, SignatureLine
from quorate.log.receipt import Receipt
from quorate.log.storage import CHECKPOINT, WITNESSED
from quorate.log.writer import Log

ORIGIN = "quorate.example/alice"
TIME = 1_900_000_000
QUORUM = 2

ALICE = Keyring.generate("alice", SeededRandomness("alice"))
MALLORY = Keyring.generate("mallory", SeededRandomness("mallory"))
IDENTITY = LogIdentity(ORIGIN, *(signer.public_key for signer in ALICE.log_signers))

_OTHERS = {
    name: Keyring.generate(name, SeededRandomness(name)) for name in ("bob", "carol", "dave")
}
WITNESS_SIGNERS: dict[str, Signer] = {
    "quorate.example/bob/witness": _OTHERS["bob"].witness_signer,
    "quorate.example/carol/witness": _OTHERS["carol"].witness_ml_dsa_44,
    "quorate.example/dave/witness": _OTHERS["dave"].witness_signer,
}
WITNESSES = [WitnessIdentity(name, s.public_key) for name, s in WITNESS_SIGNERS.items()]
SPARE = WITNESSES[2].name
"""The witness whose line no honest note of ours carries; its key may be the forger's."""


@dataclass(frozen=True)
class HeldReceipt:
    """What somebody kept of his record: the record, its receipt, and how he calls it."""

    name: str
    leaf: bytes
    data: bytes


@dataclass(frozen=True)
class World:
    """One honest log. ``notes`` by size, ``receipts`` under several of them, ``heads`` held."""

    name: str
    numbered: bool
    leaves: tuple[bytes, ...]
    notes: dict[int, Note]
    objects: dict[str, bytes]
    receipts: tuple[HeldReceipt, ...]
    heads: tuple[HeldHead, ...]

    @property
    def size(self) -> int:
        """The leaves of the log today."""
        return len(self.leaves)

    @property
    def sizes(self) -> list[int]:
        """Every size at which it signed."""
        return sorted(self.notes)


SHAPES: dict[str, tuple[tuple[int, ...], bool]] = {
    # A log's checkpointed sizes, the last one today's, and whether its records are numbered.
    "genesis": ((1,), False),
    "small": ((1, 2, 5), False),
    "partial": ((1, 40, 255, 260, 290, 300), False),
    "whole": ((1, 256, 300, 512), False),
    "long": ((1, 100, 256, 511, 513, 650, 700), False),
    "numbered": ((1, 30, 200, 270, 300), True),
    "deep": ((1, 65_000, 65_812, 65_892), False),
}
WEIGHTS = {"genesis": 1, "small": 8, "partial": 12, "whole": 8, "long": 12, "numbered": 8}
"""How often a log is drawn; ``deep`` has tiles of three levels and is drawn once in so many:"""
DEEP_ONE_IN = 5_000

_HOLDERS = ("the anchor", WITNESSES[1].name, WITNESSES[0].name)


@cache
def world(name: str) -> World:
    """The honest log of that shape; the same for every caller."""
    sizes, numbered = SHAPES[name]
    return _build(name, sizes, numbered, ALICE, ORIGIN)


@cache
def foreign(name: str) -> World:
    """Another owner's log of the same shape: its files fit by length, and are not ours."""
    sizes, numbered = SHAPES[name]
    return _build(f"other {name}", sizes, numbered, MALLORY, "quorate.example/mallory")


def record(world: str, index: int, numbered: bool) -> bytes:
    """The record at ``index``: no two are equal, few are of one length, one is empty."""
    text = f"{world} record {index}" + "." * (index * 7 % 53)
    if not numbered:
        return text.encode() if index != 3 else b""
    return numbered_record(text, f"recorder {index % 3}", 1 + (index - 1) // 3)


def numbered_record(text: str, source: str, number: int) -> bytes:
    """A record that says whose it is, and the how-maniest of that source."""
    value = {"n": text, "seq": number, "source": source}
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def cosigned(checkpoint: Checkpoint, names: Sequence[str], time: int = TIME) -> list[SignatureLine]:
    """The lines of these witnesses."""
    return [sign_cosignature(checkpoint, name, WITNESS_SIGNERS[name], time) for name in names]


def _build(name: str, sizes: Sequence[int], numbered: bool, owner: Keyring, origin: str) -> World:
    storage, notes, heads = MemoryStorage(name="log"), {}, []
    receipts: list[HeldReceipt] = []
    log = Log.create(storage, origin, *owner.log_signers, SteppedClock())
    for size in sizes:
        log.append_many(record(name, i, numbered) for i in range(log.size, size))
        lines = cosigned(log.checkpoint, [witness.name for witness in WITNESSES[:QUORUM]])
        log.add_cosignatures(map(str, lines), WITNESSES)
        notes[size] = Note.parse(log.checkpoint_note())
        heads.append((size, log.root))
        for index in sorted({0, size // 2, size - 1}):
            data = log.receipt(index).encode()
            receipts.append(HeldReceipt(f"receipt {len(receipts)}", log.entry(index), data))
    leaves = tuple(log.entries())
    log.close()
    held = [
        HeldHead(who, *head) for who, head in zip(_HOLDERS[-len(heads) :], heads[-3:], strict=True)
    ]
    files = {p: d for p, d in storage.objects.items() if p == CHECKPOINT or p.startswith("tile/")}
    # As under load: what witnesses cosigned last is older than the head.
    files[WITNESSED] = str(notes[sizes[-2:][0]]).encode()
    return World(name, numbered, leaves, notes, files, tuple(receipts), tuple(held))


def receipt_of(held: HeldReceipt) -> Receipt:
    """The parsed receipt, unverified."""
    return Receipt.parse(held.data.decode())


def size_of(held: HeldReceipt) -> int:
    """The size of the tree that a receipt speaks of."""
    return Checkpoint.parse(receipt_of(held).note.text).size
