"""What the commands that run a task share: clock, chance, progress on the terminal, the auditor."""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.progress import TaskID
from rich.table import Table
from rich.text import Text

from quorate.cli.output import joined, progress_bar, say, styled
from quorate.core.errors import InternalError
from quorate.core.sources import SystemClock, SystemRandomness
from quorate.node.config import passphrase
from quorate.node.flows.progress import RoundResult
from quorate.node.flows.train import Machinery, Money
from quorate.node.tasks import TOKEN

REPORT = "report.html"


class Terminal:
    """Progress of a flow: a bar on stderr, a line per round on stdout unless quiet.

    ``story`` is told when the work begins: a flow that refuses its home leaves it untold.
    """

    def __init__(self, *, quiet: bool, story: Sequence[Text] = ()) -> None:
        self._story = story
        self.results: list[RoundResult] = []
        self._quiet = quiet
        self._bar = progress_bar()
        self._task: TaskID | None = None

    def __enter__(self) -> "Terminal":
        self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def stage(self, text: str) -> None:
        """Shows what is being done."""
        if self._task is None:
            for line in () if self._quiet else self._story:
                say(line)
            self._task = self._bar.add_task(text, total=None)
        self._bar.update(self._task, description=text)
        if not self._quiet:
            say(styled(f"· {text}", "dim"))

    def round_closed(self, result: RoundResult) -> None:
        """Shows a round."""
        self.results.append(result)
        if self._task is not None:
            self._bar.update(self._task, total=result.rounds, completed=result.number)
        if not self._quiet:
            for line in round_lines(result):
                say(line)


def round_lines(result: RoundResult) -> Iterator[Text]:
    """One round in one line, and one for each who paid."""
    head = f"  round {result.number:>2}/{result.rounds}"
    if not result.settled:
        yield joined(f"{head}  aborted: {result.reason}; every bond is safe")
        return
    scores = "  ".join(f"{name} {value / 1e6:+.3f}" for name, value in result.medians.items())
    kept = "" if result.accepted else "  (the vote kept the model as it was)"
    yield joined(f"{head}  settled  {scores}", styled(kept, "yellow"))
    for name, amount in result.slashed.items():
        why = "low score" if name in result.penalties else "update refused or withheld"
        yield styled(f"      {name} slashed {amount / TOKEN:,.0f}: {why}", "red")
    for name in result.suspended:
        yield styled(
            f"      {name} voted for an aggregate that re-execution does not give: "
            "suspended, bond locked for an appeal",
            "red",
        )


def in_tokens(money: Mapping[str, Money]) -> dict[str, dict[str, float]]:
    """What each party had at the start and has now."""
    return {
        name: {"initial": each.initial / TOKEN, "final": each.final / TOKEN}
        for name, each in money.items()
    }


def caught_rounds(results: Iterable[RoundResult]) -> dict[str, int]:
    """The first round in which the ledger made a party pay, or suspended it."""
    caught: dict[str, int] = {}
    for result in results:
        for name in (*result.slashed, *result.suspended):
            caught.setdefault(name, result.number)
    return caught


def money_table(
    rewards: Mapping[str, float],
    money: Mapping[str, Mapping[str, float]],
    caught: Mapping[str, int],
) -> Table:
    """Who was paid and who paid, in tokens."""
    table = Table(title="who was paid, who paid (tokens)", title_justify="left")
    for column in ("party", "staked", "earned", "slashed", "at the end", "caught"):
        table.add_column(column, justify="left" if column in ("party", "caught") else "right")
    for name, each in money.items():
        lost = each["initial"] + rewards[name] - each["final"]
        number = caught.get(name)
        table.add_row(
            name,
            f"{each['initial']:,.0f}",
            f"{rewards[name]:,.1f}",
            f"{lost:,.0f}",
            styled(f"{each['final']:,.1f}", "red" if lost > 0 else "green"),
            f"round {number}" if number else "",
        )
    return table


def machinery(terminal: Terminal) -> Machinery:
    """The real clock and the real generator."""
    return Machinery(SystemClock(), SystemRandomness(), terminal, passphrase())


def stamped_folder(name: str) -> Path:
    """A new folder for this run, named after the time of day it began."""
    now = datetime.fromtimestamp(SystemClock().now_ns() / 1e9, UTC)
    return Path(name) / now.strftime("%Y%m%d-%H%M%S")


def run_auditor(bundle: Path, *options: str) -> dict[str, Any]:
    """The audit of ``bundle`` in a process of its own; its JSON verdict and exit code."""
    command = [sys.executable, "-m", "quorate", "audit", str(bundle), "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode not in (0, 1, 2):
        raise InternalError(f"the auditor could not do its work: {done.stderr.strip()}")
    verdict: dict[str, Any] = json.loads(done.stdout)
    return verdict


def verdict_line(verdict: dict[str, Any]) -> Text:
    """An auditor's verdict in one line, with the first fault if there is one."""
    if verdict["passed"]:
        return joined(styled("verified", "green"), f", {verdict['checks']} checks")
    failure = verdict["failure"]
    what = styled(verdict["verdict"], "red")
    return joined(what, f": {failure['place']} {failure['message']}")
