"""``quorate log serve``: a log for everybody to read, and for key holders to write."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.audit import read_policy
from quorate.cli.log import log_app
from quorate.cli.log_trust import reader_of
from quorate.cli.log_write import LogFolder, check_outside, open_log
from quorate.cli.output import say, tell
from quorate.core.errors import InputError, UsageError
from quorate.core.sources import SystemRandomness
from quorate.log.appender import DEFAULT_INTERVAL, Appender
from quorate.log.checkpoint import WitnessIdentity
from quorate.log.collector import Collector
from quorate.log.cosigning import Cosigning
from quorate.log.web.hosting import Address, Server
from quorate.log.web.log_server import LOG_LIMITS, AppendKey, log_routes
from quorate.log.web.witness_client import HttpWitness
from quorate.log.witnessing import Witnessing


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
    witnesses: Annotated[
        Path | None, typer.Option(help="A policy file: its witnesses with an address cosign.")
    ] = None,
    interval: Annotated[
        float, typer.Option(min=0.0, max=60.0, help="Seconds between two checkpoints, at least.")
    ] = DEFAULT_INTERVAL,
) -> int:
    """Serve a log until interrupted; with its key file also write to it. Prints the URL."""
    address = Address.parse(listen)
    writing = any(each is not None for each in (append_key, journals, witnesses))
    if writing != (keyring is not None):
        raise UsageError(
            "to write, give --keyring and what writes: --append-key, --journals or --witnesses"
        )
    reader = reader_of(str(folder))
    with contextlib.ExitStack() as closing:
        appender = key = None
        if keyring is not None:
            asked = [closing.enter_context(each) for each in _witnesses(witnesses)]
            log = closing.enter_context(open_log(folder, keyring, asked))
            key = None if append_key is None else _append_key(append_key, folder)
            appender = closing.enter_context(Appender(log, interval=interval))
            if asked:
                closing.enter_context(Witnessing(appender, Cosigning(asked), report=tell))
            if journals is not None:
                check_outside(journals, folder)
                collector = Collector(appender, journals, report=tell)
                closing.enter_context(collector.running())
        served = appender if key is not None else None
        routes = log_routes(reader, appender=served, key=key, report=tell)
        server = Server(routes, address, limits=LOG_LIMITS, report=tell)
        server.run(lambda bound: say(bound.url))
    tell("stopped")
    return 0


def _witnesses(path: Path | None) -> list[HttpWitness]:
    """Those of the policy's witnesses whose address it knows; the keys of one address are one's."""
    policy = read_policy(path)
    found: dict[str, list[WitnessIdentity]] = {}
    for each in policy.witnesses if policy else ():
        if each.url:
            found.setdefault(each.url, []).append(WitnessIdentity(each.key.name, each.key.key))
    if policy is not None and not found:
        raise InputError(f"could not use {path}: no witness in it has an address")
    return [HttpWitness(url, identities) for url, identities in found.items()]


def _append_key(path: Path, folder: Path) -> AppendKey:
    check_outside(path, folder)
    if path.exists():
        return AppendKey.load(path)
    key = AppendKey.create(path, SystemRandomness())
    tell(f"made an append key: {path}")
    return key
