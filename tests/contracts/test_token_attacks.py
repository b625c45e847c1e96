"""Token under attack: every function that a stranger can reach, and what must come of it."""

from contextlib import suppress
from typing import Any

import pytest
from eth_abi.abi import encode

from quorate.core.hashing import keccak256
from quorate.ledger.contracts import load_artifact
from quorate.ledger.machine import Machine
from quorate.ledger.transactions import BLOCK_GAS_LIMIT, Transaction, raw_address
from tests.contracts.pair import CHAIN_ID, START, Reverted, account, reverts, word
from tests.contracts.token_orders import (
    TIMELOCK,
    UNLIMITED,
    A,
    B,
    C,
    D,
    authorization,
    balances,
    delegation,
    permit,
    sign,
    token,
    votes,
)
from tests.twins.signing import ORDER
from tests.twins.token import Token
from tests.twins.world import NOBODY

MOVES = ("transferWithAuthorization", "receiveWithAuthorization")
STRANGER = account("stranger")
NOT_SIGNED = "Token: not the owner's signature"


@pytest.fixture
def pair():
    return token()


def state(pair) -> list[Any]:
    """All that an attacker of A, B and C might want to change."""
    people = (A, B, C)
    return [
        *balances(pair),
        *votes(pair),
        *(pair.view("Token", "nonces", who) for who in people),
        *(pair.view("Token", "delegates", who) for who in people),
        *(pair.view("Token", "allowance", who, STRANGER) for who in people),
        pair.view("Token", "totalSupply"),
        pair.view("Token", "minted"),
    ]


def orders(pair, owner: str, **other: Any) -> dict[str, tuple]:
    """One order of each kind, signed by `owner` for the benefit of C, who submits it."""
    nonce = word("nonce")
    return {
        "permit": permit(pair, owner, C, 9, UNLIMITED, **other),
        "delegateBySig": delegation(pair, owner, C, UNLIMITED, **other),
        MOVES[0]: authorization(pair, MOVES[0], owner, C, 9, **other),
        MOVES[1]: authorization(pair, MOVES[1], owner, C, 9, **other),
        "cancelAuthorization": (
            *(owner, nonce),
            *sign(pair, owner, "cancelAuthorization", owner, nonce, **other),
        ),
    }


KINDS = ("permit", "delegateBySig", *MOVES, "cancelAuthorization")
# Per kind of order and place of the argument: something else than what `orders` signs.
CHANGED: dict[str, dict[int, Any]] = {
    "permit": {0: B, 1: STRANGER, 2: 10, 3: UNLIMITED - 1},
    "delegateBySig": {0: STRANGER, 1: 1, 2: UNLIMITED - 1},
    # Who receives is the caller: a changed receiver is in the test of observers below.
    MOVES[0]: {0: B, 1: STRANGER, 2: 10, 3: 0, 4: START + 1, 5: word("another")},
    MOVES[1]: {0: B, 2: 10, 3: 0, 4: START + 1, 5: word("another")},
    "cancelAuthorization": {0: B, 1: word("another")},
}


# --- without a signature --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        ("transfer", (STRANGER, 1), "Token: balance too low"),
        ("transfer", (A, UNLIMITED), "Token: balance too low"),
        ("transferFrom", (A, STRANGER, 1), "Token: allowance too low"),
        ("transferFrom", (A, STRANGER, UNLIMITED), "Token: allowance too low"),
        ("transferFrom", (NOBODY, STRANGER, 0), "Token: no owner"),
        ("transferFrom", (NOBODY, STRANGER, 1), "Token: no owner"),
        ("burn", (1,), "Token: balance too low"),
        ("burnFrom", (A, 1), "Token: allowance too low"),
        ("burnFrom", (NOBODY, 0), "Token: no owner"),
        ("mint", (STRANGER, 1), "Token: only Timelock"),
        ("mint", (STRANGER, 0), "Token: only Timelock"),
    ],
)
def test_stranger__without_rights__changes_nothing(pair, function, arguments, message):
    before = state(pair)
    with reverts(message):
        pair.send(STRANGER, "Token", function, *arguments)
    assert state(pair) == before


