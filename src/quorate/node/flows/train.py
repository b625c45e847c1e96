"""The main job: found, run every round, pay, publish, export. Can be killed and run again."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from quorate.core.sources import Clock, Randomness
from quorate.learning.arrays import Model
from quorate.ledger.faces.stakes_facts import Slashed
from quorate.node.datasets import Holdings
from quorate.node.federation import Federation, Misconduct
from quorate.node.flows.decide import Decision, decide, save_receipt
from quorate.node.flows.export import Export, claim_rewards, export_evidence, publish_model
from quorate.node.flows.progress import Progress
from quorate.node.flows.rounds import RoundRunner
from quorate.node.flows.setup import set_up
from quorate.node.task_chain import ROLE_PARTICIPANT, ROLE_VALIDATOR
from quorate.node.taskfile import TaskFile
from quorate.node.tasks import TOKEN


@dataclass(frozen=True, slots=True)
class Money:
    """One party's tokens, smallest units: at the start, now, burnt by slashing."""

    initial: int
    final: int
    slashed: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a finished task left behind."""

    model: Model
    export: Export
    money: dict[str, Money]
    transactions: int
    decision: Decision | None
    receipt: Path | None


@dataclass(frozen=True, slots=True)
class Machinery:
    """Where time and chance come from, and who watches."""

    clock: Clock
    randomness: Randomness
    progress: Progress
    passphrase: str | None = None


def run_task(
    home: Path,
    task: TaskFile,
    holdings: Holdings,
    misconduct: Misconduct,
    machinery: Machinery,
    *,
    decide_for: str | None = None,
) -> Outcome:
    """Runs ``task`` in ``home`` to its evidence bundle.

    With ``decide_for`` that party applies the model to its first test row and records the decision.
    """
    with Federation.open(
        home,
        task,
        holdings,
        misconduct,
        clock=machinery.clock,
        randomness=machinery.randomness,
        passphrase=machinery.passphrase,
    ) as federation:
        set_up(federation, machinery.progress)
        machinery.progress.stage("training")
        model = RoundRunner(federation, machinery.progress).run()
        machinery.progress.stage("paying out and collecting the evidence")
        claim_rewards(federation)
        publish_model(federation, model)
        decision = _decide(federation, model, decide_for)
        export = export_evidence(federation, model, machinery.randomness)
        receipt = save_receipt(federation, decision) if decision else None
        money = _money(federation)
        return Outcome(model, export, money, export.transactions, decision, receipt)


def _decide(federation: Federation, model: Model, party: str | None) -> Decision | None:
    if party is None:
        return None
    return decide(federation, model, party, federation.holdings.test[party].data.features[0])


def _money(federation: Federation) -> dict[str, Money]:
    suite = federation.suite
    slashed: Counter[str] = Counter()
    for event in suite.bonds.of(Slashed):
        slashed[event.account] += event.amount
    money = {}
    for role, names in (
        (ROLE_PARTICIPANT, federation.participants),
        (ROLE_VALIDATOR, federation.validators),
    ):
        for name in names:
            account = federation.parties[name].address
            final = suite.stakes.bond(account, role) + suite.token.balanceOf(account)
            money[name] = Money(_initial(federation, role), final, slashed[account])
    return money


def _initial(federation: Federation, role: int) -> int:
    stakes = federation.task.stakes
    return (stakes.participant if role == ROLE_PARTICIPANT else stakes.validator) * TOKEN
