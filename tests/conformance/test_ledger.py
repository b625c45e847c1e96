"""What every implementation of the `Ledger` port must do; add yours to LEDGERS."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from quorate.core.errors import RefusedError
from quorate.core.keys import Ed25519Signer, Secp256k1Signer
from quorate.core.sources import SteppedClock
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import Call
from quorate.ledger.embedded import EmbeddedLedger
from quorate.ledger.interface import Ledger
from quorate.ledger.transactions import Transaction, created_address, sign_transaction
from tests.ledger.probes import probe_artifact, probe_data

Opener = Callable[[Path, SteppedClock], AbstractContextManager[Ledger]]


def embedded(folder: Path, clock: SteppedClock) -> AbstractContextManager[Ledger]:
    operator = Ed25519Signer(b"\x0e" * 32)
    if EmbeddedLedger.exists(folder):
        return EmbeddedLedger.open(folder, operator, clock)
    return EmbeddedLedger.create(folder, operator, clock, chain_id=77)


LEDGERS: dict[str, Opener] = {"embedded": embedded}


@pytest.fixture(params=sorted(LEDGERS))
def opener(request) -> Opener:
    return LEDGERS[request.param]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def ledger(opener: Opener, tmp_path: Path, clock: SteppedClock) -> Iterator[Ledger]:
    with opener(tmp_path / "chain", clock) as ledger:
        yield ledger


@pytest.fixture
def account(ledger: Ledger) -> Account:
    return Account(ledger, Secp256k1Signer(b"\x01" * 32))


@pytest.fixture
def contract(account: Account) -> str:
    address = account.transact(probe_artifact().deployment(5)).contract
    assert address is not None
    return address


def call(contract: str, function: str, *arguments: object) -> Call:
    return Call(contract, probe_data(function, *arguments), function)


def word(data: bytes, index: int = 0) -> int:
    return int.from_bytes(data[32 * index : 32 * index + 32])


def test_deploy__lands_at_the_address_of_sender_and_nonce(account, ledger):
    receipt = account.transact(probe_artifact().deployment(5))
    assert receipt.contract == created_address(account.address, 0)
    assert ledger.code(receipt.contract).startswith(probe_artifact().runtime)
    assert (receipt.sender, receipt.status, receipt.index) == (account.address, 1, 0)
    assert receipt.block == ledger.head().number
    assert ledger.nonce(account.address) == account.nonce == 1


def test_nonce__unknown_account__zero_and_no_code(ledger):
    nobody = "0x" + "00" * 20
    assert (ledger.nonce(nobody), ledger.code(nobody)) == (0, b"")


def test_transact__then_call__sees_what_was_written(account, ledger, contract):
    receipt = account.transact(call(contract, "store", 3, 30))
    assert receipt.status == 1 and receipt.gas_used > 21_000
    assert word(ledger.call(contract, probe_data("read", 3))) == 30


def test_call__changes_nothing(ledger, contract):
    head = ledger.head()
    ledger.call(contract, probe_data("store", 3, 30))
    assert word(ledger.call(contract, probe_data("read", 3))) == 0
    assert ledger.head() == head


def test_call__revert__refused_with_the_contracts_words(ledger, contract):
    with pytest.raises(RefusedError) as caught:
        ledger.call(contract, probe_data("fail", 1))
    assert caught.value.fields["reason"] == "Probe: always"


def test_call__sender_and_chain__as_contracts_see_them(ledger, contract, account):
    output = ledger.call(contract, probe_data("who"), account.address)
    assert output[44:64].hex() == account.address[2:].lower()
    assert word(output, 4) == ledger.chain_id


def test_transact__would_revert__refused_before_it_is_sent(account, ledger, contract):
    head, nonce = ledger.head(), account.nonce
    with pytest.raises(RefusedError) as caught:
        account.transact(call(contract, "fail", 1))
    assert caught.value.fields["reason"] == "Probe: always"
    assert (ledger.head(), account.nonce) == (head, nonce)


def test_submit__reverts__included_with_status_0_and_only_the_nonce_changes(
    account, ledger, contract
):
    receipt = ledger.submit(account.sign(call(contract, "fail", 1)))
    assert (receipt.status, receipt.logs, receipt.contract) == (0, (), None)
    assert word(ledger.call(contract, probe_data("read", 1))) == 0
    assert account.nonce == 2
    assert ledger.receipt(receipt.transaction) == receipt


def test_submit__again__first_receipt_and_no_second_execution(account, ledger, contract):
    raw = account.sign(call(contract, "store", 1, 10))
    first = ledger.submit(raw)
    account.transact(call(contract, "store", 2, 1))
    head = ledger.head()
    assert ledger.submit(raw) == first
    assert ledger.head() == head
    assert word(ledger.call(contract, probe_data("total"))) == 5 + 10 + 1


@pytest.mark.parametrize(
    "change",
    [
        {"chain_id": 78},
        {"nonce": 0},
        {"nonce": 2},
        {"gas_limit": 21_000},
        {"gas_limit": 2**40},
    ],
)
def test_submit__not_includable__refused_and_nothing_changed(ledger, contract, change):
    fields = {
        "chain_id": 77,
        "nonce": 1,
        "to": contract,
        "data": probe_data("store", 1, 1),
        "gas_limit": 500_000,
    }
    raw = sign_transaction(Transaction(**{**fields, **change}), Secp256k1Signer(b"\x01" * 32))
    head = ledger.head()
    with pytest.raises(RefusedError):
        ledger.submit(raw)
    assert ledger.head() == head


@pytest.mark.parametrize("raw", [b"", b"\x02", b"\x02\xc0", b"garbage" * 20])
def test_submit__not_a_transaction__refused(ledger, raw):
    with pytest.raises(RefusedError):
        ledger.submit(raw)
    with pytest.raises(RefusedError):
        ledger.simulate(raw)


def test_events__in_order_filtered_and_from_a_block(account, ledger, contract):
    other = account.transact(probe_artifact().deployment(1)).contract
    receipts = [
        account.transact(call(to, "store", key, 1))
        for key, to in enumerate([contract, other, contract, contract])
    ]
    found = list(ledger.events(contract))
    assert [word(e.log.topics[2]) for e in found] == [0, 2, 3]
    assert [e.block for e in found] == [receipts[i].block for i in (0, 2, 3)]
    assert [e.transaction for e in found] == [receipts[i].transaction for i in (0, 2, 3)]
    assert len(list(ledger.events())) == 4
    assert [e.block for e in ledger.events(contract, receipts[2].block)] == [
        receipts[2].block,
        receipts[3].block,
    ]
    assert list(ledger.events(contract, ledger.head().number + 1)) == []


def test_head__time_follows_the_clock_and_never_goes_back(account, ledger, contract, clock):
    clock.sleep(100)
    account.transact(call(contract, "store", 1, 1))
    later = ledger.head().time
    clock.sleep(-50)
    account.transact(call(contract, "store", 1, 2))
    assert ledger.head().time == later
    clock.sleep(200)
    account.transact(call(contract, "store", 1, 3))
    assert ledger.head().time == later + 150


def test_call__at_the_time_of_a_next_block(ledger, contract, clock):
    before = word(ledger.call(contract, probe_data("who")), 3)
    clock.sleep(1000)
    assert word(ledger.call(contract, probe_data("who")), 3) == before + 1000


def test_receipt__unknown_transaction__none(ledger):
    assert ledger.receipt(bytes(32)) is None


def test_two_accounts__count_for_themselves(ledger, contract):
    other = Account(ledger, Secp256k1Signer(b"\x02" * 32))
    other.transact(call(contract, "store", 1, 1))
    assert other.nonce == 1


def test_reopen__everything_is_there(opener, tmp_path, clock):
    with opener(tmp_path / "again", clock) as ledger:
        account = Account(ledger, Secp256k1Signer(b"\x01" * 32))
        address = account.transact(probe_artifact().deployment(5)).contract
        raw = account.sign(call(address, "store", 1, 10))
        receipt, head = ledger.submit(raw), ledger.head()
        events = list(ledger.events())
    with opener(tmp_path / "again", clock) as ledger:
        assert ledger.head() == head
        assert list(ledger.events()) == events
        assert ledger.receipt(receipt.transaction) == ledger.submit(raw) == receipt
        assert word(ledger.call(address, probe_data("read", 1))) == 10
        account = Account(ledger, Secp256k1Signer(b"\x01" * 32))
        assert account.transact(call(address, "store", 1, 0)).block == head.number + 1
