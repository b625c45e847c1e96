"""Changes that must not be refused, so that no alarm is false; and those that nobody can refuse.

*Inert*: what the formats leave free says nothing about the log, and a reader must come to the same
verdict with it as without. Lines of unknown keys are ignored and lines of known ones may come in
any order and twice (signed-note); cosignatures beyond the quorum may be lost; older partial files
may be removed, and files beyond the checkpoint are none of the log (tlog-tiles); a receipt's
``extra`` is signed by nobody, so that nothing may be concluded from it (tlog-proof). And honest
logs: at every size that they ever signed, and grown since.

*Free*: lies that contradict nothing that anybody outside holds. They are accepted, by every
transparency log there is; docs/trust.md says who could tell them. What is above the largest head
that a reader, a witness or the anchor holds may be rewritten; without any head, an older log may be
put back with its old cosignatures; a quorum that lies with the operator is no witness.
"""

from collections.abc import Callable
from dataclasses import replace

from quorate.core.encoding import canonical_bytes, encode_base64
from quorate.log.checkpoint import Checkpoint
from quorate.log.note import Note, SignatureLine
from quorate.log.receipt import Receipt
from quorate.log.storage import CHECKPOINT
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile, belongs
from tests.simulators.log_blind import file_kinds
from tests.simulators.log_forger import Forged, forge
from tests.simulators.log_judge import Reader, Verdict
from tests.simulators.log_repaired import fresh
from tests.simulators.log_table import (
    FREE,
    INERT,
    Draw,
    InapplicableError,
    Mutation,
    enter,
    pick,
)
from tests.simulators.log_worlds import (
    SPARE,
    WITNESS_SIGNERS,
    WITNESSES,
    HeldReceipt,
    World,
    cosigned,
    receipt_of,
    size_of,
)


def accepted(world: World, objects: dict[str, bytes], *receipts: HeldReceipt) -> Mutation:
    """A change after which the honest log's reader finds the honest log."""
    point = Checkpoint.parse(world.notes[world.size].text)
    return Mutation(
        objects,
        Reader(world.heads, receipts),
        (),
        world.name,
        Verdict(point.size, point.root, tuple(_place(each) for each in receipts)),
    )


def _place(held: HeldReceipt) -> tuple[int, int, bytes]:
    receipt = receipt_of(held)
    point = Checkpoint.parse(receipt.note.text)
    return receipt.index, point.size, point.root


# Notes: the same edits in a checkpoint and in a receipt.

LineEdit = Callable[[Note, Draw], tuple[SignatureLine, ...]]
LINE_EDITS: dict[str, LineEdit] = {}


def _line_edit(name: str) -> Callable[[LineEdit], LineEdit]:
    def entered(edit: LineEdit) -> LineEdit:
        LINE_EDITS[name] = edit
        return edit

    return entered


@_line_edit("signatures reordered")
def _reordered(note: Note, draw: Draw) -> tuple[SignatureLine, ...]:
    return tuple(draw.sample(note.signatures, len(note.signatures)))


@_line_edit("signature doubled")
def _doubled(note: Note, draw: Draw) -> tuple[SignatureLine, ...]:
    return (*note.signatures, draw.choice(note.signatures))


@_line_edit("lines of unknown keys added")
def _unknown(note: Note, draw: Draw) -> tuple[SignatureLine, ...]:
    """Under strangers' names, and under known ones with a key id that is no known key's."""
    lines = list(note.signatures)
    for _ in range(draw.randrange(1, 20)):
        name = draw.choice(("stranger.example/w", "ö", note.signatures[-1].name))
        line = SignatureLine(name, draw.randbytes(4), draw.randbytes(draw.choice((1, 72, 2428))))
        lines.insert(draw.randrange(len(lines) + 1), line)
    return tuple(lines)


@_line_edit("third witness's line added")
def _third(note: Note, _draw: Draw) -> tuple[SignatureLine, ...]:
    return (*note.signatures, *cosigned(Checkpoint.parse(note.text), [SPARE]))


@_line_edit("third witness's line added, another's renamed")
def _renamed(note: Note, draw: Draw) -> tuple[SignatureLine, ...]:
    """Of three good cosignatures two are demanded; the spoilt one is nobody's now."""
    *others, last = _third(note, draw)
    at = draw.randrange(2, len(others))
    others[at] = SignatureLine(others[at].name + "x", others[at].key_id, others[at].blob)
    return (*others, last)


def _enter_lines(name: str, edit: LineEdit) -> None:
    @enter(INERT, f"checkpoint: {name}")
    def in_checkpoint(world: World, draw: Draw) -> Mutation:
        note = world.notes[world.size]
        changed = str(Note(note.text, edit(note, draw))).encode()
        return accepted(world, world.objects | {CHECKPOINT: changed}, draw.choice(world.receipts))

    @enter(INERT, f"receipt: {name}")
    def in_receipt(world: World, draw: Draw) -> Mutation:
        held = draw.choice(world.receipts)
        receipt = receipt_of(held)
        note = Note(receipt.note.text, edit(receipt.note, draw))
        data = str(replace(receipt, note=note)).encode()
        return accepted(world, world.objects, replace(held, data=data))


