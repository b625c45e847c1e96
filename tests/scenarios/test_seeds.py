"""A seeded share of the table in benchmarks/bench_attacks.py: who is caught, and who is not.

Whole demonstrations on the real data, without the auditor; the benchmark runs every pair of
hospital and attack, and twenty seeds in which nobody cheats.
"""

from random import Random

import pytest

from quorate.node.flows.demo import (
    FIRST_CHEATING_ROUND,
    HOSPITALS,
    LIAR,
    LYING_ROUND,
    DemoPlan,
)
from tests.simulators.demos import ATTACKS, show

pytest.importorskip("sklearn", reason="scikit-learn, which ships the data: make test")
pytestmark = pytest.mark.slow

DICE = Random("seeds")
HONEST = [DemoPlan(DICE.randrange(1000, 2000), None) for _ in range(4)]
CHEATS = [
    DemoPlan(DICE.randrange(1000, 2000), hospital, attack)
    for hospital, attack in zip(HOSPITALS, DICE.sample(ATTACKS, len(ATTACKS)), strict=True)
]


@pytest.mark.parametrize("plan", HONEST, ids=lambda plan: f"seed {plan.seed}")
def test_nobody_cheats__nobody_loses_stake_but_the_liar(plan):
    shown = show(plan)
    assert shown.wronged == {}
    assert set(shown.losses) == {LIAR}
    assert shown.liar_caught_round == LYING_ROUND
    assert all(shown.gain(name) > 0 for name in HOSPITALS)


@pytest.mark.parametrize("plan", CHEATS, ids=lambda plan: f"{plan.cheat} {plan.attack} {plan.seed}")
def test_one_cheats__is_caught_at_once_and_pays_and_the_others_gain(plan):
    shown = show(plan)
    assert shown.caught_round in (FIRST_CHEATING_ROUND, FIRST_CHEATING_ROUND + 1)
    assert set(shown.losses) == {plan.cheat, LIAR}
    assert shown.gain(plan.cheat) < 0
    assert all(shown.gain(name) > 0 for name in shown.honest)


def test_same_seed_twice__same_model_whatever_the_keys():
    plan = DemoPlan()
    first, second = show(plan), show(plan)
    assert first.model_digest == second.model_digest
    assert first.accuracy == second.accuracy
    assert {n: m.final for n, m in first.money.items()} == {
        n: m.final for n, m in second.money.items()
    }
    assert first.model_digest != show(DemoPlan(plan.seed + 1, plan.cheat, plan.attack)).model_digest
