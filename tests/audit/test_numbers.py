"""Settlement and money: computed again and compared, number by number.

No chain can show other numbers than its contracts computed (every block is executed again before),
so here the steps are handed a transcript or a chain's answers that a broken contract could give.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from quorate.audit import money
from quorate.audit.case import Case
from quorate.audit.chain import check_chain, check_membership
from quorate.audit.container import open_case
from quorate.audit.heads import check_anchors, check_chain_heads
from quorate.audit.logs import check_logs, check_statements
from quorate.audit.money import check_money, check_settlement
from quorate.audit.rounds import Reexecution, check_votes
from quorate.audit.task import TaskEvidence, check_task
from quorate.audit.transcript import Score, Transcript, transcripts
from quorate.core.errors import VerificationError
from quorate.core.sealing import SealingKey
from quorate.learning.settlement import Penalty
from quorate.ledger.state import Writes
from quorate.ledger.transactions import raw_address
from tests.simulators.forger import Evidence

Checked = tuple[Case, TaskEvidence, list[Transcript]]


@pytest.fixture
def checked(evidence: Evidence, opener: SealingKey, true_bundle: bytes) -> Iterator[Checked]:
    """An audit that has come to the end of step 9."""
    case = open_case(true_bundle, evidence.roots, opener)
    for check in (check_chain, check_membership, check_logs, check_anchors, check_chain_heads):
        check(case)
    check_statements(case)
    task, rounds = check_task(case), transcripts(case)
    check_votes(case, task, rounds, Reexecution())
    yield case, task, rounds


def first(round_: Transcript) -> str:
    """A participant that was scored."""
    return next(iter(round_.scores))


def better(score: Score, **changes: int) -> Score:
    """A score with some numbers raised."""
    return replace(score, **{name: getattr(score, name) + by for name, by in changes.items()})


@pytest.mark.parametrize("what", ["median", "reward", "penalty"])
def test_settlement__number_of_a_participant__refused(checked: Checked, what: str) -> None:
    case, task, rounds = checked
    who = first(rounds[1])
    rounds[1].scores[who] = better(rounds[1].scores[who], **{what: 1})
    with pytest.raises(VerificationError) as caught:
        check_settlement(case, task, rounds)
    assert caught.value.place == "round 2"


def test_settlement__reward_of_a_validator__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[0].validator_rewards.popitem()
    with pytest.raises(VerificationError, match="validators' rewards"):
        check_settlement(case, task, rounds)


def test_settlement__set__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[0].included = 3
    with pytest.raises(VerificationError, match="included set"):
        check_settlement(case, task, rounds)


def test_settlement__acceptance__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[0].accepted = not rounds[0].accepted
    with pytest.raises(VerificationError, match="acceptance"):
        check_settlement(case, task, rounds)


def test_settlement__suspension__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[0].suspended = (rounds[0].validators[0],)
    with pytest.raises(VerificationError, match="suspensions"):
        check_settlement(case, task, rounds)


def test_settlement__round_never_closed__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds.append(replace(rounds[1], number=3))
    with pytest.raises(VerificationError, match="never closed"):
        check_settlement(case, task, rounds)


def test_money__slash_that_was_due_and_not_made__refused(checked: Checked) -> None:
    case, task, rounds = checked
    results = check_settlement(case, task, rounds)
    results[0] = replace(results[0], penalties=(Penalty(first(rounds[0]), 5, "low score"),))
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, results)
    assert caught.value.place == "Stakes"


def test_money__reward_that_was_not_paid__refused(checked: Checked) -> None:
    case, task, rounds = checked
    results = check_settlement(case, task, rounds)
    rewards = dict(results[0].rewards)
    rewards[first(rounds[0])] += 1
    results[0] = replace(results[0], rewards=rewards)
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, results)
    assert caught.value.place == "Rounds"


@pytest.mark.parametrize("contract", ["Token", "Stakes"])
def test_money__state_that_its_history_does_not_give__refused(
    checked: Checked, contract: str
) -> None:
    case, task, rounds = checked
    results = check_settlement(case, task, rounds)
    assert case.chain is not None
    address = raw_address(case.roots.chain.contracts[contract])
    machine, slots = case.chain.machine, case.chain.state.slots
    changed = {
        slot: value + 1 for slot, value in slots.items() if slot[0] == address and value > 99
    }

    machine._load(Writes({}, changed))
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, results)
    assert caught.value.place == contract


def test_settlement__task_that_has_not_ended__refused(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sponsor could hand out a favourable beginning, before the later slashes.
    case, task, rounds = checked
    whole = money.events
    monkeypatch.setattr(
        money,
        "events",
        lambda case, name: [event for event in whole(case, name) if event.name != "TaskEnded"],
    )
    with pytest.raises(VerificationError, match="has not ended: 2 of 2 rounds are done"):
        check_settlement(case, task, rounds)
