"""Checks a tiled transparency log from the published specifications alone.

Nothing of the package that writes the logs is used here, on purpose: two readings of the same
specifications must agree on every byte. It follows RFC 6962 section 2.1 and the C2SP texts
tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature and tlog-proof, prefers their recursive
definitions to anything fast, and holds the whole log in memory. The genesis leaf
is as docs/formats/tlog-tiles.md describes it. Needs Python 3.11 and `cryptography`; stands alone:

    python tests/independent/checker.py FOLDER --vkey NAME+ID+KEY --vkey ... [--witness VKEY]
        [--quorum K] [--older CHECKPOINT] [--receipt FILE] [--no-genesis]

FOLDER is what a plain web server serves. Every file below FOLDER/tile must be one that the
checkpoint's size prescribes, or the prefix of one (the partial tile of an older size).

Exit 0: accepted. 1: refused, with the first place and the reason. 2: a wrong call.
"""

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
SIX_BITS = {c: f"{i:06b}" for i, c in enumerate(BASE64)}
ED25519, COSIGNED, SUBTREE = 0x01, 0x04, 0x06  # signature types of signed-note
RAW_BYTES = {ED25519: 32, COSIGNED: 32, SUBTREE: 1312}  # of the public key
BLOB_BYTES = {ED25519: 64, COSIGNED: 8 + 64, SUBTREE: 8 + 2420}  # behind the key id
Proof: TypeAlias = Sequence[bytes]  # hashes, from the leaves upwards
Line: TypeAlias = tuple[str, bytes, bytes]  # of a signature: name, key id, what follows
MOST_LINES = 64  # signatures in a note; signed-note demands that 16 are accepted
NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
OLDER_PARTIAL = re.compile(r"(tile/(?:entries|[0-9]+)/[x0-9/]+)\.p/([1-9][0-9]{0,2})", re.ASCII)


class Refused(Exception):
    """What was given is not as the specifications say: where, and why."""


def demand(holds: bool, place: str, why: str) -> None:
    if not holds:
        raise Refused(f"{place}: {why}")


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def split(n: int) -> int:
    """The largest power of two smaller than ``n`` > 1."""
    k = 1
    while 2 * k < n:
        k = 2 * k
    return k


def mth(d: Sequence[bytes], start: int, end: int) -> bytes:
    """MTH(D[start:end]); ``d`` holds the leaves' hashes, a leaf's is SHA-256(00, leaf)."""
    if end == start:
        return sha256()
    if end - start == 1:
        return d[start]
    middle = start + split(end - start)
    return sha256(b"\x01", mth(d, start, middle), mth(d, middle, end))


def path(m: int, d: Sequence[bytes], start: int, end: int) -> list[bytes]:
    """PATH(m, D[start:end]) of section 2.1.1."""
    if end - start == 1:
        return []
    k = split(end - start)
    if m < k:
        return [*path(m, d, start, start + k), mth(d, start + k, end)]
    return [*path(m - k, d, start + k, end), mth(d, start, start + k)]


