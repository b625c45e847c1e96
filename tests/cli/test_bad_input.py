"""Every bad input of the issue: one clear message, its exit code, and nothing changed on disk."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from quorate.core.files import FolderLock
from quorate.core.keyring import Keyring
from quorate.core.sources import SystemRandomness
from quorate.node.flows import demo
from quorate.node.health import describe_home
from tests.cli.calls import refused, tree
from tests.cli.conftest import CAST


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def refuse_task(call, task: Path, code: int, *words: str) -> None:
    """The task is refused, and neither its folder nor the home-to-be was touched."""
    home = task.parent.parent / "home"
    before = tree(task.parent.parent)
    refused(call("train", task, "--home", home), code, *words)
    assert tree(task.parent.parent) == before
    assert not home.exists()


# Files of the user.


def test_task__missing__refused(call, tmp_path):
    refuse_task(call, tmp_path / "data" / "task.toml", 65, "no such file")


def test_task__a_folder__refused(call, task):
    task.unlink()
    task.mkdir()
    refuse_task(call, task, 65, "it is a folder")


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[task\n", b"\x00"])
def test_task__not_toml__refused(call, task, content):
    task.write_bytes(content)
    refuse_task(call, task, 65, "not TOML")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("rounds = 1", "rounds = 1\ncolour = 3", "task.colour"),
        ("[data]", "[datum]\nx = 1\n[data]", "datum"),
        ('path = "north.csv"', 'path = "north.csv"\npth = "x"', "party.0.pth"),
        ("rounds = 1", "rounds = 0", "task.rounds"),
        ("rounds = 1", 'rounds = "1"', "task.rounds"),
        ("label = 3", "", "data.label"),
        ('name = "south"', 'name = "north"', "name of its own"),
        ('name = "south"', 'name = "../south"', "party.1.name"),
        ('rule = "weighted_mean"', 'rule = "plurality"', "plurality"),
        ("f = 0", "f = 1", "weighted_mean"),
        ('rule = "weighted_mean"\nf = 0', 'rule = "multi_krum"\nf = 1', "multi_krum"),
        ("header = false", 'header = false\npositive = "about 3"', "about 3"),
        ("header = false", 'header = false\nseparator = "x"', "separator"),
        ("label = 3", "label = -1", "data"),
        ("label = 3", f"label = {'9' * 4000}", "data"),
        ("label = 3", f"label = 0x{'9' * 9000}", "data"),
        ("label = 3", f"label = '{'x' * 9000}'", "data"),
        ('path = "north.csv"', 'path = "a\\u0000b"', "data of north"),
        ("f = 0", "f = 9", "aggregation.f"),
        ("f = 0", "f = 0\nclip = nan", "aggregation.clip"),
        ("f = 0", "f = 0\nradius = inf", "aggregation.radius"),
        ("rounds = 1", "rounds = 1001", "task.rounds"),
    ],
)
def test_task__wrong_key_or_value__refused_by_name(call, task, old, new, word):
    edit(task, old, new)
    refuse_task(call, task, 65, word)


def test_csv__missing__refused(call, task):
    (task.parent / "south.csv").unlink()
    refuse_task(call, task, 65, "data of south", "no such file")


def test_csv__a_folder__refused(call, task):
    (task.parent / "south.csv").unlink()
    (task.parent / "south.csv").mkdir()
    refuse_task(call, task, 65, "data of south", "it is a folder")


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"\xff\xfe\x00\x01", "UTF-8"),
        (b"1,2,3,1\n1,2,3\n", "line 2"),
        (b"1,2,x,1\n4,5,6,0\n", "'x'"),
        (b"1,2,nan,1\n3,2,1,0\n", "'nan'"),
        (b"1,2,3,1\n3,1e300,1,0\n", "line 2, column 1: '1e300' is beyond 1e+100"),
        (b"1,2,-1e999,1\n3,2,1,0\n", "line 1, column 2"),
        (b"1,2,?,1\n,1,2,0\n", "no row is complete"),
        (b"1,2,3,1\n4,5,6,1\n7,8,9,1\n", "class"),
        (b"1,2,3,7\n1,2,3,0\n", "label"),
        (b"1,2,1\n3,4,0\n", "column"),
        (b"1,2,3,1\n3,4,5,0\n", "could not split"),
    ],
)
def test_csv__of_a_bad_kind__refused_naming_the_file(call, task, content, word):
    (task.parent / "south.csv").write_bytes(content)
    refuse_task(call, task, 65, "south", word)


def test_csv__other_column_names_than_the_others__refused(call, task):
    edit(task, "header = false", "header = true")
    for number, name in enumerate((*CAST.parties, *CAST.validators)):
        path = task.parent / f"{name}.csv"
        first = "height" if number else "weight"
        path.write_text(f"{first},b,c,label\n{path.read_text()}")
    refuse_task(call, task, 65, "column", "north")


# Homes.


def test_home__held_by_another_process__refused(call, task, finished):
    before = tree(finished)
    with FolderLock(finished, "home"):
        ending = call("train", task, "--home", finished)
        refused(ending, 69, "another process holds it")
    assert tree(finished) == before


def test_home__of_another_run__refused(call, task, finished):
    before = tree(finished)
    refused(call("train", task, "--home", finished), 65, "it holds another run", "name another")
    assert tree(finished) == before


def test_home__of_another_run__refused_by_the_demo(call, finished):
    before = tree(finished)
    for options in ((), ("--json",)):
        ending = call("demo", "--home", finished, *options)
        refused(ending, 65, "it holds another run")
        assert ending.out == ""  # no story of a run that there will not be
    assert tree(finished) == before


def test_home__of_a_demo_with_another_seed__refused(call, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    demo._deal(home, 1)
    (home / "run.json").write_text("{}")
    before = tree(home)
    refused(call("demo", "--seed", "2", "--home", home, "--json"), 65, "it holds another run")
    assert tree(home) == before


def test_home__of_a_demo_with_another_cheat__refused_before_a_story(call, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    demo._deal(home, demo.SEED)
    (home / "run.json").write_text("{}")
    ending = call("demo", "--cheat", "none", "--home", home)
    refused(ending, 65, "it holds another run")
    assert ending.out == ""


def test_home__half_dealt_with_another_seed__dealt_anew(tmp_path):
    """A kill before the home was claimed leaves rows behind; they must not mix with others."""
    first, second, mixed = (tmp_path / name for name in ("first", "second", "mixed"))
    for home, seeds in ((first, (1,)), (second, (2,)), (mixed, (1, 2))):
        home.mkdir()
        for seed in seeds:
            demo._deal(home, seed)
    assert tree(first) != tree(second)
    assert tree(mixed) == tree(second)


@pytest.mark.parametrize("command", ["train", "demo"])
def test_home__with_foreign_files__refused(call, task, tmp_path, command):
    home = tmp_path / "photos"
    home.mkdir()
    (home / "cat.jpg").write_bytes(b"cat")
    before = tree(tmp_path)
    arguments = ("train", task) if command == "train" else ("demo",)
    ending = call(*arguments, "--home", home)
    refused(ending, 65, "it holds something else")
    assert ending.out == ""
    assert tree(tmp_path) == before


def test_home__a_file__refused(call, task):
    refused(call("train", task, "--home", task), 65, "it is a file")


LINKS = (
    "auditor",
    "parties",
    "parties/south",
    "parties/north/log/checkpoint",
    "chain/chain.sqlite",
)


@pytest.mark.parametrize("place", LINKS)
def test_home__with_a_link_out_of_it__refused_by_name(call, task, finished, tmp_path, place):
    """It must not be one's own to write or to believe: what it points to belongs to others."""
    outside = (finished / place).rename(tmp_path / "outside")
    (finished / place).symlink_to(outside)
    before = tree(tmp_path)
    link = str(finished / place)
    refused(call("train", task, "--home", finished), 65, link, "symbolic link")
    refused(call("demo", "--home", finished), 65, link, "symbolic link")
    refused(call("status", "--home", finished), 65, link, "symbolic link")
    ending = call("doctor", "--home", finished)
    assert ending.code == 65 and link in ending.out
    assert tree(tmp_path) == before


