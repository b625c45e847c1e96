"""``quorate stamp`` and ``quorate trust``: put a timestamp into a receipt; say whose to believe."""

import dataclasses
import stat
from pathlib import Path
from typing import Annotated

import typer

from quorate.audit.logs import log_identity
from quorate.audit.timestamps import moment_of
from quorate.cli.application import app
from quorate.cli.audit import JsonOption, TrustOption, read_policy, read_roots
from quorate.cli.log_trust import PolicyOption as LogPolicyOption
from quorate.cli.output import print_json, say, styled
from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, InputError, UsageError
from quorate.core.files import read_file, write_durable
from quorate.core.sources import SystemRandomness
from quorate.log.checkpoint import LogIdentity
from quorate.log.policy import log_among
from quorate.log.receipt import Receipt
from quorate.log.timestamp import TimestampAuthority, obtain_timestamp, read_root
from quorate.log.web.timestamp_client import HttpTimestampSource
from quorate.provenance.roots import Roots

MAX_RECEIPT = 2_000_000  # bytes
MAX_ROOT = 1_000_000  # bytes

trust_app = typer.Typer(help="Edit your own trust file.", no_args_is_help=True)
app.add_typer(trust_app, name="trust")

RootOption = typer.Option(help="The authority's root certificate, PEM or DER, from its own site.")
TsaPolicyOption = typer.Option(
    "--tsa-policy",
    metavar="OID",
    help="Demand this policy (dotted object identifier) of its tokens.",
)


@app.command("stamp")
def stamp_command(
    receipt: Annotated[Path, typer.Argument(help="A receipt (.tlog-proof); the token goes in.")],
    *,
    authority: Annotated[str, typer.Option(help="URL of an RFC 3161 timestamp authority.")],
    trust: TrustOption = None,
    root: Annotated[Path | None, RootOption] = None,
    policy: LogPolicyOption = None,
    tsa_policy: Annotated[str | None, TsaPolicyOption] = None,
    again: Annotated[bool, typer.Option(help="Replace a timestamp that is there.")] = False,
    seconds: Annotated[float, typer.Option(min=0.1, max=600, help="Longest time to wait.")] = 20.0,
    as_json: JsonOption = False,
) -> int:
    """Have an outside authority say when the log had signed a receipt's checkpoint."""
    roots = read_roots(trust)
    if (roots is None) == (policy is None):
        raise UsageError(
            "could not stamp a receipt: whose keys its log has is not known",
            remedy="pass either your trust file with --trust FILE or a policy that lists both of "
            "the log's keys with --policy FILE",
        )
    old = _read_receipt(receipt)
    if old.extra is not None and not again:
        raise InputError(
            f"could not stamp {receipt}: it carries a timestamp already",
            remedy="pass --again to replace it; an older one says more",
        )
    log = _log_of(old, roots, policy, receipt)
    believed = _believed(authority, roots, root, tsa_policy)
    with HttpTimestampSource(authority, seconds=seconds) as source:
        stamp = obtain_timestamp(source, old.note, log, believed, SystemRandomness())
    _replace(receipt, str(old.with_timestamp(stamp.token)).encode())
    said = stamp.said
    if as_json:
        print_json({"authority": said.authority, "policy": said.policy, "time": said.time})
    else:
        say(styled("stamped", "green"), f": {receipt}: {moment_of(said)}, says {said.authority}")
    return 0


@trust_app.command("add-authority")
def add_authority_command(
    file: Annotated[Path, typer.Argument(help="Your trust file; it is changed.")],
    name: Annotated[str, typer.Option(help="What reports shall call the authority.")],
    root: Annotated[Path, RootOption],
    tsa_policy: Annotated[str | None, TsaPolicyOption] = None,
) -> int:
    """Believe the timestamps of an authority from now on."""
    roots = read_roots(file)
    assert roots is not None
    if name in {each.name for each in roots.authorities}:
        raise InputError(f"could not add authority {name!r} to {file}: it is there already")
    added = _authority(name, root, tsa_policy)
    changed = dataclasses.replace(roots, authorities=(*roots.authorities, added))
    _replace(file, changed.to_bytes())
    say(styled("added", "green"), f": {file} believes timestamps of {name}")
    return 0


def _read_receipt(path: Path) -> Receipt:
    try:
        return Receipt.parse(decode_text(read_file(path, "receipt", limit=MAX_RECEIPT)))
    except EncodingError as error:
        raise InputError(f"could not stamp {path}: {error.message}") from None


def _log_of(receipt: Receipt, roots: Roots | None, policy: Path | None, path: Path) -> LogIdentity:
    origin = receipt.note.text.split("\n", 1)[0]
    rules = read_policy(policy)
    if rules is not None:
        return log_among(origin, [each.key for each in rules.logs])
    for member in roots.members if roots else ():
        if member.origin == origin:
            return log_identity(member)
    raise InputError(
        f"could not stamp {path}: no member of the trust file has its log ({origin!r})"
    )


def _believed(
    url: str, roots: Roots | None, root: Path | None, policy: str | None
) -> tuple[TimestampAuthority, ...]:
    """The authorities of the command line, else of the trust file."""
    if root is not None:
        return (_authority(url, root, policy),)
    if policy is not None:
        raise UsageError("could not demand a --tsa-policy: it goes with --root")
    if roots is None or not roots.authorities:
        raise UsageError(
            "could not stamp a receipt: whose timestamps to believe is not known",
            remedy="pass the authority's root certificate with --root FILE, or add it to your "
            "trust file with quorate trust add-authority",
        )
    return roots.authorities


def _authority(name: str, root: Path, policy: str | None) -> TimestampAuthority:
    content = read_file(root, "root certificate", limit=MAX_ROOT)
    try:
        return TimestampAuthority(name, read_root(content), policy)
    except EncodingError as error:
        raise InputError(f"could not use root certificate {root}: {error.message}") from None


def _replace(path: Path, content: bytes) -> None:
    write_durable(path, content, mode=stat.S_IMODE(path.stat().st_mode))
