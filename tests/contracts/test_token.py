"""Token: ERC-20 as OpenZeppelin's behaves, a capped supply, scheduled minting, burning."""

import pytest

from quorate.core.hashing import keccak256
from quorate.ledger.contracts import load_artifact
from tests.contracts.pair import START, account, reverts
from tests.contracts.token_orders import (
    CAP,
    PER_PERIOD,
    PERIOD,
    TIMELOCK,
    UNLIMITED,
    A,
    B,
    C,
    balances,
    token,
)
from tests.twins.world import NOBODY

STANDARD = (
    # ERC-20 and its metadata
    "totalSupply()",
    "balanceOf(address)",
    "allowance(address,address)",
    "transfer(address,uint256)",
    "transferFrom(address,address,uint256)",
    "approve(address,uint256)",
    "name()",
    "symbol()",
    "decimals()",
    # ERC-2612, ERC-5267
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "nonces(address)",
    "DOMAIN_SEPARATOR()",
    "eip712Domain()",
    # ERC-3009
    "authorizationState(address,bytes32)",
    "transferWithAuthorization"
    "(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
    "receiveWithAuthorization"
    "(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
    "cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)",
    # ERC-5805, ERC-6372
    "getVotes(address)",
    "getPastVotes(address,uint256)",
    "getPastTotalSupply(uint256)",
    "delegates(address)",
    "delegate(address)",
    "delegateBySig(address,uint256,uint256,uint8,bytes32,bytes32)",
    "clock()",
    "CLOCK_MODE()",
    # OpenZeppelin's ERC20Burnable
    "burn(uint256)",
    "burnFrom(address,uint256)",
)
OWN = {
    "mint(address,uint256)",
    "mintable()",
    "minted()",
    "cap()",
    "per_period()",
    "period()",
    "deployed_at()",
    "timelock()",
    "event_head()",
}
EVENTS = {
    "Transfer(address,address,uint256)": 2,
    "Approval(address,address,uint256)": 2,
    "AuthorizationUsed(address,bytes32)": 2,
    "AuthorizationCanceled(address,bytes32)": 2,
    "DelegateChanged(address,address,address)": 3,
    "DelegateVotesChanged(address,uint256,uint256)": 1,
}


@pytest.fixture
def pair():
    return token()


def test_interface__functions__are_those_of_the_standards_and_nine_of_our_own():
    found = load_artifact("Token").functions.values()
    spelled = {f"{f.name}({','.join(f.inputs)})" for f in found}
    assert spelled == {*STANDARD, *OWN}
    assert {f.selector for f in found} == {keccak256(s.encode())[:4] for s in spelled}


def test_interface__events__have_the_topics_and_indices_of_the_standards():
    found = load_artifact("Token").events
    assert {topic: sum(i for _, _, i in shape.parameters) for topic, shape in found.items()} == {
        keccak256(spelled.encode()): indexed for spelled, indexed in EVENTS.items()
    }


def test_interface__outputs__are_those_of_the_standards():
    functions = load_artifact("Token").functions
    assert functions["decimals"].outputs == ("uint8",)
    assert functions["clock"].outputs == ("uint48",)
    assert functions["CLOCK_MODE"].outputs == ("string",)
    assert functions["permit"].outputs == functions["delegate"].outputs == ()
    domain = ("bytes1", "string", "string", "uint256", "address", "bytes32", "uint256[]")
    assert functions["eip712Domain"].outputs == domain


def test_interface__no_function__takes_ether():
    assert not [e for e in load_artifact("Token").abi if e.get("stateMutability") == "payable"]


# --- deployment -----------------------------------------------------------------------------


def test_deploy__holders__hold_the_first_supply(pair):
    assert balances(pair) == (100, 50, 0)
    assert pair.view("Token", "totalSupply") == pair.view("Token", "minted") == 150
    facts = ("name", "symbol", "decimals", "timelock", "cap", "per_period", "period", "deployed_at")
    assert [pair.view("Token", fact) for fact in facts] == [
        *("Unit", "UNIT", 6),
        *(TIMELOCK, CAP, PER_PERIOD, PERIOD, START),
    ]


def test_deploy__same_holder_twice__adds_up():
    pair = token([(A, 1), (A, 2)])
    assert balances(pair, A) == (3,)


def test_deploy__nobody_holds__is_an_empty_token():
    pair = token([])
    assert pair.view("Token", "totalSupply") == 0
    pair.send(TIMELOCK, "Token", "mint", A, 7)
    assert balances(pair, A) == (7,)


