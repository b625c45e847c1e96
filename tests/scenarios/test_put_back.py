"""A party's log put back from a backup: what others remember of it stops it before it signs."""

import shutil
from pathlib import Path

import pytest

from quorate.core.keyring import Keyring
from quorate.core.sources import SystemClock
from quorate.log.folder import FolderReader
from quorate.log.rollback import RolledBackError
from quorate.log.storage import read_checkpoint
from quorate.log.witness import Witness
from quorate.log.writer import Log
from tests.scenarios.small import run_small


def put_back(party: Path, by: int) -> None:
    """Leaves the party's log as it was ``by`` records ago, signed with its own keys."""
    keyring = Keyring.load(party / "keys" / "keyring.json", None)
    origin = origin_of(party)
    with Log.open(party / "log", origin, *keyring.log_signers, SystemClock()) as log:
        leaves = list(log.entries(1, log.size - by))
    shutil.rmtree(party / "log")
    with Log.create(party / "log", origin, *keyring.log_signers, SystemClock()) as log:
        log.append_many(leaves)


def origin_of(party: Path) -> str:
    return read_checkpoint(FolderReader(party / "log")).partition("\n")[0]


def forget(home: Path, origin: str) -> None:
    """Takes from every witness in ``home`` what it knows of the log: only the anchor is left."""
    for party in (home / "parties").iterdir():
        keyring = Keyring.load(party / "keys" / "keyring.json", None)
        witness = Witness("x", keyring.witness_signer, party / "witness", SystemClock())
        if witness.size_seen(origin):
            for state in (party / "witness").glob("*.json"):
                state.unlink()


@pytest.mark.parametrize("by", [1, 7])
def test_put_back__a_record_that_others_witnessed__refused_before_it_signs(tmp_path, by):
    run_small(tmp_path / "home", rounds=1)
    party = tmp_path / "home" / "parties" / "north"
    put_back(party, by)
    before = read_checkpoint(FolderReader(party / "log"))
    with pytest.raises(RolledBackError, match=r"/witness holds a head of \d+ leaves") as refused:
        run_small(tmp_path / "home", rounds=1)
    assert "parties/north/log" in str(refused.value)
    assert "restore the newest copy" in refused.value.remedy
    assert read_checkpoint(FolderReader(party / "log")) == before


def test_put_back__witnesses_forgot__the_anchor_did_not(tmp_path):
    run_small(tmp_path / "home", rounds=1)
    party = tmp_path / "home" / "parties" / "north"
    put_back(party, 7)
    forget(tmp_path / "home", origin_of(party))
    before = read_checkpoint(FolderReader(party / "log"))
    with pytest.raises(RolledBackError, match=r"the ledger's anchor holds a head of \d+ leaves"):
        run_small(tmp_path / "home", rounds=1)
    assert read_checkpoint(FolderReader(party / "log")) == before
