"""Logs and chain hold each other: anchors on the chain, chain heads in the logs."""

from quorate.audit.case import Case
from quorate.audit.chain import events, replayed
from quorate.core.errors import VerificationError
from quorate.core.hashing import Digest
from quorate.log.merkle import roots_at
from quorate.provenance.book import CHAIN_HEAD
from quorate.provenance.records import Record


def check_anchors(case: Case) -> None:
    """Every anchored head is the root of that log at that size, and every log was anchored.

    1. Each anchor on the chain is of a member's own log, the one that the roots name, for a size
       that the log has, with its root there.
    2. Every log was anchored, and nothing but its last record, the sight of the final block, came
       after its newest anchor.
    """
    anchored: dict[str, dict[int, bytes]] = {name: {} for name in case.logs}
    count = 0
    for event in events(case, "Anchor"):
        if event.name != "Anchored":
            continue
        name = case.name_of(event["owner"])
        place = f"Anchor: {name} at size {event['size']}"
        # 1.
        if name not in case.logs:
            raise VerificationError("is of no member", place=place)
        if event["log_id"] != Digest.of(case.roots.member(name).origin.encode()).raw:
            raise VerificationError("is of another log than the member's", place=place)
        if event["size"] > len(case.logs[name].leaves):
            raise VerificationError("its log is shorter: records were cut off", place=place)
        anchored[name][event["size"]] = event["root"]
        count += 1
    for name, sizes in anchored.items():
        hashes = case.logs[name].verified.leaf_hashes
        for size, root in roots_at(hashes, sizes).items():
            if root != sizes[size]:
                raise VerificationError(
                    "its log has another root there", place=f"Anchor: {name} at size {size}"
                )
        # 2.
        if max(sizes, default=0) < len(hashes) - 1:
            raise VerificationError("its newest records were never anchored", place=f"log/{name}")
    case.passed("anchors", count, f"{count} log heads on the chain are the logs' roots")


def anchored_sizes(case: Case, name: str, before: int) -> int:
    """The largest size of a member's log that the chain held before block ``before``."""
    return max(
        (
            int(event["size"])
            for event in events(case, "Anchor")
            if event.name == "Anchored"
            and case.name_of(event["owner"]) == name
            and event.place.block < before
        ),
        default=0,
    )


def check_chain_heads(case: Case) -> None:
    """Every chain head that a log wrote down is a block of this chain; the last is the last.

    1. Each recorded head is the hash of the block with that number: a rewound, forked or truncated
       chain contradicts the logs of everyone who saw it.
    2. Heads only grow, and each log's last record saw the final block.
    3. Before every transaction of its own, each member wrote down the head that it built on.
    """
    chain = replayed(case)
    hashes = [f"sha256:{block.header.hash().raw.hex()}" for block in chain.blocks]
    sent: dict[str, list[int]] = {name: [] for name in case.logs}
    for number, block in enumerate(chain.blocks):
        for receipt in block.receipts:
            name = case.name_of(receipt.sender)
            if name not in sent:
                raise VerificationError("is sent by no member", place=f"block {number}")
            sent[name].append(number)
    count = 0
    for name, log in case.logs.items():
        seen = [
            _head(record, hashes, f"log/{name} record {index}")
            for index, record in enumerate(log.records)
            if record is not None and record.type == CHAIN_HEAD
        ]
        # 2.
        last = log.records[-1]
        if last is None or last.type != CHAIN_HEAD or not seen or seen[-1] != len(hashes) - 1:
            raise VerificationError(
                "did not see the final block: blocks or records were cut off", place=f"log/{name}"
            )
        if seen != sorted(seen):
            raise VerificationError("saw the chain shrink", place=f"log/{name}")
        # 3.
        _check_sent(name, sent[name], seen)
        count += len(seen)
    case.passed("chain heads", count, f"{count} chain heads in the logs are blocks of this chain")


def _head(record: Record, hashes: list[str], place: str) -> int:
    # 1.
    try:
        (item,) = record.object
        number = int(item["name"])
        due = {"digest": hashes[number], "type": "block", "name": str(number)}
        if item != due or number < 0:
            raise VerificationError(f"saw another block {number} than this chain has", place=place)
    except (ValueError, TypeError, KeyError, IndexError):
        raise VerificationError("saw a block that this chain does not have", place=place) from None
    return number


def _check_sent(name: str, sent: list[int], seen: list[int]) -> None:
    before = -1
    for block in sent:
        if not any(before <= head < block for head in seen):
            raise VerificationError(
                "was sent before its member wrote down the head it built on",
                place=f"block {block} by {name}",
            )
        before = block