def test_stranger__approves_and_delegates__only_what_it_has_itself(pair):
    before = state(pair)
    pair.send(STRANGER, "Token", "approve", A, UNLIMITED)
    pair.send(STRANGER, "Token", "delegate", A)
    pair.send(STRANGER, "Token", "transferFrom", A, B, 0)
    assert state(pair) == before
    with reverts("Token: balance too low"):
        pair.send(A, "Token", "transferFrom", STRANGER, A, 1)


@pytest.mark.parametrize("who", [A, B, STRANGER, account("deployer"), NOBODY])
def test_mint__by_anyone_but_the_timelock__reverts(pair, who):
    with reverts("Token: only Timelock"):
        pair.send(who, "Token", "mint", who, 1)


def test_timelock__beside_minting__has_no_power_over_anybody(pair):
    pair.send(TIMELOCK, "Token", "delegate", TIMELOCK)
    before = state(pair)
    for function, arguments, message in (
        ("transferFrom", (A, TIMELOCK, 1), "Token: allowance too low"),
        ("burnFrom", (A, 1), "Token: allowance too low"),
        ("burn", (1,), "Token: balance too low"),
    ):
        with reverts(message):
            pair.send(TIMELOCK, "Token", function, *arguments)
    assert state(pair) == before


def test_allowance__lowered__its_spender_in_front_gets_the_old_and_the_new(pair):
    """As everywhere in ERC-20; whoever minds sets 0 first and looks."""
    pair.send(A, "Token", "approve", B, 10)
    pair.send(B, "Token", "transferFrom", A, B, 10)
    pair.send(A, "Token", "approve", B, 5)
    pair.send(B, "Token", "transferFrom", A, B, 5)
    with reverts("Token: allowance too low"):
        pair.send(B, "Token", "transferFrom", A, B, 1)


def test_calldata__garbage__reverts_and_changes_nothing(pair):
    before = state(pair)
    dirty = keccak256(b"transfer(address,uint256)")[:4] + b"\1" * 12 + raw_address(C) + bytes(32)
    transfer = load_artifact("Token").functions["transfer"].selector
    for data in (b"", b"\0", transfer[:3], transfer, transfer + bytes(63), dirty, b"\xff" * 4):
        assert not pair.chain.execute(A, pair.address("Token"), data).status
    assert state(pair) == before


# --- signatures -----------------------------------------------------------------------------


def submit(pair, kind: str, given: tuple) -> None:
    pair.send(C, "Token", kind, *given)


def refuse(pair, kind: str, given: tuple) -> None:
    """The order is refused, or acts for a key without tokens: nothing of A, B, C changes."""
    before = state(pair)
    if kind == "delegateBySig":
        with suppress(Reverted):  # any signature is some key's: here of one without tokens
            submit(pair, kind, given)
    else:
        with reverts(NOT_SIGNED):
            submit(pair, kind, given)
    assert state(pair) == before
    assert not pair.view("Token", "authorizationState", A, word("nonce"))


@pytest.mark.parametrize("kind", KINDS)
def test_order__control__is_carried_out(pair, kind):
    before = state(pair)
    submit(pair, kind, orders(pair, A)[kind])
    assert state(pair) != before or kind == "cancelAuthorization"


