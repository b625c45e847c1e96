"""``quorate log tail`` and ``quorate log monitor``: read along, and notice what must not happen."""

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.audit import JsonOption, TrustOption
from quorate.cli.log import checkpoint_of, entries_of, log_app, say_witnessed
from quorate.cli.log_trust import (
    Believed,
    PlaceArgument,
    PolicyOption,
    VkeyOption,
    believe,
    believe_log,
    heads_of,
    opened,
    reader_of,
    stated_origin,
)
from quorate.cli.output import counted, print_json, say, styled, tell
from quorate.core.errors import UnavailableError, VerificationError
from quorate.core.sources import SystemClock
from quorate.log.monitor import ForkSeenError, Head, MonitorState, Sighting, look
from quorate.log.storage import LogReader

_EVERY = 1.0  # seconds between two looks of tail


@log_app.command("tail")
def tail_command(
    place: PlaceArgument,
    last: Annotated[int, typer.Option(min=0, help="How many of the newest records first.")] = 10,
    follow: Annotated[bool, typer.Option("--follow", help="Go on until interrupted.")] = False,
) -> int:
    """Print the newest records of a log as they are, index first. Nothing is verified."""
    reader, clock = reader_of(place), SystemClock()
    size = checkpoint_of(reader).size
    shown = max(0, size - last)
    while True:
        for index, leaf in enumerate(entries_of(reader, size, shown), shown):
            say(f"{index} {leaf.decode('utf-8', 'backslashreplace')}")
        shown = max(shown, size)
        if not follow:
            return 0
        clock.sleep(_EVERY)
        with contextlib.suppress(UnavailableError):  # it will come back
            size = checkpoint_of(reader).size


@log_app.command("monitor")
def monitor_command(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where the log is served.")],
    state: Annotated[Path, typer.Option(help="The folder in which the monitor remembers.")],
    *,
    trust: TrustOption = None,
    vkey: VkeyOption = None,
    policy: PolicyOption = None,
    once: Annotated[bool, typer.Option("--once", help="Look once; 69 if it is away.")] = False,
    every: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 60.0,
    behind: Annotated[
        int, typer.Option(min=0, help="Seconds that a policy's quorum may be behind a growing log.")
    ] = 600,
    full: Annotated[bool, typer.Option("--full", help="Fetch and hash every entry too.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Follow a foreign log: it may only grow. Exit 1 on a fork, a rollback or a bad tile."""
    clock = SystemClock()
    with opened(url) as reader, MonitorState(state) as memory:
        while True:
            try:
                believed = _believed(reader, memory.last(), (trust, vkey, policy))
                since = clock.now_ns() // 10**9 - behind
                _look(reader, believed, memory, since, full=full, as_json=as_json)
            except UnavailableError as error:
                if once:
                    raise
                tell(f"away: {error.message}")
            if once:
                return 0
            clock.sleep(every)


def _believed(
    reader: LogReader,
    last: Head | None,
    options: tuple[Path | None, list[str] | None, Path | None],
) -> Believed:
    """By the options; without any, the log that this monitor has followed before."""
    shown = heads_of(reader)
    if last is None:
        return believe_log(reader, shown, *options)
    believed = believe(last.log.origin, *options) or Believed(last.log)
    if stated_origin(shown) != last.log.origin:
        raise VerificationError(
            f"another log is served than {last.log.origin!r}",
            step="monitor.checkpoint",
            place="checkpoint",
        )
    return believed


def _look(
    reader: LogReader,
    believed: Believed,
    memory: MonitorState,
    since: int,
    *,
    full: bool,
    as_json: bool,
) -> None:
    last = memory.last()
    try:
        log, check, policy = believed.log, believed.check, believed.policy
        seen, head = look(reader, log, check, last, full=full, policy=policy, behind=since)
    except ForkSeenError as fork:
        path = memory.keep(fork.evidence)
        fork.message = f"FORK: {fork.message}; evidence for everybody: {path}"
        raise
    except VerificationError as error:
        error.message = f"ALARM ({error.step}): {error.message}"
        raise
    if head != last:
        memory.remember(head)
    _show(seen, head, as_json=as_json)


def _show(seen: Sighting, head: Head, *, as_json: bool) -> None:
    point = seen.checkpoint
    witnessed = None if seen.witnessed is None else seen.witnessed.checkpoint.size
    if as_json:
        value = {"origin": point.origin, "size": point.size, "root": point.root.hex()}
        print_json(
            value | {"before": seen.before, "entries": head.entries, "witnessed_size": witnessed}
        )
        return
    grown = "first seen" if seen.before is None else f"+{point.size - seen.before}"
    say(
        styled("consistent", "green"),
        f": {point.origin}, {counted(point.size, 'record')} ({grown})",
    )
    say_witnessed(witnessed, point.size)
