"""Blind changes of what a reader holds himself: a receipt's bytes, its meaning, or the record.

The place that must be named is that receipt. Its ``extra`` line is signed by nobody and trusted by
nobody (C2SP tlog-proof); changes of it are no lies about the record and stand in `log_inert`.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.simulators.log_judge import full_reader
from tests.simulators.log_notes import NOTE_EDITS, NoteEdit, respelled_base64, respelled_number
from tests.simulators.log_table import (
    BLIND,
    BYTES,
    Draw,
    InapplicableError,
    Mutation,
    changed_bytes,
    enter,
    pick,
)
from tests.simulators.log_worlds import HeldReceipt, World, foreign, receipt_of, size_of


def held(world: World, old: HeldReceipt, new: HeldReceipt) -> Mutation:
    """A reader who holds ``new`` where he was given ``old``."""
    if old == new:
        raise InapplicableError
    return Mutation(world.objects, full_reader(world, new), (new.name,), new.name)


def _enter_bytes(how: str, record: bool) -> None:
    @enter(BLIND, f"{'record' if record else 'receipt'}: byte {how}")
    def change(world: World, draw: Draw) -> Mutation:
        old = draw.choice(world.receipts)
        if record:
            return held(world, old, replace(old, leaf=changed_bytes(draw, old.leaf, how)))
        return held(world, old, replace(old, data=changed_bytes(draw, old.data, how)))


for _how in BYTES:
    _enter_bytes(_how, record=False)
    _enter_bytes(_how, record=True)


def _enter_text(name: str) -> Callable[[Callable[[str, Draw], str]], None]:
    """An edit of the part above the note: header, index, hashes."""

    def entered(edit: Callable[[str, Draw], str]) -> None:
        @enter(BLIND, f"receipt: {name}")
        def change(world: World, draw: Draw) -> Mutation:
            old = draw.choice(world.receipts)
            head, separator, note = old.data.decode().partition("\n\n")
            text = edit(head, draw) + separator + note
            return held(world, old, replace(old, data=text.encode()))

    return entered


@_enter_text("index changed")
def _index(head: str, draw: Draw) -> str:
    lines = head.split("\n")
    index = int(lines[1].removeprefix("index "))
    other = draw.choice((index - 1, index + 1, index ^ 1 << draw.randrange(10), 2**63 - 1))
    return "\n".join([lines[0], f"index {max(0, other)}", *lines[2:]])


@_enter_text("index re-spelled")
def _index_spelling(head: str, draw: Draw) -> str:
    lines = head.split("\n")
    lines[1] = f"index {respelled_number(draw, lines[1].removeprefix('index '))}"
    return "\n".join(lines)


@_enter_text("header changed")
def _header(head: str, draw: Draw) -> str:
    lines = head.split("\n")
    others = ("c2sp.org/tlog-proof@v2", "c2sp.org/tlog-proof@v1 ", "", "c2sp.org/tlog-proof")
    return "\n".join([draw.choice(others), *lines[1:]])


@_enter_text("lines exchanged or doubled")
def _lines(head: str, draw: Draw) -> str:
    lines = head.split("\n")
    if draw.randrange(2):
        one, other = draw.sample(range(len(lines)), 2)
        lines[one], lines[other] = lines[other], lines[one]
    else:
        at = draw.randrange(len(lines))
        lines.insert(at, lines[at])
    return "\n".join(lines)


@_enter_text("base64 of a hash re-spelled")
def _hash_spelling(head: str, draw: Draw) -> str:
    lines = head.split("\n")
    at = pick(draw, range(2, len(lines)))
    lines[at] = respelled_base64(draw, lines[at])
    return "\n".join(lines)


def _enter_proof(name: str, edit: Callable[[list[bytes], Draw], None]) -> None:
    @enter(BLIND, f"receipt: hash {name}")
    def change(world: World, draw: Draw) -> Mutation:
        old = draw.choice(world.receipts)
        receipt = receipt_of(old)
        proof = list(receipt.proof)
        edit(proof, draw)
        text = str(replace(receipt, proof=tuple(proof)))
        return held(world, old, replace(old, data=text.encode()))


def _drop(proof: list[bytes], draw: Draw) -> None:
    proof.pop(pick(draw, range(len(proof))))


def _exchange(proof: list[bytes], draw: Draw) -> None:
    if len(proof) < 2:
        raise InapplicableError
    one, other = draw.sample(range(len(proof)), 2)
    proof[one], proof[other] = proof[other], proof[one]


def _replace(proof: list[bytes], draw: Draw) -> None:
    proof[pick(draw, range(len(proof)))] = draw.randbytes(32)


def _double(proof: list[bytes], draw: Draw) -> None:
    proof.insert(draw.randrange(len(proof) + 1), pick(draw, proof))


_enter_proof("dropped", _drop)
_enter_proof("added", lambda proof, draw: proof.insert(draw.randrange(9), draw.randbytes(32)))
_enter_proof("doubled", _double)
_enter_proof("exchanged", _exchange)
_enter_proof("replaced", _replace)


@enter(BLIND, "receipt: of another record")
def _other_record(world: World, draw: Draw) -> Mutation:
    one, other = draw.choice(world.receipts), draw.choice(world.receipts)
    if one.leaf == other.leaf:
        raise InapplicableError
    return held(world, one, replace(one, data=other.data))


@enter(BLIND, "receipt: of another log")
def _other_log(world: World, draw: Draw) -> Mutation:
    at = draw.randrange(len(world.receipts))
    other = foreign(world.name).receipts[at]
    return held(world, world.receipts[at], replace(world.receipts[at], data=other.data))


@enter(BLIND, "receipt: checkpoint of another size")
def _other_checkpoint(world: World, draw: Draw) -> Mutation:
    old = draw.choice(world.receipts)
    size = pick(draw, [size for size in world.sizes if size != size_of(old)])
    text = str(replace(receipt_of(old), note=world.notes[size]))
    return held(world, old, replace(old, data=text.encode()))


@enter(BLIND, "receipt: checkpoint of another log")
def _foreign_checkpoint(world: World, draw: Draw) -> Mutation:
    old = draw.choice(world.receipts)
    note = foreign(world.name).notes[size_of(old)]
    return held(world, old, replace(old, data=str(replace(receipt_of(old), note=note)).encode()))


def _enter_note_edit(name: str, edit: NoteEdit) -> None:
    @enter(BLIND, f"receipt: {name}")
    def change(world: World, draw: Draw) -> Mutation:
        old = draw.choice(world.receipts)
        head, separator, note = old.data.decode().partition("\n\n")
        text = head + separator + edit(note, world, draw)
        return held(world, old, replace(old, data=text.encode()))


for _name, _edit in NOTE_EDITS.items():
    _enter_note_edit(_name, _edit)
