"""``quorate demo``: the main job on bundled real data, and an auditor who was not there."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from quorate.cli.application import app
from quorate.cli.machinery import (
    REPORT,
    Terminal,
    in_tokens,
    machinery,
    money_table,
    run_auditor,
    stamped_folder,
    verdict_line,
)
from quorate.cli.output import data, joined, print_json, say, styled
from quorate.core.files import read_file, write_durable
from quorate.core.sources import stopwatch
from quorate.node.flows.demo import (
    ATTACK,
    CHEAT,
    HOSPITALS,
    LIAR,
    SEED,
    DemoPlan,
    DemoResult,
    check_plan,
    run_demo,
)
from quorate.node.flows.progress import RoundResult
from quorate.node.tasks import TOKEN
from quorate.provenance.bundle import BLOCKS, FINAL_MODEL, pack, unpack

TAMPERED = "tampered.zip"


@app.command("demo")
def demo_command(
    home: Annotated[
        Path | None, typer.Option(help="Where to work; a new folder below quorate-demo by default.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Deals the rows.")] = SEED,
    cheat: Annotated[
        str, typer.Option(help=f"Who cheats: {', '.join(HOSPITALS)}, or none.")
    ] = CHEAT,
    attack: Annotated[
        str, typer.Option(help="How: sign_flip, label_flip, scaling or free_rider.")
    ] = ATTACK,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Four hospitals train together, one cheats, one validator lies; an auditor re-derives it."""
    started = stopwatch()
    plan = DemoPlan(seed, None if cheat == "none" else cheat, attack)
    check_plan(plan)
    folder = home or stamped_folder("quorate-demo")
    with Terminal(quiet=as_json, story=_story(plan)) as terminal:
        result = run_demo(folder, plan, machinery(terminal))
        terminal.stage("auditing the bundle in a separate process")
        export = result.outcome.export
        trust = ("--trust", str(export.trust), "--key", str(export.opening_key))
        report = folder / REPORT
        verdict = run_auditor(export.bundle, *trust, "--report", str(report))
        terminal.stage("auditing a copy in which two bytes were altered")
        refusal = run_auditor(_tamper(export.bundle), *trust)
    value = _summary(plan, result, terminal.results, verdict, refusal)
    value |= {"report": str(report), "seconds": round(stopwatch() - started, 2)}
    if as_json:
        print_json(value)
    else:
        _print(value, verdict, refusal)
    return 0 if verdict["passed"] and value["tampered_refused"] else 1


def _story(plan: DemoPlan) -> list[Text]:
    what = "Four hospitals train a breast-cancer model together. No row leaves its hospital."
    cheats = f"{plan.cheat} cheats from round 3 ({plan.attack})"
    who = cheats if plan.cheat else "Nobody cheats this time"
    return [styled(what, "bold"), joined(f"{who}; {LIAR} lies in round 5."), Text()]


def _tamper(bundle: Path) -> Path:
    """A copy with one byte of the model and one of the ledger altered, otherwise well-formed."""
    members = unpack(read_file(bundle, "evidence bundle"))
    for name in (FINAL_MODEL, BLOCKS):
        altered = bytearray(members[name])
        altered[-9] ^= 1
        members[name] = bytes(altered)
    path = bundle.with_name(TAMPERED)
    write_durable(path, pack(members))
    return path


def _summary(
    plan: DemoPlan,
    result: DemoResult,
    rounds: list[RoundResult],
    verdict: dict[str, Any],
    refusal: dict[str, Any],
) -> dict[str, Any]:
    outcome, accuracy = result.outcome, result.accuracy
    slashed = {name: money.slashed / TOKEN for name, money in outcome.money.items()}
    rewards = dict.fromkeys(outcome.money, 0)
    for closed in rounds:
        for name, amount in closed.rewards.items():
            rewards[name] += amount
    decision = outcome.decision
    return {
        "accuracy": {
            "alone": accuracy.alone,
            "together": accuracy.together,
            "undefended": accuracy.undefended,
            "defended": accuracy.defended,
            "pooled": accuracy.pooled,
        },
        "cheat": {
            "party": plan.cheat,
            "attack": plan.attack if plan.cheat else None,
            "caught_round": _caught(rounds, plan.cheat),
            "slashed": slashed.get(plan.cheat or "", 0),
        },
        "liar": {
            "validator": LIAR,
            "caught_round": next((r.number for r in rounds if LIAR in r.suspended), None),
            "slashed": slashed[LIAR],
        },
        "rewards": {name: amount / TOKEN for name, amount in rewards.items()},
        "money": in_tokens(outcome.money),
        "ledger": {
            "transactions": outcome.export.transactions,
            "records": outcome.export.records,
            "receipts": outcome.export.receipts,
            "trust_level": verdict["trust_level"],
        },
        "decision": {
            "confidence": round(decision.confidence, 6) if decision else None,
            "positive": decision.positive if decision else None,
            "receipt": str(outcome.receipt),
        },
        "bundle": str(outcome.export.bundle),
        "trust": str(outcome.export.trust),
        "audit": {"passed": verdict["passed"], "checks": verdict["checks"]},
        "tampered_refused": refusal["exit_code"] == 1,
        "model_digest": str(outcome.model.digest),
    }


def _caught(rounds: list[RoundResult], party: str | None) -> int | None:
    """The first round in which the ledger made the party pay."""
    return next((r.number for r in rounds if party in r.slashed), None)


def _print(value: dict[str, Any], verdict: dict[str, Any], refusal: dict[str, Any]) -> None:
    say()
    _print_accuracy(value["accuracy"])
    cheat, liar = value["cheat"], value["liar"]
    found = {cheat["party"]: cheat["caught_round"], liar["validator"]: liar["caught_round"]}
    caught = {name: number for name, number in found.items() if name and number}
    data.print(money_table(value["rewards"], value["money"], caught))
    ledger, decision = value["ledger"], value["decision"]
    say(
        f"ledger: {ledger['transactions']} transactions, {ledger['records']} log records, "
        f"{ledger['receipts']} receipts; trust level ",
        styled(ledger["trust_level"], "bold"),
        ": all parties ran on one machine, in one process, so separation was not exercised",
    )
    word = "malignant" if decision["positive"] else "benign"
    say(
        f"one diagnosis at {HOSPITALS[0]}: {word}, confidence {decision['confidence']:.3f}; "
        f"recorded without the patient's data, receipt {decision['receipt']}"
    )
    say("what this mode does not hide: the validators read every update (privacy mode validators)")
    say()
    say("auditor (separate process, no network): ", verdict_line(verdict))
    say("auditor on a copy with two altered bytes: ", verdict_line(refusal))
    say(f"model {value['model_digest']}")
    say(f"evidence {value['bundle']}")
    say(f"trust file {value['trust']}")
    say(f"report for the board {value['report']}")
    say(f"{value['seconds']} s")


def _print_accuracy(accuracy: dict[str, Any]) -> None:
    table = Table(title="right on test rows that nobody trained on", title_justify="left")
    table.add_column("trained")
    table.add_column("accuracy", justify="right")
    for name, share in accuracy["alone"].items():
        table.add_row(f"{name} alone", f"{share:.1%}")
    table.add_row("together, nobody cheats", f"{accuracy['together']:.1%}")
    table.add_row(
        "together with the cheat, no defence", styled(f"{accuracy['undefended']:.1%}", "red")
    )
    table.add_row(
        "together with the cheat, defended", styled(f"{accuracy['defended']:.1%}", "green")
    )
    table.add_row("pooled (all rows in one place)", f"{accuracy['pooled']:.1%}")
    data.print(table)
