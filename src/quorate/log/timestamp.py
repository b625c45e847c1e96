"""RFC 3161 timestamps over a checkpoint: somebody outside says when the log had signed that tree.

Stamped is SHA-256 over the note as the log itself signed it: the text, an empty line, the log's
Ed25519 line, its ML-DSA-44 line. Witnesses' lines come and go and are left out. Steps of every
check, each named in the `VerificationError` that it raises:

1. ``timestamp.note``         the note carries both signatures of the log that the reader trusts
2. ``timestamp.form``         the token is one DER value with a TSTInfo and exactly one signer
3. ``timestamp.imprint``      it stamps SHA-256 of exactly these bytes, and signs with SHA-2
4. ``timestamp.certificate``  the signer's certificate lies in the token, is no authority over other
   certificates, and is for timestamping only, marked critical (RFC 3161 section 2.3)
5. ``timestamp.authority``    the signature holds, and its chain leads to the root of an authority
   that the reader trusts, every certificate being valid at the stated time
6. ``timestamp.policy``       it was given under the policy that the reader demands of the authority

Who asks for one also demands:

7. ``timestamp.answer``       the answer says that the request was granted, and holds a token
8. ``timestamp.nonce``        the token repeats the request's nonce: it is no old answer

Revocation is not looked up: an auditor has no network. Format page: docs/formats/timestamp.md.
"""

import hashlib
import re
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import (
    SignedData,
    TimeStampResponse,
    VerifierBuilder,
    decode_timestamp_response,
)
from rfc3161_client import VerificationError as Unverified

from quorate.core.errors import EncodingError, UnavailableError, VerificationError
from quorate.core.sources import Randomness
from quorate.log.checkpoint import LogIdentity
from quorate.log.der import SEQUENCE, certificates_sorted, wrap
from quorate.log.note import Note
from quorate.log.verify import verify_note

MAX_TOKEN = 64 * 1024  # bytes; a token with three certificates of today is about 6 KiB
MAX_ANSWER = MAX_TOKEN + 1024  # bytes; a token, a status and the authority's words
MAX_NAME = 200  # characters

_SHA256 = "2.16.840.1.101.3.4.2.1"
_SHA2 = {_SHA256, "2.16.840.1.101.3.4.2.2", "2.16.840.1.101.3.4.2.3"}
_OID = re.compile(r"[012](\.(0|[1-9][0-9]{0,38})){1,40}\Z")
_GRANTED = bytes.fromhex("3003020100")  # PKIStatusInfo: granted, and no words
_STATUSES_WITH_TOKEN = (0, 1)  # granted, granted with modifications

# TimeStampReq: version 1, SHA-256 imprint, nonce of 8 bytes, certificates wanted. Every part has
# one length, so the request is a template with two gaps.
_REQUEST_HEAD = bytes.fromhex("30430201013031300d060960864801650304020105000420")
_REQUEST_NONCE = bytes.fromhex("0208")
_REQUEST_TAIL = bytes.fromhex("0101ff")
_NONCE_SIZE = 8  # bytes; more than 64 bits are refused by some authorities


@dataclass(frozen=True, slots=True)
class TimestampAuthority:
    """An authority that a reader trusts: our name for it, its root certificate (DER), its policy.

    ``policy`` is a dotted object identifier that every token must carry, or None for any.
    """

    name: str
    root: bytes
    policy: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.name) <= MAX_NAME or not self.name.isprintable():
            raise EncodingError("could not hold a timestamp authority: its name is not printable")
        if self.policy is not None and not _OID.match(self.policy):
            raise EncodingError(
                f"could not hold timestamp authority {self.name}: its policy is not a dotted "
                "object identifier"
            )
        _check_root(self.name, self.root)


@dataclass(frozen=True, slots=True)
class TimestampRequest:
    """What is sent to an authority (``der``), and the nonce that its answer must repeat."""

    der: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Timestamped:
    """That ``authority`` saw the signed checkpoint at ``time``, Unix seconds.

    Fractions of a second are cut off, and the accuracy that a token may state is not added: the
    time is the authority's own, to the second.
    """

    authority: str
    time: int
    policy: str


@dataclass(frozen=True, slots=True)
class Stamp:
    """A verified token (DER of the TimeStampToken) and what it says."""

    token: bytes
    said: Timestamped


class TimestampSource(Protocol):
    """Where timestamps come from; keeps nothing."""

    def stamp(self, request: bytes) -> bytes:
        """The authority's answer (TimeStampResp) to ``request`` (TimeStampReq), both DER.

        At most `MAX_ANSWER` bytes; raises `UnavailableError` when there is no answer in time.
        """
        ...


