"""``quorate log``: look into a log's files, and re-derive everything from them."""

from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.application import app
from quorate.cli.audit import JsonOption, TrustOption, read_roots
from quorate.cli.output import print_json, say, styled, tell
from quorate.core.encoding import decode_text, parse_canonical
from quorate.core.errors import EncodingError, InputError, QuorateError, VerificationError
from quorate.core.files import read_file
from quorate.core.keys import PublicKey
from quorate.log.checkpoint import Checkpoint, LogIdentity
from quorate.log.folder import FolderReader
from quorate.log.fsck import check_log
from quorate.log.note import Note
from quorate.log.storage import read_entries
from quorate.log.tiles import ENTRIES, tiles_of
from quorate.provenance.records import Record
from quorate.provenance.roots import Roots

log_app = typer.Typer(help="Inspect and check a log's files.", no_args_is_help=True)
app.add_typer(log_app, name="log")

FolderArgument = Annotated[Path, typer.Argument(help="The log's folder (holds checkpoint, tile/).")]


@log_app.command("show")
def show_command(
    folder: FolderArgument,
    last: Annotated[int, typer.Option(min=1, help="How many of the newest records.")] = 20,
    as_json: JsonOption = False,
) -> int:
    """Show the newest records of a log. Nothing is verified; see fsck."""
    checkpoint, entries = _read(folder)
    rows = []
    for index in range(max(0, checkpoint.size - last), checkpoint.size):
        try:
            record = Record.from_leaf(entries[index])
            rows.append(
                {
                    "index": index,
                    "type": record.type,
                    "actor": record.actor,
                    "action": record.action,
                    "object": [item.get("name", "") for item in record.object],
                    "time": record.ts_start,
                }
            )
        except EncodingError:
            kind = "genesis" if index == 0 else "unreadable"
            rows.append({"index": index, "type": kind})
    if as_json:
        value = {"origin": checkpoint.origin, "size": checkpoint.size, "records": rows}
        print_json(value | {"root": checkpoint.root.hex()})
    else:
        say(f"{checkpoint.origin}: {checkpoint.size} records, root {checkpoint.root.hex()}")
        for row in rows:
            names = row.get("object") or []
            what = " ".join(str(name) for name in names) if isinstance(names, list) else ""
            say(f"  {row['index']:>6}  {row['type']:<11} {row.get('action', ''):<9} {what}")
    return 0


@log_app.command("fsck")
def fsck_command(
    folder: FolderArgument, trust: TrustOption = None, as_json: JsonOption = False
) -> int:
    """Re-derive every tile, root and signature from the files. Exit 0 whole, 1 not."""
    identity = _identity(folder, read_roots(trust))
    if trust is None and not as_json:
        tell("the keys are taken from the log's own first record: nobody vouched for them")
    report = check_log(folder, identity)
    if as_json:
        value = {"passed": True, "origin": identity.origin, "size": report.size}
        print_json(value | {"root": report.root.hex()})
    else:
        say(styled("whole", "green"), f": {identity.origin}, {report.size} records re-derived")
    return 0


def _read(folder: Path) -> tuple[Checkpoint, list[bytes]]:
    text = read_file(folder / "checkpoint", "log checkpoint", limit=1_000_000)
    try:
        checkpoint = Checkpoint.parse(Note.parse(decode_text(text)).text)
        files = FolderReader(folder)
        entries: list[bytes] = []
        for tile in tiles_of(checkpoint.size):
            if tile.level == ENTRIES:
                entries += read_entries(files, tile)
    except EncodingError as error:
        raise InputError(f"could not read log {folder}: {error}") from None
    return checkpoint, entries


def _identity(folder: Path, trust: Roots | None) -> LogIdentity:
    """From the trust file by the checkpoint's origin, else from the genesis record."""
    text = read_file(folder / "checkpoint", "log checkpoint", limit=1_000_000)
    try:
        origin = Checkpoint.parse(Note.parse(decode_text(text)).text).origin
        if trust is not None:
            for member in trust.members:
                if member.origin == origin:
                    return LogIdentity(origin, *member.identity.log_keys)
            raise VerificationError(f"no member of the trust file has this log ({origin[:80]!r})")
        genesis = parse_canonical(_read(folder)[1][0])
        keys = [PublicKey.parse(key) for key in genesis["keys"]]
        return LogIdentity(str(genesis["origin"]), *keys)
    except VerificationError:
        raise
    except (QuorateError, KeyError, TypeError, IndexError) as error:
        raise VerificationError(f"its keys cannot be read ({error})", place=str(folder)) from None
