"""Changes of the file in which a log keeps the latest head that witnesses cosigned.

It is a head like any other, and it is the log's: whatever the log signed in it is found, and that
it is of another tree. Witnesses' lines beyond what anybody demands of it may be lost, and so may
the file, or be an older one: nobody then concludes anything from it.
"""

from dataclasses import replace

from quorate.log.note import Note
from quorate.log.storage import WITNESSED
from tests.simulators.log_blind import put
from tests.simulators.log_forger import forge
from tests.simulators.log_inert import accepted
from tests.simulators.log_judge import Reader
from tests.simulators.log_notes import NOTE_EDITS, NoteEdit
from tests.simulators.log_repaired import fresh
from tests.simulators.log_table import (
    BLIND,
    BYTES,
    INERT,
    REPAIRED,
    Draw,
    InapplicableError,
    Mutation,
    changed_bytes,
    enter,
    pick,
)
from tests.simulators.log_worlds import World, foreign

SIGNED_BY_THE_LOG = (
    "size changed",
    "number re-spelled",
    "base64 re-spelled",
    "another text under the signatures",
    "extension line added",
    "line ends changed",
)


def _enter_bytes(how: str) -> None:
    @enter(BLIND, f"cosigned head: byte {how}")
    def change(world: World, draw: Draw) -> Mutation:
        data = world.objects[WITNESSED]
        if how == "extend":
            return put(world, WITNESSED, changed_bytes(draw, data, how))
        note = Note.parse(data.decode())
        signed = str(Note(note.text, note.signatures[:2])).encode()
        rest = b"" if how == "truncate" else data[len(signed) :]
        return put(world, WITNESSED, changed_bytes(draw, signed, how) + rest)


for _how in BYTES:
    _enter_bytes(_how)


def _enter_note_edit(name: str, edit: NoteEdit) -> None:
    @enter(BLIND, f"cosigned head: {name}")
    def change(world: World, draw: Draw) -> Mutation:
        text = edit(world.objects[WITNESSED].decode(), world, draw)
        return put(world, WITNESSED, text.encode())


for _name in SIGNED_BY_THE_LOG:
    _enter_note_edit(_name, NOTE_EDITS[_name])


@enter(BLIND, "cosigned head: bytes of a known witness's line")
def _line(world: World, draw: Draw) -> Mutation:
    note = Note.parse(world.objects[WITNESSED].decode())
    lines, at = list(note.signatures), draw.randrange(2, len(note.signatures))
    lines[at] = replace(lines[at], blob=changed_bytes(draw, lines[at].blob, "bit"))
    return put(world, WITNESSED, str(Note(note.text, tuple(lines))).encode())


@enter(BLIND, "cosigned head: of another log")
def _foreign(world: World, _draw: Draw) -> Mutation:
    return put(world, WITNESSED, foreign(world.name).objects[WITNESSED])


@enter(REPAIRED, "cosigned head of another history signed / the files")
def _other(world: World, draw: Draw) -> Mutation:
    size = draw.randrange(2, world.size + 9)
    leaves = [*world.leaves[:size], *(fresh(world, draw) for _ in range(size - world.size))]
    leaves[draw.randrange(1, size)] = fresh(world, draw)
    forged = forge(world, leaves)
    if forged.leaves[: world.size] == world.leaves[:size]:
        raise InapplicableError
    objects = world.objects | {WITNESSED: str(forged.note).encode()}
    return Mutation(objects, Reader(quorum=0), (WITNESSED,), world.name)


@enter(INERT, "cosigned head: dropped, older, or of fewer witnesses")
def _lost(world: World, draw: Draw) -> Mutation:
    note = world.notes[pick(draw, world.sizes)]
    kept = note.signatures[: draw.randrange(2, 5)]
    objects = world.objects | {WITNESSED: str(Note(note.text, kept)).encode()}
    if draw.randrange(3) == 0:
        del objects[WITNESSED]
    return accepted(world, objects)
