"""``quorate log serve``: a log for everybody to read, and for key holders to write."""

import contextlib
import functools
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.log import log_app
from quorate.cli.log_trust import reader_of
from quorate.cli.log_witnesses import (
    Ending,
    UnwitnessedOption,
    WithoutOption,
    WitnessesOption,
    open_witnesses,
)
from quorate.cli.log_write import LogFolder, check_outside, open_log
from quorate.cli.output import say, tell
from quorate.core.errors import InputError, InternalError, QuorateError, UsageError
from quorate.core.sources import SystemRandomness
from quorate.log.appender import DEFAULT_INTERVAL, Appender
from quorate.log.collector import Collector
from quorate.log.folder import FolderReader
from quorate.log.journal import journal_folder
from quorate.log.sequence import sequence_of
from quorate.log.web.connection import nobody
from quorate.log.web.hosting import Address, Server
from quorate.log.web.log_server import LOG_LIMITS, AppendKey, log_routes


@log_app.command("serve")
def serve_command(
    folder: LogFolder,
    *,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT; port 0 takes a free one.")
    ] = "127.0.0.1:8080",
    keyring: Annotated[
        Path | None, typer.Option(help="The log's key file, for whatever writes.")
    ] = None,
    append_key: Annotated[
        Path | None,
        typer.Option(help="Who shows the token in this file may append; made if absent."),
    ] = None,
    journals: Annotated[
        Path | None, typer.Option(help="Also collect what recorders write below this folder.")
    ] = None,
    witnesses: WitnessesOption = None,
    without: WithoutOption = None,
    unwitnessed: UnwitnessedOption = False,
    interval: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds between two checkpoints, at least.")
    ] = DEFAULT_INTERVAL,
) -> int:
    """Serve a log until interrupted; with its key file also write to it. Prints the URL."""
    address = Address.parse(listen)
    writing = any((append_key, journals, witnesses, without, unwitnessed))
    if writing != (keyring is not None):
        raise UsageError(
            "to write, give --keyring and what writes: --append-key, --journals or --witnesses"
        )
    reader_of(str(folder))  # refuses where there is no log
    with Ending() as ending, contextlib.ExitStack() as closing:
        appender = key = None
        if keyring is not None:
            opening = open_witnesses(witnesses, without, unwitnessed=unwitnessed)
            asked = closing.enter_context(opening)
            log = closing.enter_context(open_log(folder, keyring, asked))
            key = None if append_key is None else _append_key(append_key, folder)
            appender = closing.enter_context(Appender(log, interval=interval))
            closing.enter_context(asked.beside(appender, ending))
            if journals is not None:
                check_outside(journals, folder)
                collector = Collector(appender, journals, report=tell)
                closing.enter_context(collector.running(_ending(ending)))
        served = appender if key is not None else None
        reserved = None if journals is None else functools.partial(_is_recorded, journals)
        routes = log_routes(
            FolderReader(folder), appender=served, key=key, reserved=reserved, report=tell
        )
        favour = nobody if key is None else key.favours
        server = Server(routes, address, limits=LOG_LIMITS, report=tell, favour=favour)

        def listening(bound: Address) -> None:
            say(bound.url)
            ending.then(server.stop)

        server.run(listening)
    tell("stopped")
    return 0


def _ending(ending: Ending) -> Callable[[BaseException], None]:
    """A server whose collector has died would look healthy while records pile up in journals."""

    def failed(error: BaseException) -> None:
        bug = InternalError(f"could not collect: {error!r}")
        ending.because(error if isinstance(error, QuorateError) else bug)

    return failed


def _is_recorded(journals: Path, leaf: bytes) -> bool:
    """Whether ``leaf`` states a source with a journal here: its recorder's next record could not
    be collected any more.
    """
    stated = sequence_of(leaf)
    try:
        return stated is not None and journal_folder(journals, stated[0]).is_dir()
    except InputError:  # a name that no journal can have
        return False


def _append_key(path: Path, folder: Path) -> AppendKey:
    check_outside(path, folder)
    if path.exists():
        return AppendKey.load(path)
    key = AppendKey.create(path, SystemRandomness())
    tell(f"made an append key: {path}")
    return key
