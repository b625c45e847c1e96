"""Settlement and money: computed again and compared, number by number.

No chain can show other numbers than its contracts computed (every block is executed again before),
so here the steps are handed a transcript or a chain's answers that a broken contract could give.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from quorate.audit import money
from quorate.audit.case import Case
from quorate.audit.chain import ask, check_chain, check_membership, events
from quorate.audit.container import open_case
from quorate.audit.heads import check_anchors, check_chain_heads
from quorate.audit.logs import check_logs, check_statements
from quorate.audit.money import check_money, check_settlement
from quorate.audit.rounds import Reexecution, check_votes
from quorate.audit.task import TaskEvidence, check_task
from quorate.audit.transcript import Transcript, transcripts
from quorate.core.errors import VerificationError
from quorate.core.sealing import SealingKey
from quorate.learning.settlement import Penalty
from quorate.ledger.contracts import Event
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
    return next(iter(round_.medians))


def test_settlement__median_of_a_participant__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[1].medians[first(rounds[1])] += 1
    with pytest.raises(VerificationError, match="medians") as caught:
        check_settlement(case, task, rounds)
    assert caught.value.place == "round 2"


def test_settlement__penalty_of_a_participant__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[1].low[first(rounds[1])] = 1
    with pytest.raises(VerificationError, match="low scores"):
        check_settlement(case, task, rounds)


@pytest.mark.parametrize("changes", [{"spent": 1}, {"root": b"\x01" * 32}], ids=str)
def test_settlement__rewards__refused(checked: Checked, changes: dict[str, object]) -> None:
    case, task, rounds = checked
    rounds[1] = replace(rounds[1], **changes)  # type: ignore[arg-type]
    with pytest.raises(VerificationError, match="rewards"):
        check_settlement(case, task, rounds)


def test_settlement__winners__refused(checked: Checked) -> None:
    case, task, rounds = checked
    rounds[0].winners = rounds[0].winners[1:]
    with pytest.raises(VerificationError, match="winners"):
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
    settled = check_settlement(case, task, rounds)
    penalties = (Penalty(first(rounds[0]), 5, "low score"),)
    settled.results[0] = replace(settled.results[0], penalties=penalties)
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, settled)
    assert caught.value.place == "Stakes"


def test_money__entries_that_the_contract_does_not_owe__refused(checked: Checked) -> None:
    case, task, rounds = checked
    settled = check_settlement(case, task, rounds)
    settled.ledger.take(settled.results[0])
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, settled)
    assert caught.value.place == "Tasks: ledger"


def answering(monkeypatch: pytest.MonkeyPatch, view: str, change: Callable[[Any], Any]) -> None:
    """Lets one view of the chain answer otherwise."""

    def other(case: Case, name: str, asked: str, *arguments: object) -> Any:
        answer = ask(case, name, asked, *arguments)
        return change(answer) if asked == view else answer

    monkeypatch.setattr(money, "ask", other)


@pytest.mark.parametrize(
    ("view", "change", "place"),
    [
        ("claimed_of", lambda packed: packed + 1, "Tasks"),
        ("claimed_of", lambda packed: packed + (1 << 96), "Tasks"),
        ("claimed_of", lambda packed: packed and packed - 1, "Tasks"),
        ("deal_of", lambda deal: (deal[0], deal[1] + 1, deal[2]), "Tasks: escrow"),
        ("deal_of", lambda deal: (deal[0], deal[1], not deal[2]), "Tasks: escrow"),
    ],
)
def test_money__claims_and_escrow_that_do_not_add_up__refused(
    checked: Checked,
    monkeypatch: pytest.MonkeyPatch,
    view: str,
    change: Callable[[Any], Any],
    place: str,
) -> None:
    case, task, rounds = checked
    settled = check_settlement(case, task, rounds)
    answering(monkeypatch, view, change)
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, settled)
    assert caught.value.place == place


@pytest.mark.parametrize("change", [{"amount": 1}, {"sponsor": "0x" + "11" * 20}], ids=str)
def test_money__refund_of_another_sum_or_to_another__refused(
    checked: Checked, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    case, task, rounds = checked
    settled = check_settlement(case, task, rounds)

    def told(asked: Case, name: str) -> list[Event]:
        found = events(asked, name)
        return [
            replace(event, values={**event.values, **change}) if event.name == "Refunded" else event
            for event in found
        ]

    monkeypatch.setattr(money, "events", told)
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, settled)
    assert caught.value.place == "Tasks: sponsor"


@pytest.mark.parametrize("contract", ["Token", "Stakes"])
def test_money__state_that_its_history_does_not_give__refused(
    checked: Checked, contract: str
) -> None:
    case, task, rounds = checked
    settled = check_settlement(case, task, rounds)
    assert case.chain is not None
    address = raw_address(case.roots.chain.contracts[contract])
    machine, slots = case.chain.machine, case.chain.state.slots
    changed = {
        slot: value + 1 for slot, value in slots.items() if slot[0] == address and value > 99
    }

    machine._load(Writes({}, changed))
    with pytest.raises(VerificationError) as caught:
        check_money(case, task, rounds, settled)
    assert caught.value.place == contract


def test_settlement__task_that_has_not_ended__refused(
    checked: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A sponsor could hand out a favourable beginning, before the later slashes.
    case, task, rounds = checked
    whole = money.course
    monkeypatch.setattr(
        money,
        "course",
        lambda case: [event for event in whole(case) if event.name != "TaskEnded"],
    )
    with pytest.raises(VerificationError, match="has not ended: 2 of 2 rounds are done"):
        check_settlement(case, task, rounds)
