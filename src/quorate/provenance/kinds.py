"""The kinds of statement, typed: what each says, and its one predicate shape.

Every kind is a frozen dataclass whose fields are the predicate's fields; `to_statement` and
`from_statement` are exact inverses and refuse unknown fields (docs/formats/statement.md).
"""

from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Self

from quorate.core.encoding import decode_decimal
from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest
from quorate.provenance.statement import Statement, Subject


@dataclass(frozen=True, slots=True)
class Kind(ABC):
    """What all kinds share: the author's name and the time of signing (ns, decimal string)."""

    kind: ClassVar[str]

    author: str
    time: str

    @abstractmethod
    def subjects(self) -> tuple[Subject, ...]:
        """What the statement is about."""

    def to_statement(self) -> Statement:
        """The in-toto statement of this claim."""
        return Statement(self.kind, self.subjects(), asdict(self))

    @classmethod
    def from_statement(cls, statement: Statement) -> Self:
        """The typed claim of a statement of this kind; any other shape is refused."""
        predicate = statement.predicate
        if statement.kind != cls.kind or set(predicate) != {item.name for item in fields(cls)}:
            raise EncodingError(f"could not read a {cls.kind} statement: unexpected fields")
        for item in fields(cls):
            if not _has_type(predicate[item.name], item.type):
                raise EncodingError(f"could not read a {cls.kind} statement: {item.name} is wrong")
        if decode_decimal(predicate["time"]) < 0:
            raise EncodingError(f"could not read a {cls.kind} statement: time is wrong")
        claim = cls(**predicate)
        if claim.subjects() != statement.subjects:
            raise EncodingError(f"could not read a {cls.kind} statement: subject and claim differ")
        return claim


def _has_type(value: Any, annotation: Any) -> bool:
    kinds: dict[Any, tuple[type, ...]] = {str: (str,), int: (int,), bool: (bool,)}
    origin = getattr(annotation, "__origin__", annotation)
    return type(value) in kinds.get(annotation, (origin,))


@dataclass(frozen=True, slots=True)
class DataSet(Kind):
    """Rows that stay with their owner: how many, of which shape, and a keyed commitment to them.

    ``commitment`` is the root over one keyed commitment per row (provenance.commitments); without
    the owner's key it says nothing about any row. ``purpose`` is ``training`` or ``hold-out``.
    """

    kind: ClassVar[str] = "dataset"

    name: str
    purpose: str
    rows: int
    columns: int
    commitment: str
    licence: str

    def subjects(self) -> tuple[Subject, ...]:
        """The commitment."""
        return (Subject(self.name, Digest.parse(self.commitment)),)


@dataclass(frozen=True, slots=True)
class Task(Kind):
    """What is to be trained and how; ``spec`` is the whole specification, named by its digest."""

    kind: ClassVar[str] = "task"

    name: str
    spec: dict[str, Any]

    def subjects(self) -> tuple[Subject, ...]:
        """The specification."""
        return (Subject(self.name, Digest.of_value(self.spec)),)


@dataclass(frozen=True, slots=True)
class Update(Kind):
    """A participant's update of one round: the commitment that the chain holds and the sealed blob.

    Nothing about the update itself is public: neither its values nor their digest.
    """

    kind: ClassVar[str] = "update"

    task: str
    round: int
    base: str
    commitment: str
    blob: str

    def subjects(self) -> tuple[Subject, ...]:
        """The sealed blob."""
        return (Subject(f"round-{self.round}", Digest.parse(self.blob)),)


@dataclass(frozen=True, slots=True)
class Vote(Kind):
    """A validator's ballot of one round, with the testimony behind it.

    ``utilities`` are the validator's measurements on its own hold-out, one per coalition of the
    included participants (bit i of the index = i-th included participant), in millionths;
    ``scores`` follow from them by the exact Shapley value. ``loss`` and ``accuracy`` are those of
    the candidate model, in millionths. ``holdout`` is the commitment of the hold-out rows.
    """

    kind: ClassVar[str] = "vote"

    task: str
    round: int
    included: int
    aggregate: str
    utilities: list[int]
    scores: list[int]
    accept: bool
    loss: int
    accuracy: int
    holdout: str
    salt: str
    commitment: str
    commitment_signature: str

    def subjects(self) -> tuple[Subject, ...]:
        """The aggregated model that was voted for."""
        return (Subject(f"round-{self.round}", Digest.parse(self.aggregate)),)


@dataclass(frozen=True, slots=True)
class Model(Kind):
    """The model that a task ended with: its bytes' digest, where it came from."""

    kind: ClassVar[str] = "model"

    task: str
    rounds: int
    initial: str
    digest: str

    def subjects(self) -> tuple[Subject, ...]:
        """The model file."""
        return (Subject("model.safetensors", Digest.parse(self.digest)),)


@dataclass(frozen=True, slots=True)
class Manifest(Kind):
    """The contents of an evidence bundle: every member with its digest and size.

    ``form`` is ``sealed`` (openings encrypted to a named auditor) or ``public`` (without them).
    """

    kind: ClassVar[str] = "manifest"

    form: str
    auditor: str
    members: list[dict[str, Any]]

    def subjects(self) -> tuple[Subject, ...]:
        """The list of members."""
        return (Subject("members", Digest.of_value(self.members)),)


KINDS: dict[str, type[Kind]] = {
    item.kind: item for item in (DataSet, Task, Update, Vote, Model, Manifest)
}
