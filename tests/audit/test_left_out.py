"""An update outside its round's set: rightly refused, wrongly left out, or not there to judge."""

from quorate.audit.case import Case
from quorate.audit.chain import check_chain, check_membership
from quorate.audit.container import open_case
from quorate.audit.heads import check_anchors, check_chain_heads
from quorate.audit.logs import check_logs, check_statements
from quorate.audit.rounds import Reexecution, check_updates
from quorate.audit.task import check_task
from quorate.audit.transcript import transcripts
from quorate.core.encoding import encode_base64
from quorate.core.sealing import SealingKey
from tests.simulators.conspiracy import Conspiracy
from tests.simulators.forger import Evidence, Forger

PATH = "update/0001/north.sealed"
FIRST = 1  # the bit of the participant that joined first, which is north


def judged(bundle: bytes, evidence: Evidence, opener: SealingKey) -> tuple[Case, Reexecution]:
    """Step 12 on a chain whose first round had left north's update out."""
    case = open_case(bundle, evidence.roots, opener)
    for check in (check_chain, check_membership, check_logs, check_anchors, check_chain_heads):
        check(case)
    check_statements(case)
    task, rounds = check_task(case), transcripts(case)
    assert case.name_of(task.participants[0]) == "north"
    assert rounds[0].included is not None
    rounds[0].included &= ~FIRST
    found = Reexecution()
    check_updates(case, task, rounds, found)
    return case, found


def test_left_out__valid__is_told(evidence: Evidence, opener: SealingKey) -> None:
    case, found = judged(Forger(evidence, "north").bundle(), evidence, opener)
    assert case.notes == ["round 1: the valid update of north was left out"]
    assert found.refused[1] == {}


def test_left_out__not_in_the_bundle__is_not_called_rightly_refused(
    evidence: Evidence, opener: SealingKey
) -> None:
    forger = Forger(evidence, "audit-one")
    del forger.members[PATH]
    forger.put_openings(forger.opening_texts())
    case, found = judged(forger.bundle(), evidence, opener)
    assert found.refused[1] == {}
    assert case.notes == [
        "round 1: whether north was rightly left out cannot be told: its update was not handed over"
    ]
    assert "1 are not there to be judged" in case.checks[-1].detail


def test_left_out__given_a_wrong_content_key__is_not_called_rightly_refused(
    evidence: Evidence, opener: SealingKey
) -> None:
    forger = Forger(evidence, "audit-one")
    forger.put_openings(forger.opening_texts() | {PATH: encode_base64(bytes(32))})
    case, found = judged(forger.bundle(), evidence, opener)
    assert found.refused[1] == {}
    assert "cannot be told" in case.notes[0]


def test_left_out__stated_otherwise_than_committed__is_rightly_refused(
    evidence: Evidence, opener: SealingKey
) -> None:
    conspiracy = Conspiracy(evidence)
    conspiracy.say("north", "update-0001", {"commitment": "00" * 32})
    case, found = judged(conspiracy.bundle(), evidence, opener)
    assert found.refused[1] == {0: f"{PATH}: statement and chain differ"}
    assert case.notes == []
