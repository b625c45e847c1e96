"""One file by itself: which files can be verified, what is said, what is refused or undecided."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quorate.audit.single import verify_file
from quorate.core.errors import QuorateError, UndecidedError, VerificationError
from quorate.provenance.kinds import DataSet
from quorate.provenance.statement import Statement
from tests.simulators.forger import Evidence, Forger


@pytest.fixture(scope="module")
def receipt(home: Path) -> tuple[bytes, bytes]:
    """The recorded decision's receipt and record, as the flow wrote them."""
    (proof,) = (home / "decisions").glob("*.tlog-proof")
    return proof.read_bytes(), proof.with_suffix(".json").read_bytes()


def test_bundle__with_trust__container_verified(evidence: Evidence, true_bundle: bytes) -> None:
    finding = verify_file(true_bundle, evidence.roots)
    assert finding.kind == "bundle container"
    assert finding.facts["members"] == str(len(evidence.members))
    assert finding.facts["roots"] == "your trust file"


def test_bundle__without_trust__says_that_nobody_vouched(true_bundle: bytes) -> None:
    assert "nobody vouched" in verify_file(true_bundle, None).facts["roots"]


def test_bundle__altered__refused(evidence: Evidence, true_bundle: bytes) -> None:
    with pytest.raises(VerificationError):
        verify_file(true_bundle[:-1] + b"\x01", evidence.roots)


@pytest.mark.parametrize("path", ["founder/task-0001", "north/update-0001", "audit-one/vote-0002"])
def test_statement__by_a_member__verified(evidence: Evidence, path: str) -> None:
    finding = verify_file(evidence.members[f"statement/{path}.json"], evidence.roots)
    assert finding.facts["author"] == path.split("/", maxsplit=1)[0]
    assert finding.kind == path.split("/")[1].split("-", maxsplit=1)[0] + " statement"


def test_statement__manifest__verified(evidence: Evidence) -> None:
    assert (
        verify_file(evidence.members["MANIFEST.json"], evidence.roots).kind == "manifest statement"
    )


def test_statement__without_trust__undecided(evidence: Evidence) -> None:
    with pytest.raises(UndecidedError):
        verify_file(evidence.members["statement/north/dataset-0001.json"], None)


def test_statement__in_anothers_name__refused(evidence: Evidence) -> None:
    forger = Forger(evidence, "north")
    forged = forger.sign(forger.statement("dataset-0001", "south"))
    with pytest.raises(VerificationError):
        verify_file(forged, evidence.roots)


def test_statement__by_a_stranger__refused(evidence: Evidence) -> None:
    forger = Forger(evidence, "north")
    old = forger.statement("dataset-0001")
    forged = forger.sign(Statement(old.kind, old.subjects, old.predicate | {"author": "nobody"}))
    with pytest.raises(VerificationError, match="nobody"):
        verify_file(forged, evidence.roots)


def test_statement__of_an_unknown_kind__undecided(evidence: Evidence) -> None:
    forger = Forger(evidence, "north")
    old = forger.statement("dataset-0001")
    with pytest.raises(UndecidedError):
        verify_file(forger.sign(Statement("gift", old.subjects, old.predicate)), evidence.roots)


def test_statement__of_another_shape__refused(evidence: Evidence) -> None:
    forger = Forger(evidence, "north")
    old = forger.statement("dataset-0001")
    predicate = old.predicate | {"more": 1}
    with pytest.raises(VerificationError):
        verify_file(forger.sign(Statement(DataSet.kind, old.subjects, predicate)), evidence.roots)


def test_receipt__with_its_record__verified(
    evidence: Evidence, receipt: tuple[bytes, bytes]
) -> None:
    finding = verify_file(receipt[0], evidence.roots, receipt[1])
    assert finding.kind == "receipt"
    assert (finding.facts["type"], finding.facts["cosigned by"]) == ("decision", "6 of 6 witnesses")


def test_receipt__without_its_record__undecided(
    evidence: Evidence, receipt: tuple[bytes, bytes]
) -> None:
    with pytest.raises(UndecidedError):
        verify_file(receipt[0], evidence.roots)


def test_receipt__with_another_record__refused(
    evidence: Evidence, receipt: tuple[bytes, bytes]
) -> None:
    with pytest.raises(VerificationError):
        verify_file(receipt[0], evidence.roots, receipt[1].replace(b"classify", b"classifY"))


def test_receipt__of_an_unknown_log__refused(
    evidence: Evidence, receipt: tuple[bytes, bytes]
) -> None:
    with pytest.raises(VerificationError, match="unknown log"):
        verify_file(
            receipt[0].replace(b"quorate.invalid/north", b"else"), evidence.roots, receipt[1]
        )


def test_receipt__not_text__refused(evidence: Evidence, receipt: tuple[bytes, bytes]) -> None:
    with pytest.raises(VerificationError):
        verify_file(receipt[0] + b"\xff", evidence.roots, receipt[1])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.sampled_from([b"", b"PK", b"{", b"c2sp.org/tlog-proof@v1\n"]), data=st.binary())
def test_anything__never_verified_and_never_a_traceback(
    evidence: Evidence, head: bytes, data: bytes
) -> None:
    with pytest.raises(QuorateError):
        verify_file(head + data, evidence.roots, b"{}")
