"""The suite's deployment: complete, resumable after a kill at every write, never mixed up."""

from pathlib import Path

import pytest

from quorate.core.errors import InputError, RefusedError
from quorate.core.files import observe_writes
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import NAMES, Contract, code_roots
from quorate.ledger.deploy import AddressBook, deploy_suite
from quorate.ledger.embedded import EmbeddedLedger
from quorate.ledger.evidence import replay
from tests.ledger.chains import OPERATOR, SIGNER, found, reopen
from tests.ledger.test_embedded import KilledError

OTHER = Secp256k1Signer(b"\x02" * 32)
FOUNDERS = [
    (SIGNER.address, b"\x01" * 32, b"\x0a" * 32, 7),
    (OTHER.address, b"\x02" * 32, b"\x0b" * 32, 1),
]
HOLDERS = [(SIGNER.address, 10**21), (OTHER.address, 5)]


def deploy(ledger: EmbeddedLedger, founders=FOUNDERS, holders=HOLDERS, delay=60) -> AddressBook:
    return deploy_suite(ledger, Account(ledger, SIGNER), founders, holders, delay)


def view(ledger: EmbeddedLedger, contract: Contract, name: str, *arguments: object) -> tuple:
    call = contract.encode(name, *arguments)
    return contract.decode(name, ledger.call(contract.address, call.data))


def test_deploy__new_ledger__whole_suite_bound(tmp_path):
    with found(tmp_path) as ledger:
        book = deploy(ledger)
        assert ledger.nonce(SIGNER.address) == 6
        assert view(ledger, book.contract("Stakes"), "rounds") == (book.rounds,)
        assert view(ledger, book.contract("Token"), "balanceOf", OTHER.address) == (5,)
        ((_, keys, controller, roles, suspended, _),) = view(
            ledger, book.contract("Members"), "member", OTHER.address
        )
        assert (keys, controller, roles, suspended) == (b"\x02" * 32, b"\x0b" * 32, 1, False)
        with pytest.raises(RefusedError):
            Account(ledger, SIGNER).transact(book.contract("Stakes").encode("bind", book.rounds))


def test_deploy__again__same_book_and_no_transaction(tmp_path):
    with found(tmp_path) as ledger:
        book, head = deploy(ledger), ledger.head()
        assert deploy(ledger) == book
        assert ledger.head() == head


def test_deploy__replayed__only_trusted_code(tmp_path):
    with found(tmp_path) as ledger:
        book = deploy(ledger)
        chain = replay(ledger.blocks(), OPERATOR.public_key, None, code_roots())
    assert chain.contracts == {book.contract(name).address: name for name in NAMES}


def test_deploy__account_used_before__found_again(tmp_path):
    with found(tmp_path) as ledger:
        account = Account(ledger, SIGNER)
        ledger.submit(
            account.sign(Contract("Anchor", OTHER.address).encode("anchor", 1, bytes(32)))
        )
        book, head = deploy(ledger), ledger.head()
        account.transact(book.contract("Token").encode("transfer", OTHER.address, 1))
        assert deploy(ledger) == book
        assert ledger.head().number == head.number + 1


@pytest.mark.parametrize(
    "change",
    [
        {"founders": FOUNDERS[:1]},
        {"founders": FOUNDERS[::-1]},
        {"holders": HOLDERS[:1]},
        {"holders": [(SIGNER.address, 1), (OTHER.address, 5)]},
        {"delay": 61},
    ],
)
def test_deploy__again_with_other_arguments__refused(tmp_path, change):
    with found(tmp_path) as ledger:
        deploy(ledger)
        head = ledger.head()
        with pytest.raises(InputError, match="other"):
            deploy(ledger, **change)
        assert ledger.head() == head


def test_deploy__constructor_refuses__said_in_its_words(tmp_path):
    with found(tmp_path) as ledger, pytest.raises(RefusedError, match=r"deploy Stakes.*366 days"):
        deploy(ledger, delay=2**40)


def resume(folder: Path) -> AddressBook:
    ledger = reopen(folder) if EmbeddedLedger.exists(folder) else found(folder)
    with ledger:
        return deploy(ledger)


def test_deploy__killed_at_every_write__continued(tmp_path):
    expected = resume(tmp_path / "whole")
    for kill_at in range(2 * 7):
        folder, count = tmp_path / str(kill_at), iter(range(100))

        def observer(moment: str, name: str, count=count, kill_at=kill_at) -> None:
            if next(count) == kill_at:
                raise KilledError

        with observe_writes(observer), pytest.raises(KilledError):
            resume(folder)
        assert resume(folder) == expected
        with reopen(folder) as ledger:
            assert ledger.nonce(SIGNER.address) == 6
