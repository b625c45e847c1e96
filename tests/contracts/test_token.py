"""Token: ERC-20 as OpenZeppelin's behaves, a fixed supply, burning."""

import pytest

from tests.contracts.consortium import founder
from tests.contracts.pair import MEMBER, Pair, account, reverts
from tests.twins.world import NOBODY, Revert

A, B, C = (account(name) for name in "abc")
UNLIMITED = 2**256 - 1


@pytest.fixture
def pair():
    return Pair([founder(A, MEMBER)], [(A, 100), (B, 50)])


def balances(pair):
    return tuple(pair.view("Token", "balanceOf", who) for who in (A, B, C))


def test_deploy__holders__hold_the_whole_supply(pair):
    assert balances(pair) == (100, 50, 0)
    assert pair.view("Token", "totalSupply") == 150
    assert pair.view("Token", "name") == "Unit"
    assert pair.view("Token", "symbol") == "UNIT"
    assert pair.view("Token", "decimals") == 6


def test_deploy__same_holder_twice__adds_up():
    pair = Pair([founder(A, MEMBER)], [(A, 1), (A, 2)])
    assert pair.view("Token", "balanceOf", A) == 3


def test_deploy__no_receiver__reverts():
    with pytest.raises(Revert, match="Token: no receiver"):
        Pair([founder(A, MEMBER)], [(NOBODY, 1)])


def test_deploy__supply_bound__exact():
    pair = Pair([founder(A, MEMBER)], [(A, 2**128 - 2), (B, 1)])
    assert pair.view("Token", "totalSupply") == 2**128 - 1
    for holders in ([(A, 2**128)], [(A, 2**128 - 1), (B, 1)], [(A, UNLIMITED), (B, 1)]):
        with pytest.raises(Revert, match="Token: supply over"):
            Pair([founder(A, MEMBER)], holders)


def test_transfer__balance__moves(pair):
    done = pair.send(A, "Token", "transfer", C, 100)
    assert done.value is True
    assert balances(pair) == (0, 50, 100)


@pytest.mark.parametrize(
    ("receiver", "amount", "message"),
    [(C, 101, "Token: balance too low"), (NOBODY, 1, "Token: no receiver")],
)
def test_transfer__impossible__reverts(pair, receiver, amount, message):
    with reverts(message):
        pair.send(A, "Token", "transfer", receiver, amount)


def test_transfer__to_self_and_of_nothing__changes_nothing(pair):
    pair.send(A, "Token", "transfer", A, 100)
    pair.send(C, "Token", "transfer", A, 0)
    assert balances(pair) == (100, 50, 0)


def test_transfer_from__allowance__is_used_up(pair):
    pair.send(A, "Token", "approve", B, 60)
    pair.send(B, "Token", "transferFrom", A, C, 40)
    assert pair.view("Token", "allowance", A, B) == 20
    with reverts("Token: allowance too low"):
        pair.send(B, "Token", "transferFrom", A, C, 21)


def test_transfer_from__unlimited__is_not_used_up(pair):
    pair.send(A, "Token", "approve", B, UNLIMITED)
    pair.send(B, "Token", "transferFrom", A, C, 100)
    assert pair.view("Token", "allowance", A, B) == UNLIMITED
    with reverts("Token: balance too low"):
        pair.send(B, "Token", "transferFrom", A, C, 1)


def test_transfer_from__to_nobody__reverts(pair):
    pair.send(A, "Token", "approve", B, 1)
    with reverts("Token: no receiver"):
        pair.send(B, "Token", "transferFrom", A, NOBODY, 1)


def test_approve__again__replaces(pair):
    pair.send(A, "Token", "approve", B, 5)
    pair.send(A, "Token", "approve", B, 3)
    assert pair.view("Token", "allowance", A, B) == 3
    with reverts("Token: no spender"):
        pair.send(A, "Token", "approve", NOBODY, 1)


def test_burn__own_tokens__shrink_the_supply(pair):
    pair.send(A, "Token", "burn", 99)
    assert pair.view("Token", "totalSupply") == 51
    with reverts("Token: balance too low"):
        pair.send(A, "Token", "burn", 2)
