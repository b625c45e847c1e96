"""What logs and witnesses say to each other (C2SP tlog-witness v1.0.0): text and errors, no I/O.

A log sends the size that it thinks the witness saw last, the consistency proof from there and its
checkpoint; the witness answers with one line for each of its keys, or with a status that says why
not. Every refusal is an error of its own here, so that a witness in this process and one at the
other end of a line refuse in the same words. The format page is docs/formats/tlog-witness.md.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from quorate.core.encoding import decode_base64, decode_text, encode_base64
from quorate.core.errors import EncodingError, InputError, VerificationError
from quorate.log.checkpoint import Checkpoint, WitnessIdentity, parse_number
from quorate.log.note import Note, SignatureLine, signatures_by

MAX_PROOF = 63  # hashes; a tree of 2**63 leaves needs no more
MAX_REQUEST = 128 * 1024  # bytes; a proof, and a checkpoint with more than 30 ML-DSA-44 lines
MAX_ANSWER = 64 * 1024  # bytes
MAX_LINES = 16  # of one answer

REQUEST_TYPE = "text/plain; charset=utf-8"
SIZE_TYPE = "text/x.tlog.size"
PATH = "/add-checkpoint"

OK, MALFORMED, UNSIGNED, UNKNOWN, STALE, UNPROVEN = 200, 400, 403, 404, 409, 422

_OLD = re.compile(r"old (.+)\Z")
_LINE = re.compile(r"— [^\s+]+ [A-Za-z0-9+/]+={0,2}\Z")


class UnknownLogError(InputError):
    """404: the witness was not told to witness a log of this origin."""

    public = "This log is not known here."


class UnsignedError(VerificationError):
    """403: the log did not sign this checkpoint, as far as the witness knows its keys."""

    public = "The log's signature does not verify."


class StaleSizeError(VerificationError):
    """409: the request starts from another size than ``size``, the one that was cosigned last."""

    public = "Another size was cosigned last."

    def __init__(self, size: int, message: str, *, step: str, place: str) -> None:
        super().__init__(message, step=step, place=place, size=size)
        self.size = size


class ForkError(StaleSizeError):
    """409 too: the witness cosigned another tree of the very same size."""

    public = "Another tree of this size was cosigned."


class UnprovenError(VerificationError):
    """422: the proof does not lead from the tree that was cosigned last to this one."""

    public = "The consistency proof does not verify."


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: ``proof`` (32-byte hashes) leads from ``old_size`` to the checkpoint ``note``.

    The note's signatures are not verified, and its text need not be a checkpoint yet: the witness
    says first whether it knows the `origin`.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: Note

    def __post_init__(self) -> None:
        if len(self.proof) > MAX_PROOF:
            raise EncodingError(f"could not hold a proof of {len(self.proof)} hashes")
        if any(len(each) != 32 for each in self.proof):
            raise EncodingError("could not hold a proof: a hash is not of 32 bytes")

    @classmethod
    def of(cls, old_size: int, proof: Iterable[bytes], note: str) -> "AddCheckpoint":
        """A request for the checkpoint ``note``, which keeps only the signatures of the log."""
        parsed = Note.parse(note)
        origin = parsed.text.partition("\n")[0]
        own = tuple(line for line in parsed.signatures if line.name == origin)
        return cls(old_size, tuple(proof), Note(parsed.text, own or parsed.signatures))

    @property
    def origin(self) -> str:
        """The first line of the checkpoint."""
        return self.note.text.partition("\n")[0]

    def checkpoint(self) -> Checkpoint:
        """The checkpoint; `EncodingError` if it is none or is smaller than the old size."""
        checkpoint = Checkpoint.parse(self.note.text)
        if self.old_size > checkpoint.size:
            raise EncodingError(
                f"could not read a request: old size {self.old_size} is above {checkpoint.size}"
            )
        return checkpoint

    def __bytes__(self) -> bytes:
        proof = "".join(f"{encode_base64(each)}\n" for each in self.proof)
        return f"old {self.old_size}\n{proof}\n{self.note}".encode()

    @classmethod
    def parse(cls, data: bytes) -> "AddCheckpoint":
        """The inverse of ``bytes``; raises `EncodingError` on any other form.

        `UnsignedError` if the note has signature lines and none of them can be read.
        """
        if len(data) > MAX_REQUEST:
            raise EncodingError("could not read a request: it is too long")
        head, separator, note = decode_text(data).partition("\n\n")
        first, *hashes = head.split("\n")
        old = _OLD.match(first)
        if not separator or old is None:
            raise EncodingError("could not read a request: no old size, or no blank line")
        if len(hashes) > MAX_PROOF:
            raise EncodingError(f"could not read a request: more than {MAX_PROOF} hashes")
        proof = tuple(decode_base64(each) for each in hashes)
        return cls(parse_number(old.group(1)), proof, _read_note(note))


def _read_note(text: str) -> Note:
    """A note without the lines that are in another spelling of base64 than the one.

    Such a line is nobody's signature here, as one that does not verify: a stranger's must not make
    the log's own unreadable, and the protocol has a status of its own for a note without any.
    """
    head, separator, tail = text.rpartition("\n\n")
    lines = tail.split("\n")
    kept = [line for line in lines if not _LINE.match(line) or _is_read(line)]
    if len(kept) == 1 < len(lines) and not kept[0]:
        place = head.partition("\n")[0][:80]
        raise UnsignedError("no signature can be read", step="note.log", place=place)
    return Note.parse(f"{head}{separator}" + "\n".join(kept))


def _is_read(line: str) -> bool:
    try:
        SignatureLine.parse(line)
    except EncodingError:
        return False
    return True


def encode_lines(lines: Iterable[str]) -> bytes:
    """The body of a good answer: one signature line after another."""
    return "".join(lines).encode()


def parse_lines(data: bytes) -> tuple[SignatureLine, ...]:
    """The lines of a good answer, not verified; `EncodingError` unless there are 1 to 16."""
    if len(data) > MAX_ANSWER:
        raise EncodingError("could not read a witness's answer: it is too long")
    text = decode_text(data)
    if not text.endswith("\n") or not 1 <= text.count("\n") <= MAX_LINES:
        raise EncodingError(f"could not read a witness's answer: not 1 to {MAX_LINES} lines")
    # Not splitlines(): a name may hold characters that Python takes for line ends.
    return tuple(SignatureLine.parse(line) for line in text.removesuffix("\n").split("\n"))


def encode_size(size: int) -> bytes:
    """The body of a 409: the size cosigned last."""
    return f"{size}\n".encode()


def parse_size(data: bytes) -> int:
    """The inverse of `encode_size`."""
    text = decode_text(data[:32])
    if not text.endswith("\n"):
        raise EncodingError("could not read a witness's size: not one number and a newline")
    return parse_number(text[:-1])


def believed(
    data: bytes, request: AddCheckpoint, witnesses: Sequence[WitnessIdentity], place: str
) -> tuple[str, ...]:
    """The lines in the answer ``data`` that ``witnesses`` gave to ``request``, each verified.

    Lines of unknown keys are ignored; raises `VerificationError` if none is left or one is bad.
    """
    try:
        note = Note(request.note.text, parse_lines(data))
    except EncodingError as error:
        raise VerificationError(error.message, place=place) from None
    verifiers = [witness.verifier for witness in witnesses]
    found = signatures_by(note, verifiers, place)
    if not found:
        raise VerificationError("none of its known keys signed", place=place)
    keys = {position: verifiers[position].note_key for position in found}
    return tuple(
        str(SignatureLine(keys[position].name, keys[position].key_id, blob))
        for position, blob in sorted(found.items())
    )
