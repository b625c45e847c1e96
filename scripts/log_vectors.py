"""The log's test vectors: for each kind of file the valid ones and one mutation of one per file.

Everything follows from seeds; a step of None means that the file is accepted. Kinds whose reader
has no numbered steps are refused at "form".
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from quorate.core.encoding import canonical_bytes, encode_base64, parse_canonical
from quorate.core.keyring import Keyring
from quorate.core.keys import Signer
from quorate.core.sources import SeededRandomness
from quorate.log.checkpoint import (
    Checkpoint,
    LogIdentity,
    WitnessIdentity,
    sign_checkpoint,
    sign_cosignature,
)
from quorate.log.equivocation import Difference, Evidence, prove_equivocation, roots_from
from quorate.log.merkle import inclusion_proof, leaf_hash, root_of
from quorate.log.note import Note, SignatureLine
from quorate.log.receipt import Receipt
from quorate.log.tiles import encode_entries, encode_hashes
from quorate.log.verify import genesis_leaf

ORIGIN = "quorate.example/alice"
TIME = 1_800_000_000
QUORUM = 2
ALICE, MALLORY, BOB, CAROL, DAVE = (
    Keyring.generate(name, SeededRandomness(name))
    for name in ("alice", "mallory", "bob", "carol", "dave")
)
LOG = LogIdentity(ORIGIN, *(signer.public_key for signer in ALICE.log_signers))
BOB_NAME, CAROL_NAME = "quorate.example/bob/witness", "quorate.example/carol/witness"
WITNESSES = [
    WitnessIdentity(BOB_NAME, BOB.witness_signer.public_key),
    WitnessIdentity(BOB_NAME, BOB.witness_ml_dsa_44.public_key),
    WitnessIdentity(CAROL_NAME, CAROL.witness_signer.public_key),
]
LOG_KEYS = [verifier.note_key for verifier in LOG.verifiers]
WITNESS_KEYS = [witness.verifier.note_key for witness in WITNESSES]
KEYS = {
    "log": [key.vkey for key in LOG_KEYS],
    "witnesses": [key.vkey for key in WITNESS_KEYS],
}
LEAVES = [genesis_leaf(LOG), *(f"leaf {i}".encode() for i in range(1, 30))]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
FORKED = [*HASHES[:5], leaf_hash(b"another"), *HASHES[6:]]
INDEX, SIZE = 3, 9  # the receipt's leaf, and the size of its tree


@dataclass(frozen=True)
class Vector:
    """One file: where it lies, its bytes, the step that refuses it (None: it is accepted)."""

    path: str
    data: bytes
    step: str | None


class Kit:
    """Signed parts, by signers that a caller may wrap."""

    def __init__(self, keep: Callable[[Signer], Signer]) -> None:
        self._keep = keep

    def head(
        self, size: int, hashes: list[bytes] = HASHES, owner: Keyring = ALICE, **changes: object
    ) -> Note:
        """The head over the first ``size`` leaf hashes, signed by ``owner``."""
        point = Checkpoint(ORIGIN, size, root_of(hashes[:size]))
        point = replace(point, **changes)
        return sign_checkpoint(point, *map(self._keep, owner.log_signers), TIME)

    def line(
        self, signer: Signer, name: str, time: int = TIME + 1, size: int = SIZE
    ) -> SignatureLine:
        """A witness's line for the head of ``size`` leaves."""
        point = Checkpoint(ORIGIN, size, root_of(HASHES[:size]))
        return sign_cosignature(point, name, self._keep(signer), time)


def log_vectors(kit: Kit) -> Iterator[Vector]:
    """Notes, receipts, evidence, tiles and their paths."""
    yield from _notes(kit)
    yield from _receipts(kit)
    yield from _equivocations(kit)
    yield from _tiles()


def vector_of(kind: str, suffix: str, name: str, value: object, step: str | None) -> Vector:
    """A file of ``kind`` from bytes or from what ``str`` spells."""
    data = value if isinstance(value, bytes) else str(value).encode("utf-8")
    path = f"{kind}/{name}{suffix}"
    if (step is None) is not name.startswith("valid-"):
        raise SystemExit(f"{path}: a valid file's name begins with valid-, no other's does")
    return Vector(path, data, step)


