"""``quorate train``: the main job on the user's own files."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from quorate.cli.application import app
from quorate.cli.machinery import (
    REPORT,
    Terminal,
    caught_rounds,
    in_tokens,
    machinery,
    money_table,
    run_auditor,
    stamped_folder,
    verdict_line,
)
from quorate.cli.output import data, print_json, say
from quorate.core.sources import stopwatch
from quorate.node.datasets import Holdings, load_holdings, pool
from quorate.node.federation import Misconduct
from quorate.node.flows.comparison import accuracy
from quorate.node.flows.train import Outcome, run_task
from quorate.node.taskfile import TaskFile, read_task_file
from quorate.node.tasks import TOKEN, trainer_for


@app.command("train")
def train_command(
    task_path: Annotated[Path, typer.Argument(metavar="TASK", help="The task, a TOML file.")],
    data_folder: Annotated[
        Path | None, typer.Option("--data", help="Where the files lie; else beside the task.")
    ] = None,
    home: Annotated[
        Path | None, typer.Option(help="Where to work; a new folder named after the task else.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> int:
    """Train together on your own CSV files: approval, rounds, payment, evidence, audit."""
    started = stopwatch()
    task = read_task_file(task_path)
    holdings = load_holdings(task, data_folder or task_path.parent)
    folder = home or stamped_folder(f"quorate-{task.task.name}")
    with Terminal(quiet=as_json) as terminal:
        outcome = run_task(folder, task, holdings, Misconduct(), machinery(terminal))
        terminal.stage("auditing the bundle in a separate process")
        export = outcome.export
        report = folder / REPORT
        verdict = run_auditor(export.bundle, "--trust", str(export.trust), "--report", str(report))
    value = {
        "task": task.task.name,
        "accuracy": _accuracies(task, holdings, outcome),
        "published": [item.model_dump() for item in task.reference],
        "rewards": {
            name: (money.final + money.slashed - money.initial) / TOKEN
            for name, money in outcome.money.items()
        },
        "slashed": {name: money.slashed / TOKEN for name, money in outcome.money.items()},
        "money": in_tokens(outcome.money),
        "caught": caught_rounds(terminal.results),
        "rows": {
            name: {
                "train": int(holding.data.labels.size),
                "test": int(holdings.test[name].data.labels.size),
                "incomplete": holdings.dropped[name],
            }
            for name, holding in holdings.train.items()
        },
        "model_digest": str(outcome.model.digest),
        "audit": {"passed": verdict["passed"], "checks": verdict["checks"]},
        "ledger": {
            "transactions": export.transactions,
            "records": export.records,
            "receipts": export.receipts,
            "trust_level": verdict["trust_level"],
        },
        "separation_exercised": False,
        "bundle": str(export.bundle),
        "trust": str(export.trust),
        "report": str(report),
        "seconds": round(stopwatch() - started, 2),
    }
    if as_json:
        print_json(value)
    else:
        _print(value, verdict)
    return 0 if verdict["passed"] else 1


def _accuracies(task: TaskFile, holdings: Holdings, outcome: Outcome) -> dict[str, Any]:
    """Per party on its own test rows; their average, plain and by rows; and on all test rows.

    The pooled test rows are standardised by the pooled training rows, which a real consortium
    could not do: the figure is there to be compared with published ones.
    """
    trainer = trainer_for(task, holdings.width)
    per_party = {
        name: accuracy(trainer, outcome.model, holding.data)
        for name, holding in holdings.test.items()
    }
    rows = {name: holding.data.labels.size for name, holding in holdings.test.items()}
    _, scale = pool(list(holdings.train.values()), standardise=False)
    plain, _ = pool(list(holdings.test.values()), standardise=False)
    together = scale.apply(plain) if task.data.standardise else plain
    total = sum(rows.values())
    return {
        "per_party": per_party,
        "average": sum(per_party.values()) / len(per_party),
        "weighted": sum(share * rows[name] for name, share in per_party.items()) / total,
        "pooled_test": accuracy(trainer, outcome.model, together),
    }


def _print(value: dict[str, Any], verdict: dict[str, Any]) -> None:
    reached, published = value["accuracy"], value["published"]
    table = Table(title="accuracy on each party's own test rows", title_justify="left")
    table.add_column("")
    for name in ("this run", *(item["name"] for item in published)):
        table.add_column(name, justify="right")
    for name, share in reached["per_party"].items():
        table.add_row(name, _share(share), *(_share(p["per_party"].get(name)) for p in published))
    for name, key in (("average", "average"), ("pooled test", "pooled_test")):
        table.add_row(name, _share(reached[key]), *(_share(item[key]) for item in published))
    data.print(table)
    data.print(_rows_table(value["rows"]))
    data.print(money_table(value["rewards"], value["money"], value["caught"]))
    ledger = value["ledger"]
    say(
        f"ledger: {ledger['transactions']} transactions, {ledger['records']} log records, "
        f"{ledger['receipts']} receipts; trust level {ledger['trust_level']}"
    )
    say("all parties ran in one process here: their separation was not exercised")
    say("what this mode does not hide: the validators read every update (privacy mode validators);")
    say("everybody reads the columns' names and the categories of one-hot columns")
    say("auditor (separate process, no network): ", verdict_line(verdict))
    say(f"model {value['model_digest']}")
    say(f"evidence {value['bundle']}")
    say(f"trust file {value['trust']}")
    say(f"report {value['report']}")
    say(f"{value['seconds']} s")


def _rows_table(rows: dict[str, dict[str, int]]) -> Table:
    table = Table(title="rows (incomplete: left out)", title_justify="left")
    for column in ("party", "training", "test", "incomplete"):
        table.add_column(column, justify="left" if column == "party" else "right")
    for name, each in rows.items():
        table.add_row(name, f"{each['train']:,}", f"{each['test']:,}", f"{each['incomplete']:,}")
    return table


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"
