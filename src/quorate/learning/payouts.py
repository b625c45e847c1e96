"""What a task owes: one cumulative entry per place, its digest, its Merkle tree, its proofs.

The Rounds contract keeps two words of all this: the digest of the entries, which whoever settles
a round must show, and the root of a Merkle tree over them, against which Tasks pays a claim. The
places of a task are its validators in list order, then its participants in join order.

- An entry is one word: amount in bits 0 to 95, settled rounds in 96 to 127, sum of the medians
  (two's complement) in 128 to 255.
- digest = keccak256(abi.encode(digest of all but the last entry, last entry)), zero of none.
- leaf = keccak256(abi.encode(task, place, entry)); node = keccak256(left, right); a level of odd
  length gets a zero word at its end, except the root's own.

Format page: docs/formats/payouts.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode

from quorate.core.errors import EncodingError, InputError, VerificationError
from quorate.core.hashing import keccak256
from quorate.learning.settlement import Settlement

AMOUNT_BITS, SETTLED_BITS, SCORE_BITS = 96, 32, 128
ZERO = bytes(32)


@dataclass(frozen=True, slots=True)
class Entry:
    """What one place has earned so far: token units, settled rounds, sum of medians."""

    amount: int = 0
    settled: int = 0
    score: int = 0

    def pack(self) -> int:
        """The entry as one word; raises `EncodingError` for a part that is out of range."""
        half = 1 << (SCORE_BITS - 1)
        fits = 0 <= self.amount >> AMOUNT_BITS < 1 and 0 <= self.settled >> SETTLED_BITS < 1
        if not fits or not -half <= self.score < half:
            raise EncodingError("could not pack an entry: a part of it is out of range")
        score = self.score & ((1 << SCORE_BITS) - 1)
        return score << (AMOUNT_BITS + SETTLED_BITS) | self.settled << AMOUNT_BITS | self.amount

    @classmethod
    def unpack(cls, word: int) -> "Entry":
        """The entry in a word."""
        score = word >> (AMOUNT_BITS + SETTLED_BITS)
        if score >> (SCORE_BITS - 1):
            score -= 1 << SCORE_BITS
        settled = word >> AMOUNT_BITS & ((1 << SETTLED_BITS) - 1)
        return cls(word & ((1 << AMOUNT_BITS) - 1), settled, score)

    def plus(self, amount: int, settled: int, score: int) -> "Entry":
        """The entry with so much more in it."""
        return Entry(self.amount + amount, self.settled + settled, self.score + score)


def entries_digest(entries: Sequence[int]) -> bytes:
    """The digest of all packed entries, in the order of places: a chain, from zero."""
    digest = ZERO
    for entry in entries:
        digest = keccak256(digest + entry.to_bytes(32, "big"))
    return digest


def roster_digest(accounts: Sequence[str]) -> bytes:
    """The digest of the accounts at all places, in their order."""
    return keccak256(encode(["address[]"], [list(accounts)]))


def leaf_of(task: bytes, place: int, entry: int) -> bytes:
    """The leaf of the packed ``entry`` at ``place`` of ``task`` (32 bytes)."""
    return keccak256(encode(["bytes32", "uint256", "uint256"], [task, place, entry]))


def root_of(task: bytes, entries: Sequence[int]) -> bytes:
    """The root over all packed entries; at least one."""
    return _levels(task, entries)[-1][0]


def proof_of(task: bytes, entries: Sequence[int], place: int) -> list[bytes]:
    """The siblings from the leaf of ``place`` up to the root."""
    if not 0 <= place < len(entries):
        raise InputError(f"could not prove place {place}: the task has {len(entries)}")
    levels = _levels(task, entries)[:-1]
    return [level[place >> height ^ 1] for height, level in enumerate(levels)]


def verify_entry(task: bytes, place: int, entry: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises `VerificationError` unless ``proof`` leads from the entry at ``place`` to ``root``."""
    current = leaf_of(task, place, entry)
    for height, sibling in enumerate(proof):
        left = bool(place >> height & 1)
        current = keccak256(sibling + current if left else current + sibling)
    if current != root or place >> len(proof):
        raise VerificationError("the entry is not in the task's root", place=f"place {place}")


def _levels(task: bytes, entries: Sequence[int]) -> list[list[bytes]]:
    """All levels of the tree, leaves first; each but the root's is of even length."""
    level = [leaf_of(task, place, entry) for place, entry in enumerate(entries)]
    levels = []
    while len(level) > 1:
        if len(level) % 2:
            level.append(ZERO)
        levels.append(level)
        pairs = range(0, len(level), 2)
        level = [keccak256(level[left] + level[left + 1]) for left in pairs]
    return [*levels, level]


class TaskLedger:
    """The entries of one task from its first round on, as the settled rounds add to them."""

    def __init__(self, task: bytes, validators: Sequence[str], participants: Sequence[str]) -> None:
        self.task = task
        self.accounts = (*validators, *participants)
        self._entries = [Entry() for _ in self.accounts]
        self._validators = {who: place for place, who in enumerate(validators)}
        first = len(validators)
        self._participants = {who: first + place for place, who in enumerate(participants)}
        self._settled = False

    def take(self, result: Settlement) -> int:
        """Adds a round's result; what it spent. An aborted round adds nothing."""
        if result.aborted:
            return 0
        self._settled = True
        for who, amount in result.validator_rewards.items():
            self._add(self._validators[who], amount, 0)
        for who, median in result.scores.items():
            self._add(self._participants[who], result.rewards[who], median)
        return result.spent

    def _add(self, place: int, amount: int, score: int) -> None:
        self._entries[place] = self._entries[place].plus(amount, 1, score)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """By place."""
        return tuple(self._entries)

    @property
    def packed(self) -> list[int]:
        """All entries as words, by place."""
        return [entry.pack() for entry in self._entries]

    @property
    def spent(self) -> int:
        """The sum of all amounts."""
        return sum(entry.amount for entry in self._entries)

    @property
    def digest(self) -> bytes:
        """What Rounds keeps of all entries."""
        return entries_digest(self.packed)

    @property
    def roster(self) -> bytes:
        """What Rounds keeps of all accounts."""
        return roster_digest(self.accounts)

    @property
    def root(self) -> bytes:
        """What Tasks pays against; zero before the first settled round."""
        return root_of(self.task, self.packed) if self._settled else ZERO

    def proof(self, place: int) -> list[bytes]:
        """The siblings from the leaf of ``place`` up to the root."""
        return proof_of(self.task, self.packed, place)