def test_deploy__thirty_two_holders__all_hold():
    people = [account(f"holder{i}") for i in range(32)]
    pair = token([(who, i) for i, who in enumerate(people)])
    assert balances(pair, *people) == tuple(range(32))


def test_deploy__cap__is_exact():
    pair = token([(A, 2**96 - 2), (B, 1)], cap=2**96 - 1)
    assert pair.view("Token", "totalSupply") == 2**96 - 1
    for holders in ([(A, CAP + 1)], [(A, CAP), (B, 1)], [(A, 1), (B, UNLIMITED)]):
        with reverts("Token: over the cap"):
            token(holders)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"holders": [(NOBODY, 1)]}, "Token: no receiver"),
        ({"cap": 2**96}, "Token: cap over 2**96 - 1"),
        ({"cap": UNLIMITED}, "Token: cap over 2**96 - 1"),
        ({"period": 0}, "Token: period of 0 seconds"),
        ({"timelock": NOBODY}, "Token: no Timelock"),
    ],
)
def test_deploy__impossible__reverts(changed, message):
    with reverts(message):
        token(**changed)


# --- ERC-20 ---------------------------------------------------------------------------------


def test_transfer__whole_balance__moves(pair):
    done = pair.send(A, "Token", "transfer", C, 100)
    assert done.value is True
    assert done.named("Transfer") == [{"sender": A, "receiver": C, "value": 100}]
    assert balances(pair) == (0, 50, 100)


@pytest.mark.parametrize(
    ("receiver", "amount", "message"),
    [
        (C, 101, "Token: balance too low"),
        (C, UNLIMITED, "Token: balance too low"),
        (NOBODY, 1, "Token: no receiver"),
    ],
)
def test_transfer__impossible__reverts(pair, receiver, amount, message):
    with reverts(message):
        pair.send(A, "Token", "transfer", receiver, amount)


def test_transfer__to_self_and_of_nothing__changes_nothing_and_is_said(pair):
    assert pair.send(A, "Token", "transfer", A, 100).named("Transfer")
    assert pair.send(C, "Token", "transfer", A, 0).named("Transfer")
    assert balances(pair) == (100, 50, 0)


def test_transfer_from__allowance__is_used_up_without_a_word(pair):
    pair.send(A, "Token", "approve", B, 60)
    done = pair.send(B, "Token", "transferFrom", A, C, 40)
    assert done.value is True
    assert [name for _, name, _ in done.events] == ["Transfer"]
    assert pair.view("Token", "allowance", A, B) == 20
    with reverts("Token: allowance too low"):
        pair.send(B, "Token", "transferFrom", A, C, 21)
    pair.send(B, "Token", "transferFrom", A, C, 20)
    assert balances(pair) == (40, 50, 60)


def test_transfer_from__own_tokens__need_an_allowance_too(pair):
    with reverts("Token: allowance too low"):
        pair.send(A, "Token", "transferFrom", A, C, 1)


def test_transfer_from__unlimited__is_not_used_up(pair):
    pair.send(A, "Token", "approve", B, UNLIMITED)
    pair.send(B, "Token", "transferFrom", A, C, 100)
    assert pair.view("Token", "allowance", A, B) == UNLIMITED
    with reverts("Token: balance too low"):
        pair.send(B, "Token", "transferFrom", A, C, 1)


def test_transfer_from__almost_unlimited__is_used_up(pair):
    pair.send(A, "Token", "approve", B, UNLIMITED - 1)
    pair.send(B, "Token", "transferFrom", A, C, 100)
    assert pair.view("Token", "allowance", A, B) == UNLIMITED - 101


def test_transfer_from__reverted__leaves_the_allowance(pair):
    pair.send(A, "Token", "approve", B, 200)
    with reverts("Token: balance too low"):
        pair.send(B, "Token", "transferFrom", A, C, 101)
    with reverts("Token: no receiver"):
        pair.send(B, "Token", "transferFrom", A, NOBODY, 1)
    assert pair.view("Token", "allowance", A, B) == 200


def test_approve__more_than_the_balance__is_allowed(pair):
    done = pair.send(C, "Token", "approve", B, 1)
    assert done.value is True
    assert done.named("Approval") == [{"owner": C, "spender": B, "value": 1}]


def test_approve__again__replaces(pair):
    pair.send(A, "Token", "approve", B, 5)
    pair.send(A, "Token", "approve", B, 3)
    assert pair.view("Token", "allowance", A, B) == 3
    assert pair.view("Token", "allowance", B, A) == 0
    with reverts("Token: no spender"):
        pair.send(A, "Token", "approve", NOBODY, 1)