@pytest.mark.parametrize("kind", KINDS)
def test_order__of_another_chain__is_foreign(pair, kind):
    refuse(pair, kind, orders(pair, A, chain_id=CHAIN_ID + 1)[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_order__of_another_token__is_foreign(pair, kind):
    """Same code, same name, same chain, another address."""
    refuse(pair, kind, orders(pair, A, contract=pair.predict(0))[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_order__of_one_token__is_refused_by_its_copy(pair, kind):
    given = orders(pair, A)[kind]
    del pair.heads["Token"]
    holders = [(A, 100), (B, 50)]
    pair.add("Token", Token, "Unit", "UNIT", holders, 1_000, 100, 1, TIMELOCK)
    refuse(pair, kind, given)


@pytest.mark.parametrize("kind", KINDS)
def test_order__malleable_twin__is_refused(pair, kind):
    *order, v, r, s = orders(pair, A)[kind]
    twin = (ORDER - int.from_bytes(s, "big")).to_bytes(32, "big")
    message = "Token: no valid signature" if kind == "delegateBySig" else NOT_SIGNED
    with reverts(message):
        submit(pair, kind, (*order, 55 - v, r, twin))


@pytest.mark.parametrize("kind", KINDS)
def test_order__flipped_or_odd_v__is_refused(pair, kind):
    *order, v, r, s = orders(pair, A)[kind]
    for other in (55 - v, v - 27, 0, 29, 255):
        refuse(pair, kind, (*order, other, r, s))


@pytest.mark.parametrize("kind", KINDS)
def test_order__impossible_signature__is_refused(pair, kind):
    *order, v, r, s = orders(pair, A)[kind]
    message = "Token: no valid signature" if kind == "delegateBySig" else NOT_SIGNED
    for no_r, no_s in (
        (bytes(32), bytes(32)),
        (bytes(32), s),
        (r, bytes(32)),
        (b"\xff" * 32, s),
        (ORDER.to_bytes(32, "big"), s),
    ):
        with reverts(message):
            submit(pair, kind, (*order, v, no_r, no_s))


@pytest.mark.parametrize("kind", ["permit", *MOVES, "cancelAuthorization"])
def test_order__of_nobody__is_refused_although_recovery_fails_to_zero(pair, kind):
    _, *rest = orders(pair, A)[kind]
    with reverts(NOT_SIGNED):
        submit(pair, kind, (NOBODY, *rest[:-3], 27, bytes(32), bytes(32)))


@pytest.mark.parametrize(
    ("kind", "place", "other"),
    [(kind, i, other) for kind, others in CHANGED.items() for i, other in others.items()],
)
def test_order__any_field_changed__is_not_what_was_signed(pair, kind, place, other):
    given = list(orders(pair, A)[kind])
    assert given[place] != other
    given[place] = other
    refuse(pair, kind, tuple(given))


def test_order__for_transfer__is_none_for_receiving_and_the_reverse(pair):
    given = orders(pair, A)
    refuse(pair, MOVES[0], given[MOVES[1]])
    refuse(pair, MOVES[1], given[MOVES[0]])


def test_order__of_a_key__does_not_sign_for_a_contract(pair):
    """A contract that holds tokens calls for itself: no ERC-1271 here, as in the yardstick."""
    contract = pair.address("Token")
    pair.send(A, "Token", "transfer", contract, 10)
    signature = sign(pair, A, "permit", contract, A, 10, 0, UNLIMITED)
    with reverts(NOT_SIGNED):
        pair.send(A, "Token", "permit", contract, A, 10, UNLIMITED, *signature)


def test_order__signed_before_a_fork__dies_on_the_chain_with_the_new_id(pair):
    given = permit(pair, A, B, 42, UNLIMITED)
    address = pair.address("Token")
    call = pair.chain.contracts["Token"].encode("permit", *given)
    fork = Machine(pair.chain.machine.state, CHAIN_ID + 1)
    nonce = fork.state.entry(raw_address(D)).nonce
    transaction = Transaction(CHAIN_ID + 1, nonce, address, call.data, BLOCK_GAS_LIMIT)
    assert fork.execute(transaction, D, pair.chain.block()).reason == NOT_SIGNED
    ask = pair.chain.contracts["Token"]
    output = fork.call(address, ask.encode("DOMAIN_SEPARATOR").data, pair.chain.block())
    pair.world.chain_id += 1
    assert output == pair.twins["Token"].DOMAIN_SEPARATOR()
    again = permit(pair, A, B, 42, UNLIMITED, nonce=0, chain_id=CHAIN_ID + 1)
    transaction = Transaction(
        CHAIN_ID + 1, nonce, address, ask.encode("permit", *again).data, BLOCK_GAS_LIMIT
    )
    assert fork.execute(transaction, D, pair.chain.block()).status
    domain = fork.call(address, ask.encode("eip712Domain").data, pair.chain.block())
    assert ask.decode("eip712Domain", domain)[3] == CHAIN_ID + 1


# --- time -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["permit", "delegateBySig"])
@pytest.mark.parametrize(("late", "works"), [(-1, True), (0, True), (1, False)])
def test_deadline__second_by_second__the_last_one_counts(pair, kind, late, works):
    make = {"permit": permit, "delegateBySig": delegation}[kind]
    given = make(pair, A, C, *((9,) if kind == "permit" else ()), START + 50)
    pair.wait(50 + late)
    if works:
        submit(pair, kind, given)
    else:
        with reverts("Token: signature expired"):
            submit(pair, kind, given)


@pytest.mark.parametrize("move", MOVES)
def test_window__empty_or_reversed__never_opens(pair, move):
    for after, before in ((START, START), (START, START + 1), (START + 5, START - 5)):
        given = authorization(pair, move, A, C, 1, after=after, before=before)
        with pytest.raises(Reverted, match=r"authorization (too early|expired)"):
            submit(pair, move, given)
    pair.wait(1)
    given = authorization(pair, move, A, C, 1, after=START, before=START + 1)
    with reverts("Token: authorization expired"):
        submit(pair, move, given)


@pytest.mark.parametrize("move", MOVES)
def test_window__greatest_values__open_and_shut(pair, move):
    shut = authorization(pair, move, A, C, 1, after=UNLIMITED, before=UNLIMITED)
    with reverts("Token: authorization too early"):
        submit(pair, move, shut)
    submit(pair, move, authorization(pair, move, A, C, 1, after=0, before=UNLIMITED))


# --- front-running --------------------------------------------------------------------------


def test_permit__submitted_by_an_observer__does_what_its_owner_wanted(pair):
    given = permit(pair, A, C, 9, UNLIMITED)
    pair.send(STRANGER, "Token", "permit", *given)
    with reverts(NOT_SIGNED):
        submit(pair, "permit", given)
    assert pair.view("Token", "allowance", A, C) == 9
    assert pair.view("Token", "allowance", A, STRANGER) == 0


def test_transfer_authorization__submitted_by_an_observer__pays_the_same_receiver(pair):
    given = authorization(pair, MOVES[0], A, C, 9)
    pair.send(STRANGER, "Token", MOVES[0], *given)
    with reverts("Token: authorization spent"):
        submit(pair, MOVES[0], given)
    assert balances(pair, A, C, STRANGER) == (91, 9, 0)


def test_receive_authorization__seen_by_an_observer__is_of_no_use_to_it(pair):
    given = authorization(pair, MOVES[1], A, C, 9)
    before = state(pair)
    for who in (STRANGER, A, B):
        with reverts("Token: only the receiver"):
            pair.send(who, "Token", MOVES[1], *given)
    for who in (STRANGER, A, B):
        with reverts(NOT_SIGNED):
            pair.send(who, "Token", MOVES[1], given[0], who, *given[2:])
    assert state(pair) == before
    submit(pair, MOVES[1], given)


def test_cancel__of_others_nonces__blocks_nobody(pair):
    """A stranger may spend its own nonce of the same value; the owner's stays good."""
    nonce = word("nonce")
    given = orders(pair, A)[MOVES[0]]
    pair.send(
        B, "Token", "cancelAuthorization", B, nonce, *orders(pair, B)["cancelAuthorization"][2:]
    )
    assert pair.view("Token", "authorizationState", B, nonce)
    submit(pair, MOVES[0], given)


# --- votes ----------------------------------------------------------------------------------


def test_votes__tokens_passed_around_in_one_second__count_once(pair):
    for who in (A, B, C):
        pair.send(who, "Token", "delegate", who)
    pair.send(A, "Token", "transfer", B, 100)
    pair.send(B, "Token", "transfer", C, 150)
    pair.send(C, "Token", "transfer", A, 100)
    pair.wait(1)
    past = [pair.view("Token", "getPastVotes", who, START) for who in (A, B, C)]
    assert past == [100, 0, 50]
    assert sum(past) == pair.view("Token", "getPastTotalSupply", START)


def test_votes__borrowed_after_the_snapshot__come_too_late(pair):
    pair.send(A, "Token", "delegate", A)
    pair.wait(1)
    snapshot = START
    pair.send(C, "Token", "delegate", C)
    pair.send(A, "Token", "transfer", C, 100)
    assert pair.view("Token", "getPastVotes", C, snapshot) == 0
    assert pair.view("Token", "getPastVotes", A, snapshot) == 100


def test_votes__unasked_delegations__only_ever_add(pair):
    pair.send(A, "Token", "delegate", A)
    pair.send(B, "Token", "delegate", A)
    pair.send(STRANGER, "Token", "delegate", A)
    assert votes(pair) == (150, 0, 0)
    pair.send(B, "Token", "delegate", NOBODY)
    pair.send(STRANGER, "Token", "delegate", NOBODY)
    assert votes(pair) == (100, 0, 0)


def test_votes__many_checkpoints_forced_on_a_victim__cost_it_nothing(pair):
    pair.send(A, "Token", "delegate", A)

    def move() -> int:
        pair.wait(1)
        return pair.send(A, "Token", "transfer", C, 1).gas

    move()
    first = move()
    for i in range(200):
        pair.wait(1)
        pair.send(B, "Token", "delegate", (A, B)[i % 2])
    assert move() <= first
    assert pair.view("Token", "getPastVotes", A, START) == 100


# --- arithmetic -----------------------------------------------------------------------------


def test_amounts__greatest_supply__nothing_overflows():
    most = 2**96 - 1
    pair = token([(A, most)], cap=most, per_period=UNLIMITED)
    pair.send(A, "Token", "delegate", B)
    pair.send(A, "Token", "transfer", A, most)
    pair.send(A, "Token", "transfer", B, most)
    pair.send(B, "Token", "delegate", B)
    assert votes(pair) == (0, most, 0)
    with reverts("Token: over the cap"):
        pair.send(TIMELOCK, "Token", "mint", A, 1)
    pair.send(B, "Token", "burn", most)
    assert pair.view("Token", "totalSupply") == 0


def test_period__greatest__is_one_period_for_ever():
    pair = token(period=UNLIMITED)
    pair.send(TIMELOCK, "Token", "mint", C, 100)
    pair.wait(1_000 * 365 * 86_400)
    with reverts("Token: over the period's limit"):
        pair.send(TIMELOCK, "Token", "mint", C, 1)


# --- the list of events is complete ---------------------------------------------------------


def chained(events: list[tuple[str, dict[str, Any]]]) -> bytes:
    """The running hash of a list of events, from zero."""
    shapes = {shape.name: shape for shape in load_artifact("Token").events.values()}
    head = bytes(32)
    for count, (name, values) in enumerate(events, 1):
        types = ["bytes32", *(kind for _, kind, _ in shapes[name].parameters)]
        entry = keccak256(encode(types, [shapes[name].topic, *values.values()]))
        head = keccak256(head + entry)[:-5] + count.to_bytes(5, "big")
    return head


def test_event_head__all_kinds_of_events__no_list_but_the_true_one_leads_to_it():
    pair = token()
    said = [(name, values) for _, name, values in pair.world.events]
    assert len(said) == 2
    given = orders(pair, A)
    nonce = word("to cancel")
    cancel = (A, nonce, *sign(pair, A, "cancelAuthorization", A, nonce))
    for sender, function, arguments in (
        (A, "approve", (B, 5)),
        (B, "transferFrom", (A, C, 2)),
        (B, "burnFrom", (A, 1)),
        (TIMELOCK, "mint", (C, 3)),
        (C, "delegateBySig", given["delegateBySig"]),
        (C, MOVES[0], given[MOVES[0]]),
        (C, "cancelAuthorization", cancel),
        (D, "permit", permit(pair, A, C, 9, UNLIMITED, nonce=1)),
    ):
        said += [(n, v) for _, n, v in pair.send(sender, "Token", function, *arguments).events]
    assert {name for name, _ in said} == {s.name for s in load_artifact("Token").events.values()}
    head = pair.chain.view("Token", "event_head")
    assert head == chained(said)
    assert int.from_bytes(head[-5:], "big") == len(said)
    for i in range(len(said)):
        assert chained(said[:i] + said[i + 1 :]) != head
        assert chained([*said[:i], said[i], *said[i:]]) != head
    assert chained([said[1], said[0], *said[2:]]) != head


def test_event_head__reverted_transaction__stays():
    pair = token()
    before = pair.chain.view("Token", "event_head")
    with reverts("Token: balance too low"):
        pair.send(C, "Token", "transfer", A, 1)
    assert pair.chain.view("Token", "event_head") == before
