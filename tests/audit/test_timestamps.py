"""A receipt with a timestamp: what is said, what is refused, how far a reader may rely on it."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from quorate.audit.logs import log_identity
from quorate.audit.single import verify_file
from quorate.core.encoding import canonical_bytes
from quorate.core.errors import VerificationError
from quorate.log.note import Note
from quorate.log.receipt import Receipt
from quorate.log.timestamp import TimestampAuthority, stamped_bytes
from quorate.provenance.bundle import ROOTS
from quorate.provenance.roots import Roots
from tests.architecture.test_audit_alone import run_alone
from tests.simulators.authority import Authority, Wish
from tests.simulators.forger import Evidence, Forger

TSA = Authority()
OFFICE = TimestampAuthority("the office", TSA.root_der)
SAID = "2027-01-15 08:00:00 UTC, says the office"


@pytest.fixture(scope="module")
def roots(evidence: Evidence) -> Roots:
    """The auditor's roots, every party in a hand of its own, one timestamp authority."""
    hands = tuple((member.name,) for member in evidence.roots.members)
    return replace(evidence.roots, hands=hands, authorities=(OFFICE,))


@pytest.fixture(scope="module")
def leaf(home: Path) -> bytes:
    """The recorded decision."""
    (proof,) = (home / "decisions").glob("*.tlog-proof")
    return proof.with_suffix(".json").read_bytes()


@pytest.fixture(scope="module")
def bare(home: Path) -> Receipt:
    """Its receipt, as the flow wrote it."""
    (proof,) = (home / "decisions").glob("*.tlog-proof")
    return Receipt.parse(proof.read_text())


@pytest.fixture(scope="module")
def stamped(bare: Receipt, roots: Roots) -> Receipt:
    """The same with a timestamp of the office."""
    return bare.with_timestamp(TSA.token(Wish(imprint(bare, roots))))


def imprint(receipt: Receipt, roots: Roots) -> bytes:
    """What a token over the receipt's checkpoint stamps."""
    owner = next(m for m in roots.members if m.origin == receipt.note.text.split("\n")[0])
    return hashlib.sha256(stamped_bytes(receipt.note, log_identity(owner))).digest()


def facts(receipt: Receipt, roots: Roots, leaf: bytes) -> dict[str, str]:
    """What verifying ``receipt`` says."""
    return verify_file(str(receipt).encode(), roots, leaf).facts


def refused(receipt: Receipt, roots: Roots, leaf: bytes, step: str) -> None:
    """That ``receipt`` is refused at ``step`` of its timestamp."""
    with pytest.raises(VerificationError) as caught:
        facts(receipt, roots, leaf)
    assert (caught.value.step, caught.value.place) == (f"timestamp.{step}", "receipt: timestamp")


def test_receipt__with_a_token__says_when_by_whose_word_and_what_is_not_proven(
    stamped: Receipt, roots: Roots, leaf: bytes
) -> None:
    found = facts(stamped, roots, leaf)
    assert found["timestamp"] == SAID
    assert found["trust level"] == "WITNESSED 6/6, TIMESTAMPED"
    assert found["not proven"] == (
        "that the record is true; "
        "when the record was made: only that it was not after the timestamp"
    )


def test_receipt__with_a_token_by_the_command__alone_and_offline(
    stamped: Receipt, roots: Roots, leaf: bytes, tmp_path: Path
) -> None:
    receipt, trust = tmp_path / "it.tlog-proof", tmp_path / "trust.json"
    receipt.write_text(str(stamped))
    receipt.with_suffix(".json").write_bytes(leaf)
    trust.write_bytes(roots.to_bytes())
    statements = (
        "import sys\nfrom quorate.cli.application import run\n"
        f"assert run(['verify', {str(receipt)!r}, '--trust', {str(trust)!r}]) == 0\n"
        "assert 'rfc3161_client' in sys.modules and 'urllib3' not in sys.modules"
    )
    assert run_alone(statements) == ["quorate.cli"]  # which was asked, and brought nothing else


def test_receipt__fewer_witnesses_than_at_stamping__still_stamped(
    stamped: Receipt, roots: Roots, leaf: bytes
) -> None:
    lonely = replace(stamped, note=Note(stamped.note.text, stamped.note.signatures[:2]))
    found = facts(lonely, roots, leaf)
    assert (found["timestamp"], found["trust level"]) == (SAID, "TIMESTAMPED")
    assert "nobody independent" in found["not proven"]


def test_receipt__without_a_token__says_so(bare: Receipt, roots: Roots, leaf: bytes) -> None:
    found = facts(bare, roots, leaf)
    assert (found["timestamp"], found["trust level"]) == ("none", "WITNESSED 6/6")
    assert "when it was logged" in found["not proven"]


def test_receipt__token_but_no_authority_trusted__unchecked_and_no_level(
    stamped: Receipt, evidence: Evidence, leaf: bytes
) -> None:
    found = facts(stamped, evidence.roots, leaf)
    assert found["timestamp"].startswith("there is one, not checked")
    assert "TIMESTAMPED" not in found["trust level"]
    false = stamped.with_timestamp(b"anything")
    assert facts(false, evidence.roots, leaf) == found


def test_receipt__all_parties_of_one_hand__witnesses_do_not_count(
    bare: Receipt, roots: Roots, leaf: bytes
) -> None:
    one = (tuple(member.name for member in roots.members),)
    assert facts(bare, replace(roots, hands=one), leaf)["trust level"] == "SELF"


def test_receipt__token_of_another_checkpoint_or_authority__refused(
    bare: Receipt, roots: Roots, leaf: bytes
) -> None:
    refused(bare.with_timestamp(TSA.token(Wish(bytes(32)))), roots, leaf, "imprint")
    strange = Authority().token(Wish(imprint(bare, roots)))
    refused(bare.with_timestamp(strange), roots, leaf, "authority")
    refused(bare.with_timestamp(b"anything"), roots, leaf, "form")


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        b"secret opening",
        b"{}",
        b'{"timestamp":""}',
        b'{"timestamp":1}',
        b'{"timestamp":"AA"}',
        b'{"timestamp": "AAAA"}',
        b'["timestamp"]',
        b'{"more":1,"timestamp":"AAAA"}',
    ],
)
def test_receipt__extra_that_is_no_timestamp__refused(
    bare: Receipt, roots: Roots, evidence: Evidence, leaf: bytes, extra: bytes
) -> None:
    for trust in (roots, evidence.roots):
        refused(replace(bare, extra=extra), trust, leaf, "form")


def test_bundle__own_roots_name_an_authority__refused(evidence: Evidence) -> None:
    forger = Forger(evidence, "north")
    value = json.loads(evidence.members[ROOTS])
    authorities = json.loads(replace(evidence.roots, authorities=(OFFICE,)).to_bytes())
    forger.members[ROOTS] = canonical_bytes(value | {"authorities": authorities["authorities"]})
    with pytest.raises(VerificationError, match="only a trust file") as caught:
        verify_file(forger.bundle(), evidence.roots)
    assert caught.value.place == ROOTS
