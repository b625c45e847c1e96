"""Token: votes follow the tokens, through delegates (ERC-5805 as OpenZeppelin's behaves)."""

import pytest

from tests.contracts.pair import START, reverts
from tests.contracts.token_orders import TIMELOCK, A, B, C, D, balances, token, votes
from tests.twins.world import NOBODY


@pytest.fixture
def pair():
    return token()


def vote_events(done):
    return [tuple(values.values()) for values in done.named("DelegateVotesChanged")]


def test_clock__mode__is_seconds(pair):
    assert pair.view("Token", "clock") == START
    pair.wait(5)
    assert pair.view("Token", "clock") == START + 5
    assert pair.view("Token", "CLOCK_MODE") == "mode=timestamp"


def test_delegate__nobody_yet__has_no_votes(pair):
    assert votes(pair) == (0, 0, 0)
    assert pair.view("Token", "delegates", A) == NOBODY


def test_delegate__with_a_balance__gives_votes(pair):
    done = pair.send(A, "Token", "delegate", A)
    assert done.named("DelegateChanged") == [
        {"delegator": A, "fromDelegate": NOBODY, "toDelegate": A}
    ]
    assert vote_events(done) == [(A, 0, 100)]
    assert votes(pair) == (100, 0, 0)


def test_delegate__without_a_balance__says_so_and_gives_none(pair):
    done = pair.send(C, "Token", "delegate", C)
    assert [name for _, name, _ in done.events] == ["DelegateChanged"]
    assert votes(pair) == (0, 0, 0)
    done = pair.send(A, "Token", "transfer", C, 5)
    assert vote_events(done) == [(C, 0, 5)]


def test_delegate__changed__moves_the_votes(pair):
    pair.send(A, "Token", "delegate", B)
    pair.send(B, "Token", "delegate", B)
    assert votes(pair) == (0, 150, 0)
    done = pair.send(A, "Token", "delegate", C)
    assert done.named("DelegateChanged") == [{"delegator": A, "fromDelegate": B, "toDelegate": C}]
    assert vote_events(done) == [(B, 150, 50), (C, 0, 100)]
    assert votes(pair) == (0, 50, 100)


def test_delegate__same_again__moves_nothing(pair):
    pair.send(A, "Token", "delegate", B)
    done = pair.send(A, "Token", "delegate", B)
    assert [name for _, name, _ in done.events] == ["DelegateChanged"]
    assert votes(pair) == (0, 100, 0)


def test_delegate__to_nobody__takes_the_votes_back(pair):
    pair.send(A, "Token", "delegate", B)
    done = pair.send(A, "Token", "delegate", NOBODY)
    assert vote_events(done) == [(B, 100, 0)]
    assert votes(pair) == (0, 0, 0)
    assert pair.view("Token", "getVotes", NOBODY) == 0


def test_delegate__chain__goes_one_step_only(pair):
    pair.send(A, "Token", "delegate", B)
    pair.send(B, "Token", "delegate", C)
    assert votes(pair) == (0, 100, 50)


def test_transfer__nobody_delegates__moves_no_votes(pair):
    assert vote_events(pair.send(A, "Token", "transfer", B, 1)) == []


def test_transfer__sender_delegates__takes_votes(pair):
    pair.send(A, "Token", "delegate", A)
    assert vote_events(pair.send(A, "Token", "transfer", B, 1)) == [(A, 100, 99)]


def test_transfer__receiver_delegates__gives_votes(pair):
    pair.send(B, "Token", "delegate", C)
    assert vote_events(pair.send(A, "Token", "transfer", B, 1)) == [(C, 50, 51)]


def test_transfer__both_delegate__moves_votes(pair):
    pair.send(A, "Token", "delegate", A)
    pair.send(B, "Token", "delegate", C)
    assert vote_events(pair.send(A, "Token", "transfer", B, 1)) == [(A, 100, 99), (C, 50, 51)]


def test_transfer__same_delegate__moves_no_votes(pair):
    pair.send(A, "Token", "delegate", C)
    pair.send(B, "Token", "delegate", C)
    assert vote_events(pair.send(A, "Token", "transfer", B, 1)) == []
    assert votes(pair) == (0, 0, 150)


def test_transfer__of_nothing__moves_no_votes(pair):
    pair.send(A, "Token", "delegate", A)
    pair.send(B, "Token", "delegate", B)
    assert vote_events(pair.send(A, "Token", "transfer", B, 0)) == []


def test_mint_and_burn__delegated__change_votes_and_supply(pair):
    pair.send(A, "Token", "delegate", B)
    assert vote_events(pair.send(TIMELOCK, "Token", "mint", A, 10)) == [(B, 100, 110)]
    pair.wait(1)
    assert vote_events(pair.send(A, "Token", "burn", 30)) == [(B, 110, 80)]
    pair.wait(1)
    assert pair.view("Token", "getPastTotalSupply", START) == 160
    assert pair.view("Token", "getPastTotalSupply", START + 1) == 130
    assert pair.view("Token", "getPastTotalSupply", START - 1) == 0


def test_past__transfers__are_remembered_by_the_second(pair):
    pair.send(A, "Token", "delegate", A)
    pair.wait(10)
    pair.send(A, "Token", "transfer", B, 40)
    pair.send(B, "Token", "delegate", B)
    pair.wait(10)
    pair.send(B, "Token", "transfer", A, 90)
    pair.wait(1)
    for second, expected in [(-1, (0, 0)), (0, (100, 0)), (9, (100, 0)), (10, (60, 90))]:
        found = tuple(pair.view("Token", "getPastVotes", who, START + second) for who in (A, B))
        assert found == expected
    assert pair.view("Token", "getPastVotes", A, START + 19) == 60
    assert pair.view("Token", "getPastVotes", A, START + 20) == 150
    assert pair.view("Token", "getPastVotes", B, START + 20) == 0


def test_past__total__counts_tokens_that_nobody_delegated(pair):
    pair.wait(1)
    assert pair.view("Token", "getPastTotalSupply", START) == 150
    assert votes(pair, A, B, C, D) == (0, 0, 0, 0)


def test_votes__all_self_delegated__sum_to_the_supply(pair):
    for who in (A, B, C):
        pair.send(who, "Token", "delegate", who)
    pair.send(A, "Token", "transfer", C, 33)
    assert votes(pair) == balances(pair) == (67, 50, 33)


def test_burn__more_than_held__keeps_the_votes(pair):
    pair.send(A, "Token", "delegate", A)
    with reverts("Token: balance too low"):
        pair.send(A, "Token", "burn", 101)
    assert votes(pair) == (100, 0, 0)
