"""The votes module: through Token, and bare at the sizes that a Token does not reach."""

import random
from functools import cache
from pathlib import Path

import pytest
from eth_abi.abi import encode
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quorate.core.errors import RefusedError
from quorate.core.hashing import keccak256
from tests.contracts.pair import START, Chain, account
from tests.contracts.token_orders import CAP, TIMELOCK, UNLIMITED, A, B, C, token, view_refused
from tests.twins.world import NOBODY

MOST = 2**160 - 1
PAST = (("getPastVotes", (A,)), ("getPastTotalSupply", ()))


# --- through Token --------------------------------------------------------------------------


@pytest.mark.parametrize(("view", "who"), PAST)
def test_past__this_second_or_later__reverts(view, who):
    pair = token()
    for timepoint in (START, START + 1, 2**48, UNLIMITED):
        view_refused(pair, "Votes: not in the past", view, *who, timepoint)
    pair.wait(1)
    assert pair.view("Token", view, *who, START) == (0 if who else 150)
    view_refused(pair, "Votes: not in the past", view, *who, START + 1)


def test_past__no_checkpoints__is_zero():
    pair = token([])
    pair.wait(1)
    for second in (0, 1, START - 1, START):
        assert pair.view("Token", "getPastVotes", A, second) == 0
        assert pair.view("Token", "getPastTotalSupply", second) == 0


def test_past__before_the_first_checkpoint__is_zero():
    pair = token()
    pair.wait(100)
    pair.send(A, "Token", "delegate", A)
    pair.wait(1)
    assert pair.view("Token", "getPastVotes", A, START + 99) == 0
    assert pair.view("Token", "getPastVotes", A, START + 100) == 100
    assert pair.view("Token", "getPastTotalSupply", START - 1) == 0


def test_past__several_changes_in_one_second__only_the_last_remains():
    pair = token()
    pair.send(A, "Token", "delegate", A)
    for amount in (10, 20, 5):
        pair.send(A, "Token", "transfer", B, amount)
    pair.wait(1)
    pair.send(A, "Token", "transfer", B, 1)
    pair.send(A, "Token", "transfer", B, 1)
    pair.wait(1)
    assert pair.view("Token", "getPastVotes", A, START) == 65
    assert pair.view("Token", "getPastVotes", A, START + 1) == 63


def test_past__zero_address__does_not_hold_the_total():
    pair = token()
    pair.wait(1)
    assert pair.view("Token", "getVotes", NOBODY) == 0
    assert pair.view("Token", "getPastVotes", NOBODY, START) == 0


@pytest.mark.parametrize("count", [*range(1, 10), 16, 17, 33])
def test_past__any_number_of_checkpoints__is_found_at_every_second(count):
    pair = token(cap=CAP, per_period=CAP)
    pair.send(A, "Token", "delegate", A)
    for _ in range(count):
        pair.wait(2)
        pair.send(TIMELOCK, "Token", "mint", A, 3)
    pair.wait(2)
    for step in range(count + 1):
        for second in (START + 2 * step, START + 2 * step + 1):
            assert pair.view("Token", "getPastVotes", A, second) == 100 + 3 * step
            assert pair.view("Token", "getPastTotalSupply", second) == 150 + 3 * step


moves = st.tuples(st.integers(0, 3), st.sampled_from("ABC"), st.sampled_from("ABC"))


