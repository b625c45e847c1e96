"""What the twins of Tasks, Rounds and Appeals have in common: terms, phases, lanes, ledgers."""

from dataclasses import dataclass

from Crypto.Hash import keccak as _keccak

from tests.twins.world import NOBODY, ZERO, keccak_of

NONE, JOINING, RUNNING, ENDED = range(4)
COMMIT, INCLUDE_COMMIT, INCLUDE_REVEAL, VOTE_COMMIT, VOTE_REVEAL, SETTLED, ABORTED = range(1, 8)

FIELDS = [
    "spec",
    "sponsor",
    "rounds",
    "min_participants",
    "weight_cap",
    "participant_bond",
    "validator_bond",
    "participant_reward",
    "validator_reward",
    "score_floor",
    "low_score_penalty",
    "absence_penalty",
    "fault_penalty",
    "lie_penalty",
    "join_seconds",
    "commit_seconds",
    "include_seconds",
    "vote_seconds",
    "reveal_seconds",
    "appeal_seconds",
]
TERMS = "(bytes32,address" + ",uint256" * 7 + ",int256" + ",uint256" * 10 + ")"
NO_TERMS = (ZERO, NOBODY) + (0,) * 18

# --- scores on the wire -----------------------------------------------------------------------


def lanes_of(scores) -> bytes:
    """One lane per score: four bytes, big-endian, 2**31 added."""
    return b"".join((score + 2**31).to_bytes(4, "big") for score in scores)


def scores_of(lanes: bytes) -> list[int]:
    starts = range(0, len(lanes), 4)
    return [int.from_bytes(lanes[start : start + 4], "big") - 2**31 for start in starts]


def keccak(data: bytes) -> bytes:
    return _keccak.new(digest_bits=256, data=data).digest()


# --- the ledger of a task ---------------------------------------------------------------------


@dataclass
class Entry:
    """All that one place has earned so far."""

    amount: int = 0
    settled: int = 0
    score: int = 0

    def word(self) -> int:
        return self.amount + self.settled * 2**96 + (self.score % 2**128) * 2**128


def entry_of(word: int) -> Entry:
    score = word >> 128
    if score >= 2**127:
        score -= 2**128
    return Entry(word % 2**96, word >> 96 & 0xFFFFFFFF, score)


def digest_of(words) -> bytes:
    """A chain: of all but the last entry, and the last."""
    digest = ZERO
    for word in words:
        digest = keccak_of(["bytes32", "uint256"], [digest, word])
    return digest


def roster_of(accounts) -> bytes:
    return keccak_of(["address[]"], [list(accounts)])


def levels_of(task: bytes, words) -> list[list[bytes]]:
    """The Merkle tree from the leaves up; an odd level is filled up with one zero word."""
    level = [
        keccak_of(["bytes32", "uint256", "uint256"], [task, place, word])
        for place, word in enumerate(words)
    ]
    levels = [level]
    while len(level) > 1:
        if len(level) % 2:
            level.append(ZERO)
        pairs = zip(level[::2], level[1::2], strict=True)
        level = [keccak_of(["bytes32", "bytes32"], [left, right]) for left, right in pairs]
        levels.append(level)
    return levels


def root_of(task: bytes, words) -> bytes:
    return levels_of(task, words)[-1][0]


def proof_of(task: bytes, words, place: int) -> list[bytes]:
    """The siblings on the way from the leaf of `place` to the root."""
    return [level[place >> height ^ 1] for height, level in enumerate(levels_of(task, words)[:-1])]
