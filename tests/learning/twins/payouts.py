"""The task's ledger as its contract's page describes it, by another way; imports no package code.

A tree is built top-down: the two halves of a level that was padded to the next power of two, where
whole subtrees of padding are zero words too; an entry is read from hexadecimal digits.
"""

from eth_utils import keccak


def word(number):
    """32 bytes, two's complement."""
    return (number % 2**256).to_bytes(32, "big")


def address_word(account):
    return bytes(12) + bytes.fromhex(account[2:])


def pack(amount, settled, score):
    """Sixteen bytes of score, four of rounds, twelve of amount."""
    digits = f"{score % 2**128:032x}{settled:08x}{amount:024x}"
    assert len(digits) == 64
    return int(digits, 16)


def list_digest(words):
    """keccak256 of the ABI encoding of one dynamic array of static words."""
    return keccak(word(32) + word(len(words)) + b"".join(words))


def entries_digest(entries):
    """Of none it is zero; of some, keccak256 of the digest of all but the last, and the last."""
    if not entries:
        return bytes(32)
    return keccak(entries_digest(entries[:-1]) + word(entries[-1]))


def subtree(leaves, first, height):
    """The node over places ``first`` to ``first + 2**height``; zero where no leaf lies below."""
    if first >= len(leaves):
        return bytes(32)
    if height == 0:
        return leaves[first]
    right = first + 2 ** (height - 1)
    return keccak(subtree(leaves, first, height - 1) + subtree(leaves, right, height - 1))


def height_of(count):
    height = 0
    while 2**height < count:
        height += 1
    return height


def leaves_of(task, entries):
    return [keccak(task + word(i) + word(entry)) for i, entry in enumerate(entries)]


def root(task, entries):
    return subtree(leaves_of(task, entries), 0, height_of(len(entries)))


def proof(task, entries, place):
    """At each height the subtree beside the one that holds ``place``."""
    leaves, found = leaves_of(task, entries), []
    for height in range(height_of(len(entries))):
        beside = place // 2**height ^ 1
        found.append(subtree(leaves, beside * 2**height, height))
    return found