def subproof(m: int, d: Sequence[bytes], start: int, end: int, whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[start:end], whole) of section 2.1.2; PROOF with ``whole``."""
    if m == end - start:
        return [] if whole else [mth(d, start, end)]
    k = split(end - start)
    if m <= k:
        return [*subproof(m, d, start, start + k, whole), mth(d, start + k, end)]
    return [*subproof(m - k, d, start + k, end, False), mth(d, start, start + k)]


def last_of(proof: Proof) -> tuple[Proof, bytes]:
    demand(len(proof) > 0, "proof", "ends too early")
    return proof[:-1], proof[-1]


def root_by_path(m: int, n: int, leaf: bytes, proof: Proof) -> bytes:
    """The root that ``proof`` gives if it is PATH(m, D[n])."""
    if n == 1:
        demand(not proof, "proof", "has hashes to spare")
        return leaf
    k = split(n)
    rest, other = last_of(proof)
    if m < k:
        return sha256(b"\x01", root_by_path(m, k, leaf, rest), other)
    return sha256(b"\x01", other, root_by_path(m - k, n - k, leaf, rest))


def roots_by_subproof(m: int, n: int, old: bytes, proof: Proof, whole: bool) -> Proof:
    """Both roots that ``proof`` gives if it is SUBPROOF(m, D[n], whole); ``old``: MTH(D[m])."""
    if m == n:
        if not whole:
            proof, old = last_of(proof)
        demand(not proof, "proof", "has hashes to spare")
        return old, old
    k = split(n)
    rest, other = last_of(proof)
    if m <= k:
        first, second = roots_by_subproof(m, k, old, rest, whole)
        return first, sha256(b"\x01", second, other)
    first, second = roots_by_subproof(m - k, n - k, old, rest, False)
    return sha256(b"\x01", other, first), sha256(b"\x01", other, second)


def check_inclusion(index: int, size: int, leaf: bytes, proof: Proof, root: bytes) -> None:
    """That the leaf of hash ``leaf`` is number ``index`` of the ``size`` leaves below ``root``."""
    demand({len(h) for h in (leaf, root, *proof)} == {32}, "proof", "a hash not of 32 bytes")
    demand(0 <= index < size, "proof", f"no leaf {index} in a tree of {size}")
    demand(root_by_path(index, size, leaf, proof) == root, "proof", "does not lead to the root")


def check_consistency(m: int, n: int, old_root: bytes, root: bytes, proof: Proof) -> None:
    """That the tree of ``m`` leaves below ``old_root`` begins the one of ``n`` below ``root``.

    The rule for size 0: RFC 6962 defines PROOF(m, D[n]) for m > 0 only, so a proof from an empty
    tree is refused, whatever it holds; it could say nothing. (The empty tree precedes every tree;
    who follows a log from size 0, as a witness does, needs no proof and must not ask for one.)
    """
    demand(all(len(h) == 32 for h in proof), "proof", "a hash not of 32 bytes")
    demand(0 < m <= n, "proof", f"none can lead from size {m} to {n}")
    found = roots_by_subproof(m, n, old_root, proof, True)
    demand(found == (old_root, root), "proof", "does not lead to the roots")


def unbase64(text: str, place: str) -> bytes:
    """RFC 4648 section 4 in its one spelling: padded, unused bits zero."""
    data = text.rstrip("=")
    padding = len(text) - len(data)
    demand(set(data) <= set(BASE64), place, "not base64")
    demand(len(text) % 4 == 0 and padding == -len(data) % 4 < 3, place, "base64 badly padded")
    bits = "".join([SIX_BITS[c] for c in data])
    unused = len(bits) % 8
    demand("1" not in bits[len(bits) - unused :], place, "base64 with unused bits set")
    return int("0" + bits[: len(bits) - unused], 2).to_bytes(len(bits) // 8, "big")


def utf8(raw: bytes, place: str) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"{place}: not UTF-8") from None


def number(text: str, place: str) -> int:
    demand(NUMBER.fullmatch(text) is not None and int(text) < 2**63, place, f"no number: {text!r}")
    return int(text)


def check_name(name: str, place: str) -> None:
    bad = not name or "+" in name or any(c.isspace() for c in name)
    demand(not bad, place, f"no key name: {name!r}")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key that is trusted to sign as ``name`` in one of the ways."""

    name: str
    kind: int
    raw: bytes

    @classmethod
    def parse(cls, vkey: str) -> "Key":
        """From ``name+id+base64(type || key)``; the id must be the one that the rest gives."""
        parts = vkey.split("+", 2)
        demand(len(parts) == 3, "vkey", "not name+id+key")
        check_name(parts[0], "vkey")
        encoded = unbase64(parts[2], "vkey")
        kind = encoded[0] if encoded else -1
        demand(len(encoded) - 1 == RAW_BYTES.get(kind), "vkey", f"type {kind} or its key's length")
        key = cls(parts[0], kind, encoded[1:])
        demand(parts[1] == key.id.hex(), "vkey", f"the id is not {key.id.hex()}")
        return key

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode(), b"\n", bytes([self.kind]), self.raw)[:4]

    def check(self, blob: bytes, head: "Head", place: str) -> None:
        """That ``blob`` (behind the key id) is this key's signature of ``head``."""
        demand(len(blob) == BLOB_BYTES[self.kind], place, "a signature of another length")
        try:
            if self.kind == ED25519:
                Ed25519PublicKey.from_public_bytes(self.raw).verify(blob, head.text.encode())
                return
            time = int.from_bytes(blob[:8], "big")
            demand(time < 2**63, place, "a time above 2^63 - 1")
            if self.kind == COSIGNED:
                message = f"cosignature/v1\ntime {time}\n{head.text}".encode()
                Ed25519PublicKey.from_public_bytes(self.raw).verify(blob[8:], message)
            else:
                message = subtree_message(self.name, blob[:8], head, place)
                MLDSA44PublicKey.from_public_bytes(self.raw).verify(blob[8:], message)
        except (InvalidSignature, ValueError):
            raise Refused(f"{place}: a bad {self.kind:#04x} signature by {self.name}") from None


