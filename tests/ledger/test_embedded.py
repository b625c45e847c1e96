"""The embedded chain: founding, locking, kills at every commit, damage, fsck."""

import sqlite3
from pathlib import Path

import pytest

from quorate.core.errors import DamagedError, InputError, InternalError, LockedError, QuorateError
from quorate.core.files import observe_writes
from quorate.core.keys import Ed25519Signer
from quorate.core.sources import SteppedClock
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import Call
from quorate.ledger.embedded import EmbeddedLedger
from quorate.ledger.store import FILE_NAME
from tests.ledger.chains import CHAIN_ID, OPERATOR, SIGNER, fill, found, reopen
from tests.ledger.probes import probe_data


class KilledError(BaseException):
    """Stands for SIGKILL: nothing catches it."""


def test_create__twice__refused_and_first_kept(tmp_path):
    with found(tmp_path) as ledger:
        fill(ledger)
        head = ledger.head()
    with pytest.raises(InputError, match="one already"):
        found(tmp_path)
    with reopen(tmp_path) as ledger:
        assert ledger.head() == head


@pytest.mark.parametrize("chain_id", [0, -1, 2**32])
def test_create__chain_id_out_of_range__refused(tmp_path, chain_id):
    with pytest.raises(InputError, match="chain id"):
        EmbeddedLedger.create(tmp_path / "new", OPERATOR, SteppedClock(), chain_id)
    assert not (tmp_path / "new").exists()


def test_open__nothing_there__refused_and_nothing_made(tmp_path):
    with pytest.raises(InputError, match="there is none"):
        reopen(tmp_path / "absent")
    assert not (tmp_path / "absent").exists()


def test_open__held_by_another__locked_until_closed(tmp_path):
    with found(tmp_path), pytest.raises(LockedError):
        reopen(tmp_path)
    reopen(tmp_path).close()


def test_open__failed__releases_the_lock(tmp_path):
    found(tmp_path).close()
    other = Ed25519Signer(b"\x0f" * 32)
    with pytest.raises(InputError, match="operator's key"):
        EmbeddedLedger.open(tmp_path, other, SteppedClock())
    reopen(tmp_path).close()


def test_close__twice__harmless(tmp_path):
    ledger = found(tmp_path)
    ledger.close()
    ledger.close()


def test_fsck__sound_chain__reports_it(tmp_path):
    with found(tmp_path) as ledger:
        fill(ledger)
        report = ledger.fsck()
        assert (report.blocks, report.transactions) == (6, 5)
        assert report.head.raw == ledger.head().hash


def run_until_done(folder: Path) -> None:
    """What a resuming program does: look what is there, do what is missing."""
    ledger = reopen(folder) if EmbeddedLedger.exists(folder) else found(folder)
    with ledger:
        account = Account(ledger, SIGNER)
        if account.nonce == 0:
            fill_first(account)
        (contract,) = [r for r in contracts_of(ledger) if r]
        for key in range(account.nonce - 1, 4):
            account.transact(Call(contract, probe_data("store", key, key + 1), "store"))


def fill_first(account: Account) -> None:
    from tests.ledger.probes import probe_artifact

    account.transact(probe_artifact().deployment(5))


def contracts_of(ledger: EmbeddedLedger) -> list[str | None]:
    return [r.contract for block in ledger.blocks() for r in block.receipts]


def writes_of_a_run(folder: Path) -> int:
    seen: list[str] = []
    with observe_writes(lambda moment, name: seen.append(moment + name)):
        run_until_done(folder)
    return len(seen)


def test_kill__before_and_after_every_durable_write__resumes_to_the_same_state(tmp_path):
    total = writes_of_a_run(tmp_path / "whole")
    assert total == 2 * 6
    with reopen(tmp_path / "whole") as ledger:
        expected = ledger.fsck()
    for kill_at in range(total):
        folder, count = tmp_path / f"kill-{kill_at}", iter(range(total))

        def observer(moment: str, name: str, count=count, kill_at=kill_at) -> None:
            if next(count) == kill_at:
                raise KilledError

        with observe_writes(observer), pytest.raises(KilledError):
            run_until_done(folder)
        run_until_done(folder)
        with reopen(folder) as ledger:
            report = ledger.fsck()
        assert report.state == expected.state
        assert report.blocks == expected.blocks


def test_submit__interrupted_after_commit__unusable_until_reopened(tmp_path):
    def observer(moment: str, name: str) -> None:
        if moment == "after":
            raise KilledError

    with found(tmp_path) as ledger:
        contract = fill(ledger)
        raw = Account(ledger, SIGNER).sign(Call(contract, probe_data("store", 7, 7), "store"))
        with observe_writes(observer), pytest.raises(KilledError):
            ledger.submit(raw)
        with pytest.raises(InternalError, match="open it again"):
            ledger.submit(raw)
    with reopen(tmp_path) as ledger:
        assert ledger.submit(raw).block == ledger.head().number == 6
        ledger.fsck()


