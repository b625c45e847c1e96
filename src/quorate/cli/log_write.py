"""``quorate log create`` and ``quorate log append``: keep a log of your own."""

import contextlib
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.audit import JsonOption
from quorate.cli.log import checkpoint_of, log_app
from quorate.cli.log_trust import reader_of
from quorate.cli.log_witnesses import (
    UnwitnessedOption,
    WithoutOption,
    Witnesses,
    WitnessesOption,
    open_witnesses,
)
from quorate.cli.output import counted, print_json, say, tell
from quorate.core.errors import (
    CancelledError,
    EncodingError,
    InputError,
    QuorateError,
    UnavailableError,
    UsageError,
)
from quorate.core.files import make_folder, read_file, write_durable
from quorate.core.keyring import Keyring
from quorate.core.sources import SystemClock, SystemRandomness
from quorate.log.checkpoint import LogIdentity
from quorate.log.note import NoteKey, check_key_name
from quorate.log.policy import NONE, Policy, PolicyLog
from quorate.log.storage import CHECKPOINT
from quorate.log.tiles import MAX_LEAF_SIZE
from quorate.log.writer import Log
from quorate.node.config import passphrase

_BATCH = 4096  # records under one checkpoint

LogFolder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The log's folder.")]
KeyringOption = Annotated[Path, typer.Option(help="The log's key file.")]


@log_app.command("create")
def create_command(
    folder: LogFolder,
    origin: Annotated[str, typer.Option(help="The log's name for ever, such as example.org/log.")],
    keyring: Annotated[
        Path | None, typer.Option(help="Its key file, made if absent; else FOLDER.key beside it.")
    ] = None,
) -> int:
    """Make a new log, its key file, and a policy file for everybody who is to trust it."""
    try:
        check_key_name(origin)
    except EncodingError as error:
        raise InputError(error.message) from None
    path = keyring or folder.with_name(f"{folder.name}.key")
    check_outside(path, folder)
    if (folder / CHECKPOINT).exists():
        raise InputError(f"could not create a log in {folder}: there is one already")
    if path.exists():
        keys = Keyring.load(path, passphrase())
    else:
        keys = Keyring.generate(origin, SystemRandomness())
        make_folder(path.parent)
        keys.save(path, SystemRandomness(), passphrase())
    ed25519, ml_dsa_44 = (signer.public_key for signer in keys.log_signers)
    known = [each.note_key for each in LogIdentity(origin, ed25519, ml_dsa_44).verifiers]
    public = folder.with_name(f"{folder.name}.policy")
    _write_policy(public, known)
    Log.create(folder, origin, *keys.log_signers, SystemClock()).close()
    for key in known:
        say(key.vkey)
    tell(f"the keys that sign this log are in {path}: keep a copy, and give it to nobody")
    tell(f"those that verify it are printed above and in {public}: give them to everybody")
    return 0


def _write_policy(path: Path, keys: Sequence[NoteKey]) -> None:
    """What a reader needs to trust this log, and it alone; a file of somebody else's stays."""
    content = Policy(tuple(PolicyLog(key) for key in keys), (), (), NONE).to_bytes()
    if path.exists() and read_file(path, "policy") != content:
        raise InputError(f"could not create a log: {path} is there already and of another log")
    make_folder(path.parent)
    write_durable(path, content)


