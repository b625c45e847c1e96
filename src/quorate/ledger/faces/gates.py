"""The Gates contract: typed calls and views.

Written by scripts/compile_contracts.py from the contract; change that, not this file.
"""

from quorate.ledger.contracts import Call, load_artifact
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.gates_facts import (
    Attestation,
    Attested,
    Deployed,
    Resumed,
    Revoked,
    RolledBack,
    Rule,
    RuleRemoved,
    RuleSet,
    Suspended,
    Suspension,
)


class Gates(Face):
    """Which version of an asset is deployed: its owner decides, as soon as enough others
    attested to that version what the rules of its class ask for. Council and Timelock can
    suspend an asset and roll it back; neither can deploy anything.
    """

    NAME = "Gates"
    EVENTS = (
        Attested,
        Revoked,
        RuleSet,
        RuleRemoved,
        Deployed,
        RolledBack,
        Suspended,
        Resumed,
    )

    @staticmethod
    def deployment(members: str, assets: str, timelock: str, council: str) -> Call:
        """The call that creates the contract."""
        return load_artifact("Gates").deployment(members, assets, timelock, council)

    def assets(self) -> str:
        """The Assets contract that this one was created for."""
        return self._ask(str, "assets")

    def attest(self, kind: bytes, asset: int, digest: bytes, expires: int, evidence: bytes) -> Call:
        """States something about a version of an asset: by any active account. What the
        caller's controller said before about the same version and kind does not count any
        more.
        """
        return self._encode("attest", kind, asset, digest, expires, evidence)

    def attestation_count(self) -> int:
        """How many attestations were ever made."""
        return self._ask(int, "attestation_count")

    def attestations_of(self, digest: bytes, kind: bytes) -> tuple[bytes, ...]:
        """The attestations about a version that can count: the newest of each controller
        that is not revoked.
        """
        return self._ask(tuple[bytes, ...], "attestations_of", digest, kind)

    def check(self, asset: int, version: int) -> tuple[bool, str]:
        """Whether the owner may deploy a version now."""
        return self._ask(tuple[bool, str], "check", asset, version)

    def council(self) -> str:
        """The Council contract that this one was created for."""
        return self._ask(str, "council")

    def deploy(self, asset: int, version: int) -> Call:
        """Makes a version the deployed one: by the asset's owner or who acts for it, when
        `check` passes.
        """
        return self._encode("deploy", asset, version)

    def deployed(self, asset: int) -> tuple[int, bytes, bool]:
        """The deployed version of an asset, and whether it may be used."""
        return self._ask(tuple[int, bytes, bool], "deployed", asset)

    def event_head(self) -> bytes:
        """The running hash of all events so far (216 bits) and their count (the lowest 40 bits)."""
        return self._ask(bytes, "event_head")

    def getAttestation(self, uid: bytes) -> Attestation:
        """An attestation, in the shape of EAS."""
        return self._ask(Attestation, "getAttestation", uid)

    def isAttestationValid(self, uid: bytes) -> bool:
        """Whether there is an attestation with this id, as EAS means it: revoked and expired
        ones too.
        """
        return self._ask(bool, "isAttestationValid", uid)

    def lacking(self, asset: int, version: int) -> tuple[Rule, ...]:
        """The rules that do not hold for a version."""
        return self._ask(tuple[Rule, ...], "lacking", asset, version)

    def members(self) -> str:
        """The Members contract that this one was created for."""
        return self._ask(str, "members")

    def remove_rule(self, asset_class: int, kind: bytes, role: int) -> Call:
        """Timelock: takes a rule away."""
        return self._encode("remove_rule", asset_class, kind, role)

    def resume(self, asset: int) -> Call:
        """Ends a suspension: Timelock any, Council its own. Council's time of rest stays."""
        return self._encode("resume", asset)

    def revoke(self, uid: bytes) -> Call:
        """Takes an attestation back: by its attester, suspended or not, at any time."""
        return self._encode("revoke", uid)

    def roll_back(self, asset: int) -> Call:
        """Goes back to the newest earlier deployment whose attestations still hold by the
        present rules, never to a version that was rolled back from; to none if there is
        none. By the asset's owner or who acts for it, Council or Timelock, at any time,
        suspended and paused too. Looks at 4 earlier deployments; calling again goes on
        from there.
        """
        return self._encode("roll_back", asset)

    def rules_of(self, asset_class: int) -> tuple[Rule, ...]:
        """All rules of a class; every one must hold."""
        return self._ask(tuple[Rule, ...], "rules_of", asset_class)

    def set_rule(self, asset_class: int, kind: bytes, role: int, least: int, max_age: int) -> Call:
        """Timelock: adds a rule to a class, or changes the one with the same kind and role."""
        return self._encode("set_rule", asset_class, kind, role, least, max_age)

    def suspend(self, asset: int, until: int) -> Call:
        """Stops the use of an asset: Timelock until any time, Council for at most 14 days,
        and then not again until as long has passed once more.
        """
        return self._encode("suspend", asset, until)

    def suspension_of(self, asset: int) -> Suspension:
        """What stops an asset, and since when Council may suspend it again."""
        return self._ask(Suspension, "suspension_of", asset)

    def timelock(self) -> str:
        """The Timelock contract that this one was created for."""
        return self._ask(str, "timelock")