def test_home__itself_a_link__used(call, finished, tmp_path):
    (tmp_path / "link").symlink_to(finished)
    assert call("status", "--home", tmp_path / "link").code == 0


def test_home__damaged_claim__refused(call, task, finished):
    (finished / "run.json").write_bytes(b"{")
    before = tree(finished)
    refused(call("train", task, "--home", finished), 65, "run.json")
    refused(call("status", "--home", finished), 65, "run.json")
    assert tree(finished) == before


# A home of our own that was damaged: resumed, looked at, examined.


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def chain_of(home: Path) -> Path:
    return home / "chain" / "chain.sqlite"


def change_block(home: Path) -> None:
    with sqlite3.connect(chain_of(home)) as database:
        database.execute("UPDATE block SET body = substr(body, 1, 99) WHERE number = 7")
    database.close()


def change_slot(home: Path) -> None:
    with sqlite3.connect(chain_of(home)) as database:
        database.execute("UPDATE slot SET value = zeroblob(32) WHERE value != zeroblob(32)")
    database.close()


def tile_of(home: Path, kind: str) -> Path:
    return max(
        (home / "parties" / "north" / "log" / "tile" / kind).rglob("*.p/*"),
        key=lambda path: int(path.name),
    )


def witness_of(home: Path) -> Path:
    return min((home / "parties" / "north" / "witness").glob("*.json"))


