"""All keys of one party, derived from one secret, and the file that holds it.

One 32-byte secret per party; every key and every commitment salt is derived from it by HKDF, so
that a process killed at any instruction re-derives the same values when it resumes. The file is
0600 canonical JSON; with a passphrase the secret is wrapped (scrypt, RFC 7914; AES-256-GCM).
A thief of an unprotected file speaks, votes and spends as this party.
"""

from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from quorate.core.encoding import (
    canonical_bytes,
    decode_base64,
    encode_base64,
    parse_canonical,
)
from quorate.core.errors import EncodingError, KeyFileError
from quorate.core.files import read_file, write_durable
from quorate.core.hashing import derive_key
from quorate.core.keys import (
    ED25519,
    ML_DSA_44,
    Ed25519Signer,
    MLDSA44Signer,
    PublicKey,
    Secp256k1Signer,
    Signer,
    parse_address,
)
from quorate.core.sealing import SealingKey, SealingPublicKey
from quorate.core.sources import Randomness

FORMAT = "quorate/keyring/v1"
_IDENTITY_FIELDS = {
    "account",
    "log_keys",
    "name",
    "sealing",
    "statement_keys",
    "witness_key",
}
SCRYPT_COST = 2**15  # 32 MiB, about 60 ms


@dataclass(frozen=True, slots=True)
class PublicIdentity:
    """The public half of a keyring, as membership lists and trust files carry it."""

    name: str
    statement_keys: tuple[PublicKey, ...]
    log_keys: tuple[PublicKey, ...]
    witness_key: PublicKey
    account: str
    sealing: SealingPublicKey

    def to_value(self) -> dict[str, object]:
        """The canonical JSON value."""
        return {
            "account": self.account,
            "log_keys": [str(key) for key in self.log_keys],
            "name": self.name,
            "sealing": str(self.sealing),
            "statement_keys": [str(key) for key in self.statement_keys],
            "witness_key": str(self.witness_key),
        }

    @classmethod
    def from_value(cls, value: object) -> "PublicIdentity":
        """The inverse of `to_value`; unknown or missing fields are refused."""
        if not isinstance(value, dict) or set(value) != _IDENTITY_FIELDS:
            raise EncodingError("could not read an identity: unexpected fields")
        if not isinstance(value["name"], str):
            raise EncodingError("could not read an identity: name is not text")
        parse_address(value["account"])
        return cls(
            name=value["name"],
            statement_keys=_key_pair(value["statement_keys"]),
            log_keys=_key_pair(value["log_keys"]),
            witness_key=PublicKey.parse(value["witness_key"]),
            account=value["account"],
            sealing=SealingPublicKey.parse(value["sealing"]),
        )


def _key_pair(value: object) -> tuple[PublicKey, ...]:
    """Exactly one Ed25519 and one ML-DSA-44 key: one of two would be a downgrade."""
    keys = tuple(PublicKey.parse(key) for key in value) if isinstance(value, list) else ()
    if tuple(key.scheme for key in keys) != (ED25519, ML_DSA_44):
        raise EncodingError("could not read an identity: not an Ed25519 and an ML-DSA-44 key")
    return keys


