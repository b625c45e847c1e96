"""Writes vectors/log/<kind>/: valid files and one file per mutation; ``--check`` only compares.

``index.json`` says of every file whether it is accepted, or at which step it is refused, and under
which keys. ML-DSA-44 signatures are hedged, so two of the same differ: the ones that were made once
are kept in ``signatures.json`` and taken from there, so that the same bytes come out for good.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

from log_vectors import KEYS, QUORUM, Kit, log_vectors  # beside this file
from policy_vectors import policy_vectors

from quorate.core.encoding import canonical_bytes, decode_base64, encode_base64
from quorate.core.keys import PublicKey, Signer

FOLDER = Path(__file__).parents[1] / "vectors" / "log"
INDEX = "index.json"
SIGNATURES = "signatures.json"


class SignatureBook:
    """Signatures that were made once, by digest of key and message; closed, it makes no more."""

    def __init__(self, path: Path, closed: bool) -> None:
        known = json.loads(path.read_text("utf-8")) if path.exists() else {}
        self._known = {digest: decode_base64(text) for digest, text in known.items()}
        self._used: dict[str, str] = {}
        self._closed = closed

    def sign(self, signer: Signer, message: bytes) -> bytes:
        """The kept signature, or a new one."""
        material = str(signer.public_key).encode() + b"\n" + message
        digest = hashlib.sha256(material).hexdigest()
        if digest not in self._known:
            if self._closed:
                raise SystemExit("a signature is missing: run scripts/make_vectors.py")
            self._known[digest] = signer.sign(message)
        signature = self._known[digest]
        signer.public_key.verify(signature, message)
        self._used[digest] = encode_base64(signature)
        return signature

    def to_bytes(self) -> bytes:
        """What is kept: the signatures that were asked for."""
        return canonical_bytes(self._used)


class KeptSigner:
    """A signer whose signatures come from the book."""

    def __init__(self, signer: Signer, book: SignatureBook) -> None:
        self._signer = signer
        self._book = book

    @property
    def public_key(self) -> PublicKey:
        """The public half."""
        return self._signer.public_key

    def sign(self, message: bytes) -> bytes:
        """The kept signature."""
        return self._book.sign(self._signer, message)


def contents(closed: bool) -> dict[str, bytes]:
    """Every file below the folder that this script writes, by path."""
    book = SignatureBook(FOLDER / SIGNATURES, closed)
    kit = Kit(lambda signer: KeptSigner(signer, book))
    made: dict[str, bytes] = {}
    steps: dict[str, str | None] = {}
    seen: set[tuple[str, bytes]] = set()
    for vector in (*log_vectors(kit), *policy_vectors(kit)):
        key = (vector.path.split("/", maxsplit=1)[0], vector.data)
        if vector.path in made or key in seen:
            raise SystemExit(f"{vector.path}: made twice, or a mutation that changes nothing")
        seen.add(key)
        made[vector.path] = vector.data
        steps[vector.path] = vector.step
    index = {"format": "quorate/vectors/v1", "files": steps, "keys": KEYS, "quorum": QUORUM}
    made[INDEX] = json.dumps(index, indent=1, sort_keys=True).encode() + b"\n"
    made[SIGNATURES] = book.to_bytes()
    return made


def present() -> dict[str, bytes]:
    """What lies in the folders that this script owns, by path."""
    found = [*FOLDER.glob("*/*"), FOLDER / INDEX, FOLDER / SIGNATURES]
    return {
        path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in found if path.is_file()
    }


def main() -> int:
    """0 when the vectors are what this script makes, 1 when ``--check`` finds that they are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    made, found = contents(closed=check), present()
    differing = sorted(
        path for path in made.keys() | found.keys() if made.get(path) != found.get(path)
    )
    if check:
        for path in differing:
            print(f"vectors/log/{path} is not what scripts/make_vectors.py makes")
        return 1 if differing else 0
    for path in differing:
        target = FOLDER / path
        if path in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(made[path])
        else:
            target.unlink()
    print(f"{len(made)} files, {len(differing)} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
