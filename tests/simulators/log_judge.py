"""A reader who judges a log with what he holds, by calls of the public functions and no others."""

from dataclasses import dataclass

from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, VerificationError
from quorate.log.checkpoint import LogIdentity, WitnessIdentity
from quorate.log.heads import HeldHead
from quorate.log.history import check_history
from quorate.log.memory import MemoryStorage
from quorate.log.verify import verify_receipt
from tests.simulators.log_worlds import IDENTITY, QUORUM, WITNESSES, HeldReceipt, World


@dataclass(frozen=True)
class Reader:
    """Whom he trusts, and what he kept: heads of witnesses or an anchor, receipts of records."""

    heads: tuple[HeldHead, ...] = ()
    receipts: tuple[HeldReceipt, ...] = ()
    quorum: int = QUORUM
    log: LogIdentity = IDENTITY
    witnesses: tuple[WitnessIdentity, ...] = tuple(WITNESSES)


@dataclass(frozen=True)
class Verdict:
    """What a reader who accepts may rely on: the tree, and where his records stand in it."""

    size: int
    root: bytes
    places: tuple[tuple[int, int, bytes], ...]
    """Of each receipt: the index, and the size and root of the tree that it speaks of."""


def judge(objects: dict[str, bytes], reader: Reader) -> Verdict:
    """Raises `VerificationError` naming the first bad place, or says what is proven.

    A receipt is verified by itself, and then its checkpoint is one more head that the log's files
    must go on from: a log that gave this reader another tree than everybody else is found so.
    """
    heads, places = list(reader.heads), []
    for receipt in reader.receipts:
        verified = verify_receipt(
            _text(receipt),
            receipt.leaf,
            reader.log,
            reader.witnesses,
            reader.quorum,
            place=receipt.name,
        )
        point = verified.checkpoint
        heads.append(HeldHead(receipt.name, point.size, point.root))
        places.append((verified.index, point.size, point.root))
    storage = MemoryStorage(name="log")
    storage.objects = objects
    report = check_history(storage, reader.log, heads, reader.witnesses, reader.quorum)
    return Verdict(report.size, report.root, tuple(places))


def _text(receipt: HeldReceipt) -> str:
    """As `audit.single` does it with a file."""
    try:
        return decode_text(receipt.data)
    except EncodingError as error:
        raise VerificationError(error.message, step="receipt.form", place=receipt.name) from None


def full_reader(world: World, *receipts: HeldReceipt) -> Reader:
    """Who holds everything: a quorum, every head, and these receipts."""
    return Reader(world.heads, receipts)
