"""The container and the roots: what was handed over, by whom, and who vouches for the roots."""

from quorate.audit.case import Case
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.sealing import SealingKey
from quorate.provenance.bundle import (
    MANIFEST,
    OPENINGS,
    ROOTS,
    manifest_author,
    unpack,
    verify_manifest,
)
from quorate.provenance.roots import Roots


def open_case(data: bytes, trust: Roots | None, opener: SealingKey | None) -> Case:
    """The case for the bundle ``data``: container, roots and manifest hold.

    1. The file is the one ZIP of its members (`provenance.bundle.unpack`).
    2. The bundle's own roots are in their one form and, where the auditor has a trust file, name
       the same chain and the same members with the same keys. They name no timestamp authority:
       whom to believe about time is the auditor's own choice.
    3. The manifest is signed by a member of the roots and lists exactly these members; openings
       are there in the sealed form and only there.
    """
    # 1.
    members = unpack(data)
    # 2.
    if ROOTS not in members:
        raise VerificationError("missing", place=ROOTS)
    try:
        own = Roots.from_bytes(members[ROOTS])
    except EncodingError as error:
        raise VerificationError(error.message, place=ROOTS) from None
    if own.authorities:
        raise VerificationError("name timestamp authorities; only a trust file may", place=ROOTS)
    if trust is not None:
        _compare(own, trust)
    case = Case(members, trust or own, opener)
    # 3.
    author = manifest_author(members)
    if author not in case.names():
        raise VerificationError("is signed by no member", place=MANIFEST)
    case.manifest = verify_manifest(members, case.roots.member(author).identity)
    if case.manifest.form not in ("sealed", "public"):
        raise VerificationError("is of an unknown form", place=MANIFEST)
    if (OPENINGS in members) != (case.manifest.form == "sealed"):
        raise VerificationError("openings and the stated form contradict", place=OPENINGS)
    case.passed(
        "container",
        len(members) + 2,
        f"{len(members)} members, rebuilt to the same bytes, are those that {author} signed for",
    )
    return case


def _compare(own: Roots, trust: Roots) -> None:
    if own.chain != trust.chain:
        raise VerificationError("names another chain than the trust file", place=ROOTS)
    ours = {member.name: member for member in trust.members}
    for member in own.members:
        if ours.get(member.name) != member:
            raise VerificationError(
                f"{member.name} is not the member of the trust file", place=ROOTS
            )
    if len(own.members) != len(trust.members):
        raise VerificationError("leaves out a member of the trust file", place=ROOTS)
