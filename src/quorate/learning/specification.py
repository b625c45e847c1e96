"""The specification of a task: everything that those who vote on it agree to.

It is named by the SHA-256 of its canonical bytes; the ledger holds that name together with the
terms of money and time, and members vote on both at once. Format page: docs/formats/task.md.
"""

from dataclasses import asdict, dataclass, fields
from typing import Any

from quorate.core.encoding import decode_decimal
from quorate.core.errors import EncodingError
from quorate.core.hashing import Digest

PRIVACY_MODES = ("validators",)
UTILITIES = ("minus-log-loss",)


@dataclass(frozen=True, slots=True)
class Specification:
    """What is trained, by which rule it is aggregated, how contributions are measured.

    ``options`` are the trainer's, as decimal strings. ``clip`` bounds an update's L2 norm in units
    of the update's scale. ``accept_tolerance`` (millionths of the utility) is how much worse than
    the last good model a candidate may be and still be accepted. ``quorum`` is fixed: two thirds.
    """

    name: str
    rounds: int
    seed: int
    trainer: str
    trainer_digest: str
    options: dict[str, str]
    layout: dict[str, list[int]]  # array name -> dimensions
    initial: str
    rule: str
    rule_parameters: dict[str, int]
    clip: str
    utility: str
    accept_tolerance: int
    privacy: str
    validators: list[str]
    data: dict[str, Any]
    licence: str

    def to_value(self) -> dict[str, Any]:
        """The canonical JSON value."""
        return asdict(self)

    @property
    def digest(self) -> Digest:
        """The name of this specification."""
        return Digest.of_value(self.to_value())

    @classmethod
    def from_value(cls, value: Any) -> "Specification":
        """The inverse of `to_value`; unknown or missing fields and unknown modes are refused."""
        if not isinstance(value, dict) or set(value) != {item.name for item in fields(cls)}:
            raise EncodingError("could not read a specification: unexpected fields")
        integers = ("rounds", "seed", "accept_tolerance")
        if any(type(value[name]) is not int or value[name] < 0 for name in integers):
            raise EncodingError("could not read a specification: a number is wrong")
        if value["privacy"] not in PRIVACY_MODES or value["utility"] not in UTILITIES:
            raise EncodingError("could not read a specification: unknown privacy mode or utility")
        if decode_decimal(value["clip"]) <= 0:
            raise EncodingError("could not read a specification: clip bound is not positive")
        data = value["data"]
        if not isinstance(data, dict) or not isinstance(data.get("columns"), list):
            raise EncodingError("could not read a specification: its data name no columns")
        Digest.parse(value["initial"])
        Digest.parse(value["trainer_digest"])
        return cls(**value)
