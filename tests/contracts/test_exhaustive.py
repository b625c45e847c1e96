"""The modules' arithmetic over all inputs of a small domain, against plain definitions.

The compiled functions run, many inputs per call, behind one door (stubs/h_modules.vy). What holds
for all inputs of the full width is proven apart, by symbolic execution: scripts/prove_contracts.py.
"""

import hashlib
from itertools import product

import pytest
from Crypto.Hash import keccak
from eth_abi.abi import decode, encode

from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.transactions import Transaction
from tests.contracts.pair import CHAIN_ID, START, account
from tests.contracts.stubs.d_stubs import stub_artifact

HERE = BlockContext(1, START)
ZERO_LANE = 2**31


class Door:
    def __init__(self) -> None:
        self.artifact = stub_artifact("h_modules")
        self.machine = Machine(State(), CHAIN_ID)
        creation = Transaction(CHAIN_ID, 0, None, self.artifact.creation, 30_000_000)
        self.address = self.machine.apply(creation, account("door"), HERE).contract

    def __call__(self, function: str, *arguments):
        shape = self.artifact.functions[function]
        data = shape.selector + encode(shape.inputs, arguments)
        output = self.machine.call(self.address, data, HERE)
        return decode(shape.outputs, output)[0]


@pytest.fixture(scope="module")
def door():
    return Door()


# --- Two thirds, bits ------------------------------------------------------------------------


def test_reached__all_parts_up_to_63__exactly_two_thirds(door):
    expected = [3 * part >= 2 * whole for part in range(64) for whole in range(64)]
    assert list(door("reached", 63)) == expected


@pytest.mark.parametrize("shift", [0, 120, 248])
def test_count__every_byte__its_set_bits(door, shift):
    for low in range(256):
        (found,) = door("counted", low << shift, 1)
        assert found == low.bit_count()


def test_has__every_single_bit__that_one_only(door):
    for place in range(256):
        assert list(door("has", 1 << place)) == [i == place for i in range(256)]


# --- The stake-weighted median -----------------------------------------------------------------


def median(lanes: list[int], stakes: list[int]) -> int:
    """The greatest score that at least half of the stake reaches; score zero without stake."""
    whole = sum(stakes)
    fit = [
        lane
        for lane, stake in zip(lanes, stakes, strict=True)
        if stake and 2 * sum(s for at, s in zip(lanes, stakes, strict=True) if at >= lane) >= whole
    ]
    return max(fit, default=ZERO_LANE)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_median__all_scores_and_stakes__one_hint_passes_and_it_is_the_median(door, count):
    low, high = ZERO_LANE - 3, ZERO_LANE + 3
    for offsets in product(range(-1, 2), repeat=count):
        lanes = [ZERO_LANE + offset for offset in offsets]
        found = door("medians", lanes, 3, low, high)
        assert len(found) == 4**count
        for code, bits in enumerate(found):
            stakes = [code // 4**i % 4 for i in range(count)]
            assert bits == 1 << (median(lanes, stakes) - low), (offsets, stakes)


# --- RFC 6962 ----------------------------------------------------------------------------------


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


LEAVES = [sha(b"\0" + bytes([i])) for i in range(20)]


def split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1


def root(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1."""
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha(b"\1" + root(leaves[:k]) + root(leaves[k:]))


def path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*path(index, leaves[:k]), root(leaves[k:])]
    return [*path(index - k, leaves[k:]), root(leaves[:k])]


def proof(old: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return [*proof(old, leaves[:k], whole), root(leaves[k:])]
    return [*proof(old - k, leaves[k:], False), root(leaves[:k])]


@pytest.mark.parametrize("size", range(1, 18))
def test_included__every_leaf__at_its_own_place_only(door, size):
    leaves = LEAVES[:size]
    for index, leaf in enumerate(leaves):
        given = path(index, leaves)
        found = door("included", size, leaf, root(leaves), given)
        assert list(found) == [place == index for place in range(size + 1)]
        for wrong in (given[:-1], [*given, leaf], given[1:], given[::-1]):
            if wrong != given:
                assert not any(door("included", size, leaf, root(leaves), wrong))


@pytest.mark.parametrize("new", range(1, 18))
def test_consistent__every_old_size__with_its_own_proof_only(door, new):
    leaves = LEAVES[:new]
    for old in range(1, new + 1):
        given = proof(old, leaves)
        old_root = root(leaves[:old])
        found = door("consistent", old_root, new, root(leaves), given)
        assert list(found) == [size == old for size in range(new + 2)]
        for wrong in (given[:-1], [*given, old_root], given[1:], given[::-1]):
            if wrong != given:
                assert not any(door("consistent", old_root, new, root(leaves), wrong))
        assert not any(door("consistent", LEAVES[19], new, root(leaves), given))


# --- Payouts -----------------------------------------------------------------------------------


def hashed(types: list[str], values: list) -> bytes:
    return keccak.new(digest_bits=256, data=encode(types, values)).digest()


def levels(leaves: list[bytes]) -> list[list[bytes]]:
    """From the leaves to the root; a level of odd length is filled with one zero."""
    found = [leaves]
    while len(found[-1]) > 1:
        level = found[-1] + [bytes(32)] * (len(found[-1]) % 2)
        pairs = zip(level[::2], level[1::2], strict=True)
        found.append([hashed(["bytes32", "bytes32"], list(pair)) for pair in pairs])
    return found


@pytest.mark.parametrize("size", range(1, 18))
def test_payouts__every_place__proven_there_only(door, size):
    task = sha(b"task")
    entries = [7 * place + 1 for place in range(size)]
    types = ["bytes32", "uint256", "uint256"]
    leaves = [hashed(types, [task, place, entry]) for place, entry in enumerate(entries)]
    tree = levels(leaves)
    for place, leaf in enumerate(leaves):
        given = []
        for height, level in enumerate(tree[:-1]):
            beside = place >> height ^ 1
            given.append(level[beside] if beside < len(level) else bytes(32))
        found = door("proven", tree[-1][0], size, leaf, given)
        assert list(found) == [at == place for at in range(size + 1)]
        assert not any(door("proven", tree[-1][0], size, leaf, [*given, leaf]))
        assert not given or not any(door("proven", tree[-1][0], size, leaf, given[:-1]))


EDGES = (0, 1, 2**95 - 1)
TOTALS = (0, 1, -1, 2**126, -(2**126), 2**40)
SCORES = (0, 1, -1, 2**31 - 1, -(2**31))


def test_earn__all_edges__adds_each_part_by_itself(door):
    for before, more, settled, total, score in product(EDGES, EDGES, (0, 9_999), TOTALS, SCORES):
        entry = (total % 2**128) << 128 | settled << 96 | before
        word, amount, rounds, points = door("earn", entry, more, score + ZERO_LANE)
        assert (amount, rounds) == (before + more, settled + 1)
        assert points == (total + score) % 2**256
        assert word == ((total + score) % 2**128) << 128 | rounds << 96 | amount
