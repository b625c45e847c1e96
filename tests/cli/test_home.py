"""Looking at a finished home: status, doctor, log, verify, audit, in words and as JSON."""

import json
from pathlib import Path

import pytest

from quorate import __version__
from quorate.provenance.roots import Roots
from tests.cli.calls import tree
from tests.cli.conftest import CAST

NAMES = {"founder", *CAST.parties, *CAST.validators}


@pytest.fixture
def trust(finished: Path) -> Path:
    return finished / "auditor" / "trust.json"


def without_journal(found: dict[str, str]) -> dict[str, str]:
    return {path: value for path, value in found.items() if "sqlite" not in path}


def json_of(ending) -> dict:
    assert ending.code == 0, ending
    assert ending.err == ""
    value = json.loads(ending.out)
    assert isinstance(value, dict)
    return value


def test_status__of_a_finished_home__tells_chain_logs_evidence_layers(call, finished):
    before = without_journal(tree(finished))
    value = json_of(call("status", "--home", finished, "--json"))
    assert value["task"] == "small"
    assert set(value["logs"]) == NAMES and min(value["logs"].values()) > 3
    assert value["chain"]["blocks"] > 30
    assert value["bundle"] == str(finished / "evidence.zip")
    assert value["trust_level"] == "SELF"
    words = call("status", "--home", finished)
    assert words.code == 0 and "log of north" in words.out
    assert set(value["layers"]) <= {line.strip().split("  ")[0] for line in words.out.splitlines()}
    assert without_journal(tree(finished)) == before


def test_status__home_from_the_environment__is_used(call, finished, monkeypatch):
    monkeypatch.setenv("QUORATE_HOME", str(finished))
    assert json_of(call("status", "--json"))["home"] == str(finished)


def test_doctor__of_a_finished_home__finds_it_well(call, finished):
    before = without_journal(tree(finished))
    value = json_of(call("doctor", "--home", finished, "--json"))
    assert value["healthy"] and value["version"] == __version__
    looked_at = {finding["what"] for finding in value["findings"]}
    assert {f"keys of {name}" for name in NAMES} | {
        f"{what} of {name}" for what in ("log", "witness") for name in NAMES
    } < looked_at
    assert {"Python", "contracts", "home", "chain"} < looked_at
    assert "!!" not in call("doctor", "--home", finished).out
    assert without_journal(tree(finished)) == before


def test_doctor__without_a_home__looks_at_the_installation(call, monkeypatch):
    monkeypatch.delenv("QUORATE_HOME", raising=False)
    looked_at = [finding["what"] for finding in json_of(call("doctor", "--json"))["findings"]]
    assert looked_at == ["Python", "contracts", "optional part scikit-learn"]


def test_log_show__shows_the_newest_records(call, finished):
    folder = finished / "parties" / "north" / "log"
    value = json_of(call("log", "show", folder, "--last", "5", "--json"))
    assert len(value["records"]) == 5 and len(value["root"]) == 64
    assert [row["index"] for row in value["records"]] == list(
        range(value["size"] - 5, value["size"])
    )
    every = json_of(call("log", "show", folder, "--last", "1000", "--json"))
    kinds = {row["type"] for row in every["records"]}
    assert kinds == {"genesis", "statement", "chain-head", "decision"}
    words = call("log", "show", folder)
    assert words.code == 0 and "update-0001" in words.out


@pytest.mark.parametrize("trusted", [True, False])
def test_log_fsck__of_every_log__whole(call, finished, trust, trusted):
    for name in sorted(NAMES):
        options = ("--trust", trust) if trusted else ()
        folder = finished / "parties" / name / "log"
        value = json_of(call("log", "fsck", folder, *options, "--json"))
        assert value["passed"] and name in value["origin"]
    words = call("log", "fsck", folder, *options)
    assert words.code == 0 and words.out.startswith("whole: ")
    assert ("nobody vouched" in words.err) is not trusted