@log_app.command("append")
def append_command(
    folder: LogFolder,
    records: Annotated[
        list[str], typer.Argument(metavar="RECORD...|-", help="Files, or - for standard input.")
    ],
    keyring: KeyringOption,
    *,
    lines: Annotated[bool, typer.Option("--lines", help="Every line is a record.")] = False,
    receipts: Annotated[
        Path | None, typer.Option(help="Write every record and its receipt into this folder.")
    ] = None,
    witnesses: WitnessesOption = None,
    without: WithoutOption = None,
    unwitnessed: UnwitnessedOption = False,
    as_json: JsonOption = False,
) -> int:
    """Append records, one per file; on return they are on the disk and in the tree."""
    leaves = _read_records(records, lines=lines)
    if receipts is not None:
        if receipts.exists() and not receipts.is_dir():
            raise InputError(f"could not write receipts into {receipts}: it is no folder")
        make_folder(receipts)  # before anything is in that would have to be appended again
    with (
        open_witnesses(witnesses, without, unwitnessed=unwitnessed) as asked,
        open_log(folder, keyring, asked) as log,
    ):
        start = log.size
        try:
            for at in range(0, len(leaves), _BATCH):
                log.append_many(leaves[at : at + _BATCH])
            if asked.asked:
                tell(str(asked.round(log)))  # what they never hear of, they cannot miss
            if receipts is not None:
                _write_receipts(log, range(start, log.size), receipts)
        except KeyboardInterrupt:
            raise CancelledError(_interrupted(folder, start, len(leaves))) from None
        size = log.size
    if as_json:
        print_json({"count": size - start, "index": start, "size": size})
    else:
        say(f"{counted(size - start, 'record')} at {start}; {counted(size, 'record')} in {folder}")
    return 0


@contextlib.contextmanager
def open_log(folder: Path, keyring: Path, witnesses: Witnesses) -> Iterator[Log]:
    """The log in ``folder`` for its one writer, compared with what ``witnesses`` have seen."""
    check_outside(keyring, folder)
    keys = Keyring.load(keyring, passphrase())
    origin = checkpoint_of(reader_of(str(folder))).origin
    with Log.open(folder, origin, *keys.log_signers, SystemClock()) as log:
        witnesses.compare(log)
        yield log


def _write_receipts(log: Log, indices: range, folder: Path) -> None:
    try:
        for index, leaf in zip(indices, log.entries(indices.start), strict=True):
            kind = "json" if leaf.startswith(b"{") else "record"
            write_durable(folder / f"{index}.{kind}", leaf)
            write_durable(folder / f"{index}.tlog-proof", log.receipt(index).encode())
    except (OSError, QuorateError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise UnavailableError(
            f"could not write all receipts into {folder}: {why}; {_in(indices)}",
            remedy="do not append them again",
        ) from error


def _interrupted(folder: Path, start: int, wanted: int) -> str:
    """What is in is what the log's file says: the interrupt may have come before we heard of it."""
    done = range(start, checkpoint_of(reader_of(str(folder))).size)
    if not done:
        return "interrupted: none of the records is in"
    rest = "; what followed is not" if len(done) < wanted else ", and that is all of them"
    return f"interrupted: {_in(done)}{rest}"


def _in(indices: range) -> str:
    count = len(indices)
    if not count:
        return "no record was appended"
    what = "records are" if count > 1 else "record is"
    return f"{count} {what} in, at {indices[0]} to {indices[-1]}"


def check_outside(secret: Path, folder: Path) -> None:
    """Raises `UsageError` if a secret's file lies in a folder that is there to be served."""
    if folder.resolve() in (secret.resolve(), *secret.resolve().parents):
        raise UsageError(f"could not use {secret}: it lies in the log's folder, which is served")


def _read_records(places: Sequence[str], *, lines: bool) -> list[bytes]:
    records: list[bytes] = []
    for place in places:
        data = _standard_input() if place == "-" else _file(Path(place), lines=lines)
        if not lines:
            records.append(data)
            continue
        records += data.removesuffix(b"\n").split(b"\n") if data else []
    if too_long := next(_too_long(records), None):
        raise InputError(
            f"could not log a record of {too_long} bytes: a leaf holds at most {MAX_LEAF_SIZE}",
            remedy="put the bytes elsewhere and log their digest",
        )
    return records


def _too_long(records: Sequence[bytes]) -> Iterator[int]:
    return (len(record) for record in records if len(record) > MAX_LEAF_SIZE)


def _file(path: Path, *, lines: bool) -> bytes:
    if lines:
        return read_file(path, "records")
    return read_file(path, "record", limit=MAX_LEAF_SIZE)


def _standard_input() -> bytes:
    return sys.stdin.buffer.read()
