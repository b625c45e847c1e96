# pragma version 0.4.3
"""
@title   Gates
@license Apache-2.0
@notice  Which version of an asset is deployed: its owner decides, as soon as enough others attested
         to that version what the rules of its class ask for. Council and Timelock can suspend an
         asset and roll it back; neither can deploy anything.
@dev     Attestations are looked at when a version is deployed or rolled back to, not afterwards;
         `check` and `lacking` say at any time how things stand. All calls out are static ones, to
         contracts fixed at deployment.
"""

from .interfaces import IAssets
from .interfaces import ICouncil
from .interfaces import IGates
from .interfaces import IMembers
from .modules import attestations
from .modules import hashchain
from .modules import rules

implements: IGates
initializes: hashchain
initializes: attestations[hashchain := hashchain]
initializes: rules[hashchain := hashchain]
exports: (
    hashchain.event_head,
    attestations.members,
    attestations.assets,
    attestations.attestation_count,
    attestations.attest,
    attestations.revoke,
    attestations.getAttestation,
    attestations.isAttestationValid,
    attestations.attestations_of,
    rules.timelock,
    rules.set_rule,
    rules.remove_rule,
    rules.rules_of,
)

# @notice What was deployed before stands in `_history`, the oldest first.
struct Deployment:
    version: uint256  # 0 when nothing is deployed
    depth: uint256    # how many entries of the history can still be rolled back to

ACTIVE: constant(uint256) = 1
DEPRECATED: constant(uint256) = 2
WITHDRAWN: constant(uint256) = 3
MAX_RULES: constant(uint256) = 16
MAX_STEPS: constant(uint256) = 4
MAX_SUSPENSION: constant(uint256) = 14 * 24 * 3600
DEPLOYED: constant(bytes32) = keccak256("Deployed(uint256,uint256,bytes32)")
ROLLED_BACK: constant(bytes32) = keccak256("RolledBack(uint256,uint256,uint256,address)")
SUSPENDED: constant(bytes32) = keccak256("Suspended(uint256,uint256,address)")
RESUMED: constant(bytes32) = keccak256("Resumed(uint256,address)")

council: public(immutable(ICouncil))

_deployments: HashMap[uint256, Deployment]
_history: HashMap[uint256, HashMap[uint256, uint256]]
_left: HashMap[uint256, HashMap[uint256, bool]]  # versions that were rolled back from
_suspensions: HashMap[uint256, IGates.Suspension]


@deploy
def __init__(_members: IMembers, _assets: IAssets, _timelock: address, _council: ICouncil):
    """
    @notice The four contracts are fixed for good.
    @param _members Who may attest, and who stands behind whom.
    @param _assets What is deployed.
    @param _timelock Who sets the rules.
    @param _council Who may stop an asset for a while.
    """
    attestations.__init__(_members, _assets)
    rules.__init__(_timelock)
    council = _council


@external
@nonreentrant
def deploy(asset: uint256, version: uint256):
    """
    @notice Makes a version the deployed one: by the asset's owner or who acts for it, when `check`
            passes.
    @param asset The asset.
    @param version The version's number.
    """
    self._only_owner(asset)
    good: bool = False
    reason: String[25] = ""
    good, reason = self._check(asset, version)
    assert good, concat("Gates: ", reason)
    state: Deployment = self._deployments[asset]
    assert version != state.version, "Gates: deployed already"
    if state.version != 0:
        self._history[asset][state.depth] = state.version
        state.depth += 1
    self._deployments[asset] = Deployment(version=version, depth=state.depth)
    digest: bytes32 = self._digest(asset, version)
    log IGates.Deployed(asset=asset, version=version, digest=digest)
    hashchain.extend(keccak256(abi_encode(DEPLOYED, asset, version, digest)))


@external
@nonreentrant
def roll_back(asset: uint256) -> uint256:
    """
    @notice Goes back to the newest earlier deployment whose attestations still hold by the present
            rules, never to a version that was rolled back from; to none if there is none. By the
            asset's owner or who acts for it, Council or Timelock, at any time, suspended and
            paused too. Looks at 4 earlier deployments; calling again goes on from there.
    @param asset The asset.
    @return The version that is deployed now; 0 when there is none.
    """
    if msg.sender != council.address and msg.sender != rules.timelock:
        self._only_owner(asset)
    state: Deployment = self._deployments[asset]
    before: uint256 = state.version
    assert before != 0 or state.depth != 0, "Gates: nothing to roll back"
    self._left[asset][before] = True
    state.version = 0
    for _: uint256 in range(MAX_STEPS):
        if state.depth == 0:
            break
        state.depth -= 1
        earlier: uint256 = self._history[asset][state.depth]
        if not self._left[asset][earlier] and len(self._lacking(asset, earlier)) == 0:
            state.version = earlier
            break
    self._deployments[asset] = state
    after: uint256 = state.version
    log IGates.RolledBack(asset=asset, from_version=before, version=after, actor=msg.sender)
    hashchain.extend(keccak256(abi_encode(ROLLED_BACK, asset, before, after, msg.sender)))
    return after


