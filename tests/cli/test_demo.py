"""The main job as a user runs it: what it prints, what it proves, what is refused."""

import json
import subprocess
import sys

import pytest

from quorate.node.flows.demo import ATTACK, CHEAT, HOSPITALS, LIAR, LYING_ROUND, VALIDATORS
from tests.cli.conftest import CAST

pytestmark = pytest.mark.slow


def program(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "quorate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """One demonstration as it is when nothing is chosen: its folder and its JSON."""
    pytest.importorskip("sklearn", reason="scikit-learn, which ships the data: make test")
    home = tmp_path_factory.mktemp("demo") / "home"
    done = program("demo", "--home", home, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    return home, json.loads(done.stdout)


def test_demo__json__has_every_promised_key(demo):
    _, value = demo
    promised = {
        "accuracy": {"alone", "together", "undefended", "defended", "pooled"},
        "cheat": {"party", "caught_round", "slashed"},
        "liar": {"validator", "caught_round", "slashed"},
        "decision": {"confidence", "receipt"},
        "ledger": {"transactions", "records", "trust_level"},
        "audit": {"passed", "checks"},
    }
    for name, keys in promised.items():
        assert keys <= set(value[name]), name
    single = {"tampered_refused", "report", "rewards", "bundle", "trust", "model_digest", "seconds"}
    assert single <= set(value)
    assert set(value["accuracy"]["alone"]) == set(HOSPITALS)
    assert set(value["rewards"]) == {*HOSPITALS, *VALIDATORS}


def test_demo__accuracy__held_with_the_defence_and_lost_without(demo):
    accuracy = demo[1]["accuracy"]
    assert accuracy["together"] - accuracy["defended"] <= 0.02
    assert accuracy["together"] - accuracy["undefended"] >= 0.05


def test_demo__cheat_and_liar__caught_and_poorer_and_the_honest_richer(demo):
    value = demo[1]
    assert (value["cheat"]["party"], value["cheat"]["attack"]) == (CHEAT, ATTACK)
    assert value["cheat"]["caught_round"] in (3, 4) and value["cheat"]["slashed"] > 0
    liar = value["liar"]
    assert (liar["validator"], liar["caught_round"]) == (LIAR, LYING_ROUND)
    assert liar["slashed"] > 0
    for name, money in value["money"].items():
        if name in (CHEAT, LIAR):
            assert money["final"] < money["initial"], name
        else:
            assert money["final"] > money["initial"] and value["rewards"][name] > 0, name


def test_demo__audit__passed_and_the_altered_copy_refused(demo):
    home, value = demo
    assert value["audit"]["passed"] is True and value["audit"]["checks"] > 1000
    assert value["tampered_refused"] is True
    assert value["ledger"]["trust_level"] == "SELF"
    again = program("audit", value["bundle"], "--trust", value["trust"], "--json")
    assert again.returncode == 0 and json.loads(again.stdout)["passed"] is True
    altered = program("audit", home / "tampered.zip", "--trust", value["trust"])
    assert altered.returncode == 1 and "refused" in altered.stdout
    receipt = program("verify", value["decision"]["receipt"], "--trust", value["trust"])
    assert receipt.returncode == 0, receipt.stderr
    report = (home / "report.html").read_text().replace("http://www.w3.org/2000/svg", "")
    assert "://" not in report and "src=" not in report


def test_demo__repeated_in_its_home__changes_no_evidence_and_says_the_same(demo):
    home, value = demo
    bundle = (home / "evidence.zip").read_bytes()
    done = program("demo", "--home", home, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    again = json.loads(done.stdout)
    assert (home / "evidence.zip").read_bytes() == bundle
    assert {k: v for k, v in again.items() if k != "seconds"} == {
        k: v for k, v in value.items() if k != "seconds"
    }


def test_demo__elsewhere_with_the_same_seed__same_model_in_words(demo, tmp_path):
    value = demo[1]
    done = program("demo", "--home", tmp_path / "home")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"model {value['model_digest']}" in done.stdout
    for words in ("no defence", "pooled", "receipt", "what this mode does not hide", "refused"):
        assert words in done.stdout
    lines = [line for line in done.stdout.splitlines() if line.startswith("  round ")]
    assert len(lines) == 10
    assert str(tmp_path / "home" / "evidence.zip") in done.stdout


def test_demo__read_only_for_its_first_line__ends_without_a_traceback(tmp_path):
    command = [sys.executable, "-m", "quorate", "demo", "--home", str(tmp_path / "home")]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        assert process.stdout.readline().startswith("Four hospitals")
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 69


def test_train__json__has_every_promised_key(task, tmp_path):
    home = tmp_path / "home"
    done = program("train", task, "--home", home, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    value = json.loads(done.stdout)
    assert {"accuracy", "model_digest", "audit", "seconds", "rewards", "bundle"} <= set(value)
    assert set(value["accuracy"]["per_party"]) == set(CAST.parties)
    assert {"average", "pooled_test"} <= set(value["accuracy"])
    assert value["audit"]["passed"] is True
    assert value["separation_exercised"] is False
    words = program("train", task, "--home", home)
    assert words.returncode == 0 and "separation was not exercised" in words.stdout
    assert value["model_digest"] in words.stdout