def other_of(home: Path) -> Path:
    return max((home / "parties" / "north" / "witness").glob("*.json"))


DAMAGES = {
    "chain cut": (lambda home: cut(chain_of(home)), "chain"),
    "chain header": (lambda home: flip(chain_of(home), 3), "chain"),
    "chain emptied": (lambda home: chain_of(home).write_bytes(b""), "chain"),
    "chain state": (change_slot, "chain"),
    "tile cut": (lambda home: cut(tile_of(home, "0")), "tile/0"),
    "entries cut": (lambda home: cut(tile_of(home, "entries")), "tile/entries"),
    "entries changed": (lambda home: flip(tile_of(home, "entries"), -3), "tile/entries"),
    "tile missing": (lambda home: tile_of(home, "0").unlink(), "tile/0"),
    "checkpoint": (lambda home: flip(home / "parties/north/log/checkpoint", 9), "checkpoint"),
    "key file": (lambda home: cut(home / "parties/north/keys/keyring.json"), "keyring.json"),
    "witness cut": (lambda home: cut(witness_of(home)), "witness/"),
    "witness of another log": (lambda home: witness_of(home).replace(other_of(home)), "witness/"),
    "key open to all": (
        lambda home: (home / "parties/north/keys/keyring.json").chmod(0o644),
        "keyring.json",
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_home__resumed__refused_and_left_as_it_is(damage, finished, capsys):
    """Through the flow that made it: what ``quorate train`` would do, without its auditor."""
    from quorate.core.errors import InputError
    from tests.scenarios.small import run_small

    spoil, word = DAMAGES[damage]
    spoil(finished)
    before = tree(finished)
    shutil.copytree(finished.parent / "home", finished.parent / "again")
    with pytest.raises(InputError) as caught:
        run_small(finished, rounds=1, cast=CAST)
    assert caught.value.exit_code == 65
    assert word in caught.value.message
    assert str(caught.value).startswith("could not ")
    assert _but_for_sqlite(tree(finished)) == _but_for_sqlite(before)


def _but_for_sqlite(found: dict[str, str]) -> dict[str, str]:
    """SQLite makes and removes its journal when it opens a file, whatever it finds."""
    return {path: value for path, value in found.items() if "sqlite-" not in path}


@pytest.mark.parametrize("damage", [*DAMAGES, "chain block"])
def test_damaged_home__doctor__names_it_and_exits_65(damage, finished, call):
    spoil, word = {**DAMAGES, "chain block": (change_block, "chain")}[damage]
    spoil(finished)
    before = _but_for_sqlite(tree(finished))
    ending = call("doctor", "--home", finished)
    assert ending.code == 65, ending
    assert "!!" in ending.out and word in ending.out
    assert ending.err.count("\n") == 1 and "Traceback" not in ending.err
    assert _but_for_sqlite(tree(finished)) == before


@pytest.mark.parametrize("damage", ["tile cut", "entries cut", "entries changed", "tile missing"])
def test_damaged_log__fsck__exits_1_naming_the_file(damage, finished, call):
    spoil, word = DAMAGES[damage]
    spoil(finished)
    before = tree(finished)
    ending = call("log", "fsck", finished / "parties/north/log")
    assert ending.code == 1
    assert word in ending.err.splitlines()[-1] and ending.err.count("\n") <= 2
    assert tree(finished) == before


# Passphrases.


def test_passphrase__wrong_or_missing__refused(finished, call, monkeypatch):
    monkeypatch.delenv("QUORATE_PASSPHRASE", raising=False)
    path = finished / "parties" / "founder" / "keys" / "keyring.json"
    Keyring.load(path).save(path, SystemRandomness(), "right")
    before = _but_for_sqlite(tree(finished))
    refused(call("status", "--home", finished), 65, "it has a passphrase", "QUORATE_PASSPHRASE")
    monkeypatch.setenv("QUORATE_PASSPHRASE", "wrong")
    refused(call("status", "--home", finished), 65, "wrong passphrase")
    assert _but_for_sqlite(tree(finished)) == before
    monkeypatch.setenv("QUORATE_PASSPHRASE", "right")
    assert call("status", "--home", finished).code == 0
    assert describe_home(finished)["task"] == "small"


def test_passphrase__forgotten_when_a_task_is_resumed__refused(task, tmp_path, call, monkeypatch):
    home = tmp_path / "home"
    monkeypatch.setenv("QUORATE_PASSPHRASE", "right")
    assert call("train", task, "--home", home, "--json").code == 0
    assert all(b'"wrapped"' in path.read_bytes() for path in home.glob("parties/*/keys/*.json"))
    before = tree(home)
    monkeypatch.setenv("QUORATE_PASSPHRASE", "wrong")
    refused(call("train", task, "--home", home, "--json"), 65, "wrong passphrase")
    monkeypatch.delenv("QUORATE_PASSPHRASE")
    refused(call("train", task, "--home", home, "--json"), 65, "it has a passphrase")
    assert tree(home) == before


# What the auditor is handed.


def test_audit__of_nothing_or_a_folder__exits_65(call, tmp_path):
    refused(call("audit", tmp_path / "no.zip"), 65, "no such file")
    refused(call("audit", tmp_path), 65, "no such file")
    refused(call("verify", tmp_path), 65, "it is a folder")


@pytest.mark.parametrize("content", [b"", b"PK", b"\x00" * 64])
def test_audit__of_something_else__exits_1(call, tmp_path, content):
    path = tmp_path / "evidence.zip"
    path.write_bytes(content)
    ending = call("audit", path)
    assert ending.code == 1
    assert "Traceback" not in ending.err + ending.out and "not a readable ZIP" in ending.out


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [os.mkfifo, endless], ids=["pipe", "device"])
def test_any_file__that_is_no_regular_file__refused_at_once(call, task, finished, tmp_path, make):
    """A pipe would be waited for, a device fills the memory: neither is read."""
    odd = tmp_path / "odd.tlog-proof"
    make(odd)
    bundle, trust = finished / "evidence.zip", finished / "auditor" / "trust.json"
    (receipt,) = (finished / "decisions").glob("*.tlog-proof")
    for arguments in (
        ("train", odd),
        ("audit", odd),
        ("audit", bundle, "--trust", odd),
        ("audit", bundle, "--key", odd),
        ("verify", odd, "--record", receipt),
        ("verify", receipt, "--trust", odd),
        ("verify", receipt, "--trust", trust, "--record", odd),
    ):
        refused(call(*arguments), 65, str(odd), "not a regular file")
    (task.parent / "south.csv").unlink()
    make(task.parent / "south.csv")
    refused(call("train", task, "--home", tmp_path / "new"), 65, "data of south", "not a regular")
    assert not (tmp_path / "new").exists()


def test_audit__report_that_cannot_be_written__its_own_name_is_told(call, finished):
    report = Path("/proc/x.html")
    if not report.parent.is_dir():
        pytest.skip("this system has no /proc")
    ending = call("audit", finished, "--report", report)
    refused(ending, 69, str(report))
    assert ".tmp" not in ending.err


def test_audit__with_a_bad_trust_file_or_key__exits_65(call, finished, tmp_path):
    bundle, bad = finished / "evidence.zip", tmp_path / "bad.json"
    bad.write_bytes(b"{}")
    bad.chmod(0o600)
    refused(call("audit", bundle, "--trust", bad), 65, "trust file", "bad.json")
    refused(call("audit", bundle, "--trust", tmp_path / "none"), 65, "no such file")
    refused(call("audit", bundle, "--key", bad), 65, "key file", "bad.json")
    refused(call("audit", bundle, "--report", tmp_path / "no" / "r.html"), 65, "no folder")