def flipped(line: SignatureLine, at: int = -1) -> SignatureLine:
    """The line with one bit of its signature (or time) changed."""
    blob = bytearray(line.blob)
    blob[at] ^= 1
    return replace(line, blob=bytes(blob))


def _notes(kit: Kit) -> Iterator[Vector]:
    head = kit.head(SIZE)
    ed25519, ml_dsa = head.signatures
    bob, bob_pq = (kit.line(signer, BOB_NAME) for signer in BOB.witness_signers)
    carol = kit.line(CAROL.witness_signer, CAROL_NAME)
    good = (ed25519, ml_dsa, bob, carol)

    def of(*lines: SignatureLine) -> Note:
        return Note(head.text, lines)

    strangers = [SignatureLine(f"key{i}.example", bytes([i]) * 4, b"?") for i in range(61)]
    yes: dict[str, object] = {
        "two-witnesses": of(*good),
        "witness-with-ml-dsa-44": of(ed25519, ml_dsa, bob_pq, carol),
        "witness-with-both-types": of(*good, bob_pq),
        "lines-in-another-order": of(*good[::-1]),
        "good-line-twice": of(*good, bob),
        "unknown-key": of(*good, kit.line(DAVE.witness_signer, "quorate.example/dave/witness")),
        "known-name-unknown-id": of(*good, replace(bob, key_id=bytes(4))),
        "known-id-unknown-name": of(*good, replace(bob, name="someone.example")),
        "16-signatures": of(*good, *strangers[:12]),
        "64-signatures": of(*good, *strangers[:60]),
    }
    no: dict[str, dict[str, object]] = {
        "note.form": _spellings(str(of(*good)), head.text)
        | {
            "65-signatures": str(of(*good, *strangers[:60])) + str(strangers[60]),
        },
        "note.origin": {
            "another-origin": kit.head(SIZE, owner=MALLORY, origin="m.example"),
            "byte-order-mark": f"\ufeff{of(*good)}",
        },
        "note.log": _bad_log_lines(kit, head.text, good),
        "note.witnesses": _bad_witness_lines(kit, head.text, good, bob_pq),
    }
    for name, value in yes.items():
        yield vector_of("note", ".note", f"valid-{name}", value, None)
    for step, cases in no.items():
        for name, value in cases.items():
            yield vector_of("note", ".note", name, value, step)


def _bad_log_lines(kit: Kit, text: str, good: tuple[SignatureLine, ...]) -> dict[str, object]:
    ed25519, ml_dsa, bob, carol = good

    def of(*lines: SignatureLine) -> Note:
        return Note(text, lines)

    return {
        "ed25519-missing": of(ml_dsa, bob, carol),
        "ml-dsa-44-missing": of(ed25519, bob, carol),
        "ed25519-one-bit": of(flipped(ed25519), *good[1:]),
        "ed25519-cut": of(replace(ed25519, blob=ed25519.blob[:-1]), *good[1:]),
        "ml-dsa-44-one-bit": of(ed25519, flipped(ml_dsa), bob, carol),
        "ml-dsa-44-cut": of(ed25519, replace(ml_dsa, blob=ml_dsa.blob[:-1]), bob, carol),
        "ml-dsa-44-another-time": of(ed25519, flipped(ml_dsa, 7), bob, carol),
        "ml-dsa-44-time-out-of-range": of(ed25519, _flipped_high(ml_dsa), bob, carol),
        "bad-line-behind-a-good-one": of(*good, flipped(ed25519)),
        "another-key": of(*kit.head(SIZE, owner=MALLORY).signatures, bob, carol),
        "another-size": str(of(*good)).replace("\n9\n", "\n8\n", 1),
        "another-root": Note(str(Checkpoint(ORIGIN, SIZE, bytes(32))), good),
    }