def subtree_message(name: str, time: bytes, head: "Head", place: str) -> bytes:
    """The `cosigned_message` of tlog-cosignature for a whole tree, from leaf 0 to its size."""
    demand(not head.extensions, place, "extension lines, which a 0x06 signature does not cover")
    parts = [b"subtree/v1\n\x00"]
    for text in (name.encode(), head.origin.encode()):
        demand(1 <= len(text) <= 255, place, "a name or origin over 255 bytes")
        parts += [bytes([len(text)]), text]
    parts.insert(3, time)
    return b"".join([*parts, bytes(8), head.size.to_bytes(8, "big"), head.root])


@dataclass(frozen=True, slots=True)
class Head:
    """A checkpoint as it was read: its text, its fields, and the lines (name, id, blob) below."""

    text: str
    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...]
    lines: tuple[Line, ...]

    @classmethod
    def parse(cls, raw: bytes, place: str) -> "Head":
        """From a signed note whose text is a checkpoint; nothing is verified yet."""
        text, lines = parse_note(raw, place)
        body = text.split("\n")[:-1]
        demand(len(body) >= 3 and all(body), place, "not three or more lines that are not empty")
        size, root = number(body[1], place), unbase64(body[2], place)
        demand(len(root) == 32, place, "the root is not of 32 bytes")
        demand(size > 0 or root == sha256(), place, "an empty tree with another root")
        return cls(text, body[0], size, root, tuple(body[3:]), lines)

    def signed_by(self, keys: Iterable[Key], place: str) -> set[Key]:
        """Those of ``keys`` that signed; one bad signature of any of them refuses the note."""
        known = {(key.name, key.id): key for key in keys}
        found = set()
        for name, key_id, blob in self.lines:
            key = known.get((name, key_id))  # both must match; lines of others are ignored
            if key is not None:
                key.check(blob, self, place)
                found.add(key)
        return found


def parse_note(raw: bytes, place: str) -> tuple[str, tuple[Line, ...]]:
    """The text of a signed note and its signature lines: name, key id, signature."""
    note = utf8(raw, place)
    demand(all(c >= " " or c == "\n" for c in note), place, "a control character")
    at = note.rfind("\n\n")
    demand(at >= 0 and note.endswith("\n"), place, "not a text, an empty line and signatures")
    lines = note[at + 2 :].split("\n")[:-1]
    demand(1 <= len(lines) <= MOST_LINES, place, f"{len(lines)} signature lines")
    return note[: at + 1], tuple(parse_line(line, place) for line in lines)


