"""Reads a tlog-policy from its specification alone; stands alone, standard library only.

Says which logs and witnesses a policy names (as vkeys), and whether a set of cosigning keys is
its quorum. Ours to choose: at most `MOST` logs, witnesses and groups each.
"""

import base64
import binascii
import hashlib
import re

MOST = 1000  # the specification asks for at least 32 of each


class BadPolicy(Exception):
    """Not a policy: the line, and why."""


class Policy:
    """What the lines of a policy define; keys are given as raw bytes behind their type byte."""

    def __init__(self, raw: bytes) -> None:
        self.logs: dict[bytes, bytes] = {}  # public key to vkey
        self.witnesses: dict[bytes, bytes] = {}
        self._rules: dict[bytes, tuple[int, list[bytes]] | bytes] = {}  # k of names, or a key
        self._used: set[bytes] = set()  # names that are a member of some group
        self._quorum: bytes | None = None
        if not raw.endswith(b"\n"):
            raise BadPolicy("no newline at the end")
        for number, line in enumerate(raw.split(b"\n")[:-1], 1):
            self._line = number
            self._read(line)
        if self._quorum is None:
            raise BadPolicy("no quorum")

    def met(self, cosigned: set[bytes]) -> bool:
        """Whether the public keys in ``cosigned`` are a quorum."""
        return self._quorum == b"none" or self._holds(self._quorum or b"", cosigned)

    def _holds(self, name: bytes, cosigned: set[bytes]) -> bool:
        rule = self._rules[name]
        if isinstance(rule, bytes):
            return rule in cosigned
        return len([m for m in rule[1] if self._holds(m, cosigned)]) >= rule[0]

    def _demand(self, holds: bool, why: str) -> None:
        if not holds:
            raise BadPolicy(f"line {self._line}: {why}")

    def _read(self, line: bytes) -> None:
        self._demand(re.search(rb"[\x00-\x08\x0b-\x1f\x7f]", line) is None, "a control character")
        words = re.findall(rb"[^ \t]+", line)
        if not words or words[0].startswith(b"#"):
            return
        keyword, *rest = words
        if keyword == b"log" and 1 <= len(rest) <= 2:
            self._add(self.logs, rest[0], b"\x01\x06")
        elif keyword == b"witness" and 2 <= len(rest) <= 3:
            self._define(rest[0], self._add(self.witnesses, rest[1], b"\x04\x06"))
        elif keyword == b"group" and len(rest) >= 3:
            self._define(rest[0], self._group(rest[1], rest[2:]))
        elif keyword == b"quorum" and len(rest) == 1:
            self._demand(self._quorum is None, "a second quorum")
            self._demand(rest[0] == b"none" or rest[0] in self._rules, "not defined before")
            self._quorum = rest[0]
        else:
            self._demand(False, "neither log, witness, group nor quorum with what belongs to it")

    def _add(self, keys: dict[bytes, bytes], vkey: bytes, types: bytes) -> bytes:
        parts = vkey.split(b"+", 2)
        self._demand(len(parts) == 3, "no vkey")
        try:
            encoded = base64.b64decode(parts[2], validate=True)
        except binascii.Error:
            encoded = b""
        self._demand(encoded[:1] in {types[:1], types[1:]}, "no key of a type for that")
        self._demand(len(encoded) == 1 + (1312 if encoded[0] == 6 else 32), "no key's length")
        digest = hashlib.sha256(parts[0] + b"\n" + encoded).hexdigest().encode()
        self._demand(parts[1] == digest[:8], "another key id")
        self._demand(encoded[1:] not in keys, "the same public key again")
        self._demand(len(keys) < MOST, "too many")
        keys[encoded[1:]] = vkey
        return encoded[1:]

    def _define(self, name: bytes, rule: tuple[int, list[bytes]] | bytes) -> None:
        self._demand(name != b"none" and name not in self._rules, "a name that is taken")
        self._demand(len(self._rules) < 2 * MOST, "too many")
        self._rules[name] = rule

    def _group(self, k: bytes, members: list[bytes]) -> tuple[int, list[bytes]]:
        for name in members:
            self._demand(name in self._rules, "a member that is not defined before")
            self._demand(name not in self._used, "a member of two groups, or twice of one")
            self._used.add(name)
        words = {b"any": 1, b"all": len(members)}
        self._demand(k in words or re.fullmatch(rb"[1-9][0-9]{0,5}", k) is not None, "no number")
        least = words.get(k) or int(k)
        self._demand(least <= len(members), "more than there are members")
        return least, members
