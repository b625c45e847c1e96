"""Exit codes, trust levels, and that nothing a stranger hands over makes the auditor fall over."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quorate.audit.auditor import STEPS, audit, trust_level
from quorate.audit.container import open_case
from quorate.audit.findings import AuditReport
from quorate.audit.logs import check_logs
from quorate.core.encoding import MAX_INTEGER
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sealing import SealingKey
from quorate.provenance.bundle import MANIFEST, pack
from quorate.provenance.roots import Roots
from quorate.provenance.statement import Statement, Subject, sign_statement
from tests.simulators.forger import Evidence, Forger

Verdict = Callable[[bytes], AuditReport]


def test_audit__true_bundle_with_trust_and_key__verified(
    verdict: Verdict, true_bundle: bytes
) -> None:
    report = verdict(true_bundle)
    assert (report.exit_code, report.verdict, report.vouched) == (0, "verified", True)
    assert [check.title for check in report.checks] == list(STEPS)
    assert [check.number for check in report.checks] == list(range(1, 16))
    assert all(check.count for check in report.checks)
    assert report.to_value()["passed"] is True


def test_audit__sealed_bundle_without_the_key__undecided(
    evidence: Evidence, true_bundle: bytes
) -> None:
    report = audit(true_bundle, evidence.roots, None)
    assert report.exit_code == 2
    assert report.failure is not None
    assert (report.failure.number, "--key" in report.failure.message) == (12, True)


def test_audit__another_key_than_the_auditors__undecided(
    evidence: Evidence, true_bundle: bytes
) -> None:
    other = Keyring("other", bytes(32)).sealing
    assert audit(true_bundle, evidence.roots, other).exit_code == 2


def test_audit__tampered_and_without_the_key__refused(
    evidence: Evidence, true_bundle: bytes
) -> None:
    data = bytearray(true_bundle)
    data[len(data) // 2] ^= 1
    assert audit(bytes(data), evidence.roots, None).exit_code == 1


def test_audit__steps_heard_in_order(evidence: Evidence, true_bundle: bytes) -> None:
    heard: list[tuple[int, str]] = []
    audit(true_bundle, evidence.roots, None, lambda *step: heard.append(step))
    assert heard == [(number, STEPS[number - 1]) for number in range(1, 13)]


# Trust levels.


def hands(roots: Roots, *groups: tuple[str, ...]) -> Roots:
    """The roots with other operators."""
    return replace(roots, hands=groups)


def level(evidence: Evidence, trust: Roots) -> str:
    """The level that the logs reach under other hands."""
    case = open_case(pack(evidence.members), trust, None)
    check_logs(case)
    return trust_level(case)


def test_level__one_hand__self(evidence: Evidence) -> None:
    assert level(evidence, evidence.roots) == "SELF"


def test_level__every_member_a_hand__all_others(evidence: Evidence) -> None:
    names = evidence.names()
    assert level(evidence, hands(evidence.roots, *((name,) for name in names))) == "WITNESSED 6/6"


def test_level__keys_of_one_hand_count_once(evidence: Evidence) -> None:
    names = evidence.names()
    trust = hands(evidence.roots, tuple(names[:3]), tuple(names[3:]))
    assert level(evidence, trust) == "WITNESSED 1/1"


def test_level__nothing_read_yet__self() -> None:
    assert trust_level(None) == "SELF"


def test_level__hands_from_the_bundle_alone__self_and_nobody_vouched(
    evidence: Evidence, opener: SealingKey
) -> None:
    forger = Forger(evidence, "north")
    names = evidence.names()
    forger.edit_roots(lambda value: value.update(hands=[[name] for name in names]))
    report = audit(forger.bundle(), None, opener)
    assert (report.exit_code, report.level, report.vouched) == (0, "SELF", False)


def test_audit__bundle_of_another_run__refused(
    evidence: Evidence, verdict: Verdict, opener: SealingKey
) -> None:
    other = replace(
        evidence.roots, chain=replace(evidence.roots.chain, genesis="sha256:" + "0" * 64)
    )
    report = audit(pack(evidence.members), other, opener)
    assert report.failure is not None
    assert (report.exit_code, report.failure.place) == (1, "roots.json")
    forger = Forger(evidence, "founder")
    forger.members["roots.json"] = other.to_bytes()
    report = audit(forger.bundle(), other, opener)
    assert report.failure is not None
    assert (report.exit_code, report.failure.number, report.failure.place) == (1, 2, "block 0")


# A stranger's bytes.


def refused(report: AuditReport) -> bool:
    """Exit 1 with a place."""
    return report.exit_code == 1 and report.failure is not None and bool(report.failure.place)


@given(st.binary(max_size=400))
def test_audit__arbitrary_bytes__refused(data: bytes) -> None:
    assert refused(audit(data, None, None))
    assert refused(audit(b"PK\x03\x04" + data, None, None))


def scramble(members: dict[str, bytes], name: str, cut: int, patch: bytes) -> dict[str, bytes]:
    """The members with some bytes of one replaced."""
    old = members[name]
    at = cut % (len(old) + 1)
    return members | {name: old[:at] + patch + old[at + len(patch) :]}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_audit__members_scrambled_and_signed_for__never_raises(
    evidence: Evidence, opener: SealingKey, data: st.DataObject
) -> None:
    forger = Forger(evidence, "founder")
    names = sorted(set(forger.members) - {MANIFEST})
    for name in data.draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)):
        cut, patch = data.draw(st.integers(0, 10**6)), data.draw(st.binary(min_size=1, max_size=30))
        forger.members = scramble(forger.members, name, cut, patch)
    report = audit(forger.bundle(), data.draw(st.sampled_from([None, evidence.roots])), opener)
    assert report.exit_code in (0, 1, 2)
    assert (report.failure is None) == (report.exit_code == 0)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.text("abc:/-0é", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=3), inner),
    max_leaves=5,
)
FIELDS = ("chain", "format", "hands", "members")


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(FIELDS), value=JSON)
def test_audit__own_roots_of_any_shape__refused(
    evidence: Evidence, field: str, value: object
) -> None:
    forger = Forger(evidence, "founder")
    forger.edit_roots(lambda roots: roots.update({field: value}))
    assert refused(audit(forger.bundle(), None, None))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(kind=st.sampled_from(["vote", "manifest", "dataset", "x"]), value=JSON, deep=JSON)
def test_audit__manifest_of_any_shape__refused(
    evidence: Evidence, kind: str, value: object, deep: object
) -> None:
    forger = Forger(evidence, "north")
    predicate = {"author": "north", "time": "1", "form": value, "auditor": "a", "members": deep}
    statement = Statement(kind, (Subject("members", _DIGEST),), predicate)
    members = forger.members | {MANIFEST: sign_statement(statement, forger.keys.statement_signers)}
    assert refused(audit(pack(members), evidence.roots, None))


_DIGEST = Digest.of(b"")


@pytest.mark.parametrize("depth", [65, 2_000, 200_000])
def test_audit__deep_nesting__refused(evidence: Evidence, verdict: Verdict, depth: int) -> None:
    for name in ("roots.json", "chain/blocks.json", "statement/north/dataset-0001.json"):
        forger = Forger(evidence, "founder")
        end = b"\n" if name == "chain/blocks.json" else b""
        forger.members[name] = b"[" * depth + b"]" * depth + end
        assert refused(verdict(forger.bundle())), name


def test_audit__overlapping_members__refused_without_unpacking_them(verdict: Verdict) -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("statement/a/x-0.json", b"x" * 100_000)
        first = archive.infolist()[0]
        for number in range(1, 50):
            info = zipfile.ZipInfo(f"statement/a/x-{number}.json")
            info.header_offset, info.CRC = first.header_offset, first.CRC
            info.file_size = info.compress_size = first.file_size
            archive.filelist.append(info)
            archive.NameToInfo[info.filename] = info
    assert len(stream.getvalue()) < 200_000
    assert refused(verdict(stream.getvalue()))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_audit__one_name_twice__refused(evidence: Evidence, verdict: Verdict) -> None:
    stream = io.BytesIO(pack(evidence.members))
    with zipfile.ZipFile(stream, "a") as archive:
        archive.writestr("roots.json", evidence.members["roots.json"])
    assert refused(verdict(stream.getvalue()))


def test_audit__huge_checkpoint_size__refused(evidence: Evidence, verdict: Verdict) -> None:
    forger = Forger(evidence, "north")
    text = forger.members["log/north/checkpoint"].decode().split("\n", 2)
    forger.members["log/north/checkpoint"] = "\n".join([text[0], str(2**63 - 1), text[2]]).encode()
    assert refused(verdict(forger.bundle()))


@pytest.mark.parametrize("path", ["log/north/checkpoint", "receipt/north/dataset-0001.tlog-proof"])
def test_audit__note_that_is_not_text__refused(
    evidence: Evidence, verdict: Verdict, path: str
) -> None:
    forger = Forger(evidence, "north")
    line = b"\xe2\x80\x94 \xff\xfe " + b"AAAAAAAA" + b"\n"
    forger.members[path] += line
    report = verdict(forger.bundle())
    assert refused(report)
    assert report.failure is not None
    assert report.failure.place in (path, "log/north/entries", "log/north")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(value=JSON)
def test_audit__openings_of_any_shape__refused(
    evidence: Evidence, opener: SealingKey, value: object
) -> None:
    forger = Forger(evidence, "north")
    forger.put_openings(value)
    report = audit(forger.bundle(), evidence.roots, opener)
    assert refused(report)
    assert report.failure is not None
    assert (report.failure.number, report.failure.place) == (12, "openings.sealed")


def test_audit__what_nobody_foresaw__is_refused_and_says_so(
    true_bundle: bytes, evidence: Evidence
) -> None:
    class Broken:
        public_key = property(lambda self: 1 // 0)

    report = audit(true_bundle, evidence.roots, Broken())  # type: ignore[arg-type]
    assert report.failure is not None
    assert (report.exit_code, report.failure.place) == (1, "updates")
    assert report.failure.message == "the evidence could not be read (ZeroDivisionError)"