def test_log_fsck__under_another_consortiums_trust__exits_1(call, finished, trust, tmp_path):
    roots = Roots.from_bytes(trust.read_bytes())
    assert roots.member("north").origin in trust.read_text()
    other = tmp_path / "other.json"
    other.write_text(trust.read_text().replace("quorate.invalid/north", "quorate.invalid/nowhere"))
    ending = call("log", "fsck", finished / "parties" / "north" / "log", "--trust", other)
    assert ending.code == 1 and "no member of the trust file has this log" in ending.err


def test_verify__statement_receipt_bundle__each_by_its_kind(call, finished, trust):
    statement = finished / "parties" / "north" / "statements" / "update-0001.json"
    (receipt,) = (finished / "decisions").glob("*.tlog-proof")
    for path in (statement, receipt):
        value = json_of(call("verify", path, "--trust", trust, "--json"))
        assert value["passed"] and value["facts"] and value["kind"]
        words = call("verify", path, "--trust", trust)
        assert words.code == 0 and words.out.startswith("verified: ")


@pytest.mark.parametrize("trusted", [True, False])
@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", bytes(8) + b"{}", b"words"],
    ids=["", "binary", "model", "text"],
)
def test_verify__of_no_kind_of_ours__cannot_tell(call, tmp_path, trust, content, trusted):
    path = tmp_path / "model.safetensors"
    path.write_bytes(content)
    ending = call("verify", path, *(("--trust", trust) if trusted else ()))
    assert (ending.code, ending.out) == (2, "")
    assert ending.err.startswith(f"quorate: could not verify {path}: ")
    assert ending.err.count("\n") == 1 and "codec" not in ending.err


@pytest.mark.parametrize("content", [b"{\xff", b"c2sp.org/tlog-proof@v1\n\xff"])
def test_verify__not_text_where_text_is_due__exits_1(call, tmp_path, trust, content):
    path = tmp_path / "update.tlog-proof"
    path.write_bytes(content)
    ending = call("verify", path, "--trust", trust, "--record", path)
    assert ending.code == 1, ending
    assert "codec" not in ending.err and ending.err.count("\n") == 1


def test_verify__one_character_altered__exits_1(call, finished, trust, tmp_path):
    (receipt,) = (finished / "decisions").glob("*.tlog-proof")
    record = receipt.with_suffix(".json")
    text = record.read_text()
    other = tmp_path / "record.json"
    other.write_text(text.replace("classify", "classifY"))
    assert other.read_text() != text
    ending = call("verify", receipt, "--trust", trust, "--record", other)
    assert ending.code == 1 and ending.err.startswith("quorate: ")
    assert "Traceback" not in ending.err


def test_audit__of_the_home__passes_in_words_and_json(call, finished, trust, tmp_path):
    report = tmp_path / "report.html"
    value = json_of(call("audit", finished, "--trust", trust, "--json", "--report", report))
    assert value["passed"] is True and value["checks"] > 100
    assert value["trust_level"] == "SELF"
    assert report.read_text().lower().startswith("<!doctype html>")
    words = call("audit", finished / "evidence.zip")
    assert words.code == 0
    assert words.out.splitlines()[0].startswith("Nobody vouched for these roots")
    assert "verified" in words.out and "not proven:" in words.out


def test_audit__one_byte_altered__exits_1_and_names_the_place(call, finished, trust, tmp_path):
    data = bytearray((finished / "evidence.zip").read_bytes())
    data[len(data) // 2] ^= 1
    bundle = tmp_path / "altered.zip"
    bundle.write_bytes(bytes(data))
    ending = call("audit", bundle, "--trust", trust, "--json")
    assert ending.code == 1
    value = json.loads(ending.out)
    assert value["passed"] is False and value["failure"]["place"]


def test_audit__updates_that_nobody_can_open__exits_2(call, finished, trust, tmp_path):
    alone = tmp_path / "alone"
    alone.mkdir()
    for source, name in ((finished / "evidence.zip", "evidence.zip"), (trust, "trust.json")):
        (alone / name).write_bytes(source.read_bytes())
    ending = call("audit", alone / "evidence.zip", "--trust", alone / "trust.json", "--json")
    assert ending.code == 2
    assert json.loads(ending.out)["passed"] is False
