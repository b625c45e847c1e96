"""Every reader of strangers' bytes in the log, with specimens: what `test_fuzz` and atheris feed.

To add one, append a line to `PARSERS`. A reader takes bytes; text arrives with what is not UTF-8 as
lone surrogates, so that no byte is lost on the way. A reader may raise `QuorateError` and nothing
else, and what it accepts must be written again as the same bytes: ``exact``, or, where a format
leaves its spelling free, to bytes that are read as the same value. A verifier writes nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from quorate.core.errors import QuorateError
from quorate.core.sources import SeededRandomness
from quorate.log.checkpoint import Checkpoint, WitnessIdentity, sign_checkpoint, sign_cosignature
from quorate.log.der import certificates_sorted
from quorate.log.equivocation import (
    Evidence,
    prove_equivocation,
    roots_from,
    verify_equivocation,
)
from quorate.log.merkle import HASH_SIZE, inclusion_proof, leaf_hash, root_of
from quorate.log.note import Note, NoteKey, SignatureLine
from quorate.log.policy import Policy
from quorate.log.receipt import Receipt
from quorate.log.tiles import (
    Tile,
    encode_entries,
    encode_hashes,
    parse_entries,
    parse_hashes,
    tiles_of,
)
from quorate.log.timestamp import (
    TimestampAuthority,
    accept_answer,
    read_root,
    request_for,
    verify_timestamp,
)
from quorate.log.verify import verify_note, verify_receipt
from quorate.log.witness_protocol import (
    AddCheckpoint,
    encode_lines,
    encode_size,
    parse_lines,
    parse_size,
)
from tests.log.parties import ALICE, IDENTITY, ORIGIN, WITNESS_IDENTITIES, WITNESSES
from tests.simulators.authority import Authority


@dataclass(frozen=True)
class Parser:
    """A reader of a stranger's bytes, its inverse if it has one, and valid bytes to start from."""

    name: str
    read: Callable[[bytes], Any]
    write: Callable[[Any], bytes] | None
    specimens: tuple[bytes, ...]
    exact: bool = True

    def check(self, data: bytes) -> bool:
        """Whether ``data`` is accepted; an assertion or a foreign exception is what we look for."""
        try:
            value = self.read(data)
        except QuorateError as error:
            assert str(error), "an error says what is wrong"
            return False
        if self.write is not None:
            written = self.write(value)
            if self.exact:
                assert written == data, f"{self.name} reads {data!r} and writes {written!r}"
            else:
                assert self.read(written) == value, f"{self.name} reads {written!r} otherwise"
        return True


def text_of(data: bytes) -> str:
    """Bytes as text, none lost."""
    return data.decode("utf-8", "surrogateescape")


def bytes_of(value: object) -> bytes:
    """The inverse of `text_of` for whatever is spelled by ``str``."""
    return str(value).encode("utf-8", "surrogateescape")


def text_parser(name: str, read: Callable[[str], Any], *specimens: object, **more: Any) -> Parser:
    """A reader of text whose inverse is ``str``."""
    more.setdefault("write", bytes_of)
    found = tuple(map(bytes_of, specimens))
    return Parser(name, lambda data: read(text_of(data)), specimens=found, **more)


LEAVES = [b"leaf 0", b"", b"x" * 300, b"\x00\xff"]
HASHES = [leaf_hash(each) for each in LEAVES]
POINT = Checkpoint(ORIGIN, len(LEAVES), root_of(HASHES))
HEAD = sign_checkpoint(POINT, *ALICE.log_signers, 1_800_000_000)
COSIGNERS = (*WITNESSES[0].witness_signers, WITNESSES[1].witness_signer)
NAMES = (WITNESS_IDENTITIES[0].name, WITNESS_IDENTITIES[0].name, WITNESS_IDENTITIES[1].name)
COSIGNED = Note(
    HEAD.text,
    (
        *HEAD.signatures,
        *(
            sign_cosignature(POINT, name, signer, 1_800_000_001)
            for name, signer in zip(NAMES, COSIGNERS, strict=True)
        ),
    ),
)
KNOWN = [
    WitnessIdentity(name, signer.public_key) for name, signer in zip(NAMES, COSIGNERS, strict=True)
]
RECEIPTS = (
    Receipt(2, tuple(inclusion_proof(HASHES, 2)), COSIGNED),
    Receipt(1, tuple(inclusion_proof(HASHES, 1)), HEAD, extra=b"whatever"),
)
VKEYS = [each.note_key for each in IDENTITY.verifiers] + [each.verifier.note_key for each in KNOWN]
POLICY = f"""# whom we believe
log {VKEYS[0].vkey} https://log.example/
log {VKEYS[1].vkey}
witness one\t{VKEYS[2].vkey}
 witness one-pq {VKEYS[3].vkey} https://w.example/

witness two {VKEYS[4].vkey}
group first any one one-pq
group both 2 first two
quorum both
"""
_OTHER = [*HASHES[:2], leaf_hash(b"another"), *HASHES, *HASHES]
_OTHER_HEAD = sign_checkpoint(
    Checkpoint(ORIGIN, len(_OTHER), root_of(_OTHER)), *ALICE.log_signers, 1_800_000_000
)
_TWIN = sign_checkpoint(Checkpoint(ORIGIN, 4, root_of(_OTHER[:4])), *ALICE.log_signers, 5)
EVIDENCE = (
    prove_equivocation(
        IDENTITY, str(HEAD), str(_OTHER_HEAD), roots_from(HASHES), roots_from(_OTHER)
    ),
    prove_equivocation(IDENTITY, str(HEAD), str(_TWIN)),
)
WITNESS_REQUESTS = (
    bytes(AddCheckpoint(0, (), HEAD)),
    bytes(AddCheckpoint(3, (HASHES[3], HASHES[2], HASHES[0]), HEAD)),
)
TSA = Authority()
OFFICES = [TimestampAuthority("the office", TSA.root_der)]
REQUEST = request_for(HEAD, IDENTITY, SeededRandomness("timestamp"))
ANSWER = TSA.answer(REQUEST.der)
TOKEN = accept_answer(ANSWER, REQUEST, HEAD, IDENTITY, OFFICES).token


