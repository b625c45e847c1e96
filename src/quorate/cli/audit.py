"""``quorate audit`` and ``quorate verify``: is it true? Exit 0 yes, 1 no, 2 cannot tell.

Nothing here imports the node: the process that audits holds no code that could act for a party.
"""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from quorate.audit.auditor import STEPS, audit
from quorate.audit.findings import AuditReport
from quorate.audit.report import layer_rows, render
from quorate.audit.single import verify_file
from quorate.cli.application import app
from quorate.cli.output import complain, data, print_json, progress_bar, say, styled
from quorate.core.errors import EncodingError, InputError
from quorate.core.files import read_file, write_durable
from quorate.core.keyring import Keyring
from quorate.core.sealing import SealingKey
from quorate.log.policy import MAX_POLICY_SIZE, Policy
from quorate.provenance.bundle import AUDITOR_FOLDER, BUNDLE_FILE, OPENING_KEY_FILE
from quorate.provenance.roots import Roots

TrustOption = Annotated[
    Path | None, typer.Option("--trust", help="Your own trust file; never one from a bundle.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")]


@app.command("audit")
def audit_command(
    path: Annotated[Path, typer.Argument(help="An evidence bundle, or the home that holds one.")],
    trust: TrustOption = None,
    key: Annotated[
        Path | None,
        typer.Option(help="The key that the updates are sealed to; else looked for beside."),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Write the HTML report here.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Re-derive everything from the evidence, offline. Exit 0 true, 1 false, 2 cannot tell."""
    if report is not None and not report.parent.is_dir():
        raise InputError(f"could not write report {report}: no folder {report.parent}")
    bundle = path / BUNDLE_FILE if path.is_dir() else path
    content = read_file(bundle, "evidence bundle")
    roots = read_roots(trust)
    opener = _opener(key, trust, bundle)
    if not as_json and roots is None:
        nobody = styled("Nobody vouched for these roots", "bold yellow")
        say(nobody, ": they are the bundle's own.")
    with progress_bar() as bar:
        task = bar.add_task("opening the bundle", total=len(STEPS))
        result = audit(
            content,
            roots,
            opener,
            lambda number, title: bar.update(task, completed=number - 1, description=title),
        )
    if report is not None:
        write_durable(report, render(result).encode("utf-8"))
    if as_json:
        print_json(result.to_value())
    else:
        _print(result)
    return result.exit_code


def read_roots(trust: Path | None) -> Roots | None:
    """The trust file, if one was given."""
    if trust is None:
        return None
    try:
        return Roots.from_bytes(read_file(trust, "trust file", limit=10_000_000))
    except EncodingError as error:
        raise InputError(f"could not use trust file {trust}: {error.message}") from None


def read_policy(policy: Path | None) -> Policy | None:
    """The policy file (C2SP tlog-policy), if one was given."""
    if policy is None:
        return None
    try:
        return Policy.from_bytes(read_file(policy, "policy", limit=MAX_POLICY_SIZE))
    except EncodingError as error:
        raise InputError(f"could not use policy {policy}: {error.message}") from None


def _record_beside(receipt: Path) -> Path:
    """Where `log append --receipts` writes a record: as .json if it is JSON, else as .record."""
    plain = receipt.with_suffix(".record")
    other = receipt.with_suffix(".json")
    return plain if plain.exists() and not other.exists() else other


def _opener(key: Path | None, trust: Path | None, bundle: Path) -> SealingKey | None:
    """The auditor's key. A key only opens; what it opens is checked against the chain.

    One that was not named but lies beside may be a stranger's: unreadable, it is passed over.
    """
    if key is not None:
        return _load(key)
    folders = [trust.parent] if trust is not None else []
    folders += [bundle.parent, bundle.parent / AUDITOR_FOLDER]
    for folder in folders:
        found = folder / OPENING_KEY_FILE
        if found.exists():
            try:
                return _load(found)
            except InputError as error:
                complain(f"passed over a key that lies beside: {error}")
    return None


def _load(key: Path) -> SealingKey:
    return Keyring.load(key, os.environ.get("QUORATE_PASSPHRASE") or None).sealing


def _print(result: AuditReport) -> None:
    table = Table(box=None, pad_edge=False, show_header=False)
    for check in result.checks:
        table.add_row(f"{check.number:>2}", styled("ok", "green"), check.title, check.detail)
    if result.failure is not None:
        ink = "red" if result.exit_code == 1 else "yellow"
        mark = "NO" if result.exit_code == 1 else "??"
        failure = result.failure
        said = styled(f"{failure.place} {failure.message}", ink)
        table.add_row(f"{failure.number:>2}", styled(mark, ink), failure.title, said)
    data.print(table)
    for note in result.notes:
        say(f"note: {note}")
    say()
    total = sum(check.count for check in result.checks)
    words_of = {
        0: ("verified", "green", f": {total:,} checks; the model is what its record says it is"),
        1: ("refused", "red", ": the evidence does not hold; the first fault is named above"),
        2: ("undecided", "yellow", ": the evidence does not suffice; what is missing is above"),
    }
    word, ink, rest = words_of[result.exit_code]
    say(styled(word, ink), rest)
    if result.story.model_digest:
        say(f"model {result.story.model_digest}")
    say(f"trust level {result.level}")
    if result.exit_code == 0:
        say()
        layers = Table(box=None, pad_edge=False, show_header=False)
        for name, text in layer_rows(result):
            layers.add_row(name, text)
        data.print(layers)
    say()
    say("not proven:")
    for item in result.not_proven:
        say(f"  · {item}")


@app.command("verify")
def verify_command(
    path: Annotated[
        Path,
        typer.Argument(
            help="A statement (.json), a receipt (.tlog-proof), a bundle, or a proof that a log "
            "signed two trees (.equivocation)."
        ),
    ],
    trust: TrustOption = None,
    record: Annotated[
        Path | None,
        typer.Option(help="The record that a receipt proves; else FILE's .json or .record."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(
            help="Your policy: which logs and witnesses, how many. For receipts and .equivocation."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Verify one file against your trust file. Exit 0 true, 1 false, 2 cannot tell."""
    content = read_file(path, "file")
    leaf = None
    if path.suffix == ".tlog-proof":
        leaf = read_file(record or _record_beside(path), "record", limit=65_535)
    roots, rules = read_roots(trust), read_policy(policy)
    finding = verify_file(content, roots, leaf, policy=rules, name=str(path))
    if as_json:
        print_json({"passed": True, "kind": finding.kind, "facts": finding.facts})
    else:
        say(styled("verified", "green"), f": {finding.kind}")
        for name, value in finding.facts.items():
            say(f"  {name}: {value}")
    return 0
