"""``quorate status`` and ``quorate doctor``: what is here, what is wrong and how to mend it."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from quorate import __version__
from quorate.cli.application import app
from quorate.cli.audit import JsonOption
from quorate.cli.output import print_json, say, styled
from quorate.core.errors import InputError
from quorate.node.config import home_folder
from quorate.node.health import Finding, check_home_files, check_machine, describe_home

HomeOption = Annotated[
    Path | None, typer.Option(help="A home that demo or train made; else QUORATE_HOME.")
]


@app.command("status")
def status_command(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Show what a home holds: parties, chain, logs, evidence, and the layers in force."""
    status = describe_home(home_folder(home))
    if as_json:
        print_json(status)
        return 0
    say(styled(status["home"], "bold"), f"  task {status['task']}")
    say(f"chain: {status['chain']['blocks']} blocks, id {status['chain']['chain_id']}")
    for name, size in status["logs"].items():
        say(f"  log of {name}: {size} records")
    say(f"evidence: {status['bundle'] or 'not exported yet'}")
    say()
    for name, text in status["layers"].items():
        say(f"  {name:<24} {text}")
    return 0


@app.command("doctor")
def doctor_command(home: HomeOption = None, as_json: JsonOption = False) -> int:
    """Check this installation, and a home if one is named; say how to mend what is wrong."""
    findings = list(_examine(home))
    if as_json:
        print_json(
            {
                "version": __version__,
                "healthy": all(f.well for f in findings),
                "findings": [
                    {"what": f.what, "well": f.well, "detail": f.detail, "remedy": f.remedy}
                    for f in findings
                ],
            }
        )
    else:
        say(f"quorate {__version__}, Python {sys.version.split()[0]}")
        for found in findings:
            mark = styled("ok", "green") if found.well else styled("!!", "red")
            say("  ", mark, f" {found.what}: {found.detail}")
            if not found.well:
                say(f"     {found.remedy}")
    sick = [found for found in findings if not found.well]
    if sick:
        raise InputError(f"{len(sick)} of {len(findings)} checks found something wrong")
    return 0


def _examine(home: Path | None) -> Iterator[Finding]:
    yield from check_machine()
    yield _part("scikit-learn", "sklearn", "pip install 'quorate[learn]'")
    if home is not None or os.environ.get("QUORATE_HOME"):
        yield from check_home_files(home_folder(home))


def _part(name: str, module: str, remedy: str) -> Finding:
    """An optional part: its absence is no illness."""
    there = importlib.util.find_spec(module) is not None
    return Finding(f"optional part {name}", True, "installed" if there else f"absent; {remedy}")
