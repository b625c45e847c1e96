"""Evidence bundles: one deterministic ZIP that the verifier rebuilds and compares byte for byte.

Members are stored (not compressed), sorted by name, with one fixed time and mode, so that the same
members always make the same file and no byte of the container is free. ``MANIFEST.json`` is itself
a signed statement that lists every other member. Format page: docs/formats/bundle.md.
"""

import io
import re
import zipfile
from collections.abc import Mapping
from typing import Any

from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keyring import PublicIdentity
from quorate.core.keys import Signer
from quorate.provenance.kinds import Manifest
from quorate.provenance.statement import parse_envelope, sign_statement, verify_statement

MANIFEST = "MANIFEST.json"
ROOTS = "roots.json"
BLOCKS = "chain/blocks.json"
OPENINGS = "openings.sealed"
INITIAL_MODEL = "model/initial.safetensors"
FINAL_MODEL = "model/final.safetensors"

BUNDLE_FILE = "evidence.zip"
"""Where a home keeps its bundle."""
AUDITOR_FOLDER = "auditor"
TRUST_FILE = "trust.json"
OPENING_KEY_FILE = "auditor.key"

MEMBER_LIMIT = 2**31  # bytes
COUNT_LIMIT = 100_000

_PARTY = r"[a-z0-9][a-z0-9.-]{0,62}"
_NAMES = re.compile(
    rf"(MANIFEST\.json|roots\.json|chain/blocks\.json|openings\.sealed"
    rf"|model/(initial|final)\.safetensors"
    rf"|log/{_PARTY}/(entries|checkpoint)"
    rf"|statement/{_PARTY}/[a-z0-9-]+\.json|receipt/{_PARTY}/[a-z0-9-]+\.tlog-proof"
    rf"|update/[0-9]{{4}}/{_PARTY}\.sealed)\Z"
)
_FIXED_TIME = (1980, 1, 1, 0, 0, 0)


def pack(members: Mapping[str, bytes]) -> bytes:
    """The one ZIP of ``members`` (name -> bytes)."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            if not _NAMES.match(name):
                raise EncodingError(f"could not pack a bundle: unknown member {name[:80]!r}")
            info = zipfile.ZipInfo(name, _FIXED_TIME)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, members[name])
    return stream.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """The members of a bundle; raises `VerificationError` unless ``data`` is their one ZIP."""
    members: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            if len(infos) > COUNT_LIMIT:
                raise VerificationError("more members than allowed", place="bundle")
            room = len(data)  # entries may overlap in a hostile file: a bomb, though stored plainly
            for info in infos:
                members[info.filename] = _read_member(archive, info, room)
                room -= info.file_size
    except VerificationError:
        raise
    except Exception as error:  # a stranger's bytes: zipfile raises half a dozen unrelated types
        raise VerificationError(f"not a readable ZIP ({error})", place="bundle") from None
    _compare(data, members)
    return members


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    place = f"bundle member {info.filename[:80]!r}"
    if not _NAMES.match(info.filename):
        raise VerificationError("no such member is known", place=place)
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > min(MEMBER_LIMIT, room):
        raise VerificationError("not stored plainly", place=place)
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, EOFError, ValueError) as error:
        raise VerificationError(f"cannot be read ({error})", place=place) from None


def _compare(data: bytes, members: Mapping[str, bytes]) -> None:
    rebuilt = pack(members)
    if rebuilt != data:
        length = min(len(rebuilt), len(data))
        at = next((i for i in range(length) if rebuilt[i] != data[i]), length)
        raise VerificationError(f"byte {at} is not of the one container form", place="bundle")


def member_list(members: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """What a manifest says of ``members``."""
    return [
        {"digest": str(Digest.of(members[name])), "name": name, "size": len(members[name])}
        for name in sorted(members)
        if name != MANIFEST
    ]


def seal_manifest(
    members: Mapping[str, bytes],
    author: str,
    signers: tuple[Signer, ...],
    *,
    form: str,
    auditor: str,
    time_ns: int,
) -> bytes:
    """The signed manifest of ``members``."""
    claim = Manifest(
        author=author, time=str(time_ns), form=form, auditor=auditor, members=member_list(members)
    )
    return sign_statement(claim.to_statement(), signers)


def verify_manifest(members: Mapping[str, bytes], author: PublicIdentity) -> Manifest:
    """The manifest, once every member is the one it lists and ``author`` signed it.

    1. A manifest is present and signed by its author.
    2. It lists exactly the members that are there, each with its size and digest.
    """
    # 1.
    if MANIFEST not in members:
        raise VerificationError("missing", place=MANIFEST)
    try:
        manifest = Manifest.from_statement(verify_statement(members[MANIFEST], author, MANIFEST))
    except EncodingError as error:
        raise VerificationError(error.message, place=MANIFEST) from None
    if not all(isinstance(item, dict) for item in manifest.members):
        raise VerificationError("lists something that is no member", place=MANIFEST)
    # 2. Place by place, so that the first altered member is the one that is named.
    listed = {str(item.get("name")): item for item in manifest.members}
    for item in member_list(members):
        if listed.get(item["name"]) != item:
            raise VerificationError("is not the member that was signed for", place=item["name"])
    if manifest.members != member_list(members):
        raise VerificationError("lists members that are not there", place=MANIFEST)
    return manifest


def manifest_author(members: Mapping[str, bytes]) -> str:
    """Who claims to have packed the bundle; not verified."""
    if MANIFEST not in members:
        raise VerificationError("missing", place=MANIFEST)
    try:
        return parse_envelope(members[MANIFEST]).statement.author
    except EncodingError as error:
        raise VerificationError(error.message, place=MANIFEST) from None
