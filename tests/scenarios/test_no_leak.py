"""No raw row and no private key leaves its party: everything that a run leaves is searched.

Searched are the chain, every log, vault, statement and witness file, the bundle with its members,
the decisions, the auditor's folder, the report, what the program printed, and every party's folder
for the others' secrets. Excepted are a party's own data and keys, and the auditor's own key.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from quorate.core.keyring import Keyring
from quorate.node.datasets import Holdings, load_holdings
from quorate.node.flows.demo import HOSPITALS, VALIDATORS, demo_task
from quorate.node.taskfile import read_task_file
from tests.cli.conftest import CAST, TASK
from tests.scenarios.small import run_small, small_holdings, small_task, write_rows
from tests.simulators.leaks import Leak, Secrets, leaks_in, places, strayed


def secrets_of(home: Path, holdings: Holdings) -> Secrets:
    """Every row of every party and validator, every private key of everybody."""
    secrets = Secrets()
    for group in (holdings.train, holdings.test, holdings.holdout):
        for name, holding in group.items():
            numbers = zip(holding.plain.features, holding.data.features, strict=True)
            for cells, (raw, scaled) in zip(holding.rows, numbers, strict=True):
                secrets.add_row(name, cells[:-1], raw.tolist(), scaled.tolist())  # no label
    for path in (*home.glob("parties/*/keys/keyring.json"), home / "auditor" / "auditor.key"):
        secrets.add_keys(Keyring.load(path))
    return secrets


def own_folders(holdings: Holdings) -> dict[str, tuple[str, ...]]:
    """Where a party's secrets may lie: with itself."""
    names = ("founder", *holdings.train, *holdings.holdout)
    own = {name: (f"parties/{name}/data/", f"parties/{name}/keys/") for name in names}
    return own | {"auditor": ("auditor/auditor.key",)}


def printed(*arguments: object) -> Iterator[tuple[str, bytes]]:
    """What the program says on both streams, run as its user runs it."""
    command = [sys.executable, "-m", "quorate", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True)
    assert done.returncode == 0, done.stderr
    yield "standard output", done.stdout
    yield "standard error", done.stderr


def test_small_run__searched__holds_nobodys_rows_or_keys(tmp_path):
    home = tmp_path / "home"
    run_small(home, rounds=1)
    holdings = small_holdings(tmp_path / "rows", small_task(1))
    secrets = secrets_of(home, holdings)
    searched = dict(places(home))
    assert strayed(leaks_in(searched.items(), secrets), own_folders(holdings)) == set()
    assert_everything_was_searched(searched)


def assert_everything_was_searched(searched: dict[str, bytes]) -> None:
    kinds = ("chain/chain.sqlite!block", "/log/tile/entries/", "/log/checkpoint", "/vault/")
    kinds += ("/statements/", "/witness/", "evidence.zip!chain/blocks.json", "evidence.zip!update/")
    kinds += ("evidence.zip!openings.sealed", "decisions/", "auditor/trust.json", "run.json")
    for kind in kinds:
        assert any(kind in place for place in searched), kind


@pytest.mark.parametrize("place", ["run.json", "parties/south/log/note", "evidence.zip"])
def test_small_run__with_a_row_and_a_key_planted__both_are_found(tmp_path, place):
    home = tmp_path / "home"
    run_small(home, rounds=1, cast=CAST)
    holdings = small_holdings(tmp_path / "rows", small_task(1, CAST))
    secrets = secrets_of(home, holdings)
    row = ",".join(holdings.train["north"].rows[3])
    key = Keyring.load(home / "parties" / "audit-one" / "keys" / "keyring.json").derive("decisions")
    with (home / place).open("ab") as stream:
        stream.write(b"\n" + row.encode() + b"\n" + key.hex().encode())
    found = strayed(leaks_in(places(home), secrets), own_folders(holdings))
    assert {leak.owner for leak in found} == {"north", "audit-one"}
    assert {leak.place for leak in found} == {place}
    assert Leak("audit-one", "key derived decisions", place) in found


def test_small_run__keys_in_a_neighbours_folder__found(tmp_path):
    home = tmp_path / "home"
    run_small(home, rounds=1, cast=CAST)
    holdings = small_holdings(tmp_path / "rows", small_task(1, CAST))
    secrets = secrets_of(home, holdings)
    stolen = home / "parties" / "south" / "keys" / "copy.json"
    stolen.write_bytes((home / "parties" / "north" / "keys" / "keyring.json").read_bytes())
    found = strayed(leaks_in(places(home), secrets), own_folders(holdings))
    assert found == {Leak("north", "secret", "parties/south/keys/copy.json")}


def test_train__searched_with_report_and_output__holds_nobodys_rows_or_keys(tmp_path):
    home, folder = tmp_path / "home", tmp_path / "rows"
    write_rows(folder)
    task = folder / "task.toml"
    task.write_text(TASK)
    said = dict(printed("train", task, "--home", home))
    assert b"model sha256:" in said["standard output"]
    holdings = load_holdings(read_task_file(task), folder)
    searched = dict(places(home)) | said
    assert "report.html" in searched
    assert (
        strayed(leaks_in(searched.items(), secrets_of(home, holdings)), own_folders(holdings))
        == set()
    )


@pytest.mark.slow
def test_demo__searched_on_real_data__holds_nobodys_rows_or_keys(tmp_path):
    pytest.importorskip("sklearn", reason="scikit-learn, which ships the data: make test")
    home = tmp_path / "home"
    said = dict(printed("demo", "--home", home))
    assert b"auditor" in said["standard output"]
    holdings = load_holdings(demo_task(7), home)
    assert set(holdings.train) == set(HOSPITALS) and set(holdings.holdout) == set(VALIDATORS)
    secrets = secrets_of(home, holdings)
    searched = dict(places(home)) | said
    assert "tampered.zip" in searched and "report.html" in searched
    everywhere = leaks_in(searched.items(), secrets)
    assert strayed(everywhere, own_folders(holdings)) == set()
    # Shown to find what is there: every party's own file.
    rows = {leak.place for leak in everywhere if leak.kind == "text"}
    assert rows == {f"parties/{name}/data/rows.csv" for name in (*HOSPITALS, *VALIDATORS)}