for _name, _edit in LINE_EDITS.items():
    _enter_lines(_name, _edit)


@enter(INERT, "receipt: extra added or changed")
def _extra(world: World, draw: Draw) -> Mutation:
    """Bytes, a token that is none, an opening of another record: the verdict stays."""
    held = draw.choice(world.receipts)
    token = canonical_bytes({"timestamp": encode_base64(draw.randbytes(20))})
    extra = draw.choice((draw.randbytes(draw.randrange(40)), token, b"index 0\n\n"))
    changed = Receipt(*_fields(receipt_of(held)), extra)
    return accepted(world, world.objects, replace(held, data=str(changed).encode()))


def _fields(receipt: Receipt) -> tuple[int, tuple[bytes, ...], Note]:
    return receipt.index, receipt.proof, receipt.note


# Files.


@enter(INERT, "file: older partial file removed")
def _older_gone(world: World, draw: Draw) -> Mutation:
    path = pick(draw, file_kinds(world)["older"])
    return accepted(world, {name: d for name, d in world.objects.items() if name != path})


@enter(INERT, "file: beyond the checkpoint, or no tile at all")
def _beyond(world: World, draw: Draw) -> Mutation:
    tile = Tile(
        draw.choice((ENTRIES, 0, 1, 2, 63)), draw.randrange(10**6), draw.randrange(1, TILE_WIDTH)
    )
    if draw.randrange(2):
        tile = replace(tile, index=world.size // TILE_WIDTH)
    stray = f"tile/0/{draw.randrange(1000)}.tmp"
    path = stray if belongs(tile, world.size) else draw.choice((tile.path, stray))
    return accepted(world, world.objects | {path: draw.randbytes(draw.randrange(50))})


# Honest logs.


@enter(INERT, "honest: at a size that it once signed")
def _honest(world: World, draw: Draw) -> Mutation:
    size = draw.choice(world.sizes)
    then = Forged(world.leaves[:size], world)
    objects = then.objects() | {CHECKPOINT: str(world.notes[size]).encode()}
    heads = tuple(head for head in world.heads if head.size <= size)
    kept = [each for each in world.receipts if size_of(each) <= size]
    receipts = tuple(draw.sample(kept, min(len(kept), draw.randrange(3))))
    point = Checkpoint.parse(world.notes[size].text)
    verdict = Verdict(size, point.root, tuple(_place(each) for each in receipts))
    return Mutation(objects, Reader(heads, receipts), (), world.name, verdict)


@enter(INERT, "honest: grown, and cosigned again")
def _grown(world: World, draw: Draw) -> Mutation:
    leaves = [*world.leaves, *(fresh(world, draw) for _ in range(draw.randrange(1, 400)))]
    return _cosigned_anew(world, forge(world, leaves), Reader(world.heads, world.receipts[:1]))


def _cosigned_anew(world: World, forged: Forged, reader: Reader) -> Mutation:
    point = forged.checkpoint
    objects = forged.objects(cosigned(point, list(WITNESS_SIGNERS)[: len(WITNESSES) - 1]))
    verdict = Verdict(point.size, point.root, tuple(_place(each) for each in reader.receipts))
    return Mutation(objects, reader, (), world.name, verdict)


# What contradicts nobody.


@enter(FREE, "rewritten above every head that is held")
def _above(world: World, draw: Draw) -> Mutation:
    limit = pick(draw, [size for size in world.sizes if size < world.size])
    start = draw.randrange(limit, world.size)
    leaves = [*world.leaves[:start], *(fresh(world, draw) for _ in range(world.size - start))]
    heads = tuple(replace(head, size=limit, root=_root(world, limit)) for head in world.heads[:1])
    return _free(forge(world, leaves), Reader(heads, quorum=0))


@enter(FREE, "an older log put back; nobody kept a head")
def _put_back(world: World, draw: Draw) -> Mutation:
    size = pick(draw, world.sizes[:-1])
    then = Forged(world.leaves[:size], world)
    return _free(then, Reader(), world.notes[size].signatures[2:])


@enter(FREE, "another history; a quorum lies with the operator, nobody kept a head")
def _bought(world: World, draw: Draw) -> Mutation:
    leaves = [world.leaves[0], *(fresh(world, draw) for _ in range(draw.randrange(300)))]
    forged = forge(world, leaves)
    return _free(forged, Reader(), tuple(cosigned(forged.checkpoint, list(WITNESS_SIGNERS)[:2])))


def _free(forged: Forged, reader: Reader, lines: tuple[SignatureLine, ...] = ()) -> Mutation:
    if forged.leaves == forged.world.leaves:
        raise InapplicableError
    point = forged.checkpoint
    verdict = Verdict(point.size, point.root, ())
    return Mutation(forged.objects(lines), reader, (), forged.world.name, verdict)


def _root(world: World, size: int) -> bytes:
    return Checkpoint.parse(world.notes[size].text).root
