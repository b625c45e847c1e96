"""Evidence that a log signed two trees of which neither extends the other: pure, offline.

An honest log only grows, so it never signs two roots of one size, nor a smaller tree that is not
the beginning of a larger one. Who holds two such signed heads can prove it to anybody, without the
log's entries. For one size, the two heads suffice. For sizes m < n, the smaller tree is made of
whole subtrees (its peaks: one per 1 bit of m, largest first), and each of them must stand at the
same place in the larger tree. The evidence shows the peaks, which fold to the smaller root, and an
audit path by which *another* hash stands at the place of one peak under the larger root. For a log
that only grew such a file would be a collision of SHA-256.

Format page: docs/formats/equivocation.md. Steps of `verify_equivocation`, each named in the
`VerificationError` that it raises:

1. ``evidence.form``   the file is in its one spelling
2. ``evidence.log``    it is of the log that the reader trusts, with that log's keys
3. ``note.*``          both heads are checkpoints that the log signed (`verify.verify_note`)
4. ``evidence.order``  the smaller head stands first; of two of one size the smaller root
5. ``evidence.roots``  heads of one size have different roots, and no more is to be proven
6. ``evidence.peaks``  the peaks are those of the smaller size and fold to the smaller root
7. ``evidence.hash``   the other hash belongs to one of the peaks and is not that peak
8. ``evidence.path``   the audit path leads from it, at the peak's place, to the larger root
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from quorate.core.encoding import (
    canonical_bytes,
    decode_base64,
    encode_base64,
    parse_canonical,
)
from quorate.core.errors import EncodingError, InputError, VerificationError
from quorate.core.keys import PublicKey
from quorate.log.checkpoint import Checkpoint, LogIdentity
from quorate.log.merkle import (
    HASH_SIZE,
    Range,
    fold_peaks,
    inclusion_ranges,
    root_of,
    verify_inclusion,
    whole_subtrees,
)
from quorate.log.note import Note
from quorate.log.verify import verify_note

FORMAT = "quorate/equivocation/v1"
SUFFIX = ".equivocation"
PREFIX = f'{{"format":"{FORMAT}",'.encode()
"""How every evidence file begins."""
MAX_EVIDENCE_SIZE = 2 * 1024 * 1024  # bytes; two whole notes and 126 hashes stay below
MAX_HASHES = 63  # in a list: a tree has fewer than 2**63 leaves

RangeRoots = Callable[[Range], bytes]
"""The 32-byte root over the leaves of a range, out of tiles or leaf hashes."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Where a larger tree differs: ``hash`` stands where peak number ``peak`` should.

    ``peaks`` are the smaller tree's, largest first; ``path`` leads to the larger root.
    """

    peaks: tuple[bytes, ...]
    peak: int
    hash: bytes
    path: tuple[bytes, ...]

    def __post_init__(self) -> None:
        hashes = (*self.peaks, self.hash, *self.path)
        if any(len(each) != HASH_SIZE for each in hashes):
            raise EncodingError("could not hold evidence: a hash is not of 32 bytes")
        if not 1 <= len(self.peaks) <= MAX_HASHES or len(self.path) > MAX_HASHES:
            raise EncodingError("could not hold evidence: no peaks, or more than 63 hashes")
        if type(self.peak) is not int or not 0 <= self.peak < len(self.peaks):
            raise EncodingError("could not hold evidence: it names no peak of its own")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Two heads of ``log`` and, for different sizes, where the trees differ; not verified."""

    log: LogIdentity
    notes: tuple[Note, Note]
    difference: Difference | None

    def __str__(self) -> str:
        keys = [str(self.log.ed25519), str(self.log.ml_dsa_44)]
        value = {
            "format": FORMAT,
            "log": {"keys": keys, "origin": self.log.origin},
            "notes": [str(note) for note in self.notes],
            "proof": None if self.difference is None else _value_of(self.difference),
        }
        return canonical_bytes(value).decode("utf-8")

    @classmethod
    def parse(cls, text: str) -> "Evidence":
        """The inverse of ``str``; raises `EncodingError` on any other spelling."""
        if len(text) > MAX_EVIDENCE_SIZE:
            raise EncodingError("could not read evidence: it is too long")
        try:
            data = text.encode("utf-8")
        except UnicodeEncodeError:
            raise EncodingError("could not read evidence: it is not valid UTF-8") from None
        value = _fields(parse_canonical(data), "format", "log", "notes", "proof")
        if value["format"] != FORMAT:
            raise EncodingError("could not read evidence: not in the form equivocation/v1")
        log = _fields(value["log"], "keys", "origin")
        first, second = (Note.parse(note) for note in _texts(value["notes"], 2))
        ed25519, ml_dsa_44 = (PublicKey.parse(key) for key in _texts(log["keys"], 2))
        (origin,) = _texts([log["origin"]], 1)
        proof = value["proof"]
        difference = None if proof is None else _difference_of(proof)
        return cls(LogIdentity(origin, ed25519, ml_dsa_44), (first, second), difference)


