"""``quorate log collect``: the process beside those that record on a hot path."""

import signal
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.log import log_app
from quorate.cli.log_witnesses import (
    Ending,
    UnwitnessedOption,
    WithoutOption,
    WitnessesOption,
    open_witnesses,
)
from quorate.cli.log_write import KeyringOption, LogFolder, check_outside, open_log
from quorate.cli.output import counted, say, tell
from quorate.log.appender import DEFAULT_INTERVAL, Appender
from quorate.log.collector import Collector


@log_app.command("collect")
def collect_command(
    folder: LogFolder,
    keyring: KeyringOption,
    journals: Annotated[Path, typer.Option(help="The folder below which recorders write.")],
    *,
    witnesses: WitnessesOption = None,
    without: WithoutOption = None,
    unwitnessed: UnwitnessedOption = False,
    interval: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds between two checkpoints, at least.")
    ] = DEFAULT_INTERVAL,
) -> int:
    """Put what recorders write into the log until interrupted: every record once, in order."""
    check_outside(journals, folder)
    with (
        Ending() as ending,
        open_witnesses(witnesses, without, unwitnessed=unwitnessed) as asked,
        open_log(folder, keyring, asked) as log,
    ):
        before = log.size
        with Appender(log, interval=interval) as appender:
            collector = Collector(appender, journals, report=tell)
            ending.then(collector.stop)
            wanted = [
                each
                for each in (signal.SIGINT, signal.SIGTERM)
                if signal.getsignal(each) != signal.SIG_IGN
            ]
            old = {each: signal.signal(each, lambda *_: collector.stop()) for each in wanted}
            try:
                with collector, asked.beside(appender, ending):
                    tell(f"collecting {journals} into {folder}")
                    collector.run()
            finally:
                for each, handler in old.items():
                    signal.signal(each, handler)
        collected = counted(log.size - before, "record")
        say(f"{collected} collected; {counted(log.size, 'record')} in {folder}")
    return 0
