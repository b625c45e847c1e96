"""The embedded chain against real kills and a write-ahead log that was cut off."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from quorate.core.errors import DamagedError
from quorate.ledger.store import FILE_NAME
from tests.ledger.chains import fill, found, reopen

ROOT = Path(__file__).parents[2]

WRITER = """
import sys
from pathlib import Path
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import Call
from tests.ledger.chains import SIGNER, found
from tests.ledger.probes import probe_artifact, probe_data

with found(Path(sys.argv[1])) as ledger:
    account = Account(ledger, SIGNER)
    contract = account.transact(probe_artifact().deployment(5)).contract
    for key in range(10_000):
        receipt = account.transact(Call(contract, probe_data("store", key, 1), "store"))
        print(receipt.transaction.hex(), flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 7, 30])
def test_kill_9__while_submitting__every_acknowledged_transaction_is_there(tmp_path, acknowledged):
    command = [sys.executable, "-c", WRITER, str(tmp_path / "chain")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) as writer:
        assert writer.stdout is not None
        seen = [writer.stdout.readline().strip() for _ in range(acknowledged)]
        writer.kill()
        seen += writer.stdout.read().split("\n")[:-1]
    with reopen(tmp_path / "chain") as ledger:
        for line in seen:
            assert ledger.receipt(bytes.fromhex(line)) is not None
        report = ledger.fsck()
    assert report.transactions >= len(seen) + 1


def test_write_ahead_log_cut_or_changed__an_earlier_head_or_one_clear_error(tmp_path):
    """SQLite drops a torn tail: the chain is then shorter, never another one."""
    with found(tmp_path / "live") as ledger:
        fill(ledger)
        heads = {block.header.hash() for block in ledger.blocks()}
        shutil.copytree(tmp_path / "live", tmp_path / "copy")
    log = tmp_path / "copy" / f"{FILE_NAME}-wal"
    whole = log.read_bytes()
    assert len(whole) > 5 * 4096
    shorter = 0
    for index, position in enumerate(range(0, len(whole), len(whole) // 40)):
        folder = tmp_path / str(index)
        shutil.copytree(tmp_path / "copy", folder)
        (folder / f"{FILE_NAME}-shm").unlink(missing_ok=True)
        changed = bytearray(whole)
        changed[position] ^= 0xFF
        data = whole[:position] if index % 2 else bytes(changed)
        (folder / f"{FILE_NAME}-wal").write_bytes(data)
        try:
            with reopen(folder) as ledger:
                report = ledger.fsck()
        except DamagedError:
            continue
        assert report.head in heads
        shorter += report.blocks < len(heads)
    assert shorter > 10