def _bad_witness_lines(
    kit: Kit, text: str, good: tuple[SignatureLine, ...], bob_pq: SignatureLine
) -> dict[str, object]:
    ed25519, ml_dsa, bob, carol = good

    def of(*lines: SignatureLine) -> Note:
        return Note(text, lines)

    return {
        "no-witness": of(ed25519, ml_dsa),
        "one-witness": of(ed25519, ml_dsa, bob),
        "one-witness-with-both-types": of(ed25519, ml_dsa, bob, bob_pq),
        "witness-one-bit": of(ed25519, ml_dsa, flipped(bob), carol),
        "witness-another-time": of(ed25519, ml_dsa, flipped(bob, 7), carol),
        "witness-ml-dsa-44-one-bit": of(*good, flipped(bob_pq)),
        "witness-of-another-size": of(
            ed25519, ml_dsa, kit.line(BOB.witness_signer, BOB_NAME, size=8), carol
        ),
        "witness-ml-dsa-44-of-another-name": of(
            *good,
            replace(
                kit.line(BOB.witness_ml_dsa_44, CAROL_NAME), name=BOB_NAME, key_id=bob_pq.key_id
            ),
        ),
        "witness-time-out-of-range": of(
            ed25519, ml_dsa, kit.line(BOB.witness_signer, BOB_NAME, 2**63), carol
        ),
        "witness-without-time": of(ed25519, ml_dsa, replace(bob, blob=bob.blob[8:15]), carol),
    }


def _flipped_high(line: SignatureLine) -> SignatureLine:
    return replace(line, blob=b"\x80" + line.blob[1:])


def _spellings(note: str, text: str) -> dict[str, object]:
    """The note in every spelling that is not the one."""
    root = text.split("\n")[2]
    head, tail = note.rsplit("— ", 1)
    return {
        "no-signatures": text,
        "no-signatures-after-the-blank-line": text + "\n",
        "no-blank-line": note.replace("\n\n", "\n"),
        "last-newline-missing": note[:-1],
        "newline-too-many": note + "\n",
        "carriage-returns": note.replace("\n", "\r\n"),
        "hyphen-for-dash": f"{head}- {tail}",
        "two-spaces-after-dash": f"{head}—  {tail}",
        "two-spaces-before-base64": note.replace("witness ", "witness  ", 1),
        "no-name": note.replace(f"— {ORIGIN} ", "—  ", 1),
        "plus-in-name": note.replace("bob/", "bob+", 1),
        "no-break-space-in-name": note.replace("bob/", "bob\u00a0", 1),
        "tab-in-name": note.replace("bob/", "bob\t", 1),
        "base64-url-alphabet": f"{head}— {tail[:-20]}-_-_{tail[-16:]}",
        "base64-stray-bits": f"{head}— {CAROL_NAME} AAAAAAB=\n",
        "base64-unpadded": f"{head}— {CAROL_NAME} AAAAAAA\n",
        "key-id-without-signature": f"{head}— {CAROL_NAME} AAAAAA==\n",
        "extension-line": note.replace(f"{root}\n", f"{root}\nextension\n"),
        "size-with-leading-zero": note.replace("\n9\n", "\n09\n"),
        "size-with-plus": note.replace("\n9\n", "\n+9\n"),
        "size-negative": note.replace("\n9\n", "\n-9\n"),
        "size-of-other-digits": note.replace("\n9\n", "\n\u0669\n"),
        "size-too-large": note.replace("\n9\n", f"\n{2**63}\n"),
        "size-zero-with-a-root": note.replace("\n9\n", "\n0\n"),
        "root-of-31-bytes": note.replace(root, encode_base64(bytes(31))),
        "root-in-hex": note.replace(root, bytes(32).hex()),
        "space-in-origin": note.replace(ORIGIN, "two words", 1),
    }