def read_root(data: bytes) -> bytes:
    """The DER of the one certificate in ``data``, a file in PEM or DER; else `EncodingError`."""
    if not data.lstrip().startswith(b"-----BEGIN"):
        return data  # `TimestampAuthority` looks at it
    try:
        with _strict():
            certificates = x509.load_pem_x509_certificates(data)
    except Exception:
        certificates = []
    if len(certificates) != 1:
        raise EncodingError("could not read a certificate: not exactly one in the PEM file")
    return certificates[0].public_bytes(Encoding.DER)


def stamped_bytes(note: Note, log: LogIdentity, *, place: str = "timestamp") -> bytes:
    """What a token is over, by step 1: the note with the log's own two lines and no others."""
    # 1. timestamp.note
    try:
        verify_note(str(note), log, place=place)
    except VerificationError as error:
        raise _refusal("note", error.message, place) from None
    keys = [verifier.note_key for verifier in log.verifiers]
    own = tuple(
        next(line for line in note.signatures if (line.name, line.key_id) == (key.name, key.key_id))
        for key in keys
    )
    return str(Note(note.text, own)).encode()


def request_for(note: Note, log: LogIdentity, randomness: Randomness) -> TimestampRequest:
    """The request for a timestamp over ``note``, with a fresh nonce; by step 1."""
    imprint = hashlib.sha256(stamped_bytes(note, log)).digest()
    # The first bits 01 keep the number positive and its DER at exactly 8 bytes.
    number = int.from_bytes(randomness.bytes(_NONCE_SIZE)) & (2**62 - 1) | 2**62
    nonce = _REQUEST_NONCE + number.to_bytes(_NONCE_SIZE)
    return TimestampRequest(_REQUEST_HEAD + imprint + nonce + _REQUEST_TAIL, number)


def obtain_timestamp(
    source: TimestampSource,
    note: Note,
    log: LogIdentity,
    authorities: Sequence[TimestampAuthority],
    randomness: Randomness,
) -> Stamp:
    """Asks ``source`` for a timestamp over ``note`` and verifies it before it is believed."""
    request = request_for(note, log, randomness)
    return accept_answer(source.stamp(request.der), request, note, log, authorities)


def accept_answer(
    answer: bytes,
    request: TimestampRequest,
    note: Note,
    log: LogIdentity,
    authorities: Sequence[TimestampAuthority],
    *,
    place: str = "timestamp",
) -> Stamp:
    """The token in an authority's answer to ``request``, by all steps.

    Raises `UnavailableError` when the authority says that it gives none.
    """
    # 7. timestamp.answer
    if len(answer) > MAX_ANSWER:
        raise _refusal("answer", f"the answer is larger than {MAX_ANSWER} bytes", place)
    with _foreign("answer", place):
        response = decode_timestamp_response(certificates_sorted(answer))
        status, words = response.status, response.status_string
    if status not in _STATUSES_WITH_TOKEN:
        said = f" ({'; '.join(words)[:200]})" if words else ""
        raise UnavailableError(
            f"could not get a timestamp: the authority refused with status {status}{said}"
        )
    with _foreign("answer", place):
        token = response.time_stamp_token()
        nonce = response.tst_info.nonce
    said_so = verify_timestamp(token, note, log, authorities, place=place)
    # 8. timestamp.nonce
    if nonce != request.nonce:
        raise _refusal("nonce", "the answer is not to this request", place)
    return Stamp(token, said_so)


def verify_timestamp(
    token: bytes,
    note: Note,
    log: LogIdentity,
    authorities: Sequence[TimestampAuthority],
    *,
    place: str = "timestamp",
) -> Timestamped:
    """Who of ``authorities`` says when that ``log`` had signed ``note``, by steps 1 to 6.

    ``token`` is the DER of a TimeStampToken. Raises nothing but `VerificationError`.
    """
    # 1. timestamp.note
    imprint = hashlib.sha256(stamped_bytes(note, log, place=place)).digest()
    # 2. timestamp.form
    claims = _read(token, place)
    # 3. timestamp.imprint
    if claims.algorithm != _SHA256 or not claims.signed_with <= _SHA2:
        raise _refusal("imprint", "stamps or signs with another hash than SHA-256", place)
    if claims.imprint != imprint:
        raise _refusal("imprint", "is over other bytes than this signed checkpoint", place)
    # 4. timestamp.certificate
    _check_certificate(claims, place)
    # 5. timestamp.authority
    signed = [each for each in authorities if _signed_by(claims, each, place)]
    if not signed:
        raise _refusal("authority", "no timestamp authority that you trust signed it", place)
    # 6. timestamp.policy
    for authority in signed:
        if authority.policy in (None, claims.policy):
            return Timestamped(authority.name, claims.time, claims.policy)
    raise _refusal(
        "policy", f"{signed[0].name} gave it under the policy {claims.policy}, not yours", place
    )