def _after_width(parse: Callable[[bytes, int], Any]) -> Callable[[bytes], Any]:
    """A tile's reader is told its width (1 to 256): here by the first byte."""
    return lambda data: parse(data[1:], (data[:1] or b"\0")[0] + 1)


def _with_width(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    return lambda values: bytes([len(values) - 1]) + encode(values)


PARSERS = [
    text_parser("note", Note.parse, HEAD, COSIGNED, Note("a\n\nb\n", HEAD.signatures[:1])),
    text_parser("signature-line", SignatureLine.parse, *COSIGNED.signatures, exact=False),
    text_parser(
        "vkey",
        NoteKey.parse_vkey,
        *(key.vkey for key in VKEYS),
        write=lambda key: key.vkey.encode("utf-8", "surrogateescape"),
    ),
    text_parser("checkpoint", Checkpoint.parse, POINT, Checkpoint(ORIGIN, 2**63 - 1, bytes(32))),
    text_parser("receipt", Receipt.parse, *RECEIPTS),
    text_parser(
        "tile-path",
        Tile.parse,
        *(tile.path for tile in tiles_of(70_000)),
        "tile/entries/x123/x456/789.p/12",
        write=lambda tile: tile.path.encode(),
    ),
    Parser(
        "hashes",
        _after_width(parse_hashes),
        _with_width(encode_hashes),
        (b"\x03" + encode_hashes(HASHES), b"\xff" + bytes(256 * HASH_SIZE)),
    ),
    Parser(
        "entries",
        _after_width(parse_entries),
        _with_width(encode_entries),
        (b"\x03" + encode_entries(LEAVES), b"\x00" + encode_entries([b"x" * 65_535])),
    ),
    Parser(
        "policy", Policy.from_bytes, Policy.to_bytes, (POLICY.encode(), b"quorum none\n"), False
    ),
    text_parser("evidence", Evidence.parse, *EVIDENCE),
    text_parser(
        "note-verifier",
        lambda text: verify_note(text, IDENTITY, KNOWN, 2),
        COSIGNED,
        write=None,
    ),
    text_parser(
        "receipt-verifier",
        lambda text: verify_receipt(text, LEAVES[2], IDENTITY, KNOWN, 2),
        RECEIPTS[0],
        write=None,
    ),
    text_parser("policy-verifier", Policy.parse(POLICY).check, COSIGNED, write=None),
    text_parser("evidence-verifier", verify_equivocation, *EVIDENCE, write=None),
    text_parser(
        "receipt-timestamp",
        lambda text: Receipt.parse(text).timestamp,
        RECEIPTS[0].with_timestamp(TOKEN),
        write=None,
    ),
    Parser(
        "timestamp-verifier",
        lambda data: verify_timestamp(data, COSIGNED, IDENTITY, OFFICES),
        None,
        (TOKEN,),
    ),
    Parser(
        "timestamp-answer",
        lambda data: accept_answer(data, REQUEST, HEAD, IDENTITY, OFFICES),
        None,
        (ANSWER,),
    ),
    Parser("der-certificates", certificates_sorted, bytes, (ANSWER,), False),
    Parser(
        "timestamp-root",
        lambda data: TimestampAuthority("the office", read_root(data)),
        lambda authority: authority.root,
        (TSA.root_der, TSA.root_pem),
        False,
    ),
    Parser("witness-request", AddCheckpoint.parse, bytes, WITNESS_REQUESTS, False),
    Parser(
        "witness-lines",
        parse_lines,
        lambda lines: encode_lines(map(str, lines)),
        (str(COSIGNED).partition("\n\n")[2].encode(),),
    ),
    Parser("witness-size", parse_size, encode_size, (b"0\n", b"9223372036854775807\n")),
]
"""One line per reader: name, reader, valid specimens, what writes it again."""
