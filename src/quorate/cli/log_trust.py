"""Where a log is, and whose word a command takes for whose log it is."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from quorate.audit.logs import log_identity, witness_identities
from quorate.cli.audit import read_policy, read_roots
from quorate.cli.output import tell
from quorate.core.encoding import parse_canonical
from quorate.core.errors import (
    EncodingError,
    InputError,
    QuorateError,
    UndecidedError,
    UsageError,
    VerificationError,
)
from quorate.core.keys import PublicKey
from quorate.log.checkpoint import Checkpoint, LogIdentity, WitnessIdentity
from quorate.log.folder import FolderReader
from quorate.log.note import Note, NoteKey
from quorate.log.policy import Policy, log_among
from quorate.log.shown import ShownHeads, read_heads
from quorate.log.storage import CHECKPOINT, LogReader, read_entries
from quorate.log.tiles import ENTRIES, TILE_WIDTH, Tile
from quorate.log.verify import VerifiedNote, verify_note
from quorate.log.web.url_reader import UrlReader

PlaceArgument = Annotated[
    str, typer.Argument(metavar="DIR|URL", help="The log's folder, or the address it is served at.")
]
VkeyOption = Annotated[
    list[str] | None,
    typer.Option(help="A verifier key of the log; give both, as log create printed them."),
]
PolicyOption = Annotated[
    Path | None, typer.Option(help="A trust policy (C2SP tlog-policy): logs, witnesses, quorum.")
]


def reader_of(place: str) -> LogReader:
    """The log behind an address or in a folder; `InputError` where there is none."""
    if place.startswith(("http://", "https://")):
        return UrlReader(place)
    if not (Path(place) / CHECKPOINT).exists():
        raise InputError(f"could not read log {place}: it holds no checkpoint")
    return FolderReader(Path(place))


@contextlib.contextmanager
def opened(place: str) -> Iterator[LogReader]:
    """As `reader_of`; its connections are closed at the end."""
    with contextlib.ExitStack() as ended:
        reader = reader_of(place)
        if isinstance(reader, UrlReader):
            ended.callback(reader.close)
        yield reader


@dataclass(frozen=True, slots=True)
class Believed:
    """Whose log a reader takes it for, and which witnesses' word he wants beside the log's."""

    log: LogIdentity
    witnesses: tuple[WitnessIdentity, ...] = ()
    policy: Policy | None = None

    def check(self, note: str) -> VerifiedNote:
        """Raises `VerificationError` unless the log signed ``note`` and no witness's line is bad.

        Whether a policy's quorum is reached is judged with the tree (`log.shown.accept`).
        """
        return verify_note(note, self.log, self.witnesses)


def believe(
    origin: str, trust: Path | None, vkeys: Sequence[str] | None, policy: Path | None
) -> Believed | None:
    """What the options say of the log that calls itself ``origin``; None if they say nothing."""
    if sum(given is not None for given in (trust, vkeys or None, policy)) > 1:
        raise UsageError("give one of --trust, --vkey and --policy")
    if trust is not None:
        return _by_trust_file(origin, trust)
    if vkeys:
        return Believed(log_among(origin, _parsed(vkeys)))
    return _by_policy(origin, policy) if policy is not None else None


def believe_log(
    reader: LogReader,
    shown: ShownHeads,
    trust: Path | None,
    vkeys: Sequence[str] | None,
    policy: Path | None,
    *,
    quiet: bool = False,
) -> Believed:
    """As `believe`; without options the log's own word is taken, and that is said."""
    origin = stated_origin(shown)
    believed = believe(origin, trust, vkeys, policy)
    if believed is None:
        if not quiet:
            tell("the keys are taken from the log's own first record: nobody vouched for them")
        believed = Believed(_stated_identity(reader, shown))
    return believed


def heads_of(reader: LogReader) -> ShownHeads:
    """A log's heads, read once for all that follows; `VerificationError` if it shows none."""
    try:
        return read_heads(reader)
    except InputError as error:
        raise _no_keys(reader.name, error.message) from None


def stated_origin(shown: ShownHeads) -> str:
    """The origin that a log's checkpoint states."""
    return _stated(shown).origin


def _stated(shown: ShownHeads) -> Checkpoint:
    try:
        return Checkpoint.parse(Note.parse(shown.note()).text)
    except InputError as error:
        raise _no_keys(shown.name, error.message) from None


def _no_keys(name: str, why: str) -> VerificationError:
    return VerificationError(f"its keys cannot be read ({why})", place=name)


def _stated_identity(reader: LogReader, shown: ShownHeads) -> LogIdentity:
    stated = _stated(shown)
    origin = stated.origin
    try:
        first = read_entries(reader, Tile(ENTRIES, 0, min(stated.size, TILE_WIDTH)))[0]
        genesis = parse_canonical(first)
        keys = [PublicKey.parse(key) for key in genesis["keys"]]
        if genesis["origin"] != origin:
            raise EncodingError("its first record is of another log")
        return LogIdentity(origin, *keys)
    except UndecidedError:
        raise
    except (InputError, KeyError, TypeError, IndexError) as error:
        raise _no_keys(reader.name, str(error)) from None


def _by_trust_file(origin: str, path: Path) -> Believed:
    roots = read_roots(path)
    for member in roots.members if roots else ():
        if member.origin == origin:
            assert roots is not None
            return Believed(log_identity(member), tuple(witness_identities(roots, member.name)))
    raise VerificationError(f"no member of the trust file has this log ({origin[:80]!r})")


def _by_policy(origin: str, path: Path) -> Believed:
    policy = read_policy(path)
    assert policy is not None
    return Believed(log_among(origin, [each.key for each in policy.logs]), policy=policy)


def _parsed(vkeys: Sequence[str]) -> list[NoteKey]:
    try:
        return [NoteKey.parse_vkey(each) for each in vkeys]
    except QuorateError as error:
        raise UsageError(f"could not use --vkey: {error.message}") from None
