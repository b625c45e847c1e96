"""Gates in plain Python: attestations as a list, rules as a dict, deployments as a stack."""

from dataclasses import dataclass, field, replace

from tests.twins.world import NOBODY, ZERO, Twin, World, keccak_of, need

DAY = 86_400
UID_TYPES = (
    *("uint256", "address", "uint256"),  # where, and the how manieth
    *("bytes32", "uint256", "bytes32", "address", "uint256", "uint256", "bytes32"),
)
Rule = tuple[bytes, int, int, int]  # kind, role, least, max_age


@dataclass(frozen=True)
class Attestation:
    uid: bytes
    kind: bytes
    asset: int
    digest: bytes
    attester: str
    made_at: int
    expires: int
    evidence: bytes
    revoked_at: int = 0


@dataclass
class Suspension:
    by_timelock: int = 0
    by_council: int = 0
    rest_until: int = 0


@dataclass
class State:
    attestations: dict[bytes, Attestation] = field(default_factory=dict)
    # by digest and kind: ids in the order of the contract's list
    voices: dict[tuple[bytes, bytes], list[bytes]] = field(default_factory=dict)
    rules: dict[int, list[Rule]] = field(default_factory=dict)
    current: dict[int, int] = field(default_factory=dict)
    earlier: dict[int, list[int]] = field(default_factory=dict)
    left: set[tuple[int, int]] = field(default_factory=set)
    suspensions: dict[int, Suspension] = field(default_factory=dict)


