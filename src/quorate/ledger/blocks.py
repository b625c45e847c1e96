"""Blocks: canonical JSON headers in a hash chain, each signed by the one operator (Ed25519).

A block's hash is SHA-256 over its header's canonical bytes; the operator signs those bytes behind
a domain tag, so that a header's signature can never be taken for that of a statement. The header
binds transactions, receipts and the state that they leave. docs/formats/block.md shows one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from quorate.core.encoding import (
    canonical_bytes,
    decode_base64,
    decode_hex,
    encode_base64,
    parse_canonical,
)
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keys import PublicKey, Signer
from quorate.ledger.interface import Log, Receipt
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, raw_address

VERSION = 1
EVM_RULES = "cancun"
SIGNING_TAG = b"quorate/block/v1\n"
NO_PARENT = Digest(bytes(32))
MAX_CHAIN_ID = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Header:
    """What a block binds; ``time`` in seconds, ``operator`` the key that signs."""

    chain_id: int
    number: int
    parent: Digest
    time: int
    operator: PublicKey
    transactions: Digest
    receipts: Digest
    state: Digest

    def to_bytes(self) -> bytes:
        """The canonical bytes."""
        return canonical_bytes(self.to_value())

    def hash(self) -> Digest:
        """The block's hash."""
        return Digest.of(self.to_bytes())

    def to_value(self) -> dict[str, Any]:
        """The JSON object."""
        return {
            "chain_id": self.chain_id,
            "evm": EVM_RULES,
            "gas_limit": BLOCK_GAS_LIMIT,
            "number": self.number,
            "operator": str(self.operator),
            "parent": str(self.parent),
            "receipts": str(self.receipts),
            "state": str(self.state),
            "time": self.time,
            "transactions": str(self.transactions),
            "v": VERSION,
        }


@dataclass(frozen=True, slots=True)
class Block:
    """A header, the operator's signature (64 bytes), raw transactions and their receipts."""

    header: Header
    signature: bytes
    transactions: tuple[bytes, ...]
    receipts: tuple[Receipt, ...]

    def to_bytes(self) -> bytes:
        """The canonical bytes, without a line end."""
        value = {
            "header": self.header.to_value(),
            "receipts": [receipt_value(r) for r in self.receipts],
            "signature": encode_base64(self.signature),
            "transactions": [encode_base64(raw) for raw in self.transactions],
        }
        return canonical_bytes(value)


def seal_block(
    parent: Header | None,
    *,
    chain_id: int,
    time: int,
    transactions: tuple[bytes, ...],
    receipts: tuple[Receipt, ...],
    state: Digest,
    operator: Signer,
) -> Block:
    """A signed block after ``parent``; without one the genesis block."""
    header = Header(
        chain_id=chain_id,
        number=0 if parent is None else parent.number + 1,
        parent=NO_PARENT if parent is None else parent.hash(),
        time=time,
        operator=operator.public_key,
        transactions=transactions_digest(transactions),
        receipts=receipts_digest(receipts),
        state=state,
    )
    return Block(header, operator.sign(SIGNING_TAG + header.to_bytes()), transactions, receipts)


def transactions_digest(transactions: tuple[bytes, ...]) -> Digest:
    """What a header says of its raw transactions."""
    return Digest.of_value([encode_base64(raw) for raw in transactions])


def receipts_digest(receipts: tuple[Receipt, ...]) -> Digest:
    """What a header says of its receipts."""
    return Digest.of_value([receipt_value(r) for r in receipts])


def receipt_value(receipt: Receipt) -> dict[str, Any]:
    """The JSON object of a receipt; block and index follow from where it stands."""
    return {
        "contract": receipt.contract,
        "gas_used": receipt.gas_used,
        "logs": [
            {"address": g.address, "data": g.data.hex(), "topics": [t.hex() for t in g.topics]}
            for g in receipt.logs
        ],
        "sender": receipt.sender,
        "status": receipt.status,
        "transaction": receipt.transaction.hex(),
    }


