"""Other runs: the same members once more, and one in which a validator lied."""

import shutil
from pathlib import Path

import pytest

from quorate.audit.auditor import audit
from quorate.core.sealing import SealingKey
from quorate.node.federation import Misconduct
from tests.scenarios.small import audit_home, run_small
from tests.simulators.forger import Evidence, Forger

pytestmark = pytest.mark.slow


def test_another_run_of_the_same_members__cannot_stand_for_this_one(
    home: Path, evidence: Evidence, opener: SealingKey, tmp_path: Path
) -> None:
    second = tmp_path / "second"
    for name in evidence.names():
        keys = Path("parties") / name / "keys"
        shutil.copytree(home / keys, second / keys)
    run_small(second)
    other = Evidence.of(second)
    assert other.roots.members == evidence.roots.members
    report = audit((second / "evidence.zip").read_bytes(), evidence.roots, opener)
    assert report.failure is not None
    assert (report.exit_code, report.failure.place) == (1, "roots.json")
    forger = Forger(other, "founder")
    forger.members["roots.json"] = evidence.members["roots.json"]
    report = audit(forger.bundle(), evidence.roots, opener)
    assert report.failure is not None
    assert (report.exit_code, report.failure.place) == (1, "block 0")
    forger = Forger(evidence, "founder")  # this run's chain under the other run's logs
    for path, content in other.members.items():
        if path.split("/")[0] in ("log", "receipt", "statement"):
            forger.members[path] = content
    report = audit(forger.bundle(), evidence.roots, opener)
    assert report.failure is not None
    assert (report.exit_code, report.failure.number) == (1, 5)


def test_a_lying_validator__is_suspended_and_its_vote_is_still_audited(tmp_path: Path) -> None:
    run_small(tmp_path / "lied", misconduct=Misconduct({}, {"audit-one": 1}))
    report = audit_home(tmp_path / "lied")
    assert report.exit_code == 0
    assert report.story.rounds[0].suspended == ("audit-one",)
    assert [check.title for check in report.checks][8] == "votes"
