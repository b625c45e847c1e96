"""Verifying one file by itself: a statement, a receipt, a bundle's container, proof of a fork."""

from dataclasses import dataclass

from quorate.audit.container import open_case
from quorate.audit.logs import log_identity, witness_identities
from quorate.audit.timestamps import check_timestamp, standing_of, standing_under_policy
from quorate.core.encoding import decode_text
from quorate.core.errors import EncodingError, InputError, UndecidedError, VerificationError
from quorate.log.checkpoint import WitnessIdentity, witnesses_among
from quorate.log.equivocation import PREFIX, Evidence, verify_equivocation
from quorate.log.note import ED25519_NOTE, ML_DSA_44_COSIGNATURE
from quorate.log.policy import Policy, log_among
from quorate.log.receipt import HEADER, Receipt
from quorate.log.verify import VerifiedReceipt, verify_receipt
from quorate.provenance.kinds import KINDS
from quorate.provenance.records import Record
from quorate.provenance.roots import MemberRoot, Roots
from quorate.provenance.statement import parse_envelope, verify_statement

_TYPES = {ED25519_NOTE: "Ed25519", ML_DSA_44_COSIGNATURE: "ML-DSA-44"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was verified, and what may now be relied on."""

    kind: str
    facts: dict[str, str]


def verify_file(
    data: bytes,
    trust: Roots | None,
    leaf: bytes | None = None,
    *,
    policy: Policy | None = None,
    name: str = "it",
) -> Finding:
    """The facts in ``data``; raises `VerificationError` (no) or `UndecidedError` (cannot tell).

    A receipt needs ``leaf``, the record that it proves. Without ``trust`` only a bundle and a proof
    of equivocation can be verified, against their own roots and keys; nobody's statement can. A
    receipt and a proof of equivocation can also be held to a ``policy``; without ``trust`` their
    log is one of the policy's.
    """
    receipt = data.startswith(HEADER.encode())
    if policy is not None and not receipt and not data.startswith(PREFIX):
        raise InputError(f"could not hold {name} to a policy: it is no receipt, nor of a fork")
    if data.startswith(b"PK"):
        case = open_case(data, trust, None)
        return Finding(
            "bundle container",
            {
                "members": str(len(case.members)),
                "roots": "your trust file" if trust else "its own: nobody vouched for them",
                "next": "quorate audit re-derives what is inside",
            },
        )
    if data.startswith(PREFIX):
        return _equivocation(data, trust, policy)
    if not receipt and not data.startswith(b"{"):
        raise UndecidedError(
            f"could not verify {name}: no statement, no receipt, no bundle, no evidence"
        )
    if trust is None and policy is None:
        raise UndecidedError(
            f"could not verify {name}: whose keys to believe is not known",
            remedy="pass your trust file with --trust FILE"
            + (", or a policy that lists its log with --policy FILE" if receipt else ""),
        )
    if receipt:
        return _receipt(data, trust, leaf, policy)
    assert trust is not None  # a policy goes with receipts only
    return _statement(data, trust)


def _statement(data: bytes, trust: Roots) -> Finding:
    try:
        envelope = parse_envelope(data)
    except EncodingError as error:
        raise VerificationError(error.message, place="statement") from None
    author = envelope.statement.author
    statement = verify_statement(data, _member(trust, author).identity, "statement")
    if statement.kind not in KINDS:
        raise UndecidedError(f"could not read a statement of the unknown kind {statement.kind!r}")
    try:
        KINDS[statement.kind].from_statement(statement)
    except EncodingError as error:
        raise VerificationError(error.message, place="statement") from None
    subjects = ", ".join(f"{s.name} {s.digest}" for s in statement.subjects)
    return Finding(f"{statement.kind} statement", {"author": author, "subject": subjects})


def _receipt(
    data: bytes, trust: Roots | None, leaf: bytes | None, policy: Policy | None
) -> Finding:
    if leaf is None:
        raise UndecidedError(
            "could not verify a receipt: the record that it proves is missing",
            remedy="pass it with --record FILE",
        )
    try:
        text = decode_text(data)
        receipt = Receipt.parse(text)
    except EncodingError as error:
        raise VerificationError(error.message, place="receipt") from None
    facts = {}
    if policy is not None:
        facts["quorum"] = f"{policy.quorum}, of your policy: satisfied"
    if trust is not None:
        facts |= _under_trust(receipt, leaf, trust, policy)
    elif policy is not None:
        facts |= _under_policy(receipt, leaf, policy)
    return Finding("receipt", facts)


def _under_trust(
    receipt: Receipt, leaf: bytes, trust: Roots, policy: Policy | None
) -> dict[str, str]:
    origin = receipt.note.text.split("\n", 1)[0]
    member = _by_origin(trust, origin, "receipt")
    witnesses = witness_identities(trust, member.name)
    log = log_identity(member)
    verified = verify_receipt(str(receipt), leaf, log, witnesses)
    if policy is not None:
        policy.check(str(receipt.note), log=log, place="receipt")
    stamped = check_timestamp(receipt, log, trust)
    return {
        **_place_of(verified, leaf),
        "cosigned by": f"{len(verified.cosigners)} of {len(witnesses)} witnesses",
        **standing_of(receipt, stamped, verified.cosigners, member, trust),
    }


def _under_policy(receipt: Receipt, leaf: bytes, policy: Policy) -> dict[str, str]:
    verified = policy.check_receipt(str(receipt), leaf)
    known = [WitnessIdentity(each.key.name, each.key.key) for each in policy.witnesses]
    possible = witnesses_among(known)
    reached = witnesses_among([each.witness for each in verified.cosigners], known)
    return {
        **_place_of(verified, leaf),
        **_demanded(policy, verified.checkpoint.origin),
        "cosigned by": f"{reached} of {possible} witnesses",
        **standing_under_policy(receipt, reached, possible),
    }


def _demanded(policy: Policy, origin: str) -> dict[str, str]:
    """What is said where a policy is content with one of the two signatures that our logs give."""
    kinds = {each.key.kind for each in policy.logs if each.key.name == origin}
    if len(kinds) != 1:
        return {}
    return {
        "signatures": f"of the log only {_TYPES[kinds.pop()]} was demanded: your policy lists no "
        "key of another type, so one that was stripped is not missed"
    }


def _place_of(verified: VerifiedReceipt, leaf: bytes) -> dict[str, str]:
    return {
        "log": verified.checkpoint.origin,
        "record": f"{verified.index} of {verified.checkpoint.size}",
        "type": _type_of(leaf),
    }


def _equivocation(data: bytes, trust: Roots | None, policy: Policy | None) -> Finding:
    try:
        text = decode_text(data)
        origin = Evidence.parse(text).log.origin
    except EncodingError as error:
        raise VerificationError(error.message, place="evidence", step="evidence.form") from None
    found = verify_equivocation(text)
    facts = {
        "trust level": "SELF",
        "keys": "the file's own: nobody vouched that they are the log's",
    }
    if trust is not None:
        found = verify_equivocation(text, log_identity(_by_origin(trust, origin, "evidence")))
        facts = {"keys": "your trust file's"}
    if policy is not None:
        listed = log_among(origin, [each.key for each in policy.logs])
        found = verify_equivocation(text, listed)
        facts = {"keys": "your trust file's and your policy's" if trust else "your policy's"}
    facts["proven"] = f"{origin} signed two trees of which neither extends the other"
    facts["heads"] = f"{found.smaller.size} leaves, root {found.smaller.root.hex()}; "
    facts["heads"] += f"{found.larger.size} leaves, root {found.larger.root.hex()}"
    if found.leaves is not None:
        first, end = found.leaves
        facts["differ in"] = f"leaf {first}" if end == first + 1 else f"leaves {first} to {end - 1}"
    return Finding("proof of equivocation", facts)


def _by_origin(trust: Roots, origin: str, place: str) -> MemberRoot:
    member = next((m for m in trust.members if m.origin == origin), None)
    if member is None:
        raise VerificationError(f"is of the unknown log {origin[:80]!r}", place=place)
    return member


def _member(trust: Roots, name: str) -> MemberRoot:
    try:
        return trust.member(name)
    except EncodingError as error:
        raise VerificationError(error.message, place="statement") from None


def _type_of(leaf: bytes) -> str:
    try:
        return Record.from_leaf(leaf).type
    except EncodingError:
        return "unknown"
