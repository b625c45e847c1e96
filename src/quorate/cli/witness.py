"""``quorate witness``: cosign the checkpoints of others' logs, as a service of its own."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from quorate.cli.application import app
from quorate.cli.audit import JsonOption
from quorate.cli.output import counted, print_json, say, styled, tell
from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, InputError, UndecidedError
from quorate.core.files import make_folder, read_file, write_durable
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import SystemClock, SystemRandomness
from quorate.log.equivocation import SUFFIX, prove_equivocation
from quorate.log.note import check_key_name
from quorate.log.web.hosting import Address, Server
from quorate.log.web.witness_server import WITNESS_LIMITS, witness_routes
from quorate.log.witness import Witness, WitnessedLog, logs_of
from quorate.log.witness_state import Conflict
from quorate.node.config import passphrase

KEY_FILE = "witness.key"
LOGS_FILE = "logs"
SEEN_FOLDER = "seen"

witness_app = typer.Typer(help="Cosign others' logs as a witness.", no_args_is_help=True)
app.add_typer(witness_app, name="witness")

StateOption = Annotated[Path, typer.Option(help="The witness's folder: its key, what it has seen.")]
LogOption = Annotated[
    list[str] | None,
    typer.Option(help="A log's verifier key; again for its other keys and for other logs."),
]


@witness_app.command("create")
def create_command(
    state: StateOption,
    name: Annotated[
        str, typer.Option(help="Stands on every line it signs, such as example.org/witness.")
    ],
) -> int:
    """Make a new witness and print its verifier keys, for those who trust it."""
    try:
        check_key_name(name)
    except EncodingError as error:
        raise InputError(error.message) from None
    key_file = state / KEY_FILE
    if key_file.exists() or key_file.is_symlink():
        raise InputError(f"could not create a witness in {state}: there is one already")
    make_folder(state, mode=0o700)
    Keyring.generate(name, SystemRandomness()).save(key_file, SystemRandomness(), passphrase())
    for vkey in _vkeys(_open(state)):
        say(vkey)
    return 0


@witness_app.command("serve")
def serve_command(
    state: StateOption,
    listen: Annotated[
        str, typer.Option(help="HOST:PORT; port 0 takes a free one.")
    ] = "127.0.0.1:7380",
    log: LogOption = None,
    prefix: Annotated[str, typer.Option(help="A path before /add-checkpoint.")] = "",
) -> int:
    """Answer add-checkpoint requests until interrupted. Prints the URL when it listens."""
    address = Address.parse(listen)
    if prefix and (not prefix.startswith("/") or prefix.endswith("/") or "{" in prefix):
        raise InputError(f"could not serve under {prefix!r}: not a path such as /witness")
    witness, logs = _open(state), _known_logs(state, log or [])
    if not logs:
        raise InputError(
            "could not serve: this witness knows no log",
            remedy=f"name one with --log, or with a line 'log VKEY' in {state / LOGS_FILE}",
        )
    routes = witness_routes(witness, logs, prefix, report=tell)
    server = Server(routes, address, limits=WITNESS_LIMITS, report=tell)
    tell(f"{witness.identity.name} witnesses {counted(len(logs), 'log')}")
    server.run(lambda bound: say(f"{bound.url}{prefix}"))
    tell("stopped")
    return 0


@witness_app.command("status")
def status_command(state: StateOption, as_json: JsonOption = False) -> int:
    """Show a witness's keys, what it cosigned last of every log, and who showed two trees."""
    witness = _open(state)
    seen, conflicts = witness.seen(), witness.conflicts()
    if as_json:
        logs = [
            {"origin": o.origin, "root": o.root.hex(), "size": o.size}
            for o in (each.checkpoint for each in seen)
        ]
        forks = [{"origin": c.origin, "seen": c.seen, "shown": c.shown} for c in conflicts]
        keys = {"name": witness.identity.name, "keys": _vkeys(witness)}
        print_json(keys | {"logs": logs, "conflicts": forks})
        return 0
    say(witness.identity.name)
    for vkey in _vkeys(witness):
        say(f"  {vkey}")
    for each in seen:
        checkpoint = each.checkpoint
        say(f"  {checkpoint.size:>10}  {checkpoint.origin}  root {checkpoint.root.hex()}")
    for conflict in conflicts:
        say(styled("  FORK", "red"), f"  {conflict.origin} signed two trees of one size")
    return 0


@witness_app.command("evidence")
def evidence_command(
    state: StateOption,
    to: Annotated[Path, typer.Option(help="The folder to write the files into.")],
    log: LogOption = None,
) -> int:
    """Write a proof for everybody against each log that showed this witness two trees."""
    conflicts, logs = _open(state).conflicts(), _known_logs(state, log or [])
    if not conflicts:
        tell("no log showed this witness two trees of one size")
        return 0
    found = [(conflict.origin, _evidence(conflict, logs)) for conflict in conflicts]
    make_folder(to)
    for origin, text in found:
        path = to / f"{Digest.of(text).hex[:16]}{SUFFIX}"
        write_durable(path, text)
        say(f"{path}  {origin}")
    return 0


def _evidence(conflict: Conflict, logs: Mapping[str, WitnessedLog]) -> bytes:
    known = logs.get(conflict.origin)
    if known is None or known.identity is None:
        raise UndecidedError(
            f"could not prove it of {conflict.origin}: not both of its keys are known here",
            remedy="name its Ed25519 and its ML-DSA-44 verifier key with --log",
        )
    return str(prove_equivocation(known.identity, conflict.seen, conflict.shown)).encode()


def _open(state: Path) -> Witness:
    keyring = Keyring.load(state / KEY_FILE, passphrase())
    ed25519, ml_dsa_44 = keyring.witness_signers
    folder, clock = state / SEEN_FOLDER, SystemClock()
    return Witness(keyring.name, ed25519, folder, clock, quantum_signer=ml_dsa_44)


def _vkeys(witness: Witness) -> list[str]:
    return [identity.verifier.note_key.vkey for identity in witness.identities]


def _known_logs(state: Path, options: list[str]) -> dict[str, WitnessedLog]:
    """From the options, and from lines ``log VKEY [URL]`` of the file (C2SP tlog-policy)."""
    vkeys, path = list(options), state / LOGS_FILE
    lines = read_file(path, "list of logs", limit=2**24) if path.exists() else b""
    try:
        for number, line in enumerate(decode_text(lines).split("\n"), start=1):
            words = line.split()
            if not words or words[0].startswith("#"):
                continue
            if words[0] != "log" or not 2 <= len(words) <= 3:
                raise EncodingError(f"line {number} is not 'log VKEY'")
            vkeys.append(words[1])
        return logs_of(vkeys)
    except EncodingError as error:
        where = path if path.exists() else "--log"
        raise InputError(f"could not read the logs to witness ({where}): {error.message}") from None
