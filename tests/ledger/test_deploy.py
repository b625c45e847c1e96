"""The suite's deployment: complete, resumable after a kill at every write, never mixed up."""

from dataclasses import replace
from pathlib import Path

import pytest

from quorate.core.errors import InputError, RefusedError
from quorate.core.files import observe_writes
from quorate.core.keys import Secp256k1Signer
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import NAMES, Call, Contract, code_roots, load_artifact
from quorate.ledger.deploy import Governance, deploy_suite
from quorate.ledger.embedded import EmbeddedLedger
from quorate.ledger.evidence import replay
from quorate.ledger.hashchain import head_of
from quorate.ledger.suite import WIRES, AddressBook
from tests.ledger.chains import OPERATOR, SIGNER, found, reopen
from tests.ledger.test_embedded import KilledError

OTHER = Secp256k1Signer(b"\x02" * 32)
FOUNDERS = [
    (SIGNER.address, b"\x01" * 32, b"\x0a" * 32, 7),
    (OTHER.address, b"\x02" * 32, b"\x0b" * 32, 1),
]
HOLDERS = [(SIGNER.address, 10**21), (OTHER.address, 5)]


RULES = Governance.of_founders(FOUNDERS)


def deploy(
    ledger: EmbeddedLedger, founders=FOUNDERS, holders=HOLDERS, delay=60, rules=RULES
) -> AddressBook:
    account = Account(ledger, SIGNER)
    return deploy_suite(ledger, account, founders, holders, delay, governance=rules)


def view(ledger: EmbeddedLedger, contract: Contract, name: str, *arguments: object) -> tuple:
    call = contract.encode(name, *arguments)
    return contract.decode(name, ledger.call(contract.address, call.data))


def test_deploy__new_ledger__whole_suite_made_for_each_other(tmp_path):
    with found(tmp_path) as ledger:
        book = deploy(ledger)
        assert ledger.nonce(SIGNER.address) == len(NAMES)
        for name, others in WIRES:
            for other in others:
                assert view(ledger, book.contract(name), other.lower()) == (book.at(other),)
        assert view(ledger, book.contract("Governor"), "token") == (book.members,)
        assert view(ledger, book.contract("Token"), "totalSupply") == (10**21 + 5,)
        assert view(ledger, book.contract("Token"), "mintable") == (0,)
        assert view(ledger, book.contract("Token"), "balanceOf", OTHER.address) == (5,)
        ((_, keys, controller, roles, suspended, _),) = view(
            ledger, book.contract("Members"), "member", OTHER.address
        )
        assert (keys, controller, roles, suspended) == (b"\x02" * 32, b"\x0b" * 32, 1, False)


def test_deploy__deployer__keeps_no_power(tmp_path):
    with found(tmp_path) as ledger:
        book, account = deploy(ledger), Account(ledger, SIGNER)
        for name, function, *arguments in (
            ("Members", "suspend", OTHER.address),
            ("Token", "mint", SIGNER.address, 1),
            ("Stakes", "lock", SIGNER.address, 2),
            ("Timelock", "updateDelay", 1),
            ("Council", "set_seats", [SIGNER.address], 1),
        ):
            with pytest.raises(RefusedError):
                account.transact(book.contract(name).encode(function, *arguments))


def test_deploy__every_constructor_event__in_the_running_hash(tmp_path):
    with found(tmp_path) as ledger:
        book = deploy(ledger)
        for name in NAMES:
            contract = book.contract(name)
            head = head_of(contract, ledger.events(contract.address))
            assert view(ledger, contract, "event_head") == (head,)


def test_deploy__row_interrupted_by_something_else__refused(tmp_path):
    with found(tmp_path) as ledger:
        account, artifact = Account(ledger, SIGNER), load_artifact("Members")
        account.transact(artifact.deployment(FOUNDERS, OTHER.address, OTHER.address))
        account.transact(load_artifact("Anchor").deployment(OTHER.address))
        with pytest.raises(InputError, match=r"Members.*made with other timelock"):
            deploy(ledger)


def test_deploy__another_transaction_in_the_row__refused(tmp_path):
    with found(tmp_path) as ledger:
        count = iter(range(100))

        def observer(moment: str, name: str) -> None:
            if next(count) == 6:
                raise KilledError

        with observe_writes(observer), pytest.raises(KilledError):
            deploy(ledger)
    with reopen(tmp_path) as ledger:
        Account(ledger, SIGNER).transact(Call(OTHER.address, b"", "something else"))
        with pytest.raises(InputError, match="did something else where"):
            deploy(ledger)


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
        ledger.submit(account.sign(Call(OTHER.address, b"", "anything")))
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
        {"rules": replace(RULES, threshold=1, seats=RULES.seats[:1])},
        {"rules": replace(RULES, seats=RULES.seats[::-1])},
        {"rules": replace(RULES, timelock_seconds=5)},
        {"rules": replace(RULES, grace_seconds=3600)},
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
    for kill_at in range(2 * (1 + len(NAMES))):
        folder, count = tmp_path / str(kill_at), iter(range(100))

        def observer(moment: str, name: str, count=count, kill_at=kill_at) -> None:
            if next(count) == kill_at:
                raise KilledError

        with observe_writes(observer), pytest.raises(KilledError):
            resume(folder)
        assert resume(folder) == expected
        with reopen(folder) as ledger:
            assert ledger.nonce(SIGNER.address) == len(NAMES)
