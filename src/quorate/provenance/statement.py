"""Signed statements: an in-toto Statement v1 in a DSSE envelope, hybrid signatures.

Format page: docs/formats/statement.md. Sources: in-toto Attestation Framework v1, DSSE v1.0.2.
The envelope and the statement inside are canonical JSON, so one statement has one spelling. Every
key that the author's identity lists must have signed, in the listed order: one signature of two is
refused, or an attacker who breaks one scheme could strip the other (downgrade).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from quorate.core.encoding import canonical_bytes, decode_base64, encode_base64, parse_canonical
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keyring import PublicIdentity
from quorate.core.keys import PublicKey, Signer

PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
_KIND_PREFIX, _KIND_SUFFIX = "urn:quorate:", ":v1"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a statement is about: a name and the SHA-256 digest of its bytes."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class Statement:
    """A claim of ``kind`` about ``subjects``; ``predicate`` always names its ``author``."""

    kind: str
    subjects: tuple[Subject, ...]
    predicate: dict[str, Any]

    @property
    def author(self) -> str:
        """The name of the party that must have signed."""
        return str(self.predicate["author"])

    def to_bytes(self) -> bytes:
        """The in-toto statement as canonical JSON."""
        return canonical_bytes(
            {
                "_type": STATEMENT_TYPE,
                "predicate": self.predicate,
                "predicateType": f"{_KIND_PREFIX}{self.kind}{_KIND_SUFFIX}",
                "subject": [
                    {"digest": {"sha256": subject.digest.hex}, "name": subject.name}
                    for subject in self.subjects
                ],
            }
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> "Statement":
        """The inverse of `to_bytes`; unknown or missing fields are refused."""
        value = parse_canonical(data)
        fields = {"_type", "predicate", "predicateType", "subject"}
        if not isinstance(value, dict) or set(value) != fields or value["_type"] != STATEMENT_TYPE:
            raise EncodingError("could not read a statement: not an in-toto Statement v1")
        kind, predicate = str(value["predicateType"]), value["predicate"]
        if not (kind.startswith(_KIND_PREFIX) and kind.endswith(_KIND_SUFFIX)):
            raise EncodingError(f"could not read a statement: unknown predicate {kind[:80]!r}")
        if not isinstance(predicate, dict) or not isinstance(predicate.get("author"), str):
            raise EncodingError("could not read a statement: the predicate names no author")
        if not isinstance(value["subject"], list):
            raise EncodingError("could not read a statement: the subjects are no list")
        subjects = tuple(_read_subject(item) for item in value["subject"])
        return cls(kind[len(_KIND_PREFIX) : -len(_KIND_SUFFIX)], subjects, predicate)


def _read_subject(value: Any) -> Subject:
    try:
        if set(value) != {"digest", "name"} or set(value["digest"]) != {"sha256"}:
            raise EncodingError("could not read a statement: unexpected subject fields")
        return Subject(str(value["name"]), Digest.parse(f"sha256:{value['digest']['sha256']}"))
    except (TypeError, KeyError):
        raise EncodingError("could not read a statement: malformed subject") from None


def pre_authentication_encoding(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """DSSE's PAE: what is really signed, unambiguous in type and length."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_statement(statement: Statement, signers: Sequence[Signer]) -> bytes:
    """The DSSE envelope of ``statement`` as canonical JSON, signed by every signer in order."""
    payload = statement.to_bytes()
    message = pre_authentication_encoding(payload)
    return canonical_bytes(
        {
            "payload": encode_base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [
                {"keyid": signer.public_key.keyid, "sig": encode_base64(signer.sign(message))}
                for signer in signers
            ],
        }
    )


@dataclass(frozen=True, slots=True)
class Envelope:
    """A parsed DSSE envelope whose signatures nobody has checked yet."""

    statement: Statement
    payload: bytes
    signatures: tuple[tuple[str, bytes], ...]

    def verify(self, keys: Sequence[PublicKey], place: str) -> Statement:
        """The statement, once each of ``keys`` has signed it; else `VerificationError`.

        1. As many signatures as keys, by exactly these keys in their order.
        2. Every signature holds over the DSSE encoding of the payload.
        """
        # 1. One of two would be a downgrade; a third would be unexamined bytes.
        if [keyid for keyid, _ in self.signatures] != [key.keyid for key in keys]:
            raise VerificationError("not signed by exactly its author's keys", place=place)
        # 2.
        message = pre_authentication_encoding(self.payload)
        for key, (_, signature) in zip(keys, self.signatures, strict=True):
            key.verify(signature, message, place)
        return self.statement


def parse_envelope(data: bytes) -> Envelope:
    """The parts of a DSSE envelope; raises `EncodingError` on any but the one spelling."""
    value = parse_canonical(data)
    fields = {"payload", "payloadType", "signatures"}
    if not isinstance(value, dict) or set(value) != fields or value["payloadType"] != PAYLOAD_TYPE:
        raise EncodingError("could not read an envelope: not a DSSE envelope of in-toto JSON")
    try:
        payload = decode_base64(value["payload"])
        signatures = tuple((s["keyid"], decode_base64(s["sig"])) for s in value["signatures"])
        if any(set(s) != {"keyid", "sig"} for s in value["signatures"]):
            raise EncodingError("could not read an envelope: unexpected signature fields")
    except (TypeError, KeyError):
        raise EncodingError("could not read an envelope: malformed") from None
    return Envelope(Statement.from_bytes(payload), payload, signatures)


def verify_statement(data: bytes, identity: PublicIdentity, place: str) -> Statement:
    """The statement in the envelope ``data``, if its author is ``identity`` and signed it.

    1. The envelope and the statement are in their one spelling.
    2. The statement names the identity as its author.
    3. Every key that the identity lists has signed (`Envelope.verify`).
    """
    # 1.
    try:
        envelope = parse_envelope(data)
    except EncodingError as error:
        raise VerificationError(error.message, place=place) from None
    # 2. Or one member's statement could be passed off as another's.
    if envelope.statement.author != identity.name:
        raise VerificationError(f"its author is not {identity.name}", place=place)
    # 3.
    return envelope.verify(identity.statement_keys, place)
