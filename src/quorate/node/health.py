"""Looking after an installation and a home: facts for ``status``, findings for ``doctor``."""

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from quorate.core.encoding import decode_text, parse_canonical
from quorate.core.errors import EncodingError, InputError, QuorateError, VerificationError
from quorate.core.files import check_real, read_file
from quorate.core.keyring import Keyring
from quorate.core.sources import SystemClock
from quorate.ledger.contracts import NAMES, load_artifact
from quorate.log.checkpoint import Checkpoint, LogIdentity
from quorate.log.fsck import check_log
from quorate.log.note import Note
from quorate.log.witness_state import check_states
from quorate.node.config import passphrase
from quorate.node.federation import FOUNDER
from quorate.node.wiring import OperatedLedger, holds_ledger, open_ledger
from quorate.provenance.bundle import BUNDLE_FILE

LAYERS = {
    "application": "command line; no portal, no agents",
    "AI": "updates checked, bounded, scored, aggregated exactly",
    "contract": "Members, Token, Stakes, Rounds, Anchor; nobody owns them",
    "consensus": "off: the embedded chain has one operator and adds no independence",
    "ledger and log": "embedded chain; one tiled log per organisation, cosigned, anchored",
    "provenance and identity": "signed statements; identities are keys in a member list",
    "storage": "vault of sealed blobs on disk",
    "cryptography": "Ed25519 + ML-DSA-44, X25519 + ML-KEM-768, AES-256-GCM with key commitment",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``remedy`` says what to do when it is not well."""

    what: str
    well: bool
    detail: str
    remedy: str = ""


def describe_home(home: Path) -> dict[str, Any]:
    """What a home holds, read from its files; opens nothing for writing."""
    claim = _claim(home)
    check_real(home, f"home {home}")
    logs = {}
    for folder in sorted((home / "parties").glob("*/log")):
        note = read_file(folder / "checkpoint", "log checkpoint", limit=1_000_000)
        try:
            logs[folder.parent.name] = Checkpoint.parse(Note.parse(decode_text(note)).text).size
        except EncodingError as error:
            raise InputError(f"could not read log {folder}: {error}") from None
    bundle = home / BUNDLE_FILE
    blocks, chain_id = _chain_facts(home)
    return {
        "home": str(home),
        "task": claim["specification"]["name"],
        "chain": {"blocks": blocks, "chain_id": chain_id},
        "logs": logs,
        "bundle": str(bundle) if bundle.exists() else None,
        "trust_level": "SELF",
        "layers": LAYERS,
    }


def check_machine() -> Iterator[Finding]:
    """The interpreter, the contracts and the arithmetic that this installation stands on."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("Python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")
    yield _guard(
        "contracts",
        lambda: ", ".join(f"{n} {len(load_artifact(n).creation)} bytes" for n in NAMES),
        "reinstall quorate: its compiled contracts are missing",
    )


def check_home_files(home: Path) -> Iterator[Finding]:
    """Every part of a home: who holds it, its keys, every log and the whole chain re-derived."""
    yield _guard("home", lambda: str(_claim(home)["specification"]["name"]), "name another --home")
    if not home.is_dir():
        return
    files = _guard("files", partial(_only_real, home), "put a real file or folder in its place")
    yield files
    if not files.well:
        return  # what lies behind a link is not this home's
    for path in sorted((home / "parties").glob("*/keys/keyring.json")):
        name = path.parent.parent.name
        yield _guard(f"keys of {name}", partial(_key_name, path), "restore the key file")
    for folder in sorted((home / "parties").glob("*/log")):
        remedy = "restore the named file from a copy"
        yield _guard(f"log of {folder.parent.name}", partial(_log_size, home, folder), remedy)
    for folder in sorted((home / "parties").glob("*/witness")):
        name = folder.parent.name
        remedy = "restore the named file from a copy"
        yield _guard(f"witness of {name}", partial(_logs_seen, folder), remedy)
    if (home / "chain").is_dir():
        yield _guard(
            "chain", lambda: f"{_chain_blocks(home)} blocks replayed", "restore it from a copy"
        )


def _guard(what: str, look: Callable[[], str], remedy: str) -> Finding:
    try:
        return Finding(what, True, look())
    except QuorateError as error:
        place = f"{error.place}: " if isinstance(error, VerificationError) and error.place else ""
        return Finding(what, False, place + error.message, error.remedy or remedy)


def _claim(home: Path) -> dict[str, Any]:
    path = home / "run.json"
    if not path.is_file():
        raise InputError(
            f"could not use home {home}: no run was ever started in it",
            remedy="name a folder that quorate demo or quorate train made",
        )
    try:
        value: dict[str, Any] = parse_canonical(read_file(path, "run file"))
        str(value["specification"]["name"])
    except (EncodingError, KeyError, TypeError) as error:
        raise InputError(f"could not use home {home}: {path} is damaged ({error})") from None
    return value


def _keyring(home: Path, name: str) -> Keyring:
    return Keyring.load(home / "parties" / name / "keys" / "keyring.json", passphrase())


def _key_name(path: Path) -> str:
    return Keyring.load(path, passphrase()).name


def _only_real(home: Path) -> str:
    check_real(home, f"home {home}")
    return "no links"


def _logs_seen(folder: Path) -> str:
    return f"{check_states(folder)} logs seen"


def _log_size(home: Path, folder: Path) -> str:
    keyring = _keyring(home, folder.parent.name)
    origin = f"quorate.invalid/{keyring.name}"
    report = check_log(folder, LogIdentity(origin, *keyring.identity.log_keys))
    return f"{report.size} records re-derived"


def _chain_blocks(home: Path) -> int:
    with contextlib.closing(_open_chain(home)) as ledger:
        return ledger.fsck().blocks


def _chain_facts(home: Path) -> tuple[int, int]:
    if not holds_ledger(home / "chain"):
        return 0, 0
    with contextlib.closing(_open_chain(home)) as ledger:
        return ledger.head().number + 1, ledger.chain_id


def _open_chain(home: Path) -> OperatedLedger:
    return open_ledger(home / "chain", _keyring(home, FOUNDER), SystemClock())