def _receipts(kit: Kit) -> Iterator[Vector]:
    bob = kit.line(BOB.witness_signer, BOB_NAME)
    head = kit.head(SIZE)
    note = Note(head.text, (*head.signatures, bob, kit.line(CAROL.witness_signer, CAROL_NAME)))
    proof = tuple(inclusion_proof(HASHES[:SIZE], INDEX))
    good = Receipt(INDEX, proof, note)
    text = str(good)
    hashes = "".join(f"{encode_base64(each)}\n" for each in proof)
    first = encode_base64(proof[0])
    cases: dict[str | None, dict[str, object]] = {
        None: {
            "valid-receipt": good,
            "valid-with-extra": replace(good, extra=b"nothing signs this"),
        },
        "receipt.form": {
            "another-version": text.replace("@v1", "@v2"),
            "no-header": text.partition("\n")[2],
            "no-index": text.replace("index 3\n", ""),
            "index-with-leading-zero": text.replace("index 3", "index 03"),
            "index-negative": text.replace("index 3", "index -3"),
            "index-too-large": text.replace("index 3", f"index {2**63}"),
            "extra-twice": text.replace("index", "extra AA==\nextra AA==\nindex"),
            "extra-behind-index": text.replace("index 3\n", "index 3\nextra AA==\n"),
            "hash-of-31-bytes": text.replace(first, encode_base64(proof[0][:31])),
            "hash-with-stray-bits": text.replace(first, f"{first[:-2]}" + _next(first[-2]) + "="),
            "64-hashes": text.replace(hashes, f"{first}\n" * 64),
            "carriage-returns": text.replace("\n", "\r\n"),
            "no-blank-line-before-the-note": text.replace(f"{hashes}\n", hashes, 1),
            "last-newline-missing": text[:-1],
        },
        "note.log": {"ml-dsa-44-missing": replace(good, note=Note(note.text, _without(note, 1)))},
        "note.witnesses": {"one-witness": replace(good, note=Note(note.text, _without(note, 3)))},
        "receipt.proof": {
            "another-index": replace(good, index=INDEX - 1),
            "index-beyond-the-tree": replace(good, index=SIZE),
            "proof-cut": replace(good, proof=proof[:-1]),
            "proof-longer": replace(good, proof=(*proof, proof[0])),
            "proof-in-another-order": replace(good, proof=proof[::-1]),
            "proof-empty": replace(good, proof=()),
            "hash-one-bit": replace(
                good, proof=(bytes([proof[0][0] ^ 1]) + proof[0][1:], *proof[1:])
            ),
            "proof-of-another-tree": replace(
                good, proof=tuple(inclusion_proof(FORKED[:SIZE], INDEX))
            ),
        },
    }
    yield vector_of("receipt", "", "valid-leaf", LEAVES[INDEX], None)
    for step, files in cases.items():
        for name, value in files.items():
            yield vector_of("receipt", ".tlog-proof", name, value, step)


def _next(char: str) -> str:
    """The next letter of the base64 alphabet: other stray bits, the same bytes."""
    return chr(ord(char) + 1)


def _without(note: Note, position: int) -> tuple[SignatureLine, ...]:
    return note.signatures[:position] + note.signatures[position + 1 :]


def _equivocations(kit: Kit) -> Iterator[Vector]:
    small, large, twin = kit.head(9), kit.head(25, FORKED), kit.head(9, FORKED)
    good = prove_equivocation(LOG, str(small), str(large), roots_from(HASHES), roots_from(FORKED))
    one_size = prove_equivocation(LOG, str(small), str(twin))
    proof = good.difference
    if proof is None:
        raise SystemExit("no difference to alter")

    def with_value(**changes: object) -> bytes:
        return canonical_bytes(parse_canonical(str(good).encode()) | changes)

    other = LogIdentity(ORIGIN, *(signer.public_key for signer in MALLORY.log_signers))
    forged = kit.head(25, FORKED, MALLORY)
    cases: dict[str | None, dict[str, object]] = {
        None: {"valid-fork": good, "valid-one-size": one_size},
        "evidence.form": {
            "another-version": with_value(format="quorate/equivocation/v2"),
            "unknown-field": with_value(more=1),
            "proof-of-no-fields": with_value(proof={}),
            "one-note": with_value(notes=[str(small)]),
            "spaces": str(good).replace(",", ", ", 1),
            "peak-beyond-the-peaks": str(good).replace('"peak":0', '"peak":2'),
            "peak-negative": str(good).replace('"peak":0', '"peak":-1'),
            "hash-of-31-bytes": str(good).replace(
                encode_base64(proof.hash), encode_base64(proof.hash[:31])
            ),
        },
        "evidence.log": {"another-key": replace(good, log=other)},
        "note.origin": {
            "another-origin": replace(
                good, notes=(kit.head(9, owner=MALLORY, origin="m.example"), large)
            )
        },
        "note.log": {
            "head-of-a-forger": replace(good, notes=(small, forged)),
            "ml-dsa-44-missing": replace(
                good, notes=(small, Note(large.text, large.signatures[:1]))
            ),
        },
        **_false_proofs(kit, good, one_size, proof),
    }
    for step, files in cases.items():
        for name, value in files.items():
            yield vector_of("equivocation", ".equivocation", name, value, step)