class Gates(Twin):
    def __init__(  # noqa: PLR0917 (the contract's arguments)
        self, world: World, address: str, members: str, assets: str, timelock: str, council: str
    ) -> None:
        super().__init__(world, address, State())
        self._members, self._assets = members, assets
        self._timelock, self._council = timelock, council

    # --- others -----------------------------------------------------------------------------

    @property
    def people(self):
        return self.world.at[self._members]

    @property
    def goods(self):
        return self.world.at[self._assets]

    def _digest(self, asset: int, version: int) -> bytes:
        return self.goods.version_of(asset, version)[1]

    def members(self) -> str:
        return self._members

    def assets(self) -> str:
        return self._assets

    def timelock(self) -> str:
        return self._timelock

    def council(self) -> str:
        return self._council

    # --- attestations -----------------------------------------------------------------------

    def attest(  # noqa: PLR0917 (the contract's arguments)
        self, sender: str, kind: bytes, asset: int, digest: bytes, expires: int, evidence: bytes
    ) -> bytes:
        now = self.world.now
        need(self.people.is_active(sender), "Gates: not an active account")
        need(kind != ZERO, "Gates: no kind")
        need(expires == 0 or expires > now, "Gates: already expired")
        need(expires < 2**40, "Gates: expires too late")
        found, version = self.goods.asset_of_digest(digest)
        need(version > 0 and found == asset, "Gates: no version of the asset")
        count = len(self.state.attestations) + 1
        before = [self.world.chain_id, self.address, count]
        said = [kind, asset, digest, sender, now, expires, evidence]
        uid = keccak_of([*UID_TYPES], [*before, *said])
        made = Attestation(uid, kind, asset, digest, sender, now, expires, evidence)
        self.state.attestations[uid] = made
        self._list(made)
        self.emit(
            "Attested",
            asset=asset,
            attester=sender,
            kind=kind,
            uid=uid,
            digest=digest,
            expires=expires,
            evidence=evidence,
        )
        return uid

    def _list(self, made: Attestation) -> None:
        """Its controller's former place, or that of the first dead one, or a new one."""
        voices = self.state.voices.setdefault((made.digest, made.kind), [])
        people = self.people
        house = people.controller_of(made.attester)
        holders = [self.state.attestations[uid] for uid in voices]
        same = [i for i, h in enumerate(holders) if people.controller_of(h.attester) == house]
        dead = [
            i for i, h in enumerate(holders) if self._expired(h) or not people.is_active(h.attester)
        ]
        if same or dead:
            voices[(same or dead)[0]] = made.uid
            return
        need(len(voices) < 64, "Gates: too many attesters")
        voices.append(made.uid)

    def _expired(self, said: Attestation) -> bool:
        return 0 < said.expires <= self.world.now

    def revoke(self, sender: str, uid: bytes) -> None:
        said = self.state.attestations.get(uid)
        need(said is not None, "Gates: no such attestation")
        assert said is not None
        need(said.attester == sender, "Gates: not its attester")
        need(not said.revoked_at, "Gates: already revoked")
        self.state.attestations[uid] = replace(said, revoked_at=self.world.now)
        voices = self.state.voices[said.digest, said.kind]
        if uid in voices:  # the last one takes its place
            voices[voices.index(uid)] = voices[-1]
            voices.pop()
        self.emit("Revoked", asset=said.asset, attester=sender, kind=said.kind, uid=uid)

    def attestation_count(self) -> int:
        return len(self.state.attestations)

    def attestations_of(self, digest: bytes, kind: bytes) -> tuple[bytes, ...]:
        return tuple(self.state.voices.get((digest, kind), []))

    def isAttestationValid(self, uid: bytes) -> bool:
        return uid in self.state.attestations

    def getAttestation(self, uid: bytes) -> tuple:
        said = self.state.attestations.get(uid)
        if said is None:
            return (ZERO, ZERO, 0, 0, 0, ZERO, 0, ZERO, NOBODY, False, ZERO)
        return (
            said.uid,
            said.kind,
            said.made_at,
            said.expires,
            said.revoked_at,
            ZERO,
            said.asset,
            said.digest,
            said.attester,
            True,
            said.evidence,
        )

    # --- rules ------------------------------------------------------------------------------

    def set_rule(  # noqa: PLR0917 (the contract's arguments)
        self, sender: str, asset_class: int, kind: bytes, role: int, least: int, max_age: int
    ) -> None:
        need(sender == self._timelock, "Gates: only Timelock")
        need(asset_class in {1, 2, 3}, "Gates: no such class")
        need(kind != ZERO, "Gates: no kind")
        need(1 <= role <= 7, "Gates: no such role")
        need(1 <= least <= 16, "Gates: not 1 to 16 attesters")
        need(max_age > 0, "Gates: no age")
        rules = self.state.rules.setdefault(asset_class, [])
        place = self._place(asset_class, kind, role)
        if place is None:
            need(len(rules) < 16, "Gates: too many rules")
            rules.append((kind, role, least, max_age))
        else:
            rules[place] = (kind, role, least, max_age)
        self.emit(
            "RuleSet", asset_class=asset_class, kind=kind, role=role, least=least, max_age=max_age
        )

    def remove_rule(self, sender: str, asset_class: int, kind: bytes, role: int) -> None:
        need(sender == self._timelock, "Gates: only Timelock")
        place = self._place(asset_class, kind, role)
        need(place is not None, "Gates: no such rule")
        rules = self.state.rules[asset_class]
        rules[place] = rules[-1]  # the last one takes its place
        rules.pop()
        self.emit("RuleRemoved", asset_class=asset_class, kind=kind, role=role)

    def _place(self, asset_class: int, kind: bytes, role: int) -> int | None:
        names = [(rule[0], rule[1]) for rule in self.state.rules.get(asset_class, [])]
        return names.index((kind, role)) if (kind, role) in names else None

    def rules_of(self, asset_class: int) -> tuple[Rule, ...]:
        return tuple(self.state.rules.get(asset_class, []))

    # --- what is missing --------------------------------------------------------------------

    def _supporters(self, asset: int, version: int, rule: Rule) -> set[bytes]:
        """Whose attestations count for the rule; the owner's do not."""
        kind, role, _, max_age = rule
        digest = self._digest(asset, version)
        found = set()
        for uid in self.state.voices.get((digest, kind), []):
            said = self.state.attestations[uid]
            fresh = self.world.now <= said.made_at + max_age and not self._expired(said)
            if fresh and self.people.has_role(said.attester, role):
                found.add(self.people.controller_of(said.attester))
        return found - {self.people.controller_of(self.goods.ownerOf(asset))}

    def lacking(self, asset: int, version: int) -> tuple[Rule, ...]:
        if not 1 <= version <= self.goods.version_count(asset):
            return ()
        rules = self.rules_of(self.goods.kind_of(asset))
        return tuple(r for r in rules if len(self._supporters(asset, version, r)) < r[2])

    def check(self, asset: int, version: int) -> tuple[bool, str]:
        goods = self.goods
        if goods.status_of(asset) == 0:
            return False, "no such asset"
        obstacles = {
            "no such version": not 1 <= version <= goods.version_count(asset),
            "asset is withdrawn": goods.status_of(asset) == 3,
            "asset is deprecated": goods.status_of(asset) == 2,
            "asset is suspended": self._suspended(asset),
            "paused by Council": self.world.at[self._council].paused(self.address),
            "owner is not active": not self.people.is_active(goods.ownerOf(asset)),
            "no rules for its class": not self.rules_of(goods.kind_of(asset)),
            "attestations missing": self.lacking(asset, version) != (),
        }
        reason = next((words for words, stands in obstacles.items() if stands), "")
        return not reason, reason

    # --- deployments ------------------------------------------------------------------------

    def _may_deploy(self, who: str, asset: int) -> None:
        need(self.goods.is_allowed_to_manage(asset, who), "Gates: not the asset's owner")

    def deploy(self, sender: str, asset: int, version: int) -> None:
        self._may_deploy(sender, asset)
        good, reason = self.check(asset, version)
        need(good, f"Gates: {reason}")
        current = self.state.current.get(asset, 0)
        need(version != current, "Gates: deployed already")
        if current:
            self.state.earlier.setdefault(asset, []).append(current)
        self.state.current[asset] = version
        digest = self._digest(asset, version)
        self.emit("Deployed", asset=asset, version=version, digest=digest)

    def roll_back(self, sender: str, asset: int) -> int:
        if sender not in {self._council, self._timelock}:
            self._may_deploy(sender, asset)
        before = self.state.current.get(asset, 0)
        earlier = self.state.earlier.setdefault(asset, [])
        need(before > 0 or bool(earlier), "Gates: nothing to roll back")
        self.state.left.add((asset, before))
        self.state.current[asset] = 0
        for _ in range(min(4, len(earlier))):
            version = earlier.pop()
            if (asset, version) not in self.state.left and not self.lacking(asset, version):
                self.state.current[asset] = version
                break
        version = self.state.current[asset]
        self.emit("RolledBack", asset=asset, from_version=before, version=version, actor=sender)
        return version

    def deployed(self, asset: int) -> tuple[int, bytes, bool]:
        version = self.state.current.get(asset, 0)
        if not version:
            return 0, ZERO, False
        usable = self.goods.status_of(asset) != 3 and not self._suspended(asset)
        return version, self._digest(asset, version), usable

    # --- suspensions ------------------------------------------------------------------------

    def _suspended(self, asset: int) -> bool:
        held = self.state.suspensions.get(asset, Suspension())
        return self.world.now < held.by_timelock or self.world.now < held.by_council

    def suspension_of(self, asset: int) -> tuple[int, int, int]:
        held = self.state.suspensions.get(asset, Suspension())
        return held.by_timelock, held.by_council, held.rest_until

    def _only_powers(self, sender: str) -> None:
        need(sender in {self._timelock, self._council}, "Gates: only Timelock or Council")

    def suspend(self, sender: str, asset: int, until: int) -> None:
        self._only_powers(sender)
        now = self.world.now
        need(until > now, "Gates: already over")
        held = self.state.suspensions.setdefault(asset, Suspension())
        if sender == self._timelock:
            held.by_timelock = until
        else:
            need(until <= now + 14 * DAY, "Gates: longer than 14 days")
            need(now >= held.rest_until, "Gates: suspended too recently")
            held.by_council = until
            held.rest_until = until + (until - now)
        self.emit("Suspended", asset=asset, until=until, actor=sender)

    def resume(self, sender: str, asset: int) -> None:
        self._only_powers(sender)
        held = self.state.suspensions.setdefault(asset, Suspension())
        standing = self.world.now < held.by_council
        if sender == self._timelock:
            standing = standing or self.world.now < held.by_timelock
        need(standing, "Gates: not suspended")
        held.by_council = 0
        if sender == self._timelock:
            held.by_timelock = 0
        self.emit("Resumed", asset=asset, actor=sender)
