# pragma version 0.4.3
"""
@title   Hash chain over a contract's events
@license Apache-2.0
@notice  A count and a running hash, so that a list of events can be shown to be complete: whoever
         replays the list from zero must arrive at the same head.
@dev     Count and hash share one storage slot, which makes an entry 5,000 gas cheaper than two: the
         upper 216 bits are the hash, the lower 40 the count. Collisions cost 2**108 hashes.
         next = keccak256(head, entry) with its lowest 40 bits replaced by count + 1, where entry =
         keccak256 of the ABI encoding of the event's topic and all its parameters, in their order.
"""

COUNT_BITS: constant(uint256) = 40
COUNT_MASK: constant(uint256) = 2**40 - 1

_head: uint256


@external
@view
def event_head() -> bytes32:
    """
    @notice The running hash of all events so far (216 bits) and their count (the lowest 40 bits).
    @return Zero before the first event.
    """
    return convert(self._head, bytes32)


@internal
def extend(entry: bytes32):
    """@notice Adds one event: `entry` is keccak256(abi_encode(topic, parameters...))."""
    head: uint256 = self._head
    count: uint256 = (head & COUNT_MASK) + 1
    digest: uint256 = convert(keccak256(abi_encode(head, entry)), uint256)
    self._head = (digest & ~COUNT_MASK) | count
