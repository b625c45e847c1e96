"""``quorate log``: look into a log, and re-derive everything from it."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.application import app
from quorate.cli.audit import JsonOption, TrustOption
from quorate.cli.log_trust import (
    PlaceArgument,
    PolicyOption,
    VkeyOption,
    believe_log,
    heads_of,
    opened,
    reader_of,
)
from quorate.cli.output import counted, print_json, progress_bar, say, styled, tell
from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, InputError
from quorate.core.files import read_file
from quorate.log.checkpoint import Checkpoint, LogIdentity
from quorate.log.fsck import LogReport, Progress
from quorate.log.heads import HeldHead
from quorate.log.history import check_history
from quorate.log.note import MAX_NOTE_SIZE, Note
from quorate.log.receipt import HEADER, Receipt
from quorate.log.storage import LogReader, read_checkpoint, read_entries
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile
from quorate.log.verify import verify_note
from quorate.provenance.records import Record

log_app = typer.Typer(help="Keep, serve, follow and check a log.", no_args_is_help=True)
app.add_typer(log_app, name="log")


@log_app.command("show")
def show_command(
    place: PlaceArgument,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest records.")] = 20,
    as_json: JsonOption = False,
) -> int:
    """Show the newest records of a log. Nothing is verified; see fsck."""
    reader = reader_of(place)
    checkpoint = checkpoint_of(reader)
    first = max(0, checkpoint.size - last)
    leaves = enumerate(entries_of(reader, checkpoint.size, first), first)
    rows = [_row(index, leaf) for index, leaf in leaves]
    if as_json:
        value = {"origin": checkpoint.origin, "size": checkpoint.size, "records": rows}
        print_json(value | {"root": checkpoint.root.hex()})
    else:
        size = counted(checkpoint.size, "record")
        say(f"{checkpoint.origin}: {size}, root {checkpoint.root.hex()}")
        for row in rows:
            names = row.get("object") or []
            what = " ".join(str(name) for name in names) if isinstance(names, list) else ""
            say(f"  {row['index']:>6}  {row['type']:<11} {row.get('action', ''):<9} {what}")
    return 0


def _row(index: int, leaf: bytes) -> dict[str, object]:
    try:
        record = Record.from_leaf(leaf)
    except EncodingError:
        return {"index": index, "type": "genesis" if index == 0 else "unreadable"}
    return {
        "index": index,
        "type": record.type,
        "actor": record.actor,
        "action": record.action,
        "object": [item.get("name", "") for item in record.object],
        "time": record.ts_start,
    }


@log_app.command("fsck")
def fsck_command(
    place: PlaceArgument,
    *,
    trust: TrustOption = None,
    vkey: VkeyOption = None,
    policy: PolicyOption = None,
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Processes that share the work; else one per core.")
    ] = None,
    head: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint or receipt that was kept: the log must go on from it."),
    ] = None,
    allow_gaps: Annotated[
        bool, typer.Option(help="Report gaps in the sources' numbering, do not judge them.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Re-derive every tile, root and signature from what is served. Exit 0 whole, 1 not."""
    with opened(place) as reader:
        shown = heads_of(reader)
        believed = believe_log(reader, shown, trust, vkey, policy, quiet=as_json)
        with _progress(quiet=as_json) as progress:
            report = check_history(
                reader,
                believed.log,
                [_held(path, believed.log) for path in head or ()],
                believed.witnesses,
                jobs=jobs or os.cpu_count() or 1,
                gapless=not allow_gaps,
                progress=progress,
                shown=shown,
                policy=believed.policy,
            )
    if as_json:
        print_json(_report_value(believed.log.origin, report))
    else:
        say(
            styled("whole", "green"),
            f": {believed.log.origin}, {counted(report.size, 'record')} re-derived",
        )
        say_witnessed(report.witnessed_size, report.size)
        _tell_rest(report)
    return 0


def _held(path: Path, log: LogIdentity) -> HeldHead:
    """The head in a file that somebody kept: a checkpoint, or a receipt, that the log signed."""
    text = decode_text(read_file(path, "checkpoint", limit=2 * MAX_NOTE_SIZE))
    if text.startswith(HEADER):
        text = str(Receipt.parse(text).note)
    checkpoint = verify_note(text, log, place=str(path)).checkpoint
    return HeldHead(str(path), checkpoint.size, checkpoint.root)


def _report_value(origin: str, report: LogReport) -> dict[str, object]:
    return {
        "passed": True,
        "origin": origin,
        "size": report.size,
        "root": report.root.hex(),
        "witnessed_size": report.witnessed_size,
        "files": report.files,
        "gaps": [str(gap) for gap in report.gaps],
        "leftovers": list(report.leftovers) if report.listed else None,
    }


def say_witnessed(witnessed: int | None, size: int) -> None:
    """Up to where a quorum vouches for a log, if one was demanded, and what that leaves open."""
    if witnessed is None:
        return
    say(f"witnessed up to {witnessed} of {counted(size, 'record')}")
    if witnessed < size:
        say(f"  the last {size - witnessed} are signed by the log only and may still be rewritten")


def _tell_rest(report: LogReport) -> None:
    for gap in report.gaps:
        say(styled("gap", "yellow"), f": {gap}")
    if report.leftovers:
        tell(f"{len(report.leftovers)} files beyond the checkpoint are no part of the log")
    if not report.listed:
        tell("an address lists nothing: older partial files and leftovers could not be looked at")


@contextlib.contextmanager
def _progress(*, quiet: bool) -> Iterator[Progress | None]:
    if quiet:
        yield None
        return
    with progress_bar() as bar:
        task = bar.add_task("re-deriving the log", total=None)
        yield lambda done, size: bar.update(task, completed=done, total=size)


def checkpoint_of(reader: LogReader) -> Checkpoint:
    """A log's head, not verified; `InputError` if it is none."""
    try:
        return Checkpoint.parse(Note.parse(read_checkpoint(reader)).text)
    except EncodingError as error:
        raise InputError(f"could not read log {reader.name}: {error}") from None


def entries_of(reader: LogReader, size: int, start: int = 0) -> Iterator[bytes]:
    """The leaves from ``start`` on of a log of ``size`` leaves, not verified."""
    for index in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
        first = index * TILE_WIDTH
        bundle = Tile(ENTRIES, index, min(TILE_WIDTH, size - first))
        yield from read_entries(reader, bundle)[max(start - first, 0) :]
