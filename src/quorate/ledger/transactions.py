"""Signed transactions: EIP-1559 type 2 envelopes, in the one form that this chain accepts.

The envelope is ``0x02 || rlp([chain_id, nonce, max_priority_fee, max_fee, gas_limit, to, value,
data, access_list, y_parity, r, s])`` (EIP-2718, EIP-1559), signed over Keccak-256 of the same list
without the last three (EIP-155 binds the chain id). There is no coin, so fees and value are zero;
the access list is empty. A reader re-encodes what it read and demands the same bytes.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import rlp
from rlp.exceptions import RLPException

from quorate.core.errors import EncodingError
from quorate.core.hashing import keccak256
from quorate.core.keys import checksum_address, parse_address, recover_signer

TYPE = b"\x02"
BLOCK_GAS_LIMIT = 30_000_000
INITCODE_LIMIT = 49_152  # bytes, EIP-3860
MAX_BYTES = 1 << 17  # larger than any creation code plus its arguments

_FIELDS = 12


class ChainSigner(Protocol):
    """A secp256k1 key that signs digests for the chain."""

    @property
    def address(self) -> str:
        """The EIP-55 address of its account."""
        ...

    def sign_digest(self, digest: bytes) -> bytes:
        """r, s and recovery id, 65 bytes, over a 32-byte digest."""
        ...


@dataclass(frozen=True, slots=True)
class Transaction:
    """What an account asks for; ``to`` is None to create a contract from ``data``."""

    chain_id: int
    nonce: int
    to: str | None
    data: bytes
    gas_limit: int

    def fields(self) -> list[object]:
        """The unsigned list that RLP encodes."""
        to = b"" if self.to is None else raw_address(self.to)
        return [self.chain_id, self.nonce, 0, 0, self.gas_limit, to, 0, self.data, []]

    def digest(self) -> bytes:
        """The 32 bytes that the sender signs."""
        return keccak256(TYPE + rlp.encode(self.fields()))


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction with the account that signed it, its bytes and their Keccak hash."""

    transaction: Transaction
    sender: str
    raw: bytes
    hash: bytes


def sign_transaction(transaction: Transaction, signer: ChainSigner) -> bytes:
    """The signed envelope of ``transaction``."""
    signature = signer.sign_digest(transaction.digest())
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return TYPE + bytes(rlp.encode([*transaction.fields(), signature[64], r, s]))


def decode_transaction(raw: bytes) -> SignedTransaction:
    """The transaction in ``raw`` with its recovered sender.

    Raises `EncodingError` for anything but the one form, `VerificationError` for a signature that
    no key can have made or that is malleable (EIP-2).
    """
    transaction, parity, r, s = _parse(raw)
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    sender = recover_signer(signature, transaction.digest(), "transaction").address
    return SignedTransaction(transaction, sender, raw, keccak256(raw))


def _parse(raw: bytes) -> tuple[Transaction, int, int, int]:
    if raw[:1] != TYPE or len(raw) > MAX_BYTES:
        raise EncodingError("could not read a transaction: not a type 2 envelope of its size")
    try:
        items = rlp.decode(raw[1:], strict=True)
    except RLPException as error:
        raise EncodingError(f"could not read a transaction: {str(error)[:120]}") from None
    if not isinstance(items, list) or len(items) != _FIELDS or items[8] != []:
        raise EncodingError("could not read a transaction: not 12 fields with no access list")
    if not all(isinstance(items[i], bytes) for i in range(_FIELDS) if i != 8):
        raise EncodingError("could not read a transaction: a field is a list")
    if items[2] or items[3] or items[6]:
        raise EncodingError("could not read a transaction: fees and value must be zero")
    chain_id, nonce, gas_limit = (_integer(items[i], 8) for i in (0, 1, 4))
    parity, r, s = _integer(items[9], 1), _integer(items[10], 32), _integer(items[11], 32)
    if len(items[5]) not in (0, 20) or parity > 1:
        raise EncodingError("could not read a transaction: recipient or parity out of form")
    to = spell_address(items[5]) if items[5] else None
    return Transaction(chain_id, nonce, to, items[7], gas_limit), parity, r, s


def _integer(item: bytes, size: int) -> int:
    if len(item) > size or item[:1] == b"\x00":
        raise EncodingError("could not read a transaction: an integer is not in its one spelling")
    return int.from_bytes(item, "big")


def intrinsic_gas(data: bytes, *, create: bool) -> int:
    """Gas due before the first instruction (EIP-2028, EIP-3860)."""
    zeros = data.count(0)
    gas = 21_000 + 4 * zeros + 16 * (len(data) - zeros)
    return gas + 32_000 + 2 * ((len(data) + 31) // 32) if create else gas


def created_address(sender: str, nonce: int) -> str:
    """Where a contract lands that ``sender`` creates with its transaction number ``nonce``."""
    return spell_address(keccak256(rlp.encode([raw_address(sender), nonce]))[12:])


@lru_cache(maxsize=65_536)
def spell_address(raw: bytes) -> str:
    """The EIP-55 spelling of 20 bytes, remembered."""
    return checksum_address(raw)


@lru_cache(maxsize=65_536)
def raw_address(text: str) -> bytes:
    """The 20 bytes of an EIP-55 address, remembered; raises `EncodingError`."""
    return parse_address(text)
