"""``quorate log append`` that does not come to its end says what is in the log."""

import re
import signal
import time

import pytest

from quorate.core.sources import SeededRandomness
from tests.cli.calls import Caller, refused, tree
from tests.cli.log_process import finish, start
from tests.log.parties import ALICE, create_log, open_log


@pytest.fixture
def call(capsys):
    return Caller(capsys)


@pytest.fixture
def log(tmp_path):
    create_log(tmp_path / "log").close()
    ALICE.save(tmp_path / "alice.key", SeededRandomness("file"))
    return tmp_path / "log"


def append(log, records, *options):
    keyring = log.parent / "alice.key"
    return ("log", "append", log, records, "--keyring", keyring, "--lines", *options)


@pytest.mark.slow
def test_append__interrupted__says_what_is_in(log, tmp_path):
    records = tmp_path / "records"
    records.write_text("".join(f'{{"x":{i}}}\n' for i in range(600_000)))
    process = start(*append(log, records))
    while int((log / "checkpoint").read_text().split("\n")[1]) < 5000:
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    code, _, err = finish(process)
    with open_log(log) as opened:
        size = opened.size
    assert code == 130
    assert err == (
        f"quorate: interrupted: {size - 1} records are in, at 1 to {size - 1}; "
        "what followed is not\n"
    )


def test_append__interrupted_after_the_last_record__says_so(call, log, tmp_path, monkeypatch):
    (tmp_path / "records").write_text("one\ntwo\n")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("quorate.cli.log_write.write_durable", interrupt)
    ending = call(*append(log, tmp_path / "records", "--receipts", tmp_path / "receipts"))
    assert ending.code == 130
    assert ending.err == (
        "quorate: interrupted: 2 records are in, at 1 to 2, and that is all of them\n"
    )


def test_append__no_folder_for_receipts_can_be__nothing_appended(call, log, tmp_path):
    (tmp_path / "records").write_text("one\ntwo\n")
    (tmp_path / "taken").write_text("a file")
    before = tree(log)
    ending = call(*append(log, tmp_path / "records", "--receipts", tmp_path / "taken"))
    refused(ending, 65, "it is no folder")
    assert tree(log) == before


def test_append__a_receipt_cannot_be_written__says_that_the_records_are_in(call, log, tmp_path):
    (tmp_path / "records").write_text("one\ntwo\n")
    receipts = tmp_path / "receipts"
    (receipts / "2.tlog-proof").mkdir(parents=True)
    ending = call(*append(log, tmp_path / "records", "--receipts", receipts))
    refused(ending, 69, "2 records are in, at 1 to 2", "do not append them again")
    assert re.search(r"could not write all receipts into \S*receipts: ", ending.err)
    with open_log(log) as opened:
        assert list(opened.entries(1)) == [b"one", b"two"]
