"""Repaired changes: the operator edits the history, rebuilds everything and signs it with his keys.

Each edit meets each thing that can contradict it, and that alone: a quorum of witnesses (whose
lines he lacks, reuses from old heads, or has one too few of because one witness is his), the second
of the log's keys where he has but one, a head that a witness or the anchor holds, a receipt in the
hands of its owner. The place that must be named is the checkpoint where signatures lack, else the
holder of the smallest head that the new history contradicts, else the receipt.

The honest limit: what nobody outside holds a head of, nobody can contradict. Changes are drawn so
that somebody does; those that contradict nobody stand in `log_inert`, in a table of their own.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace

from quorate.log.checkpoint import sign_checkpoint
from quorate.log.heads import HeldHead
from quorate.log.merkle import root_of
from quorate.log.note import Note, SignatureLine
from quorate.log.storage import CHECKPOINT, WITNESSED
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile
from tests.simulators.log_forger import Forged, forge
from tests.simulators.log_judge import Reader
from tests.simulators.log_table import (
    REPAIRED,
    Draw,
    InapplicableError,
    Mutation,
    enter,
    pick,
)
from tests.simulators.log_worlds import (
    MALLORY,
    ORIGIN,
    SPARE,
    TIME,
    WITNESS_SIGNERS,
    WITNESSES,
    HeldReceipt,
    World,
    cosigned,
    numbered_record,
    size_of,
)

Edit = Callable[[list[bytes], World, Draw], None]
EDITS: dict[str, Edit] = {}
Contradiction = Callable[[Forged, Draw], Mutation]
CONTRADICTIONS: dict[str, Contradiction] = {}


def _edit(name: str) -> Callable[[Edit], Edit]:
    def entered(edit: Edit) -> Edit:
        EDITS[name] = edit
        return edit

    return entered


def _contradiction(name: str) -> Callable[[Contradiction], Contradiction]:
    def entered(contradiction: Contradiction) -> Contradiction:
        CONTRADICTIONS[name] = contradiction
        return contradiction

    return entered


def fresh(world: World, draw: Draw) -> bytes:
    """A record that the log never held."""
    text = draw.randbytes(draw.randrange(1, 30)).hex()
    if world.numbered:
        return numbered_record(text, f"recorder {draw.randrange(3)}", 1)
    return text.encode()


def _index(leaves: Sequence[bytes], draw: Draw) -> int:
    """Any record but the genesis."""
    return pick(draw, range(1, len(leaves)))


# What he does to the history.


@_edit("record altered")
def _altered(leaves: list[bytes], world: World, draw: Draw) -> None:
    index = _index(leaves, draw)
    if not world.numbered and leaves[index] and draw.randrange(2):
        at = draw.randrange(len(leaves[index]))
        changed = bytearray(leaves[index])
        changed[at] ^= 1 << draw.randrange(8)
        leaves[index] = bytes(changed)
    else:
        leaves[index] = fresh(world, draw)


@_edit("record dropped")
def _dropped(leaves: list[bytes], _world: World, draw: Draw) -> None:
    leaves.pop(_index(leaves, draw))


@_edit("record inserted")
def _inserted(leaves: list[bytes], world: World, draw: Draw) -> None:
    """Not after the last one: that is what appending is."""
    leaves.insert(_index(leaves, draw), fresh(world, draw))


@_edit("record dropped, another put at the end")
def _replaced(leaves: list[bytes], world: World, draw: Draw) -> None:
    leaves.pop(_index(leaves, draw))
    leaves.append(fresh(world, draw))


@_edit("records exchanged")
def _exchanged(leaves: list[bytes], _world: World, draw: Draw) -> None:
    one, other = _index(leaves, draw), _index(leaves, draw)
    leaves[one], leaves[other] = leaves[other], leaves[one]


@_edit("record moved")
def _moved(leaves: list[bytes], _world: World, draw: Draw) -> None:
    leaves.insert(_index(leaves, draw), leaves.pop(_index(leaves, draw)))


@_edit("record doubled")
def _doubled(leaves: list[bytes], _world: World, draw: Draw) -> None:
    leaves.insert(_index(leaves, draw), leaves[_index(leaves, draw)])


@_edit("genesis altered")
def _genesis(leaves: list[bytes], _world: World, draw: Draw) -> None:
    leaves[0] = draw.randbytes(20).hex().encode()


@_edit("history rewritten")
def _rewritten(leaves: list[bytes], world: World, draw: Draw) -> None:
    """All records from one on, often from the first."""
    start = draw.choice((1, _index(leaves, draw)))
    leaves[start:] = [fresh(world, draw) for _ in leaves[start:]]


@_edit("tail truncated")
def _truncated(leaves: list[bytes], world: World, draw: Draw) -> None:
    """At any record, often at a size that was once signed."""
    sizes = [size for size in world.sizes if size < len(leaves)]
    del leaves[draw.choice((_index(leaves, draw), pick(draw, sizes))) :]


@_edit("tail truncated and grown otherwise")
def _regrown(leaves: list[bytes], world: World, draw: Draw) -> None:
    start, extra = _index(leaves, draw), draw.randrange(-3, 300)
    count = max(1, len(leaves) - start + extra)
    leaves[start:] = [fresh(world, draw) for _ in range(count)]


# What contradicts him.


@_contradiction("no cosignatures: quorum")
def _bare(forged: Forged, _draw: Draw) -> Mutation:
    return Mutation(forged.objects(), Reader(), (CHECKPOINT,))


@_contradiction("old cosignatures: quorum")
def _old_lines(forged: Forged, draw: Draw) -> Mutation:
    """Lines of an old head, today's among them; if they fit, it *is* that head."""
    note = forged.world.notes[draw.choice(forged.world.sizes)]
    if note.text == forged.note.text:
        raise InapplicableError
    return Mutation(forged.objects(note.signatures[2:]), Reader(), (CHECKPOINT,))


