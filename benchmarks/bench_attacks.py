"""Who is caught: every hospital of the demonstration in turn with every attack, and nobody.

Each run is a whole demonstration in this process (chain, logs, votes; only the auditor is left
out). ``caught_round_PARTY_ATTACK`` is the first round in which the chain made the cheat pay (0:
never; of several seeds the latest), ``defended_loss_...`` how much accuracy the defended model
lost against the same hospitals with nobody cheating; ``demo_...`` is the demonstration as it is
when nothing is chosen. ``honest_runs_with_a_loss`` counts runs with no cheat in which an honest
party lost stake. ``--quick`` runs every attack with two hospitals, on one seed; else all, on five.
"""

import multiprocessing
import os
import sys
from collections.abc import Sequence

from report import Metric, arguments, report

from quorate.node.flows.demo import HOSPITALS, LYING_ROUND, DemoPlan
from tests.simulators.demos import ATTACKS, Shown, show

DEFENDED_LOSS = 0.02
UNDEFENDED_DAMAGE = 0.05
FIRST_SEED = 100  # not the seed that the demonstration was tuned on


def plans(seeds: int, honest_seeds: int, *, all_pairs: bool) -> list[DemoPlan]:
    """The demonstration itself, pairs of hospital and attack by seeds, runs with no cheat."""
    cheating = [
        DemoPlan(FIRST_SEED + seed, hospital, attack)
        for row, attack in enumerate(ATTACKS)
        for column, hospital in enumerate(HOSPITALS)
        if all_pairs or (row + column) % 2 == 0
        for seed in range(seeds)
    ]
    honest = [DemoPlan(FIRST_SEED + seed, None) for seed in range(honest_seeds)]
    return [DemoPlan(), *cheating, *honest]


def judge(runs: Sequence[Shown]) -> dict[str, Metric]:
    """The table as metrics, and the sums that matter."""
    demo = next(run.accuracy for run in runs if run.plan == DemoPlan())
    honest = [run for run in runs if run.plan.cheat is None]
    cheating = [run for run in runs if run.plan.cheat is not None]
    metrics = {}
    for attack in ATTACKS:
        for hospital in HOSPITALS:
            own = [r for r in cheating if (r.plan.cheat, r.plan.attack) == (hospital, attack)]
            if not own:
                continue
            rounds = [run.caught_round or 0 for run in own]
            latest = 0 if 0 in rounds else max(rounds)
            loss = max(run.accuracy.together - run.accuracy.defended for run in own)
            metrics[f"caught_round_{hospital}_{attack}"] = Metric(latest, "round")
            metrics[f"defended_loss_{hospital}_{attack}"] = Metric(loss, "share")
    caught = sum(run.caught_round is not None for run in cheating)
    by_four = sum(run.caught_round in (3, 4) for run in cheating)
    poorer = sum(run.gain(str(run.plan.cheat)) < 0 for run in cheating)
    richer = sum(all(run.gain(name) > 0 for name in run.honest) for run in runs)
    worst = max(run.accuracy.together - run.accuracy.defended for run in runs)
    liars = sum(run.liar_caught_round == LYING_ROUND for run in runs)
    wronged = sum(bool(run.wronged) for run in honest)
    return metrics | {
        "cheats_caught": Metric(caught, "runs", len(cheating)),
        "cheats_caught_by_round_4": Metric(by_four, "runs"),
        "cheats_end_poorer": Metric(poorer, "runs"),
        "honest_hospitals_end_richer": Metric(richer, "runs", len(runs)),
        "honest_wronged_beside_a_cheat": Metric(
            sum(bool(run.wronged) for run in cheating), "runs", 0, most=True
        ),
        "honest_runs": Metric(len(honest), "runs"),
        "honest_runs_with_a_loss": Metric(wronged, "runs", 0, most=True),
        "liars_caught": Metric(liars, "runs", len(runs)),
        "demo_defended_loss": Metric(
            demo.together - demo.defended, "share", DEFENDED_LOSS, most=True
        ),
        "demo_undefended_damage": Metric(
            demo.together - demo.undefended, "share", UNDEFENDED_DAMAGE
        ),
        "worst_defended_loss": Metric(worst, "share"),
        "cheating_runs": Metric(len(cheating), "runs"),
    }


def main() -> int:
    """Runs and reports; the exit status."""
    options = arguments(__doc__ or "")
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # one process per core, so one thread each
    quick = options.quick
    chosen = plans(1, 3, all_pairs=False) if quick else plans(5, 20, all_pairs=True)
    with multiprocessing.get_context("spawn").Pool() as pool:
        runs = pool.map(show, chosen, chunksize=1)
    packages = ("numpy", "cryptography", "pyrevm", "scikit-learn")
    return report(judge(runs), packages, as_json=options.json)


if __name__ == "__main__":
    sys.exit(main())