def parse_line(line: str, place: str) -> Line:
    parts = line.split(" ")
    demand(len(parts) == 3 and parts[0] == "\u2014", place, f"no signature line: {line[:40]!r}")
    check_name(parts[1], place)
    blob = unbase64(parts[2], place)
    demand(len(blob) > 4, place, "a signature of fewer than 5 bytes")
    return parts[1], blob[:4], blob[4:]


@dataclass(frozen=True, slots=True)
class Trust:
    """The keys of the log (all must have signed, or any one); the witnesses, and which suffice."""

    logs: tuple[Key, ...]
    witnesses: tuple[Key, ...] = ()
    quorum: Callable[[set[bytes]], bool] = lambda cosigned: True  # of these raw keys
    any_log: bool = False

    def check(self, head: Head, place: str) -> None:
        """That the log signed ``head``, no known line is bad, and the witnesses suffice."""
        mine = [key for key in self.logs if key.name == head.origin]
        demand(bool(mine) and (self.any_log or len(mine) == len(self.logs)), place,
               f"a checkpoint of {head.origin!r}, which is not the trusted log")  # fmt: skip
        signed = head.signed_by([*mine, *self.witnesses], place)
        missing = [f"{key.kind:#04x}" for key in mine if key not in signed]
        enough = len(missing) < len(mine) if self.any_log else not missing
        demand(enough, place, f"not signed by the log's key {', '.join(missing)}")
        cosigned = {key.raw for key in signed if key in self.witnesses}
        demand(self.quorum(cosigned), place, f"{len(cosigned)} witnesses are no quorum")


def trust_keys(vkeys: Iterable[str], witnesses: Iterable[str] = (), k: int | None = None) -> Trust:
    """Every key of ``vkeys`` must sign, and ``k`` (default: all) of ``witnesses``."""
    logs = tuple(Key.parse(v) for v in vkeys)
    seen = tuple(Key.parse(v) for v in witnesses)
    demand(bool(logs), "trust", "no key of the log")
    demand(all(x.kind in (ED25519, SUBTREE) for x in logs), "trust", "no type for a log")
    demand(all(x.kind in (COSIGNED, SUBTREE) for x in seen), "trust", "no type for a witness")
    demand(len({x.raw for x in seen}) == len(seen), "trust", "one witness key twice")
    least = len(seen) if k is None else k
    demand(0 <= least <= len(seen), "trust", f"a quorum of {least} of {len(seen)}")
    return Trust(logs, seen, lambda cosigned: len(cosigned) >= least)


def load(folder: Path) -> dict[str, bytes]:
    """What a web server could serve of a log: path to bytes."""
    served = [folder / "checkpoint", *sorted((folder / "tile").rglob("*"))]
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in served if p.is_file()}


def tile_path(kind: str, index: int, width: int) -> str:
    """``kind``: a level in decimal, or ``entries``."""
    digits = "0" * (-len(str(index)) % 3) + str(index)
    groups = [f"x{digits[i : i + 3]}" for i in range(0, len(digits), 3)]
    groups[-1] = groups[-1][1:]
    return "/".join(["tile", kind, *groups]) + (f".p/{width}" if width < 256 else "")


