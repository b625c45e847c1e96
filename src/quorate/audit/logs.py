"""The logs: every leaf, signature, cosignature, sequence; and the statements that they record."""

from quorate.audit.case import Case, LogEvidence, StatementEvidence
from quorate.core.encoding import parse_canonical
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.log.checkpoint import Checkpoint, LogIdentity, WitnessIdentity
from quorate.log.note import Note
from quorate.log.receipt import Receipt
from quorate.log.tiles import parse_entries
from quorate.log.verify import verify_log, verify_receipt
from quorate.provenance.book import STATEMENT
from quorate.provenance.kinds import KINDS
from quorate.provenance.records import Record, leaf_digest
from quorate.provenance.roots import MemberRoot, Roots
from quorate.provenance.statement import Statement, verify_statement


def log_identity(member: MemberRoot) -> LogIdentity:
    """How a member's log is verified."""
    return LogIdentity(member.origin, *member.identity.log_keys)


def witness_identities(roots: Roots, own: str) -> list[WitnessIdentity]:
    """Every other member as a witness of the log of ``own``."""
    return [
        WitnessIdentity(f"{member.origin}/witness", member.identity.witness_key)
        for member in roots.members
        if member.name != own
    ]


def check_logs(case: Case) -> None:
    """Every organisation's log is whole, signed, cosigned by all others, gapless and linked.

    1. There is a log for every member in the roots and for nobody else.
    2. Its checkpoint carries the log's two signatures and a cosignature of every other member, and
       all its leaves hash to the checkpoint's root.
    3. Each leaf is a record in its one spelling of a source of this member (``north`` and
       ``north/...``), numbered without a gap among its source's, naming the one before.
    """
    # 1.
    present = {path.split("/")[1] for path in case.member_paths("log/")}
    strange = sorted(present ^ set(case.names()))
    if strange:
        raise VerificationError("a log is missing or of no member", place=f"log/{strange[0]}")
    signatures = 0
    for name in case.names():
        case.logs[name] = _read_log(case, name)
        signatures += 2 + len(case.logs[name].verified.cosigners)
    case.story.records = sum(len(log.leaves) for log in case.logs.values())
    case.passed(
        "logs",
        case.story.records + signatures,
        f"{case.story.records} leaves of {len(case.logs)} logs hash to their signed checkpoints; "
        f"{signatures} signatures and cosignatures hold; no record is missing from a sequence",
    )


def _read_log(case: Case, name: str) -> LogEvidence:
    member = case.roots.member(name)
    note_place, place = f"log/{name}/checkpoint", f"log/{name}/entries"
    witnesses = witness_identities(case.roots, name)
    # 2.
    try:
        note = case.members[note_place].decode("utf-8")
        size = Checkpoint.parse(Note.parse(note).text).size
        leaves = parse_entries(case.members[place], size)
    except KeyError:
        raise VerificationError("checkpoint or entries are missing", place=place) from None
    except (UnicodeDecodeError, EncodingError) as error:
        raise VerificationError(str(error), place=place) from None
    verified = verify_log(
        leaves, note, log_identity(member), witnesses, len(witnesses), place=f"log/{name}"
    )
    return LogEvidence(verified, note, tuple(leaves), records_of(name, leaves))


def records_of(name: str, leaves: list[bytes]) -> tuple[Record | None, ...]:
    """The record of every leaf of the log of ``name``, None for its genesis; step 3."""
    # 3.
    records: list[Record | None] = [None]
    last: dict[str, tuple[int, str]] = {}
    first = (0, leaf_digest(leaves[0]))
    for index in range(1, len(leaves)):
        place = f"log/{name} record {index}"
        try:
            record = Record.from_leaf(leaves[index])
        except EncodingError as error:
            raise VerificationError(error.message, place=place) from None
        number, head = last.get(record.source, first)
        own = record.source == name or record.source.startswith(f"{name}/")
        if record.seq != number + 1 or not own:
            raise VerificationError("is not at its place in its source's sequence", place=place)
        if record.prev_source_head != head:
            raise VerificationError("does not name the record before it", place=place)
        last[record.source] = (record.seq, leaf_digest(leaves[index]))
        records.append(record)
    return tuple(records)