@_contradiction("one witness is his: quorum")
def _colluding(forged: Forged, draw: Draw) -> Mutation:
    """One good line, perhaps twice, perhaps under a second name, perhaps beside an old one."""
    lines = [*cosigned(forged.checkpoint, [SPARE])]
    choice = draw.randrange(4)
    if choice == 1:
        lines += cosigned(forged.checkpoint, [SPARE])
    if choice == 2:
        lines += [SignatureLine(WITNESSES[0].name, lines[0].key_id, lines[0].blob)]
    if choice == 3:
        lines += forged.world.notes[forged.world.size].signatures[2:3]
        if forged.note.text == forged.world.notes[forged.world.size].text:
            raise InapplicableError
    return Mutation(forged.objects(lines), Reader(), (CHECKPOINT,))


@_contradiction("only one of the log's keys is his: the other key")
def _one_key(forged: Forged, draw: Draw) -> Mutation:
    """In place of the other signature stands none, the honest head's, or a stranger's."""
    note, at = forged.note, draw.randrange(2)
    if note.text == forged.world.notes[forged.world.size].text:
        raise InapplicableError
    lines = list(note.signatures)
    stranger = sign_checkpoint(forged.checkpoint, *MALLORY.log_signers, TIME).signatures[at]
    honest = forged.world.notes[forged.world.size].signatures[at]
    mine = SignatureLine(ORIGIN, honest.key_id, stranger.blob)
    lines[at : at + 1] = draw.choice(([], [honest], [stranger], [mine]))
    objects = forged.objects() | {CHECKPOINT: str(Note(note.text, tuple(lines))).encode()}
    return Mutation(objects, Reader(quorum=0), (CHECKPOINT,))


@_contradiction("a head that a witness or the anchor holds")
def _heads(forged: Forged, draw: Draw) -> Mutation:
    """No quorum is asked. Receipts of the new history are handed out with it, if there are any."""
    heads = tuple(h for h in forged.world.heads if draw.randrange(2))
    receipts: tuple[HeldReceipt, ...] = ()
    if draw.randrange(4) == 0:
        receipts = (forged.receipt(draw.randrange(len(forged.leaves)), "receipt"),)
    place = first_place(forged, heads)
    reader = Reader(heads, receipts, quorum=0)
    return Mutation(forged.objects(_lines_that_fit(forged)), reader, (place,))


@_contradiction("a cosigned head that a witness or the anchor holds")
def _heads_and_quorum(forged: Forged, draw: Draw) -> Mutation:
    """So many witnesses are his that the quorum is reached; one honest head is left."""
    heads = (draw.choice(forged.world.heads),)
    lines = cosigned(forged.checkpoint, list(WITNESS_SIGNERS)[:2])
    place = first_place(forged, heads)
    return Mutation(forged.objects(lines), Reader(heads), (place,))


@_contradiction("a receipt in its owner's hands")
def _receipts(forged: Forged, draw: Draw) -> Mutation:
    kept = forged.world.receipts
    held = draw.sample(kept, min(len(kept), draw.randrange(1, 3)))
    heads = [HeldHead(each.name, size_of(each), bytes(32)) for each in held]  # sizes decide
    place = first_place(forged, heads)
    return Mutation(forged.objects(), Reader((), tuple(held), quorum=0), (place,))


@_contradiction("the log's own file of cosigned heads, left as it was")
def _kept(forged: Forged, draw: Draw) -> Mutation:
    size = draw.choice(forged.world.sizes)
    place = first_place(forged, [HeldHead(WITNESSED, size, bytes(32))])
    objects = forged.objects() | {WITNESSED: str(forged.world.notes[size]).encode()}
    return Mutation(objects, Reader(quorum=0), (place,))