def parse_block(data: bytes) -> Block:
    """The block with these canonical bytes; raises `EncodingError` for any other bytes."""
    value = parse_canonical(data)
    _fields(value, "header", "receipts", "signature", "transactions")
    header = _parse_header(value["header"])
    block = Block(
        header=header,
        signature=decode_base64(_text(value["signature"])),
        transactions=tuple(decode_base64(_text(t)) for t in _list(value["transactions"])),
        receipts=tuple(
            _parse_receipt(r, header.number, i) for i, r in enumerate(_list(value["receipts"]))
        ),
    )
    if block.to_bytes() != data:
        raise EncodingError("could not read a block: unknown rules, version or spelling")
    return block


def check_block(block: Block, parent: Block | None, operator: PublicKey, chain_id: int) -> None:
    """Raises `VerificationError` unless ``block`` may follow ``parent``; nothing is executed.

    Steps: 1 chain id and operator are the trusted ones; 2 number and parent hash follow;
    3 time does not go back; 4 the operator signed the header; 5 the header binds the block's
    transactions; 6 and its receipts, one for each.
    """
    header, place = block.header, f"block {block.header.number}"
    # 1
    if header.chain_id != chain_id or header.operator != operator:
        raise VerificationError("not of the trusted chain and operator", step="1", place=place)
    # 2
    number = 0 if parent is None else parent.header.number + 1
    before = NO_PARENT if parent is None else parent.header.hash()
    if header.number != number or header.parent != before:
        raise VerificationError(f"does not follow block {number - 1}", step="2", place=place)
    # 3
    if parent is not None and header.time < parent.header.time:
        raise VerificationError("its time is before its parent's", step="3", place=place)
    # 4
    operator.verify(block.signature, SIGNING_TAG + header.to_bytes(), f"{place}, signature")
    # 5
    if transactions_digest(block.transactions) != header.transactions:
        raise VerificationError("header binds other transactions", step="5", place=place)
    # 6
    if len(block.receipts) != len(block.transactions) or (
        receipts_digest(block.receipts) != header.receipts
    ):
        raise VerificationError("header binds other receipts", step="6", place=place)


def _parse_header(value: Any) -> Header:
    _fields(
        value,
        *("chain_id", "evm", "gas_limit", "number", "operator", "parent", "receipts"),
        *("state", "time", "transactions", "v"),
    )
    return Header(
        chain_id=_integer(value["chain_id"]),
        number=_integer(value["number"]),
        parent=Digest.parse(value["parent"]),
        time=_integer(value["time"]),
        operator=PublicKey.parse(value["operator"]),
        transactions=Digest.parse(value["transactions"]),
        receipts=Digest.parse(value["receipts"]),
        state=Digest.parse(value["state"]),
    )


def _parse_receipt(value: Any, block: int, index: int) -> Receipt:
    _fields(value, "contract", "gas_used", "logs", "sender", "status", "transaction")
    contract = value["contract"]
    return Receipt(
        transaction=decode_hex(value["transaction"], 32),
        block=block,
        index=index,
        sender=_address(value["sender"]),
        status=_integer(value["status"]),
        gas_used=_integer(value["gas_used"]),
        contract=None if contract is None else _address(contract),
        logs=tuple(_parse_log(g) for g in _list(value["logs"])),
    )


def _parse_log(value: Any) -> Log:
    _fields(value, "address", "data", "topics")
    topics = tuple(decode_hex(t, 32) for t in _list(value["topics"]))
    return Log(_address(value["address"]), topics, decode_hex(value["data"]))


def _fields(value: Any, *names: str) -> None:
    if not isinstance(value, Mapping) or set(value) != set(names):
        raise EncodingError(f"could not read a block: an object must have {', '.join(names)}")


def _integer(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise EncodingError(f"could not read a block: {str(value)[:40]!r} is not a count")
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise EncodingError(f"could not read a block: {str(value)[:40]!r} is not text")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise EncodingError(f"could not read a block: {str(value)[:40]!r} is not a list")
    return value


def _address(value: Any) -> str:
    raw_address(_text(value))
    return str(value)