def check_statements(case: Case) -> None:
    """Every statement is signed by its author, recorded in the author's log, and proven there.

    1. It is signed by both of its author's keys and its claim is well-formed.
    2. Its author's log has a record naming its digest, kind and key, and a receipt proves that
       record and carries nothing else.
    3. No log records a statement that is not in the bundle (nothing was left out).
    """
    receipts = 0
    for path in case.member_paths("statement/"):
        _, author, file = path.split("/")
        key = file.removesuffix(".json")
        if author not in case.logs:
            raise VerificationError("is of no member", place=path)
        # 1.
        identity = case.roots.member(author).identity
        statement = verify_statement(case.members[path], identity, path)
        _check_claim(statement.kind, statement, path)
        # 2. Kind and key too, or one statement could stand in the bundle under two names.
        digest = str(Digest.of(case.members[path]))
        item = {"digest": digest, "type": statement.kind, "name": key}
        index = _record_of(case.logs[author], item, path)
        check_receipt(case, author, key, index)
        receipts += 1
        case.statements[author, key] = StatementEvidence(author, key, statement, index)
    # 3.
    present = {(each.author, each.index) for each in case.statements.values()}
    for name, log in case.logs.items():
        for index, record in enumerate(log.records):
            if record is not None and record.type == STATEMENT and (name, index) not in present:
                raise VerificationError(
                    "records a statement that is not in the bundle",
                    place=f"log/{name} record {index}",
                )
    case.story.statements = len(case.statements)
    case.story.receipts = receipts
    case.passed(
        "statements",
        2 * len(case.statements) + receipts,
        f"{len(case.statements)} statements carry both signatures of their authors; "
        f"{receipts} receipts prove their records",
    )


def _check_claim(kind: str, statement: Statement, place: str) -> None:
    if kind not in KINDS or kind == "manifest":
        raise VerificationError(f"is of the unknown kind {kind[:40]!r}", place=place)
    try:
        KINDS[kind].from_statement(statement)
    except EncodingError as error:
        raise VerificationError(error.message, place=place) from None


def _record_of(log: LogEvidence, item: dict[str, str], place: str) -> int:
    for index, record in enumerate(log.records):
        if record is not None and record.type == STATEMENT and record.object == [item]:
            return index
    raise VerificationError("its author's log does not record it", place=place)


def check_receipt(case: Case, author: str, key: str, index: int) -> None:
    """The receipt ``key`` proves the record at ``index`` of the author's log, and is no more.

    It may stand under any checkpoint that every other member cosigned, an older one too.
    """
    path = f"receipt/{author}/{key}.tlog-proof"
    if path not in case.members:
        raise VerificationError("missing", place=path)
    witnesses = witness_identities(case.roots, author)
    text = _text_of(case.members[path], path)
    verified = verify_receipt(
        text,
        case.logs[author].leaves[index],
        log_identity(case.roots.member(author)),
        witnesses,
        len(witnesses),
        place=path,
    )
    if verified.index != index:
        raise VerificationError("proves another record", place=path)
    if Receipt.parse(text).extra is not None:
        raise VerificationError("carries bytes that nobody signed", place=path)


def _text_of(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise VerificationError("is not UTF-8 text", place=place) from None


def check_receipts_complete(case: Case) -> None:
    """Every receipt in the bundle belongs to a statement or a decision that was checked."""
    known = {f"receipt/{e.author}/{e.key}.tlog-proof" for e in case.statements.values()}
    known |= {f"receipt/{d['party']}/{d['key']}.tlog-proof" for d in case.story.decisions}
    for path in case.member_paths("receipt/"):
        if path not in known:
            raise VerificationError("proves nothing that is in the bundle", place=path)


def canonical_value(data: bytes, place: str) -> object:
    """Canonical JSON of a bundle member."""
    try:
        return parse_canonical(data)
    except EncodingError as error:
        raise VerificationError(error.message, place=place) from None