def tiles(size: int) -> Iterator[tuple[str, int, int, int]]:
    """Kind, leaves below one hash, index and width of all that a log of ``size`` serves."""
    for level in range(8):
        count = size // 256**level
        for kind in (str(level), "entries") if level == 0 else (str(level),):
            for index in range(-(-count // 256)):
                yield kind, 256**level, index, min(256, count - 256 * index)


def fetch(site: Mapping[str, bytes], name: str) -> bytes:
    demand(name in site, name, "missing")
    return site[name]


def parse_bundle(raw: bytes, width: int, place: str) -> list[bytes]:
    """The ``width`` entries of a bundle, each behind its length as big-endian u16."""
    entries, at = [], 0
    for i in range(width):
        demand(at + 2 <= len(raw), place, f"ends before entry {i} of {width}")
        length = raw[at] * 256 + raw[at + 1]
        demand(at + 2 + length <= len(raw), place, f"ends inside entry {i} of {width}")
        entries.append(raw[at + 2 : at + 2 + length])
        at += 2 + length
    demand(at == len(raw), place, f"{len(raw) - at} bytes after the last entry")
    return entries


@dataclass(frozen=True, slots=True)
class Log:
    """A log that was accepted: its head, its leaves, and their hashes."""

    head: Head
    leaves: list[bytes]
    hashes: list[bytes]


def check_log(site: Mapping[str, bytes], trust: Trust, *, genesis: bool = True) -> Log:
    """All that a log serves, recomputed from its entries; `Refused` names the first bad place."""
    head = Head.parse(fetch(site, "checkpoint"), "checkpoint")
    trust.check(head, "checkpoint")
    parts: dict[str, list[bytes]] = {}  # what each bundle and tile must be made of
    leaves: list[bytes] = []
    for kind, _, index, width in tiles(head.size):
        if kind == "entries":
            name = tile_path(kind, index, width)
            leaves += parse_bundle(fetch(site, name), width, name)
            parts[name] = [len(e).to_bytes(2, "big") + e for e in leaves[256 * index :]]
    if genesis:
        demand(leaves[:1] == [genesis_leaf(trust, head.origin)], "leaf 0", "not the genesis")
    hashes = [sha256(b"\x00", leaf) for leaf in leaves]
    for kind, span, index, width in tiles(head.size):
        if kind != "entries":
            name = tile_path(kind, index, width)
            served, first = fetch(site, name), 256 * index
            spans = range(first * span, (first + width) * span, span)
            parts[name] = [mth(hashes, i, i + span) for i in spans]
            demand(len(served) == 32 * width, name, f"{len(served)} bytes, not {32 * width}")
            for i, node in enumerate(parts[name]):
                demand(served[32 * i : 32 * i + 32] == node, name, f"hash {i} is another")
    demand(mth(hashes, 0, head.size) == head.root, "checkpoint", "not the root of the entries")
    check_leftovers(site, parts)
    return Log(head, leaves, hashes)


def check_leftovers(site: Mapping[str, bytes], parts: Mapping[str, list[bytes]]) -> None:
    """Whatever else lies below ``tile``: only beginnings of what the checkpoint prescribes."""
    newest = {name.partition(".p/")[0]: whole for name, whole in parts.items()}
    for name in set(site) - set(parts) - {"checkpoint"}:
        match = OLDER_PARTIAL.fullmatch(name)
        whole, width = newest.get(match[1], []) if match else [], int(match[2]) if match else 0
        demand(width < len(whole), name, "not prescribed by the checkpoint's size")
        demand(site[name] == b"".join(whole[:width]), name, "no prefix of the later tile")


def genesis_leaf(trust: Trust, origin: str) -> bytes:
    """Canonical JSON that binds the tree to its origin and both keys, Ed25519 first."""
    raws = {key.kind: key.raw.hex() for key in trust.logs if key.name == origin}
    demand(set(raws) == {ED25519, SUBTREE}, "leaf 0", "a genesis needs both keys of the log")
    keys = f'["ed25519:{raws[ED25519]}","ml-dsa-44:{raws[SUBTREE]}"]'
    name = json.dumps(origin, ensure_ascii=False)
    return f'{{"keys":{keys},"origin":{name},"type":"genesis","v":1}}'.encode()


def check_older(
    log: Log, site: Mapping[str, bytes], trust: Trust, raw: bytes, place: str = "older checkpoint"
) -> Head:
    """That a checkpoint which the log once signed is the beginning of the log as it is now.

    Its partial tiles must be served still, unless they are whole by now.
    """
    head = Head.parse(raw, place)
    Trust(trust.logs, any_log=trust.any_log).check(head, place)
    demand(head.origin == log.head.origin, place, "of another log")
    demand(head.size <= log.head.size, place, f"{head.size} leaves, now only {log.head.size}")
    demand(mth(log.hashes, 0, head.size) == head.root, place, "a fork: another root")
    if head.size:
        proof = subproof(head.size, log.hashes, 0, log.head.size)
        check_consistency(head.size, log.head.size, head.root, log.head.root, proof)
    for kind, _, index, width in tiles(head.size):
        known = {tile_path(kind, index, width), tile_path(kind, index, 256)} & set(site)
        demand(bool(known), tile_path(kind, index, width), "missing, of an older size")
    return head


def parse_receipt(raw: bytes, place: str) -> tuple[int, list[bytes], Head]:
    """Index, proof and head of a `.tlog-proof`; nothing is verified yet."""
    top, empty, note = raw.partition(b"\n\n")
    lines = utf8(top, place).split("\n")
    demand(bool(empty) and lines.pop(0) == "c2sp.org/tlog-proof@v1", place, "no tlog-proof v1")
    if lines and lines[0].startswith("extra "):
        unbase64(lines.pop(0)[6:], place)  # authenticated by nobody: only its form counts
    demand(bool(lines) and lines[0].startswith("index "), place, "no index")
    proof = [unbase64(line, place) for line in lines[1:]]
    return number(lines[0][6:], place), proof, Head.parse(note, place)


def check_receipt(raw: bytes, leaf: bytes, trust: Trust, place: str = "receipt") -> int:
    """That a trusted checkpoint holds ``leaf`` where the receipt says: its index."""
    index, proof, head = parse_receipt(raw, place)
    trust.check(head, place)
    check_inclusion(index, head.size, sha256(b"\x00", leaf), proof, head.root)
    return index


def check_receipt_of(log: Log, raw: bytes, trust: Trust, place: str = "receipt") -> int:
    """The same for a leaf of ``log``, which must also continue the receipt's tree."""
    index, proof, head = parse_receipt(raw, place)
    demand(index < head.size <= log.head.size, place, f"leaf {index}, of {head.size} leaves")
    check_receipt(raw, log.leaves[index], trust, place)
    demand(mth(log.hashes, 0, head.size) == head.root, place, "of another tree")
    demand(path(index, log.hashes, 0, head.size) == proof, place, "not PATH(m, D[n])")
    return index


def main(arguments: Sequence[str] | None = None) -> int:
    """Checks one folder; the exit status."""
    parser = argparse.ArgumentParser(description="check a tiled transparency log")
    parser.add_argument("folder", type=Path)
    for name, what in (("vkey", "a key of the log"), ("witness", "a witness's vkey")):
        parser.add_argument(f"--{name}", action="append", default=[], help=what)
    parser.add_argument("--quorum", type=int, help="how many witnesses (default: all)")
    parser.add_argument("--older", type=Path, action="append", default=[], help="a checkpoint")
    parser.add_argument("--receipt", type=Path, action="append", default=[], help="a .tlog-proof")
    parser.add_argument("--no-genesis", action="store_true", help="the first leaf is as any other")
    given = parser.parse_args(arguments)
    try:
        trust = trust_keys(given.vkey, given.witness, given.quorum)
        site = load(given.folder)
        log = check_log(site, trust, genesis=not given.no_genesis)
        for older in given.older:
            check_older(log, site, trust, older.read_bytes(), str(older))
        for receipt in given.receipt:
            check_receipt_of(log, receipt.read_bytes(), trust, str(receipt))
    except Refused as refused:
        print(f"refused: {refused}")
        return 1
    print(f"accepted: {log.head.origin}, {log.head.size} leaves, {len(site)} files, root "
          f"{log.head.root.hex()}; {len(given.older)} older checkpoints and "
          f"{len(given.receipt)} receipts")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
