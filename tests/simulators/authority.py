"""A timestamp authority of our own: real certificates, real RFC 3161 tokens, real HTTP.

Tokens are built with asn1crypto, which shares no code with the library that reads them in the
package. Every way in which an authority can be wrong is a field of `Wish` or `Making`.
"""

import contextlib
import datetime
import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from asn1crypto import cms, core, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

UTC = datetime.UTC
NOW = datetime.datetime(2027, 1, 15, 8, 0, 0, tzinfo=UTC)
POLICY = "1.3.6.1.4.1.99999.1"


@dataclass(frozen=True)
class Making:
    """How an authority's certificates are made."""

    name: str = "tsa"
    purposes: tuple[ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,)
    critical: bool = True
    is_ca: bool = False
    begins: datetime.datetime = datetime.datetime(2020, 1, 1, tzinfo=UTC)
    ends: datetime.datetime = datetime.datetime(2040, 1, 1, tzinfo=UTC)
    root_ends: datetime.datetime = datetime.datetime(2050, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Wish:
    """What a token shall say; the defaults are what an honest authority says."""

    imprint: bytes
    nonce: int | None = None
    algorithm: str = "sha256"
    digest: str = "sha256"
    policy: str = POLICY
    when: datetime.datetime = NOW
    version: int = 1
    certificates: bool = True
    content_type: str = "tst_info"


class Authority:
    """A root, an authority below it, and below that the certificate that signs timestamps."""

    def __init__(self, making: Making | None = None) -> None:
        self.making = making or Making()
        root_key, middle_key, self._key = (ec.generate_private_key(ec.SECP256R1()) for _ in "123")
        self.root = _issue(self.making, 2, root_key, (None, root_key))
        self.middle = _issue(self.making, 1, middle_key, (self.root, root_key))
        self.leaf = _issue(self.making, 0, self._key, (self.middle, middle_key))

    @property
    def root_der(self) -> bytes:
        """The root certificate, DER."""
        return self.root.public_bytes(Encoding.DER)

    @property
    def root_pem(self) -> bytes:
        """The root certificate, PEM."""
        return self.root.public_bytes(Encoding.PEM)

    def files(self) -> dict[str, bytes]:
        """Certificates and the signing key in PEM, for another program to be this authority."""
        certificates = {"root": self.root, "middle": self.middle, "leaf": self.leaf}
        found = {f"{k}.pem": v.public_bytes(Encoding.PEM) for k, v in certificates.items()}
        key = self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return found | {"key.pem": key}

    def token(self, wish: Wish) -> bytes:
        """A TimeStampToken that says what is wished."""
        info = tsp.TSTInfo(
            {
                "version": wish.version,
                "policy": wish.policy,
                "message_imprint": {
                    "hash_algorithm": {"algorithm": wish.algorithm},
                    "hashed_message": wish.imprint,
                },
                "serial_number": 2**70,
                "gen_time": wish.when,
                "accuracy": {"seconds": 1},
                "nonce": wish.nonce,
            }
        )
        leaf = _loaded(self.leaf)
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [{"algorithm": wish.digest}],
                "encap_content_info": {
                    "content_type": wish.content_type,
                    "content": core.ParsableOctetString(info.dump()),
                },
                "certificates": [leaf, _loaded(self.middle)] if wish.certificates else [],
                "signer_infos": [self._signer_info(wish, info.dump(), leaf)],
            }
        )
        return bytes(cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())

    def _signer_info(self, wish: Wish, content: bytes, leaf: Any) -> cms.SignerInfo:
        digest = hashlib.new(wish.digest, content).digest()
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": [wish.content_type]},
                {"type": "message_digest", "values": [digest]},
                {
                    "type": "signing_certificate_v2",
                    "values": [{"certs": [{"cert_hash": hashlib.sha256(leaf.dump()).digest()}]}],
                },
            ]
        )
        algorithm = getattr(hashes, wish.digest.upper())()
        return cms.SignerInfo(
            {
                "version": "v1",
                "sid": {
                    "issuer_and_serial_number": {
                        "issuer": leaf.issuer,
                        "serial_number": leaf.serial_number,
                    }
                },
                "digest_algorithm": {"algorithm": wish.digest},
                "signed_attrs": attributes,
                "signature_algorithm": {"algorithm": f"{wish.digest}_ecdsa"},
                "signature": self._key.sign(attributes.dump(), ec.ECDSA(algorithm)),
            }
        )

    def answer(self, request: bytes, **changes: Any) -> bytes:
        """The TimeStampResp to a TimeStampReq; ``changes`` are fields of `Wish`."""
        asked = tsp.TimeStampReq.load(request, strict=True)
        assert asked["version"].native == "v1" and asked["cert_req"].native is True
        imprint = asked["message_imprint"]
        wish = Wish(
            imprint["hashed_message"].native,
            nonce=asked["nonce"].native,
            algorithm=imprint["hash_algorithm"]["algorithm"].native,
        )
        return self.granted(self.token(replace(wish, **changes)))

    def granted(self, token: bytes, status: int = 0) -> bytes:
        """A TimeStampResp that holds ``token``."""
        content = cms.ContentInfo.load(token)
        value = {"status": {"status": status}, "time_stamp_token": content}
        return bytes(tsp.TimeStampResp(value).dump())


def refusal(words: str) -> bytes:
    """A TimeStampResp that grants nothing, and says why."""
    status = tsp.PKIStatusInfo({"status": 2, "status_string": [words]}).dump()
    return bytes([0x30, len(status)]) + status  # asn1crypto demands a token in every answer


def _loaded(certificate: x509.Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _issue(
    making: Making,
    height: int,
    key: ec.EllipticCurvePrivateKey,
    issuer: tuple[x509.Certificate | None, ec.EllipticCurvePrivateKey],
) -> x509.Certificate:
    """A certificate ``height`` steps above the one that signs timestamps."""
    subject = making.name + ("", " middle", " root")[height]
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    above, issuer_key = issuer
    is_ca = height > 0 or making.is_ca
    ends = making.ends if height == 0 else making.root_ends
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(above.subject if above else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(making.begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    )
    if height == 0 and making.purposes:
        usage = x509.ExtendedKeyUsage(making.purposes)
        builder = builder.add_extension(usage, critical=making.critical)
    return builder.sign(issuer_key, hashes.SHA256())


@dataclass
class Desk:
    """How the authority's HTTP server behaves, and what it was asked."""

    authority: Authority
    status: int = 200
    body: bytes | None = None
    """Sent in place of an answer."""
    drip_seconds: float = 0.0
    """Between one byte and the next."""
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, bytes]] = field(default_factory=list)
    """Content type and body of every request."""
    paths: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)


@contextlib.contextmanager
def serving(desk: Desk) -> Iterator[str]:
    """The URL at which ``desk`` answers while the context is open."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            request = self.rfile.read(int(self.headers["content-length"]))
            desk.asked.append((self.headers["content-type"], request))
            desk.paths.append(self.path)
            body = desk.authority.answer(request) if desk.body is None else desk.body
            self.send_response(desk.status)
            self.send_header("content-type", "application/timestamp-reply")
            self.send_header("content-length", str(len(body)))
            for name, value in desk.headers.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):  # a client that has heard enough goes away
                self._send(body)

        def _send(self, body: bytes) -> None:
            if not desk.drip_seconds:
                self.wfile.write(body)
                return
            for byte in body:
                if desk.closing.wait(desk.drip_seconds):
                    return
                self.wfile.write(bytes([byte]))

        def log_message(self, *_: object) -> None:
            """Nothing: the tests look at ``asked``."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/tsr"
    finally:
        desk.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
