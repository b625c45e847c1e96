"""Blind edits of a signed note as text: of a checkpoint, or at the end of a receipt."""

from collections.abc import Callable

from quorate.log.note import Note, SignatureLine
from tests.simulators.log_table import Draw, changed_bytes, pick
from tests.simulators.log_worlds import World, foreign

NoteEdit = Callable[[str, World, Draw], str]
NOTE_EDITS: dict[str, NoteEdit] = {}


def _note_edit(name: str) -> Callable[[NoteEdit], NoteEdit]:
    def entered(edit: NoteEdit) -> NoteEdit:
        NOTE_EDITS[name] = edit
        return edit

    return entered


@_note_edit("signature dropped")
def _sig_dropped(text: str, world: World, draw: Draw) -> str:
    lines = text.splitlines(keepends=True)
    lines.pop(draw.randrange(4, len(lines)))
    return "".join(lines)


@_note_edit("signature of an older head")
def _sig_older(text: str, world: World, draw: Draw) -> str:
    note = Note.parse(text)
    at = draw.randrange(len(note.signatures))
    others = [n for n in world.notes.values() if n.text != note.text]
    return _with_line(note, at, pick(draw, others).signatures[at])


@_note_edit("signature of another log")
def _sig_foreign(text: str, world: World, draw: Draw) -> str:
    note = Note.parse(text)
    other = foreign(world.name).notes[world.size]
    at = draw.randrange(len(note.signatures))
    return _with_line(note, at, other.signatures[at])


@_note_edit("signature under another name or key id")
def _sig_renamed(text: str, world: World, draw: Draw) -> str:
    note = Note.parse(text)
    at = draw.randrange(len(note.signatures))
    line, other = note.signatures[at], draw.choice(note.signatures)
    if draw.randrange(2):
        return _with_line(note, at, SignatureLine(other.name + "x", line.key_id, line.blob))
    return _with_line(note, at, SignatureLine(line.name, draw.randbytes(4), line.blob))


@_note_edit("signature's bytes or time changed")
def _sig_bytes(text: str, world: World, draw: Draw) -> str:
    note = Note.parse(text)
    at = draw.randrange(len(note.signatures))
    line = note.signatures[at]
    blob = changed_bytes(draw, line.blob, draw.choice(("bit", "insert", "delete")))
    return _with_line(note, at, SignatureLine(line.name, line.key_id, blob))


@_note_edit("size changed")
def _size_changed(text: str, world: World, draw: Draw) -> str:
    lines = text.split("\n")
    lines[1] = str(max(0, int(lines[1]) + draw.choice((-1, 1, 256, -256, 2**40))))
    return "\n".join(lines)


@_note_edit("number re-spelled")
def _number(text: str, world: World, draw: Draw) -> str:
    lines = text.split("\n")
    lines[1] = respelled_number(draw, lines[1])
    return "\n".join(lines)


@_note_edit("base64 re-spelled")
def _base64(text: str, world: World, draw: Draw) -> str:
    lines = text.split("\n")
    at = draw.choice([2, *range(4, len(lines) - 1)])
    head, space, encoded = lines[at].rpartition(" ")
    lines[at] = head + space + respelled_base64(draw, encoded)
    return "\n".join(lines)


@_note_edit("another text under the signatures")
def _other_text(text: str, world: World, draw: Draw) -> str:
    note = Note.parse(text)
    others = [n for n in world.notes.values() if n.text != note.text]
    return str(Note(pick(draw, others).text, note.signatures))


@_note_edit("extension line added")
def _extension(text: str, world: World, draw: Draw) -> str:
    head, _, tail = text.partition("\n\n")
    return f"{head}\nextension {draw.randrange(99)}\n\n{tail}"


@_note_edit("line ends changed")
def _line_ends(text: str, world: World, draw: Draw) -> str:
    lines = text.split("\n")
    at = draw.randrange(len(lines) - 1)
    lines[at] += draw.choice(("\r", " ", "\t", "\n", "\u2028", "\0"))
    return "\n".join(lines)


def _with_line(note: Note, at: int, line: SignatureLine) -> str:
    lines = list(note.signatures)
    lines[at] = line
    return str(Note(note.text, tuple(lines)))


def respelled_number(draw: Draw, text: str) -> str:
    """The same number, otherwise written."""
    arabic = "".join(chr(0x660 + int(digit)) for digit in text)
    spellings = (f"0{text}", f"+{text}", f" {text}", f"{text} ", f"{text}.0", f"0x{int(text):x}")
    return draw.choice((*spellings, arabic, f"{int(text):_}_0", f"{text}e0", f"-{text}"))


def respelled_base64(draw: Draw, text: str) -> str:
    """The same bytes for a lenient reader: no padding, stray bits, white space, other alphabet."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    bare, padding = text.rstrip("="), "=" * (len(text) - len(text.rstrip("=")))
    last = alphabet.index(bare[-1])
    at = draw.randrange(1, len(bare))
    spellings = [bare, f"{text}=", f"{bare[:at]} {bare[at:]}{padding}", f"{bare[:at]}\t{bare[at:]}"]
    if padding:
        stray = last ^ draw.randrange(1, 4 ** len(padding))
        spellings.append(bare[:-1] + alphabet[stray] + padding)
    url = text.replace("+", "-").replace("/", "_")
    return draw.choice([each for each in (*spellings, url) if each != text])