# --- burning --------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0, 1, 99, 100])
def test_burn__own_tokens__shrink_the_supply(pair, amount):
    done = pair.send(A, "Token", "burn", amount)
    assert done.named("Transfer") == [{"sender": A, "receiver": NOBODY, "value": amount}]
    assert balances(pair) == (100 - amount, 50, 0)
    assert pair.view("Token", "totalSupply") == 150 - amount


def test_burn__more_than_held__reverts(pair):
    with reverts("Token: balance too low"):
        pair.send(A, "Token", "burn", 101)


def test_burn_from__allowance__is_used_up(pair):
    pair.send(A, "Token", "approve", B, 60)
    done = pair.send(B, "Token", "burnFrom", A, 40)
    assert [name for _, name, _ in done.events] == ["Transfer"]
    assert pair.view("Token", "allowance", A, B) == 20
    assert balances(pair) == (60, 50, 0)
    assert pair.view("Token", "totalSupply") == 110


def test_burn_from__unlimited__is_not_used_up(pair):
    pair.send(A, "Token", "approve", B, UNLIMITED)
    pair.send(B, "Token", "burnFrom", A, 40)
    assert pair.view("Token", "allowance", A, B) == UNLIMITED
    with reverts("Token: balance too low"):
        pair.send(B, "Token", "burnFrom", A, 61)


# --- minting --------------------------------------------------------------------------------


def test_mint__within_limits__makes_tokens(pair):
    done = pair.send(TIMELOCK, "Token", "mint", C, 60)
    assert done.named("Transfer") == [{"sender": NOBODY, "receiver": C, "value": 60}]
    assert balances(pair) == (100, 50, 60)
    assert pair.view("Token", "totalSupply") == pair.view("Token", "minted") == 210
    assert pair.view("Token", "mintable") == 40


def test_mint__to_nobody__reverts(pair):
    with reverts("Token: no receiver"):
        pair.send(TIMELOCK, "Token", "mint", NOBODY, 1)


def test_mint__period_limit__is_exact_and_counts_all_mints(pair):
    with reverts("Token: over the period's limit"):
        pair.send(TIMELOCK, "Token", "mint", C, PER_PERIOD + 1)
    pair.send(TIMELOCK, "Token", "mint", C, PER_PERIOD - 1)
    pair.send(TIMELOCK, "Token", "mint", C, 1)
    assert pair.view("Token", "mintable") == 0
    with reverts("Token: over the period's limit"):
        pair.send(TIMELOCK, "Token", "mint", C, 1)
    pair.send(TIMELOCK, "Token", "mint", C, 0)


def test_mint__periods__begin_with_the_deployment_to_the_second(pair):
    pair.send(TIMELOCK, "Token", "mint", C, PER_PERIOD)
    pair.wait(PERIOD - 1)
    with reverts("Token: over the period's limit"):
        pair.send(TIMELOCK, "Token", "mint", C, 1)
    pair.wait(1)
    assert pair.view("Token", "mintable") == PER_PERIOD
    pair.send(TIMELOCK, "Token", "mint", C, PER_PERIOD)
    with reverts("Token: over the period's limit"):
        pair.send(TIMELOCK, "Token", "mint", C, 1)


def test_mint__unused_periods__are_lost(pair):
    pair.wait(10 * PERIOD)
    assert pair.view("Token", "mintable") == PER_PERIOD
    with reverts("Token: over the period's limit"):
        pair.send(TIMELOCK, "Token", "mint", C, PER_PERIOD + 1)


def test_mint__cap__is_exact_whatever_the_period_allows():
    pair = token(per_period=UNLIMITED)
    assert pair.view("Token", "mintable") == CAP - 150
    for amount in (CAP - 149, UNLIMITED):
        with reverts("Token: over the cap"):
            pair.send(TIMELOCK, "Token", "mint", C, amount)
    pair.send(TIMELOCK, "Token", "mint", C, CAP - 150)
    with reverts("Token: over the cap"):
        pair.send(TIMELOCK, "Token", "mint", C, 1)


def test_mint__after_burning__has_no_more_room():
    pair = token(cap=150)
    pair.send(A, "Token", "burn", 100)
    assert pair.view("Token", "totalSupply") == 50
    assert pair.view("Token", "minted") == 150
    assert pair.view("Token", "mintable") == 0
    with reverts("Token: over the cap"):
        pair.send(TIMELOCK, "Token", "mint", A, 1)