def _false_proofs(
    kit: Kit, good: Evidence, one_size: Evidence, proof: Difference
) -> dict[str, dict[str, object]]:
    small, large = good.notes

    def with_proof(**changes: object) -> Evidence:
        return replace(good, difference=replace(proof, **changes))

    return {
        "evidence.order": {
            "larger-first": replace(good, notes=(large, small)),
            "larger-root-first": replace(one_size, notes=one_size.notes[::-1]),
        },
        "evidence.roots": {
            "same-head-twice": Evidence(LOG, (small, small), None),
            "one-size-with-a-proof": replace(one_size, difference=proof),
        },
        "evidence.peaks": {
            "no-proof": replace(good, difference=None),
            "empty-tree": Evidence(LOG, (kit.head(0), large), proof),
            "peak-missing": with_proof(peaks=proof.peaks[:1]),
            "peak-too-many": with_proof(peaks=(*proof.peaks, proof.hash)),
            "peaks-of-the-larger-tree": with_proof(peaks=(proof.hash, proof.peaks[1])),
            "peaks-in-another-order": with_proof(peaks=proof.peaks[::-1]),
        },
        "evidence.hash": {"peak-itself": with_proof(hash=proof.peaks[0])},
        "evidence.path": {
            "another-peak": with_proof(peak=1),
            "hash-of-nothing": with_proof(hash=bytes(32)),
            "path-cut": with_proof(path=proof.path[:-1]),
            "path-longer": with_proof(path=(*proof.path, proof.hash)),
            "path-in-another-order": with_proof(path=proof.path[::-1]),
            "log-that-only-grew": Evidence(
                LOG, (small, kit.head(25)), Difference(proof.peaks, 0, proof.hash, proof.path)
            ),
        },
    }


def _tiles() -> Iterator[Vector]:
    entries, hashes = encode_entries(LEAVES[1:5]), encode_hashes(HASHES[1:5])
    paths: dict[str | None, dict[str, str]] = {
        None: {
            "valid-first": "tile/0/000",
            "valid-partial": "tile/0/000.p/4",
            "valid-entries": "tile/entries/000",
            "valid-three-groups": "tile/1/x001/x234/067",
            "valid-highest-level": "tile/63/000",
        },
        "form": {
            "leading-slash": "/tile/0/000",
            "newline": "tile/0/000\n",
            "level-64": "tile/64/000",
            "level-with-leading-zero": "tile/00/000",
            "level-negative": "tile/-1/000",
            "index-of-two-digits": "tile/0/00",
            "index-of-four-digits": "tile/0/1234",
            "index-group-of-zeros": "tile/0/x000/001",
            "index-group-without-x": "tile/0/001/234",
            "index-last-group-with-x": "tile/0/x001/x234",
            "index-of-other-digits": "tile/0/\u0660\u0660\u0660",
            "index-of-6000-digits": "tile/0/" + "x999/" * 2_000 + "999",
            "width-0": "tile/0/000.p/0",
            "width-256": "tile/0/000.p/256",
            "width-257": "tile/0/000.p/257",
            "width-with-leading-zero": "tile/0/000.p/04",
            "parent": "tile/0/../000",
        },
    }
    bundles: dict[str | None, dict[str, bytes]] = {
        None: {"valid-four": entries},
        "form": {
            "cut": entries[:-1],
            "byte-too-many": entries + b"\0",
            "entry-missing": encode_entries(LEAVES[1:4]),
            "entry-too-many": encode_entries(LEAVES[1:6]),
            "length-too-large": b"\xff\xff" + entries[2:],
            "length-little-endian": entries[1::-1] + entries[2:],
            "empty": b"",
        },
    }
    tiles: dict[str | None, dict[str, bytes]] = {
        None: {"valid-four": hashes},
        "form": {
            "byte-missing": hashes[:-1],
            "byte-too-many": hashes + b"\0",
            "hash-missing": hashes[:-32],
            "hash-too-many": hashes + bytes(32),
        },
    }
    for kind, suffix, cases in (
        ("tile-path", ".txt", paths),
        ("entries-of-4", ".bin", bundles),
        ("hashes-of-4", ".bin", tiles),
    ):
        for step, files in cases.items():
            for name, value in files.items():
                yield vector_of(kind, suffix, name, value, step)