DAMAGES = {
    "slot value": "UPDATE slot SET value = zeroblob(32)",
    "slot value of another type": "UPDATE slot SET value = 'text'",
    "slot gone": "DELETE FROM slot",
    "slot added": "INSERT INTO slot VALUES (zeroblob(20), zeroblob(32), randomblob(32))",
    "nonce": "UPDATE entry SET nonce = nonce + 1",
    "nonce of another type": "UPDATE entry SET nonce = 'many'",
    "code": "UPDATE entry SET code = x'00' WHERE length(code) > 0",
    "head gone": "DELETE FROM block WHERE number = (SELECT max(number) FROM block)",
    "head changed": "UPDATE block SET body = x'7b7d' WHERE number = 5",
    "head of another type": "UPDATE block SET body = 5 WHERE number = 5",
    "no blocks": "DELETE FROM block",
    "head renumbered": "UPDATE block SET number = 9 WHERE number = 5",
    "format": "UPDATE meta SET value = 'quorate/chain/v9'",
    "format gone": "DELETE FROM meta",
    "table gone": "DROP TABLE slot",
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_open__damaged_tables__said_and_nothing_changed(tmp_path, damage):
    with found(tmp_path) as ledger:
        fill(ledger)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute(DAMAGES[damage])
    database.close()
    with pytest.raises(DamagedError, match=FILE_NAME.split(".", maxsplit=1)[0]):
        reopen(tmp_path)


LATENT = {
    "old block gone": "DELETE FROM block WHERE number = 2",
    "old block changed": "UPDATE block SET body = replace(body, 'a', 'b') WHERE number = 2",
    "old block replaced": "UPDATE block SET body = (SELECT body FROM block WHERE number = 3)"
    " WHERE number = 2",
    "index entry gone": "DELETE FROM inclusion WHERE block = 2",
    "index entry wrong": "UPDATE inclusion SET block = 3 WHERE block = 2",
    "index entry beyond": "UPDATE inclusion SET position = 7 WHERE block = 2",
}


@pytest.mark.parametrize("damage", sorted(LATENT))
def test_fsck__damage_that_opening_does_not_read__found(tmp_path, damage):
    with found(tmp_path) as ledger:
        fill(ledger)
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute(LATENT[damage])
    database.close()
    with reopen(tmp_path) as ledger, pytest.raises(DamagedError):
        ledger.fsck()


def test_fsck__state_and_head_forged_alike__found_by_replay(tmp_path):
    """The operator edits a balance and signs a head that agrees: only replaying tells."""
    from dataclasses import replace

    from quorate.ledger.blocks import SIGNING_TAG

    with found(tmp_path) as ledger:
        fill(ledger)
        *_, head = ledger.blocks()
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("UPDATE slot SET value = ?", ((7).to_bytes(32, "big"),))
    database.close()
    from quorate.ledger.store import ChainStore

    store = ChainStore.open(tmp_path)
    header = replace(head.header, state=store.load_state().digest())
    forged = replace(head, header=header, signature=OPERATOR.sign(SIGNING_TAG + header.to_bytes()))
    store.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as database:
        database.execute("UPDATE block SET body = ? WHERE number = 5", (forged.to_bytes(),))
    database.close()
    with reopen(tmp_path) as ledger, pytest.raises(DamagedError, match="block 5: executes to"):
        ledger.fsck()


def test_damaged_bytes__anywhere_in_the_file__one_clear_error_or_none(tmp_path):
    """Never a traceback; what opens in spite of a changed byte still tells the truth."""
    with found(tmp_path) as ledger:
        contract = fill(ledger)
        value = ledger.call(contract, probe_data("read", 2))
        head = ledger.head()
    path = tmp_path / FILE_NAME
    whole = path.read_bytes()
    for position in range(0, len(whole), max(1, len(whole) // 97)):
        damaged = bytearray(whole)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        try:
            with reopen(tmp_path) as ledger:
                assert ledger.head() == head
                assert ledger.call(contract, probe_data("read", 2)) == value
                list(ledger.events())
                ledger.fsck()
        except QuorateError as error:
            assert isinstance(error, DamagedError), error
        for leftover in tmp_path.glob(f"{FILE_NAME}-*"):
            leftover.unlink()


@pytest.mark.parametrize("size", [0, 1, 100, 4096, 5000, 20_000])
def test_truncated_file__said(tmp_path, size):
    with found(tmp_path) as ledger:
        fill(ledger)
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(DamagedError), reopen(tmp_path) as ledger:
        ledger.fsck()
    with pytest.raises(InputError):
        EmbeddedLedger.create(tmp_path, OPERATOR, SteppedClock(), CHAIN_ID)
