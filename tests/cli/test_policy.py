"""A receipt held to the verifier's own policy: alone, with a trust file, refused."""

import json
from pathlib import Path

import pytest

from tests.cli.calls import refused
from tests.cli.test_equivocation import roots
from tests.log.parsers import HEAD, LEAVES, POLICY, RECEIPTS

OUTSIDE = POLICY.replace("quorum both", "quorum none")


@pytest.fixture
def receipt(tmp_path: Path) -> Path:
    path = tmp_path / "leaf.tlog-proof"
    path.write_text(str(RECEIPTS[0]), "utf-8")
    path.with_suffix(".json").write_bytes(LEAVES[2])
    return path


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.policy"
    path.write_text(text, "utf-8")
    return path


def test_verify__receipt_under_a_policy_alone__says_whose_word_it_is(call, receipt, tmp_path):
    ending = call("verify", receipt, "--policy", written(tmp_path, POLICY), "--json")
    assert ending.code == 0, ending
    facts = json.loads(ending.out)["facts"]
    assert facts["quorum"] == "both, of your policy: satisfied"
    assert facts["cosigned by"] == "2 of 2 witnesses"  # three lines: one has both types
    assert facts["trust level"] == "WITNESSED 2/2"
    assert (facts["record"], facts["timestamp"]) == ("2 of 4", "none")


def test_verify__receipt_under_policy_and_trust__both_must_hold(call, receipt, tmp_path):
    trust = tmp_path / "trust.json"
    trust.write_bytes(roots().to_bytes())
    policy = written(tmp_path, POLICY)
    assert call("verify", receipt, "--policy", policy, "--trust", trust).code == 0
    logless = "\n".join(line for line in POLICY.splitlines() if not line.startswith("log")) + "\n"
    policy.write_text(logless, "utf-8")
    assert call("verify", receipt, "--policy", policy, "--trust", trust).code == 0
    assert (
        call("verify", receipt, "--policy", policy).code == 1
    )  # nobody says whose logs to believe
    receipt.write_text(str(RECEIPTS[0]).replace(str(RECEIPTS[0].note), str(HEAD)), "utf-8")
    ending = call("verify", receipt, "--policy", policy, "--trust", trust)
    assert ending.code == 1 and "quorum 'both' is not reached by nobody" in ending.err


def test_verify__policy_without_a_quorum__level_self(call, receipt, tmp_path):
    receipt.write_text(str(RECEIPTS[0]).replace(str(RECEIPTS[0].note), str(HEAD)), "utf-8")
    ending = call("verify", receipt, "--policy", written(tmp_path, OUTSIDE))
    assert ending.code == 0 and "trust level: SELF" in ending.out


def test_verify__receipt_with_an_extra_that_nobody_signed__exits_1(call, tmp_path):
    path = tmp_path / "other.tlog-proof"
    path.write_text(str(RECEIPTS[1]), "utf-8")
    path.with_suffix(".json").write_bytes(LEAVES[1])
    ending = call("verify", path, "--policy", written(tmp_path, OUTSIDE))
    assert ending.code == 1 and "timestamp" in ending.err


def test_verify__policy_that_is_none_or_for_no_receipt__refused(call, receipt, tmp_path):
    policy = written(tmp_path, POLICY.replace("quorum both", "quorum nobody"))
    refused(call("verify", receipt, "--policy", policy), 65, str(policy), "nobody")
    policy.write_text(POLICY, "utf-8")
    refused(call("verify", policy, "--policy", policy), 65, "it is no receipt")


def test_verify__nobody_to_believe__both_ways_named(call, receipt):
    ending = call("verify", receipt)
    assert ending.code == 2 and "--trust FILE" in ending.err and "--policy FILE" in ending.err


def test_verify__policy_with_one_of_the_logs_two_keys__said(call, receipt, tmp_path):
    first = next(line for line in POLICY.splitlines() if line.startswith("log"))
    rest = [line for line in POLICY.splitlines() if not line.startswith("log")]
    policy = written(tmp_path, "\n".join([first, *rest]) + "\n")
    ending = call("verify", receipt, "--policy", policy)
    assert ending.code == 0 and "signatures: of the log only Ed25519 was demanded" in ending.out
    whole = call("verify", receipt, "--policy", written(tmp_path, POLICY))
    assert "signatures" not in whole.out


def test_verify__record_that_is_no_json__found_beside_its_receipt(call, receipt, tmp_path):
    policy = written(tmp_path, POLICY)
    receipt.with_suffix(".json").rename(receipt.with_suffix(".record"))
    assert call("verify", receipt, "--policy", policy).code == 0
    receipt.with_suffix(".record").unlink()
    refused(call("verify", receipt, "--policy", policy), 65, "leaf.json")