class Keyring:
    """The keys of one party: statements (Ed25519 and ML-DSA-44), chain account, sealing."""

    def __init__(self, name: str, secret: bytes) -> None:
        if len(secret) != 32:
            raise KeyFileError(f"could not open keys of {name}: secret is not 32 bytes")
        self.name = name
        self._secret = secret
        self.ed25519 = Ed25519Signer(derive_key(secret, "ed25519"))
        self.ml_dsa_44 = MLDSA44Signer(derive_key(secret, "ml-dsa-44"))
        self.log_ed25519 = Ed25519Signer(derive_key(secret, "log", "ed25519"))
        self.log_ml_dsa_44 = MLDSA44Signer(derive_key(secret, "log", "ml-dsa-44"))
        self.witness_signer = Ed25519Signer(derive_key(secret, "witness", "ed25519"))
        self.witness_ml_dsa_44 = MLDSA44Signer(derive_key(secret, "witness", "ml-dsa-44"))
        self.account = Secp256k1Signer(derive_key(secret, "secp256k1"))
        self.sealing = SealingKey(
            derive_key(secret, "x25519"), derive_key(secret, "ml-kem-768", length=64)
        )

    @classmethod
    def generate(cls, name: str, randomness: Randomness) -> "Keyring":
        """New keys for the party ``name``."""
        return cls(name, randomness.bytes(32))

    @property
    def statement_signers(self) -> tuple[Signer, ...]:
        """Both signers that every statement of this party carries."""
        return (self.ed25519, self.ml_dsa_44)

    @property
    def log_signers(self) -> tuple[Ed25519Signer, MLDSA44Signer]:
        """The signers of this party's log; they sign checkpoints and nothing else."""
        return (self.log_ed25519, self.log_ml_dsa_44)

    @property
    def witness_signers(self) -> tuple[Ed25519Signer, MLDSA44Signer]:
        """The signers with which this party cosigns others' checkpoints, either or both."""
        return (self.witness_signer, self.witness_ml_dsa_44)

    @property
    def identity(self) -> PublicIdentity:
        """The public half."""
        return PublicIdentity(
            self.name,
            tuple(signer.public_key for signer in self.statement_signers),
            tuple(signer.public_key for signer in self.log_signers),
            self.witness_signer.public_key,
            self.account.address,
            self.sealing.public_key,
        )

    def derive(self, *context: str, length: int = 32) -> bytes:
        """Secret bytes of this party for one purpose: commitment salts, vault keys, row keys."""
        return derive_key(self._secret, "derived", *context, length=length)

    def save(self, path: Path, randomness: Randomness, passphrase: str | None = None) -> None:
        """Writes the key file durably with mode 0600."""
        value: dict[str, object] = {"format": FORMAT, "name": self.name}
        if passphrase is None:
            value["secret"] = encode_base64(self._secret)
        else:
            salt, nonce = randomness.bytes(16), randomness.bytes(12)
            cipher = AESGCM(_stretch(passphrase, salt))
            wrapped = cipher.encrypt(nonce, self._secret, FORMAT.encode())
            value |= {
                "nonce": encode_base64(nonce),
                "salt": encode_base64(salt),
                "wrapped": encode_base64(wrapped),
            }
        write_durable(path, canonical_bytes(value), mode=0o600)

    @classmethod
    def load(cls, path: Path, passphrase: str | None = None) -> "Keyring":
        """Opens a key file; raises `KeyFileError` on a wrong passphrase, form or permission."""
        data = read_file(path, "key file", limit=65_536)
        if path.stat().st_mode & 0o077:
            raise KeyFileError(
                f"could not open key file {path}: others can read it", remedy=f"chmod 600 {path}"
            )
        try:
            value = parse_canonical(data)
            if value["format"] != FORMAT:
                raise EncodingError("unknown format")
            return cls(value["name"], _secret_of(value, path, passphrase))
        except (EncodingError, KeyError, TypeError, ValueError) as error:
            raise KeyFileError(
                f"could not open key file {path}: not a key file ({error})"
            ) from None


def _secret_of(value: dict[str, str], path: Path, passphrase: str | None) -> bytes:
    if "secret" in value:
        return decode_base64(value["secret"])
    if passphrase is None:
        raise KeyFileError(
            f"could not open key file {path}: it has a passphrase",
            remedy="set QUORATE_PASSPHRASE",
        )
    cipher = AESGCM(_stretch(passphrase, decode_base64(value["salt"])))
    try:
        wrapped = decode_base64(value["wrapped"])
        return cipher.decrypt(decode_base64(value["nonce"]), wrapped, FORMAT.encode())
    except InvalidTag:
        raise KeyFileError(f"could not open key file {path}: wrong passphrase") from None


def _stretch(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=SCRYPT_COST, r=8, p=1).derive(passphrase.encode())