def _lines_that_fit(forged: Forged) -> tuple[SignatureLine, ...]:
    """Cosignatures that he has of exactly this head, when he cuts back to an old one."""
    note = forged.world.notes.get(len(forged.leaves))
    return note.signatures[2:] if note and note.text == forged.note.text else ()


def first_place(forged: Forged, heads: Sequence[HeldHead]) -> str:
    """What must be named, worked out from the leaves alone; inapplicable if nobody is contradicted.

    The smallest head that the log does not reach; a genesis that is not the log's, which its files
    show by themselves; the smallest head under which a leaf is another.
    """
    size, first = len(forged.leaves), forged.first_difference
    ordered = sorted(heads, key=lambda head: head.size)
    beyond = [head.holder for head in ordered if head.size > size]
    if beyond:
        return beyond[0]
    if first == 0:
        return CHECKPOINT
    changed = [head.holder for head in ordered if head.size > first]
    if not changed:
        raise InapplicableError
    return changed[0]


def _enter(name: str, edit: Edit, against: str, contradiction: Contradiction) -> None:
    @enter(REPAIRED, f"{name} / {against}")
    def change(world: World, draw: Draw) -> Mutation:
        leaves = list(world.leaves)
        edit(leaves, world, draw)
        forged = forge(world, leaves)
        if forged.leaves[: world.size] == world.leaves:
            raise InapplicableError  # nothing is another; at most it grew, as it may
        mutation = contradiction(forged, draw)
        return replace(mutation, what=f"{world.name}, from leaf {forged.first_difference}")


for _name, _an_edit in EDITS.items():
    for _against, _what in CONTRADICTIONS.items():
        _enter(_name, _an_edit, _against, _what)


# The files stay honest, the receipt is of another tree: a view shown to one reader alone.


def _other_history(world: World, draw: Draw, *, sizes: Sequence[int]) -> Forged:
    """One record is another, in a tree of one of ``sizes``."""
    size = pick(draw, sizes)
    leaves = list(world.leaves[:size])
    leaves += [fresh(world, draw) for _ in range(size - len(leaves))]
    _altered(leaves, world, draw)
    forged = forge(world, leaves)
    if forged.leaves == world.leaves[:size]:
        raise InapplicableError
    return forged


@enter(REPAIRED, "receipt of a false record / no cosignatures: quorum")
def _false_receipt_bare(world: World, draw: Draw) -> Mutation:
    forged = _other_history(world, draw, sizes=range(2, world.size + 9))
    lines = draw.choice(([], cosigned(forged.checkpoint, [SPARE])))
    receipt = forged.receipt(draw.randrange(len(forged.leaves)), "receipt", lines)
    return Mutation(world.objects, Reader((), (receipt,)), ("receipt",))


@enter(REPAIRED, "receipt of a false record / the log's files")
def _false_receipt(world: World, draw: Draw) -> Mutation:
    forged = _other_history(world, draw, sizes=range(2, world.size + 9))
    receipt = forged.receipt(draw.randrange(len(forged.leaves)), "receipt")
    return Mutation(world.objects, Reader((), (receipt,), quorum=0), ("receipt",))


@enter(REPAIRED, "receipt of a false record / the log's files, a quorum colluding")
def _false_receipt_cosigned(world: World, draw: Draw) -> Mutation:
    forged = _other_history(world, draw, sizes=range(2, world.size + 9))
    lines = cosigned(forged.checkpoint, list(WITNESS_SIGNERS)[:2])
    receipt = forged.receipt(draw.randrange(len(forged.leaves)), "receipt", lines)
    return Mutation(world.objects, Reader((), (receipt,)), ("receipt",))


@enter(REPAIRED, "record dropped / the numbers of its recorder")
def _gap(world: World, draw: Draw) -> Mutation:
    """Records are signed by who made them: the operator cannot mend their numbers."""
    if not world.numbered:
        raise InapplicableError
    leaves = list(world.leaves)
    index = draw.randrange(1, world.size - 3)  # its recorder comes again, three records on
    leaves.pop(index)
    forged = forge(world, leaves, renumber=False)
    source = json.loads(world.leaves[index])["source"]
    later = (i for i in range(index, len(leaves)) if json.loads(leaves[i])["source"] == source)
    bundle = next(later) // TILE_WIDTH
    width = min(TILE_WIDTH, len(leaves) - bundle * TILE_WIDTH)
    place = Tile(ENTRIES, bundle, width).path
    return Mutation(forged.objects(), Reader(quorum=0), (place,))


def check_forger(world: World) -> None:
    """The forger rebuilds an honest log to the byte but for signatures; else he is no threat."""
    rebuilt = Forged(world.leaves, world)
    objects, note = rebuilt.objects(), world.notes[world.size]
    assert {path for path in objects if objects[path] != world.objects[path]} == {CHECKPOINT}
    assert {*objects, WITNESSED} == world.objects.keys()
    assert rebuilt.note.text == note.text
    assert rebuilt.checkpoint.root == root_of(rebuilt.hashes)