@given(steps=st.lists(moves, max_size=40))
@settings(max_examples=25, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_past__any_history__never_changes_once_it_is_over(steps):
    people = {"A": A, "B": B, "C": C}
    pair = token([(A, 100), (B, 100), (C, 100)])
    for who in people.values():
        pair.send(who, "Token", "delegate", who)
    remembered: dict[int, list[int]] = {}
    for gap, sender, receiver in steps:
        if gap:
            remembered[pair.now] = [pair.view("Token", "getVotes", w) for w in people.values()]
        pair.wait(gap)
        amount = pair.view("Token", "balanceOf", people[sender]) // 2
        pair.send(people[sender], "Token", "transfer", people[receiver], amount)
    for second, expected in remembered.items():
        found = [pair.view("Token", "getPastVotes", w, second) for w in people.values()]
        assert found == expected
        assert sum(found) == pair.view("Token", "getPastTotalSupply", second) == 300


# --- bare -----------------------------------------------------------------------------------


@cache
def probe_code() -> bytes:
    from vyper.cli.vyper_compile import compile_files

    path = Path(__file__).parent / "stubs" / "a_votes.vy"
    root = str(Path(__file__).parents[2])
    (found,) = compile_files([path], ("bytecode",), paths=[root]).values()
    return bytes.fromhex(found["bytecode"].removeprefix("0x"))


class Probe:
    def __init__(self) -> None:
        self.chain = Chain()
        outcome = self.chain.execute(account("deployer"), None, probe_code())
        self.address = outcome.contract

    def data(self, shape: str, *values: object) -> bytes:
        types = [kind for kind in shape[shape.index("(") + 1 : -1].split(",") if kind]
        return keccak256(shape.encode())[:4] + encode(types, values)

    def push(self, who: str, amount: int):
        data = self.data("push(address,uint256)", who, amount)
        return self.chain.execute(account("deployer"), self.address, data)

    def push_total(self, amount: int):
        data = self.data("push_total(uint256)", amount)
        return self.chain.execute(account("deployer"), self.address, data)

    def ask(self, shape: str, *values: object) -> int:
        data = self.data(shape, *values)
        return int.from_bytes(
            self.chain.machine.call(self.address, data, self.chain.block()), "big"
        )

    def past(self, who: str, second: int) -> int:
        return self.ask("getPastVotes(address,uint256)", who, second)


def test_push__greatest_value__is_kept_and_one_more_reverts():
    probe = Probe()
    assert probe.push(A, MOST).status
    assert probe.push_total(MOST).status
    probe.chain.now += 1
    for amount in (MOST + 1, UNLIMITED):
        assert probe.push(A, amount).reason == "Votes: 2**160 or more"
        assert probe.push_total(amount).reason == "Votes: 2**160 or more"
    assert probe.push(A, 7).status
    assert probe.push_total(8).status
    probe.chain.now += 1
    assert (probe.past(A, START), probe.past(A, START + 1)) == (MOST, 7)
    shape = "getPastTotalSupply(uint256)"
    assert (probe.ask(shape, START), probe.ask(shape, START + 1)) == (MOST, 8)


def test_push__zero_first__counts_as_said():
    probe = Probe()
    probe.push(A, 0)
    probe.chain.now += 5
    probe.push(A, 9)
    probe.chain.now += 5
    assert [probe.past(A, START + s) for s in (-1, 0, 4, 5, 9)] == [0, 0, 0, 9, 9]


def test_push__again_in_one_second__stores_no_further_checkpoint():
    probe = Probe()
    assert probe.push(A, 1).status
    assert max(probe.push(A, amount).gas_used for amount in (2, 3, 4)) < 32_000
    probe.chain.now += 1
    assert probe.push(A, 5).gas_used > 45_000  # a new slot


def test_push__greatest_address__is_apart_from_the_total_and_the_rest():
    probe = Probe()
    people = [NOBODY, "0x" + "00" * 19 + "01", "0x" + "ff" * 20, A]
    for i, who in enumerate(people):
        probe.push(who, i + 1)
    probe.push_total(99)
    found = [probe.ask("getVotes(address)", who) for who in people]
    assert found == [1, 2, 3, 4]


def test_past__a_thousand_checkpoints__costs_the_logarithm():
    probe = Probe()
    start = probe.chain.now
    amounts = random.Random(1).sample(range(10**6), 1_000)
    for amount in amounts:
        assert probe.push(A, amount).status
        probe.chain.now += 3
    for index in (0, 1, 2, 499, 500, 501, 997, 998, 999):
        for later in (0, 1, 2):
            assert probe.past(A, start + 3 * index + later) == amounts[index]
    for index in (0, 499, 998):
        data = probe.data("getPastVotes(address,uint256)", A, start + 3 * index)
        outcome = probe.chain.execute(account("deployer"), probe.address, data)
        assert outcome.gas_used < 21_000 + 1_500 + 12 * 2_700


def test_past__unknown_timepoint_words__are_in_the_users_words():
    probe = Probe()
    with pytest.raises(RefusedError) as refused:
        probe.past(A, START)
    assert refused.value.fields["reason"] == "Votes: not in the past"
