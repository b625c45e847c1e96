"""The running hash that every contract of the suite keeps over its events, computed once more.

``event_head`` of a contract shows that a list of its events is complete and in order: whoever
folds the list from nothing must arrive at the same word. That word holds 216 bits of hash above a
count of 40 bits. An entry is Keccak-256 over the ABI encoding of the event's topic and all its
parameters, indexed or not, in declared order.
"""

from collections.abc import Iterable

from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from quorate.ledger.contracts import Contract
from quorate.ledger.interface import LoggedEvent

COUNT_BITS = 40
EMPTY = bytes(32)


def entry_of(contract: Contract, logged: LoggedEvent) -> bytes:
    """The entry of one event; raises `EncodingError` for a log that is not this contract's."""
    event = contract.event(logged)
    shape = contract.artifact.events[logged.log.topics[0]]
    types = [kind for _, kind, _ in shape.parameters]
    values = [event[name] for name, _, _ in shape.parameters]
    return keccak256(encode(["bytes32", *types], [shape.topic, *values]))


def extended(head: bytes, entry: bytes) -> bytes:
    """The head after one more entry."""
    count = (int.from_bytes(head, "big") & ((1 << COUNT_BITS) - 1)) + 1
    digest = int.from_bytes(keccak256(head + entry), "big")
    return (digest >> COUNT_BITS << COUNT_BITS | count).to_bytes(32, "big")


def head_of(contract: Contract, events: Iterable[LoggedEvent]) -> bytes:
    """The head after all ``events`` of ``contract`` since its creation, in their order."""
    head = EMPTY
    for logged in events:
        head = extended(head, entry_of(contract, logged))
    return head