@dataclass(frozen=True, slots=True)
class _Claims:
    """What a token says before anything of it is believed."""

    response: TimeStampResponse
    algorithm: str
    imprint: bytes
    signed_with: frozenset[str]
    time: int
    policy: str
    certificate: x509.Certificate | None


def _read(token: bytes, place: str) -> _Claims:
    if len(token) > MAX_TOKEN:
        raise _refusal("form", f"is larger than {MAX_TOKEN} bytes", place)
    with _foreign("form", place):
        # The library reads answers only; a receipt keeps the token alone, so put it into one.
        response = decode_timestamp_response(wrap(SEQUENCE, _GRANTED + token))
        info, signed_data = response.tst_info, response.signed_data
        claims = _Claims(
            response=response,
            algorithm=info.message_imprint.hash_algorithm.dotted_string,
            imprint=info.message_imprint.message,
            signed_with=frozenset(oid.dotted_string for oid in signed_data.digest_algorithms),
            time=int(info.gen_time.timestamp()),
            policy=info.policy.dotted_string,
            certificate=_signer_certificate(signed_data),
        )
        spelled_alike = response.time_stamp_token() == token
        signers, version = len(signed_data.signer_infos), info.version
    if not spelled_alike or version != 1:
        raise _refusal("form", "is not the DER of a version 1 token", place)
    if signers != 1:
        raise _refusal("form", f"has {signers} signers, not one", place)
    return claims


def _signer_certificate(signed_data: SignedData) -> x509.Certificate | None:
    wanted = {(signer.issuer, signer.serial_number) for signer in signed_data.signer_infos}
    found = [x509.load_der_x509_certificate(der) for der in signed_data.certificates]
    return next((cert for cert in found if (cert.issuer, cert.serial_number) in wanted), None)


def _check_certificate(claims: _Claims, place: str) -> None:
    certificate = claims.certificate
    if certificate is None:
        raise _refusal("certificate", "does not carry its signer's certificate", place)
    with _foreign("certificate", place):
        extensions = certificate.extensions
        usages = [each for each in extensions if isinstance(each.value, x509.ExtendedKeyUsage)]
        rights = [
            each.value for each in extensions if isinstance(each.value, x509.BasicConstraints)
        ]
    purposes = [purpose for usage in usages for purpose in usage.value]
    if purposes != [ExtendedKeyUsageOID.TIME_STAMPING] or not usages[0].critical:
        raise _refusal(
            "certificate", "its signer's certificate is not for timestamping only", place
        )
    if any(right.ca for right in rights):
        raise _refusal("certificate", "its signer's certificate may issue certificates", place)


def _signed_by(claims: _Claims, authority: TimestampAuthority, place: str) -> bool:
    """Whether the signature and its chain hold under this root, at the time that it states."""
    root = x509.load_der_x509_certificate(authority.root)
    verifier = VerifierBuilder().add_root_certificate(root).build()
    with _foreign("authority", place):
        try:
            return verifier.verify(claims.response, claims.imprint)
        except Unverified:
            return False


@contextmanager
def _foreign(step: str, place: str) -> Generator[None]:
    """Whatever the library makes of a stranger's DER becomes a refusal; only it is called inside.

    It raises ValueError, TypeError, KeyError (on names of unknown string types) and classes of
    `cryptography`; a panic of its Rust half is no Exception and is known by its name only.
    """
    try:
        with _strict():
            yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise _refusal(step, "is not a timestamp that can be read", place) from None


@contextmanager
def _strict() -> Generator[None]:
    """A certificate that is only warned of (a serial number of zero) is refused, not talked of."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def _check_root(name: str, root: bytes) -> None:
    try:
        with _strict():
            certificate = x509.load_der_x509_certificate(root)
            certificate.verify_directly_issued_by(certificate)
    except Exception:
        raise EncodingError(
            f"could not hold timestamp authority {name}: its root is not a certificate in DER "
            "that signed itself"
        ) from None


def _refusal(step: str, message: str, place: str) -> VerificationError:
    return VerificationError(message, step=f"timestamp.{step}", place=place)