@external
@nonreentrant
def suspend(asset: uint256, until: uint256):
    """
    @notice Stops the use of an asset: Timelock until any time, Council for at most 14 days, and
            then not again until as long has passed once more.
    @param asset The asset.
    @param until The first second where it is not suspended any more; 2**256 - 1 for good.
    """
    self._only_powers()
    assert until > block.timestamp, "Gates: already over"
    if msg.sender == rules.timelock:
        self._suspensions[asset].by_timelock = until
    else:
        length: uint256 = until - block.timestamp
        assert length <= MAX_SUSPENSION, "Gates: longer than 14 days"
        rested: bool = block.timestamp >= self._suspensions[asset].rest_until
        assert rested, "Gates: suspended too recently"
        self._suspensions[asset].by_council = until
        self._suspensions[asset].rest_until = until + length
    log IGates.Suspended(asset=asset, until=until, actor=msg.sender)
    hashchain.extend(keccak256(abi_encode(SUSPENDED, asset, until, msg.sender)))


@external
@nonreentrant
def resume(asset: uint256):
    """
    @notice Ends a suspension: Timelock any, Council its own. Council's time of rest stays.
    @param asset The asset.
    """
    self._only_powers()
    held: bool = block.timestamp < self._suspensions[asset].by_council
    self._suspensions[asset].by_council = 0
    if msg.sender == rules.timelock:
        held = held or block.timestamp < self._suspensions[asset].by_timelock
        self._suspensions[asset].by_timelock = 0
    assert held, "Gates: not suspended"
    log IGates.Resumed(asset=asset, actor=msg.sender)
    hashchain.extend(keccak256(abi_encode(RESUMED, asset, msg.sender)))


@external
@view
def check(asset: uint256, version: uint256) -> (bool, String[32]):
    """
    @notice Whether the owner may deploy a version now.
    @param asset The asset.
    @param version The version's number.
    @return True; or false and why.
    """
    good: bool = False
    reason: String[25] = ""
    good, reason = self._check(asset, version)
    return good, reason


@external
@view
def lacking(asset: uint256, version: uint256) -> DynArray[IGates.Rule, MAX_RULES]:
    """
    @notice The rules that do not hold for a version.
    @param asset The asset.
    @param version The version's number.
    @return The rules; none of them when there is no such version.
    """
    if version == 0 or version > staticcall attestations.assets.version_count(asset):
        return []
    return self._lacking(asset, version)


@external
@view
def deployed(asset: uint256) -> (uint256, bytes32, bool):
    """
    @notice The deployed version of an asset, and whether it may be used.
    @param asset The asset.
    @return Number, digest; true while neither suspended nor withdrawn. Zeros: none is deployed.
    """
    version: uint256 = self._deployments[asset].version
    if version == 0:
        return 0, empty(bytes32), False
    status: uint256 = staticcall attestations.assets.status_of(asset)
    usable: bool = status != WITHDRAWN and not self._suspended(asset)
    return version, self._digest(asset, version), usable


@external
@view
def suspension_of(asset: uint256) -> IGates.Suspension:
    """
    @notice What stops an asset, and since when Council may suspend it again.
    @param asset The asset.
    @return Zeros when nothing ever did.
    """
    return self._suspensions[asset]


@internal
@view
def _check(asset: uint256, version: uint256) -> (bool, String[25]):
    status: uint256 = staticcall attestations.assets.status_of(asset)
    if status == 0:
        return False, "no such asset"
    if version == 0 or version > staticcall attestations.assets.version_count(asset):
        return False, "no such version"
    if status == WITHDRAWN:
        return False, "asset is withdrawn"
    if status == DEPRECATED:
        return False, "asset is deprecated"
    if self._suspended(asset):
        return False, "asset is suspended"
    if staticcall council.paused(self):
        return False, "paused by Council"
    owner: address = staticcall attestations.assets.ownerOf(asset)
    if not staticcall attestations.members.is_active(owner):
        return False, "owner is not active"
    asset_class: uint256 = staticcall attestations.assets.kind_of(asset)
    if len(rules.of_class[asset_class]) == 0:
        return False, "no rules for its class"
    if len(self._lacking(asset, version)) != 0:
        return False, "attestations missing"
    return True, ""


@internal
@view
def _lacking(asset: uint256, version: uint256) -> DynArray[IGates.Rule, MAX_RULES]:
    found: DynArray[IGates.Rule, MAX_RULES] = []
    digest: bytes32 = self._digest(asset, version)
    owner: address = staticcall attestations.assets.ownerOf(asset)
    own: bytes32 = staticcall attestations.members.controller_of(owner)
    asset_class: uint256 = staticcall attestations.assets.kind_of(asset)
    for rule: IGates.Rule in rules.of_class[asset_class]:
        if not attestations.enough(digest, rule, own):
            found.append(rule)
    return found


@internal
@view
def _suspended(asset: uint256) -> bool:
    held: IGates.Suspension = self._suspensions[asset]
    return block.timestamp < max(held.by_timelock, held.by_council)


@internal
@view
def _digest(asset: uint256, version: uint256) -> bytes32:
    return (staticcall attestations.assets.version_of(asset, version)).digest


@internal
@view
def _only_owner(asset: uint256):
    owns: bool = staticcall attestations.assets.is_allowed_to_manage(asset, msg.sender)
    assert owns, "Gates: not the asset's owner"


@internal
@view
def _only_powers():
    power: bool = msg.sender == rules.timelock or msg.sender == council.address
    assert power, "Gates: only Timelock or Council"
