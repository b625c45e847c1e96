"""A sponsor that stops a task while it goes well, and hands out what it has."""

import contextlib
from pathlib import Path

from quorate.core.sources import SystemClock, SystemRandomness
from quorate.learning.round import act_of_keeper
from quorate.node.federation import Federation, Misconduct
from quorate.node.flows.export import claim_rewards, export_evidence, publish_model
from quorate.node.flows.progress import Silence
from quorate.node.flows.rounds import RoundRunner
from quorate.node.flows.setup import set_up
from tests.scenarios.small import audit_home, small_holdings, small_task


class Enough(Exception):
    """The sponsor likes what it sees."""


class Impatient(Silence):
    """Stops the run when the first round is closed."""

    def round_closed(self, result):
        if result.number == 1:
            raise Enough


def test_unfinished_task__exported_all_the_same__refused(tmp_path: Path):
    task = small_task(2)
    holdings = small_holdings(tmp_path / "rows", task)
    clock, randomness = SystemClock(), SystemRandomness()
    home = tmp_path / "home"
    with Federation.open(
        home, task, holdings, Misconduct(), clock=clock, randomness=randomness
    ) as federation:
        set_up(federation, Silence())
        runner = RoundRunner(federation, Impatient())
        with contextlib.suppress(Enough):
            runner.run()
        assert act_of_keeper(federation.chain.view(), 0) is not None  # the next round could open
        claim_rewards(federation)
        publish_model(federation, runner.model)
        export_evidence(federation, runner.model, randomness)
    report = audit_home(home)
    assert report.exit_code == 1
    assert report.failure is not None
    assert report.failure.title == "settlement"
    assert "has not ended: 1 of 2 rounds" in report.failure.message
