"""Nothing that is changed passes, unless it contradicts nobody: then it is counted and named."""

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from quorate.audit.auditor import audit
from quorate.audit.findings import AuditReport
from quorate.core.sealing import SealingKey
from tests.simulators.blind import blind_changes, resealed_changes
from tests.simulators.everything import KINDS, all_forgeries, forge
from tests.simulators.forger import Evidence

Verdict = Callable[[bytes], AuditReport]
BLIND, REPAIRED, RESEALED = 300, 100, 60
TRUST_PAGE = Path(__file__).parents[2] / "docs" / "trust.md"


def refused_by_name(report: AuditReport) -> bool:
    """Exit 1, a place, and a reason that was foreseen."""
    failure = report.failure
    return (
        report.exit_code == 1
        and failure is not None
        and bool(failure.place)
        and "could not be read (" not in failure.message
    )


def test_one_byte__anywhere_in_the_file__is_refused(verdict: Verdict, true_bundle: bytes) -> None:
    passed = [
        change.name
        for change in blind_changes(true_bundle, BLIND, seed=1)
        if not refused_by_name(verdict(change.bundle))
    ]
    assert passed == []


@pytest.mark.slow
def test_one_byte__of_a_member_with_the_manifest_signed_anew__is_refused(
    verdict: Verdict, evidence: Evidence
) -> None:
    passed = [
        change.name
        for change in resealed_changes(evidence, RESEALED, seed=1)
        if not refused_by_name(verdict(change.bundle))
    ]
    assert passed == []


@pytest.mark.slow
def test_repaired_forgeries__by_any_one_party__are_refused(
    verdict: Verdict, evidence: Evidence
) -> None:
    draw = random.Random("repaired")
    choices = [(name, party) for name in sorted(KINDS) for party in evidence.names()]
    draw.shuffle(choices)
    made, passed, kinds = 0, [], set()
    for name, party in choices:
        if KINDS[name].decides != 1:
            continue
        forgery = forge(evidence, name, party, seed=1)
        if forgery is None or (made >= REPAIRED and name in kinds):
            continue  # a hundred, and every kind at least once
        made += 1
        kinds.add(name)
        if not refused_by_name(verdict(forgery.bundle)):
            passed.append(forgery.name)
    assert made >= REPAIRED
    assert kinds == {name for name in KINDS if KINDS[name].decides == 1}
    assert passed == []


@pytest.mark.slow
def test_free_changes__contradict_nobody__pass_and_are_named(
    verdict: Verdict, evidence: Evidence
) -> None:
    passed: dict[str, int] = {}
    for forgery in all_forgeries(evidence, seed=1, free=True):
        report = verdict(forgery.bundle)
        assert report.exit_code == 0, forgery.name
        passed[forgery.kind.name] = passed.get(forgery.kind.name, 0) + 1
    free = {name for name in KINDS if KINDS[name].free}
    assert set(passed) == free
    assert all(f"**{name}**" in re.sub(r"\s+", " ", TRUST_PAGE.read_text()) for name in free)


def test_free_changes__change_nothing_that_the_audit_says(
    verdict: Verdict, evidence: Evidence, true_bundle: bytes
) -> None:
    true = verdict(true_bundle).story
    for name in sorted(name for name in KINDS if KINDS[name].free):
        forgery = forge(evidence, name, "audit-one", seed=2)
        assert forgery is not None
        assert verdict(forgery.bundle).story == true, name


def test_withheld_openings__are_undecided_and_never_passed(
    evidence: Evidence, opener: SealingKey
) -> None:
    forgery = forge(evidence, "public form", "north")
    assert forgery is not None
    report = audit(forgery.bundle, evidence.roots, opener)
    assert (report.exit_code, report.verdict) == (2, "undecided")
    assert report.failure is not None
    assert report.failure.number == 12