@dataclass(frozen=True, slots=True)
class Equivocation:
    """That ``log`` signed two trees; ``leaves`` is a range in which they differ, None for all."""

    log: LogIdentity
    smaller: Checkpoint
    larger: Checkpoint
    leaves: Range | None


def prove_equivocation(
    log: LogIdentity,
    smaller: str,
    larger: str,
    smaller_roots: RangeRoots | None = None,
    larger_roots: RangeRoots | None = None,
) -> Evidence:
    """Evidence from two signed heads and, for different sizes, what was read of both trees.

    Raises `InputError` if the trees show no equivocation, and `VerificationError` (steps 3 to 8) if
    the heads are not the log's or the roots not theirs: nobody is accused by mistake.
    """
    notes = [_bare(note, log) for note in (smaller, larger)]
    points = [Checkpoint.parse(note.text) for note in notes]
    if points[0] == points[1]:
        raise InputError(f"could not accuse {log.origin}: both heads are the same")
    if (points[0].size, points[0].root) > (points[1].size, points[1].root):
        notes, points = notes[::-1], points[::-1]
        smaller_roots, larger_roots = larger_roots, smaller_roots
    difference = None
    if points[0].size < points[1].size:
        if smaller_roots is None or larger_roots is None:
            raise InputError(f"could not accuse {log.origin}: the trees' hashes are missing")
        difference = _find_difference(points[0].size, points[1].size, smaller_roots, larger_roots)
        if difference is None:
            raise InputError(f"could not accuse {log.origin}: its larger tree extends the smaller")
    evidence = Evidence(log, (notes[0], notes[1]), difference)
    verify_equivocation(str(evidence), log)
    return evidence


def verify_equivocation(
    text: str, log: LogIdentity | None = None, *, place: str = "evidence"
) -> Equivocation:
    """What the evidence ``text`` proves about ``log``, by steps 1 to 8.

    Without ``log`` it is proven of whoever holds the keys in the file, and nobody has said who.
    """
    # 1. evidence.form
    try:
        evidence = Evidence.parse(text)
    except EncodingError as error:
        raise VerificationError(error.message, step="evidence.form", place=place) from None
    # 2. evidence.log
    if log is not None and evidence.log != log:
        raise VerificationError(
            f"is not about the log {log.origin!r} and its keys", step="evidence.log", place=place
        )
    # 3. note.*
    smaller, larger = (
        verify_note(str(note), evidence.log, place=f"{place}: {which} head").checkpoint
        for note, which in zip(evidence.notes, ("first", "second"), strict=True)
    )
    # 4. evidence.order
    if (smaller.size, smaller.root) > (larger.size, larger.root):
        raise VerificationError("the larger head is first", step="evidence.order", place=place)
    # 5. evidence.roots
    difference = evidence.difference
    if smaller.size == larger.size:
        if smaller.root == larger.root or difference is not None:
            raise VerificationError(
                "both heads are one tree, or there is more than the two roots to compare",
                step="evidence.roots",
                place=place,
            )
        return Equivocation(evidence.log, smaller, larger, None)
    # 6. to 8.
    leaves = _check_difference(smaller, larger, difference, place)
    return Equivocation(evidence.log, smaller, larger, leaves)


