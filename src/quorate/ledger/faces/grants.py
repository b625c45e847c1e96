"""The Grants contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.grants_facts import Consumed, Grant, Granted, MeterSet, Revoked


class Grants(Face):
    """Who may use which asset, for which purpose, until when and how often. Every use rests
    on a grant, the owner's own too, so that the list of events is the list of rights.
    """

    NAME = "Grants"
    EVENTS = (
        Granted,
        Revoked,
        Consumed,
        MeterSet,
    )

    @staticmethod
    def deployment(assets: str, council: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Grants").deployment(assets, council)

    def assets(self) -> str:
        """The Assets contract that this one was created for."""
        return self._ask(str, "assets")

    def consume(self, grant: int) -> Call:
        """Takes one use from a grant, and from all with a limit that it comes from; by its
        grantee or a meter of the asset.
        """
        return self._encode("consume", grant)

    def council(self) -> str:
        """The Council contract that this one was created for."""
        return self._ask(str, "council")

    def delegate(self, parent: int, grantee: str, expires: int, uses: int, depth: int) -> Call:
        """Passes a grant on for the same purpose, whole or in part; by its grantee."""
        return self._encode("delegate", parent, grantee, expires, uses, depth)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def grant(
        self, *, asset: int, grantee: str, purpose: bytes, expires: int, uses: int, depth: int
    ) -> Call:
        """Gives a right to use an asset; by its owner, approved account or operator."""
        return self._encode("grant", asset, grantee, purpose, expires, uses, depth)

    def grant_count(self) -> int:
        """How many grants were ever given; they are numbered from 1."""
        return self._ask(int, "grant_count")

    def grant_of(self, grant: int) -> Grant:
        """All that is known about a grant."""
        return self._ask(Grant, "grant_of", grant)

    def grants_of(self, asset: int, who: str, purpose: bytes) -> tuple[int, ...]:
        """The grants that `isAllowed` looks at, some of them ended perhaps."""
        return self._ask(tuple[int, ...], "grants_of", asset, who, purpose)

    def isAllowed(self, asset: int, who: str, purpose: bytes) -> bool:
        """True when any grant lets the account use the asset for the purpose now."""
        return self._ask(bool, "isAllowed", asset, who, purpose)

    def is_allowed_by(self, grant: int, who: str, purpose: bytes) -> bool:
        """True when this grant lets the account use its asset for the purpose now."""
        return self._ask(bool, "is_allowed_by", grant, who, purpose)

    def is_meter(self, asset: int, operator: str) -> bool:
        """True when the account may consume any grant of the asset."""
        return self._ask(bool, "is_meter", asset, operator)

    def refusal(self, grant: int) -> str:
        """Why a grant cannot be used now."""
        return self._ask(str, "refusal", grant)

    def revoke(self, grant: int) -> Call:
        """Ends a grant and all that was passed on from it, for good; by whoever gave it, or
        who manages the asset now.
        """
        return self._encode("revoke", grant)

    def set_meter(self, asset: int, operator: str, allowed: bool) -> Call:
        """Appoints who counts the uses of an asset, until it changes hands; by who manages it."""
        return self._encode("set_meter", asset, operator, allowed)
