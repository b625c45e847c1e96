"""The audit: every step in order, the first fault named, the level of trust stated.

Steps (each module says what it checks): 1 container, 2 chain, 3 membership, 4 logs, 5 anchors,
6 chain heads, 7 statements, 8 task, 9 votes, 10 settlement, 11 money, 12 updates, 13 aggregates,
14 model, 15 decisions. From step 12 on the updates must be opened: whoever lacks the key that they
are sealed to learns that everything before holds, and ends undecided.
"""

from collections.abc import Callable

from quorate.audit.case import Case
from quorate.audit.chain import check_chain, check_membership
from quorate.audit.container import open_case
from quorate.audit.decisions import check_decisions
from quorate.audit.findings import AuditReport, Failure, Story
from quorate.audit.heads import check_anchors, check_chain_heads
from quorate.audit.logs import check_logs, check_receipts_complete, check_statements
from quorate.audit.money import check_money, check_settlement, tell_story
from quorate.audit.rounds import (
    Reexecution,
    check_aggregates,
    check_model,
    check_updates,
    check_votes,
)
from quorate.audit.task import check_task
from quorate.audit.transcript import transcripts
from quorate.core.errors import QuorateError, UndecidedError
from quorate.core.sealing import SealingKey
from quorate.provenance.roots import Roots

STEPS = (
    "container",
    "chain",
    "membership",
    "logs",
    "anchors",
    "chain heads",
    "statements",
    "task",
    "votes",
    "settlement",
    "money",
    "updates",
    "aggregates",
    "model",
    "decisions",
)

Watcher = Callable[[int, str], None]
"""Hears the number and title of each step as it begins."""


def audit(
    data: bytes,
    trust: Roots | None,
    opener: SealingKey | None,
    watch: Watcher = lambda number, title: None,
) -> AuditReport:
    """The verdict on the bundle ``data``; raises nothing, whatever the bundle holds.

    ``trust`` are the auditor's own roots; without them the bundle's are used and nobody vouched.
    ``opener`` opens the updates that are sealed to this auditor.
    """
    case: Case | None = None
    failure: Failure | None = None
    code = 0
    try:
        watch(1, STEPS[0])
        case = open_case(data, trust, opener)
        _run(case, watch)
    except UndecidedError as error:
        code, failure = 2, _failure(case, error)
    except QuorateError as error:
        code, failure = 1, _failure(case, error)
    except Exception as error:  # a stranger's bytes: whatever cannot be read is refused, not passed
        code, failure = 1, _unreadable(case, error)
    return AuditReport(
        exit_code=code,
        level=trust_level(case) if trust is not None else "SELF",  # nobody else named the hands
        vouched=trust is not None,
        checks=case.checks if case else [],
        failure=failure,
        story=case.story if case else Story(),
        notes=tuple(case.notes) if case else (),
    )


def _run(case: Case, watch: Watcher) -> None:
    def step() -> None:
        number = len(case.checks)
        watch(number + 1, STEPS[number])

    for check in (
        check_chain,
        check_membership,
        check_logs,
        check_anchors,
        check_chain_heads,
        check_statements,
    ):
        step()
        check(case)
    step()
    task = check_task(case)
    rounds = transcripts(case)
    found = Reexecution()
    step()
    check_votes(case, task, rounds, found)
    step()
    settled = check_settlement(case, task, rounds)
    step()
    check_money(case, task, rounds, settled)
    tell_story(case, task, rounds, settled, found)
    # What follows needs the updates opened; an auditor without the key ends here, undecided.
    step()
    check_updates(case, task, rounds, found)
    step()
    check_aggregates(case, task, rounds, found)
    step()
    check_model(case, task, rounds, found)
    step()
    check_decisions(case)
    check_receipts_complete(case)


def _failure(case: Case | None, error: QuorateError) -> Failure:
    title = STEPS[_index(case)]
    message = f"{error.message}; {error.remedy}" if error.remedy else error.message
    return Failure(_index(case) + 1, title, getattr(error, "place", "") or title, message)


def _unreadable(case: Case | None, error: Exception) -> Failure:
    title = STEPS[_index(case)]
    message = f"the evidence could not be read ({type(error).__name__})"
    return Failure(_index(case) + 1, title, title, message)


def _index(case: Case | None) -> int:
    """Of the step that failed; what comes after the last step belongs to it."""
    return min(len(case.checks) if case else 0, len(STEPS) - 1)


def trust_level(case: Case | None) -> str:
    """How independent the confirmation is: keys of one hand count once.

    ``SELF`` while every key belongs to one operator; else ``WITNESSED k/n``: for the log with the
    fewest, k hands beside its own have cosigned, of n that could have.
    """
    if case is None or not case.logs or len(case.roots.hands) < 2:
        return "SELF"
    possible = len(case.roots.hands) - 1
    reached = possible
    for name, log in case.logs.items():
        own = case.roots.hand_of(name)
        names = {c.witness.name.removesuffix("/witness") for c in log.verified.cosigners}
        hands = {
            case.roots.hand_of(member.name)
            for member in case.roots.members
            if member.origin in names
        }
        reached = min(reached, len(hands - {own}))
    return f"WITNESSED {reached}/{possible}" if reached else "SELF"