def _check_difference(
    smaller: Checkpoint, larger: Checkpoint, difference: Difference | None, place: str
) -> Range:
    # 6. evidence.peaks
    subtrees = list(whole_subtrees(0, smaller.size))
    if difference is None or len(difference.peaks) != len(subtrees):
        raise VerificationError(
            f"a tree of {smaller.size} leaves has {len(subtrees)} peaks, not those shown",
            step="evidence.peaks",
            place=place,
        )
    if fold_peaks(difference.peaks) != smaller.root:
        raise VerificationError(
            "the peaks miss the smaller root", step="evidence.peaks", place=place
        )
    # 7. evidence.hash
    if difference.hash == difference.peaks[difference.peak]:
        raise VerificationError(
            "the larger tree holds that very peak", step="evidence.hash", place=place
        )
    # 8. evidence.path
    level, index = subtrees[difference.peak]
    try:
        verify_subtree(
            difference.hash, (level, index), larger.size, difference.path, larger.root, place=place
        )
    except VerificationError as error:
        raise VerificationError(error.message, step="evidence.path", place=place) from None
    return index << level, (index + 1) << level


def subtree_ranges(subtree: tuple[int, int], size: int) -> list[Range]:
    """The ranges whose roots prove whole ``subtree`` (level, index) in a tree of ``size`` leaves.

    Pairing ``level`` times leaves a tree of the same form over ceil(size / 2**level) hashes, the
    last of them perhaps ragged: a whole subtree is a leaf of that tree.
    """
    level, index = subtree
    if (index + 1) << level > size:
        raise InputError(f"could not prove a subtree of 2**{level}: the tree has {size} leaves")
    ranges = inclusion_ranges(index, _count(level, size))
    return [(start << level, min(end << level, size)) for start, end in ranges]


def verify_subtree(
    digest: bytes,
    subtree: tuple[int, int],
    size: int,
    path: Sequence[bytes],
    root: bytes,
    *,
    place: str = "proof",
) -> None:
    """Raises `VerificationError` unless ``digest`` is the root of whole ``subtree`` under ``root``.

    ``subtree`` is (level, index): leaves index * 2**level to (index + 1) * 2**level, all of which
    must be in the tree of ``size`` leaves; ``path`` holds 32-byte hashes from the sibling upwards.
    """
    level, index = subtree
    if (index + 1) << level > size:
        raise VerificationError(f"no whole subtree of {size} leaves is there", place=place)
    verify_inclusion(digest, index, _count(level, size), path, root, place=place)


def roots_from(leaf_hashes: Sequence[bytes]) -> RangeRoots:
    """The roots of ranges of a tree whose leaf hashes are all at hand."""
    return lambda leaves: root_of(leaf_hashes[leaves[0] : leaves[1]])


def _find_difference(
    small: int, large: int, smaller_roots: RangeRoots, larger_roots: RangeRoots
) -> Difference | None:
    subtrees = list(whole_subtrees(0, small))
    ranges = [(index << level, (index + 1) << level) for level, index in subtrees]
    peaks = tuple(smaller_roots(each) for each in ranges)
    for position, (subtree, leaves) in enumerate(zip(subtrees, ranges, strict=True)):
        other = larger_roots(leaves)
        if other != peaks[position]:
            path = tuple(larger_roots(each) for each in subtree_ranges(subtree, large))
            return Difference(peaks, position, other, path)
    return None


def _count(level: int, size: int) -> int:
    """How many hashes are left of ``size`` leaves after pairing ``level`` times."""
    return -(-size >> level)


def _bare(note: str, log: LogIdentity) -> Note:
    """The note with the log's own lines only: other names may not be in our JSON profile."""
    verify_note(note, log)
    parsed = Note.parse(note)
    own = {(v.note_key.name, v.note_key.key_id) for v in log.verifiers}
    lines = tuple(line for line in parsed.signatures if (line.name, line.key_id) in own)
    return Note(parsed.text, lines)


def _value_of(difference: Difference) -> dict[str, object]:
    return {
        "hash": encode_base64(difference.hash),
        "path": [encode_base64(each) for each in difference.path],
        "peak": difference.peak,
        "peaks": [encode_base64(each) for each in difference.peaks],
    }


def _difference_of(proof: object) -> Difference:
    value = _fields(proof, "hash", "path", "peak", "peaks")
    (digest,) = _texts([value["hash"]], 1)
    return Difference(
        tuple(decode_base64(each) for each in _texts(value["peaks"])),
        value["peak"],
        decode_base64(digest),
        tuple(decode_base64(each) for each in _texts(value["path"])),
    )


def _fields(value: object, *names: str) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) != set(names):
        raise EncodingError("could not read evidence: unexpected fields")
    return value


def _texts(value: object, count: int | None = None) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise EncodingError("could not read evidence: not a list of texts")
    if count is not None and len(value) != count:
        raise EncodingError(f"could not read evidence: {len(value)} texts where {count} are due")
    return value
