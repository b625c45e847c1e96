"""Trust policies (C2SP tlog-policy): which logs, which witnesses, how many of them.

A policy is a reader's own file. It names keys only; what else a reader believes (members of a
consortium, timestamp authorities) stands in files of its own. The format page, with what is ours
beyond the specification, is docs/formats/tlog-policy.md.

Steps of `Policy.check` (2 to 6) and `Policy.check_receipt` (all), each named in the
`VerificationError` that it raises:

1. ``receipt.form``    the receipt is in its one spelling
2. ``note.form``       the note is in its one spelling and its text is a checkpoint
3. ``policy.log``      its origin is a log of the policy
4. ``note.log``        no line of a key of that log is bad, and of each signature type that the
   policy lists for the origin there is a good one: a log of two keys must have signed with both
5. ``note.witnesses``  no line of a witness of the policy is bad
6. ``policy.quorum``   the witnesses that cosigned satisfy the quorum
7. ``receipt.proof``   the inclusion proof leads from the leaf to the checkpoint's root
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from quorate.core.errors import EncodingError, InputError, UndecidedError, VerificationError
from quorate.core.keys import ED25519, ML_DSA_44, PublicKey
from quorate.log.checkpoint import (
    Checkpoint,
    Cosignature,
    LogIdentity,
    WitnessIdentity,
    time_of,
    verifier_of,
)
from quorate.log.merkle import leaf_hash, verify_inclusion
from quorate.log.note import (
    ED25519_COSIGNATURE,
    ED25519_NOTE,
    ML_DSA_44_COSIGNATURE,
    Note,
    NoteKey,
    NoteVerifier,
    signatures_by,
)
from quorate.log.receipt import Receipt
from quorate.log.verify import VerifiedNote, VerifiedReceipt

NONE = "none"
"""The predefined quorum that asks for no cosignature; no witness or group may be called so."""
MAX_ENTRIES = 1024  # logs, witnesses and groups, each; the specification asks for 32
MAX_POLICY_SIZE = 8 * 1024 * 1024  # characters; 3,072 lines with ML-DSA-44 keys stay below

_LOG_TYPES = (ED25519_NOTE, ML_DSA_44_COSIGNATURE)
_WITNESS_TYPES = (ED25519_COSIGNATURE, ML_DSA_44_COSIGNATURE)
_BLANK = re.compile(r"[ \t]+")
_WORD = re.compile(r"[^\x00-\x20\x7f]+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_THRESHOLD = re.compile(r"[1-9][0-9]{0,3}\Z")


@dataclass(frozen=True, slots=True)
class PolicyLog:
    """A key of a log that the policy accepts, by origin (the key's name); perhaps its address."""

    key: NoteKey
    url: str = ""

    def __post_init__(self) -> None:
        _check_words(self.url or "none")

    def __str__(self) -> str:
        return " ".join(filter(None, ("log", self.key.vkey, self.url)))


@dataclass(frozen=True, slots=True)
class PolicyWitness:
    """A witness's key under the name that groups and the quorum use; perhaps its address."""

    name: str
    key: NoteKey
    url: str = ""

    def __post_init__(self) -> None:
        _check_words(self.name, self.url or "none")

    def __str__(self) -> str:
        return " ".join(filter(None, ("witness", self.name, self.key.vkey, self.url)))


@dataclass(frozen=True, slots=True)
class Group:
    """Satisfied when ``threshold`` of its members are; members are witnesses or earlier groups."""

    name: str
    threshold: int
    members: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_words(self.name, *self.members)

    def __str__(self) -> str:
        return " ".join(("group", self.name, str(self.threshold), *self.members))


@dataclass(frozen=True, slots=True)
class Policy:
    """Logs, witnesses, groups in the order of their definition, and the name of the quorum."""

    logs: tuple[PolicyLog, ...]
    witnesses: tuple[PolicyWitness, ...]
    groups: tuple[Group, ...]
    quorum: str

    def __post_init__(self) -> None:
        for entries, what in ((self.logs, "logs"), (self.witnesses, "witnesses")):
            _check_keys([entry.key for entry in entries], what)
        for entries, types in ((self.logs, _LOG_TYPES), (self.witnesses, _WITNESS_TYPES)):
            for entry in entries:
                if entry.key.kind not in types:
                    _refuse(f"{entry.key.name[:60]!r} has a key of type {entry.key.kind:#04x}")
        _check_independent(self.logs, self.witnesses)
        _check_groups(self.witnesses, self.groups)
        if self.quorum not in {NONE, *_names(self.witnesses), *_names(self.groups)}:
            _refuse(f"its quorum {self.quorum[:60]!r} is not defined")

    def __str__(self) -> str:
        lines = [*map(str, self.logs), *map(str, self.witnesses), *map(str, self.groups)]
        return "".join(f"{line}\n" for line in (*lines, f"quorum {self.quorum}"))

    @classmethod
    def parse(cls, text: str) -> "Policy":
        """The policy in ``text``; comments and spacing are free. `EncodingError` if it is none."""
        if len(text) > MAX_POLICY_SIZE:
            _refuse("it is too long")
        if text and not text.endswith("\n"):
            _refuse("its last line does not end")
        if found := _CONTROL.search(text):
            _refuse(f"it holds the control character {found[0]!r}")
        draft = _Draft()
        for number, words in _lines(text):
            try:
                draft.read(words)
            except EncodingError as error:
                _refuse(f"line {number}: {error.message}")
        if draft.quorum is None:
            _refuse("it has no quorum line")
        return cls(tuple(draft.logs), tuple(draft.witnesses), tuple(draft.groups), draft.quorum)

    @classmethod
    def from_bytes(cls, data: bytes) -> "Policy":
        """The policy in a file's bytes; what is not UTF-8 is kept as it is, as the format asks."""
        return cls.parse(data.decode("utf-8", "surrogateescape"))

    def to_bytes(self) -> bytes:
        """The bytes of ``str``: the same policy, without comments, in our spelling."""
        return str(self).encode("utf-8", "surrogateescape")

    def is_satisfied_by(self, cosigned: Iterable[str]) -> bool:
        """Whether cosignatures of the witnesses that the policy calls so satisfy the quorum."""
        satisfied = {NONE, *({*cosigned} & {*_names(self.witnesses)})}
        for group in self.groups:  # each names only what stands before it
            if sum(member in satisfied for member in group.members) >= group.threshold:
                satisfied.add(group.name)
        return self.quorum in satisfied

    def check(
        self, note: str, *, log: LogIdentity | None = None, place: str = "checkpoint"
    ) -> VerifiedNote:
        """The checkpoint in ``note``, by steps 2 to 6.

        A ``log`` that is known from elsewhere is the only one accepted, whether listed or not.
        """
        # 2. note.form
        try:
            parsed = Note.parse(note)
            checkpoint = Checkpoint.parse(parsed.text)
        except EncodingError as error:
            raise VerificationError(error.message, step="note.form", place=place) from None
        # 3. policy.log
        keys = self._log_keys(checkpoint.origin, log)
        if not keys:
            raise VerificationError(
                f"no trusted log is called {checkpoint.origin!r}", step="policy.log", place=place
            )
        # 4. note.log
        found = _signed(parsed, [verifier_of(key) for key in keys], "note.log", place)
        missing = {key.kind for key in keys} - {keys[position].kind for position in found}
        if missing:
            raise VerificationError(
                f"the log's signature of type {min(missing):#04x} is missing",
                step="note.log",
                place=place,
            )
        # 5. note.witnesses
        own = {key.key for key in keys}
        witnesses = [witness for witness in self.witnesses if witness.key.key not in own]
        verifiers = [verifier_of(witness.key) for witness in witnesses]
        signed = _signed(parsed, verifiers, "note.witnesses", place)
        # 6. policy.quorum
        names = sorted(witnesses[position].name for position in signed)
        if not self.is_satisfied_by(names):
            raise VerificationError(
                f"the quorum {self.quorum!r} is not reached by {names or 'nobody'}",
                step="policy.quorum",
                place=place,
            )
        return VerifiedNote(checkpoint, _cosignatures(witnesses, signed, place))

    def check_receipt(
        self, text: str, leaf: bytes, *, log: LogIdentity | None = None, place: str = "receipt"
    ) -> VerifiedReceipt:
        """That the receipt ``text`` proves ``leaf`` to be in a log of the policy, by all steps."""
        # 1. receipt.form
        try:
            receipt = Receipt.parse(text)
        except EncodingError as error:
            raise VerificationError(error.message, step="receipt.form", place=place) from None
        # 2. to 6.
        verified = self.check(str(receipt.note), log=log, place=place)
        # 7. receipt.proof
        point = verified.checkpoint
        try:
            verify_inclusion(leaf_hash(leaf), receipt.index, point.size, receipt.proof, point.root)
        except VerificationError as error:
            raise VerificationError(error.message, step="receipt.proof", place=place) from None
        return VerifiedReceipt(receipt.index, point, verified.cosigners)

    def _log_keys(self, origin: str, log: LogIdentity | None) -> list[NoteKey]:
        listed = [entry.key for entry in self.logs]
        known = listed if log is None else [verifier.note_key for verifier in log.verifiers]
        return [key for key in known if key.name == origin]


def log_among(origin: str, keys: Iterable[NoteKey]) -> LogIdentity:
    """The log called ``origin`` by its own ones of ``keys``, exactly one of each type.

    Raises `VerificationError` if none is its own, `UndecidedError` if one type is missing and
    `InputError` if there are two of one type: which of them counts nobody could say.
    """
    own: dict[str, PublicKey] = {}
    for key in (each for each in keys if each.name == origin and each.kind in _LOG_TYPES):
        if own.setdefault(key.key.scheme, key.key) != key.key:
            raise InputError(
                f"could not tell the log {origin[:80]!r} by its keys: two different ones of type "
                f"{key.kind:#04x} were given"
            )
    if not own:
        raise VerificationError(f"is of the log {origin[:80]!r}, whose keys were not given")
    if len(own) < len(_LOG_TYPES):
        raise UndecidedError(
            f"could not check the log {origin[:80]!r}: only one of its two keys was given",
            remedy="give its Ed25519 and its ML-DSA-44 verifier key",
        )
    return LogIdentity(origin, own[ED25519], own[ML_DSA_44])


class _Draft:
    """What the lines read so far define; whatever spans several lines `Policy` checks."""

    def __init__(self) -> None:
        self.logs: list[PolicyLog] = []
        self.witnesses: list[PolicyWitness] = []
        self.groups: list[Group] = []
        self.quorum: str | None = None
        self._names: set[str] = set()

    def read(self, words: Sequence[str]) -> None:
        match words:
            case ["log", vkey, *url] if len(url) <= 1:
                self.logs.append(PolicyLog(NoteKey.parse_vkey(vkey), *url))
            case ["witness", name, vkey, *url] if len(url) <= 1:
                self.witnesses.append(PolicyWitness(name, NoteKey.parse_vkey(vkey), *url))
                self._names.add(name)
            case ["group", name, threshold, *members]:
                self._check_known(members)
                self.groups.append(Group(name, _threshold(threshold, members), tuple(members)))
                self._names.add(name)
            case ["quorum", name]:
                if self.quorum is not None:
                    raise EncodingError("a second quorum")
                if name != NONE:
                    self._check_known([name])
                self.quorum = name
            case _:
                raise EncodingError(f"not a line of a policy: {' '.join(words)[:60]!r}")

    def _check_known(self, names: Sequence[str]) -> None:
        """What a line refers to stands on lines before it; so no group can hold itself."""
        for name in names:
            if name not in self._names:
                raise EncodingError(f"{name[:60]!r} is not defined on a line before")


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """Number and words of each line that says something; only space and tab separate words."""
    for number, line in enumerate(text.split("\n"), start=1):
        stripped = line.strip(" \t")
        if stripped and not stripped.startswith("#"):
            yield number, _BLANK.split(stripped)


def _check_words(*words: str) -> None:
    for word in words:
        if not _WORD.match(word):
            _refuse(f"{word[:60]!r} is empty or holds a space or a control character")


def _threshold(text: str, members: Sequence[str]) -> int:
    if text in {"any", "all"}:
        return 1 if text == "any" else len(members)
    if not _THRESHOLD.match(text):
        raise EncodingError(f"{text[:60]!r} is neither any, all nor a number of members")
    return int(text)


def _check_keys(keys: Sequence[NoteKey], what: str) -> None:
    """No key twice, under whatever name: it would count twice."""
    if len(keys) > MAX_ENTRIES:
        _refuse(f"it has more than {MAX_ENTRIES} {what}")
    if len({key.key for key in keys}) < len(keys):
        _refuse(f"two of its {what} have the same key")
    if len({(key.name, key.key_id) for key in keys}) < len(keys):
        _refuse(f"two of its {what} have the same name and key id")


def _check_independent(logs: Sequence[PolicyLog], witnesses: Sequence[PolicyWitness]) -> None:
    """A log that vouches for itself is no witness."""
    own = {log.key.key for log in logs}
    for witness in witnesses:
        if witness.key.key in own:
            _refuse(f"its witness {witness.name[:60]!r} has the key of a log")


def _check_groups(witnesses: Sequence[PolicyWitness], groups: Sequence[Group]) -> None:
    if len(groups) > MAX_ENTRIES:
        _refuse(f"it has more than {MAX_ENTRIES} groups")
    known = _names(witnesses)
    if len(set(known)) < len(known):
        _refuse("two of its witnesses have one name")
    defined, used = set(known), set[str]()
    for group in groups:
        if group.name in defined:
            _refuse(f"the name {group.name[:60]!r} is defined twice")
        if not 1 <= group.threshold <= len(group.members):
            _refuse(f"group {group.name[:60]!r} asks for {group.threshold} of its members")
        for member in group.members:
            if member not in defined:
                _refuse(f"{member[:60]!r} is a member before it is defined")
            if member in used:
                _refuse(f"{member[:60]!r} is a member twice")
            used.add(member)
        defined.add(group.name)
    if NONE in defined:
        _refuse(f"a witness or group is called {NONE!r}")


def _names(entries: Sequence[PolicyWitness] | Sequence[Group]) -> list[str]:
    return [entry.name for entry in entries]


def _signed(
    note: Note, verifiers: Sequence[NoteVerifier], step: str, place: str
) -> dict[int, bytes]:
    try:
        return signatures_by(note, verifiers, place)
    except VerificationError as error:
        raise VerificationError(error.message, step=step, place=error.place) from None


def _cosignatures(
    witnesses: Sequence[PolicyWitness], signed: dict[int, bytes], place: str
) -> tuple[Cosignature, ...]:
    found = ((witnesses[position].key, blob) for position, blob in sorted(signed.items()))
    return tuple(
        Cosignature(WitnessIdentity(key.name, key.key), time_of(blob, place)) for key, blob in found
    )


def _refuse(why: str) -> NoReturn:
    raise EncodingError(f"could not read a policy: {why}")
