# pragma version 0.4.3
"""
@title   Attestations: what accounts say about versions of assets
@license Apache-2.0
@notice  Any active account may attest anything about a registered version, and take it back; rules
         decide what counts. Behind every controller stands one voice per version and kind: its
         newest attestation. So nobody fills the list for others, and nobody counts twice.
"""

from ..interfaces import IAssets
from ..interfaces import IGates
from ..interfaces import IMembers
from . import hashchain

uses: hashchain

# @notice As stored; times below 2**40.
struct Record:
    facts: uint256        # attester (160 bits from bit 0), time (40), expiry (40)
    kind: bytes32
    asset: uint256
    digest: bytes32
    evidence: bytes32
    revoked_at: uint256

MAX_VOICES: constant(uint256) = 64
MAX_LEAST: constant(uint256) = 16
MAX_TIME: constant(uint256) = 2**40 - 1
ATTESTED: constant(bytes32) = keccak256(
    "Attested(uint256,address,bytes32,bytes32,bytes32,uint256,bytes32)"
)
REVOKED: constant(bytes32) = keccak256("Revoked(uint256,address,bytes32,bytes32)")

members: public(immutable(IMembers))
assets: public(immutable(IAssets))
# @notice How many attestations were ever made.
attestation_count: public(uint256)

_records: HashMap[bytes32, Record]
# By digest and kind: the newest attestation of each controller.
_voices: HashMap[bytes32, HashMap[bytes32, DynArray[bytes32, MAX_VOICES]]]


@deploy
def __init__(_members: IMembers, _assets: IAssets):
    """
    @notice The two contracts are fixed for good.
    @param _members Who may attest.
    @param _assets What attestations are about.
    """
    members = _members
    assets = _assets


@external
@nonreentrant
def attest(
    kind: bytes32, asset: uint256, digest: bytes32, expires: uint256, evidence: bytes32
) -> bytes32:
    """
    @notice States something about a version of an asset: by any active account. What the caller's
            controller said before about the same version and kind does not count any more.
    @param kind What is stated, such as the digest of a document that says what it means.
    @param asset The asset.
    @param digest The digest of the version.
    @param expires The first second where it is void; 0 when it does not expire.
    @param evidence Digest of what it rests on.
    @return The attestation's id.
    """
    assert staticcall members.is_active(msg.sender), "Gates: not an active account"
    assert kind != empty(bytes32), "Gates: no kind"
    assert expires == 0 or expires > block.timestamp, "Gates: already expired"
    assert expires <= MAX_TIME, "Gates: expires too late"
    found: uint256 = 0
    version: uint256 = 0
    found, version = staticcall assets.asset_of_digest(digest)
    assert version != 0 and found == asset, "Gates: no version of the asset"
    count: uint256 = self.attestation_count + 1
    self.attestation_count = count
    uid: bytes32 = keccak256(
        abi_encode(
            chain.id,
            self,
            count,
            kind,
            asset,
            digest,
            msg.sender,
            block.timestamp,
            expires,
            evidence,
        )
    )
    self._records[uid] = Record(
        facts=convert(msg.sender, uint256) | (block.timestamp << 160) | (expires << 200),
        kind=kind,
        asset=asset,
        digest=digest,
        evidence=evidence,
        revoked_at=0,
    )
    self._place(uid, digest, kind)
    log IGates.Attested(
        asset=asset,
        attester=msg.sender,
        kind=kind,
        uid=uid,
        digest=digest,
        expires=expires,
        evidence=evidence,
    )
    hashchain.extend(
        keccak256(
            abi_encode(ATTESTED, asset, msg.sender, kind, uid, digest, expires, evidence)
        )
    )
    return uid


@external
@nonreentrant
def revoke(uid: bytes32):
    """
    @notice Takes an attestation back: by its attester, suspended or not, at any time.
    @param uid The attestation's id.
    """
    record: Record = self._records[uid]
    assert record.facts != 0, "Gates: no such attestation"
    assert msg.sender == self._attester(record.facts), "Gates: not its attester"
    assert record.revoked_at == 0, "Gates: already revoked"
    self._records[uid].revoked_at = block.timestamp
    self._remove(uid, record.digest, record.kind)
    log IGates.Revoked(asset=record.asset, attester=msg.sender, kind=record.kind, uid=uid)
    hashchain.extend(
        keccak256(abi_encode(REVOKED, record.asset, msg.sender, record.kind, uid))
    )


@external
@view
def getAttestation(uid: bytes32) -> IGates.Attestation:
    """
    @notice An attestation, in the shape of EAS.
    @param uid The attestation's id.
    @return Its record; all zero when there is none.
    """
    record: Record = self._records[uid]
    if record.facts == 0:
        return empty(IGates.Attestation)
    return IGates.Attestation(
        uid=uid,
        schema=record.kind,
        time=(record.facts >> 160) & MAX_TIME,
        expirationTime=record.facts >> 200,
        revocationTime=record.revoked_at,
        refUID=empty(bytes32),
        asset=record.asset,
        digest=record.digest,
        attester=self._attester(record.facts),
        revocable=True,
        data=record.evidence,
    )


@external
@view
def isAttestationValid(uid: bytes32) -> bool:
    """
    @notice Whether there is an attestation with this id, as EAS means it: revoked and expired ones
            too.
    @param uid The attestation's id.
    @return True or false.
    """
    return self._records[uid].facts != 0


@external
@view
def attestations_of(digest: bytes32, kind: bytes32) -> DynArray[bytes32, MAX_VOICES]:
    """
    @notice The attestations about a version that can count: the newest of each controller that is
            not revoked.
    @param digest The digest of the version.
    @param kind What is stated.
    @return Their ids, in no order.
    """
    return self._voices[digest][kind]


@internal
@view
def enough(digest: bytes32, rule: IGates.Rule, own: bytes32) -> bool:
    """@notice True when the rule holds for a version whose owner's controller is `own`."""
    counted: DynArray[bytes32, MAX_LEAST] = []
    for uid: bytes32 in self._voices[digest][rule.kind]:
        facts: uint256 = self._records[uid].facts
        if self._expired(facts):
            continue
        if block.timestamp - ((facts >> 160) & MAX_TIME) > rule.max_age:
            continue
        attester: address = self._attester(facts)
        if not staticcall members.has_role(attester, rule.role):
            continue
        controller: bytes32 = staticcall members.controller_of(attester)
        if controller == own or controller in counted:
            continue
        counted.append(controller)
        if len(counted) == rule.least:
            return True
    return False


@internal
def _place(uid: bytes32, digest: bytes32, kind: bytes32):
    """
    @notice Puts it in the place of the controller's former one, else of a dead one, else last.
    """
    controller: bytes32 = staticcall members.controller_of(msg.sender)
    count: uint256 = len(self._voices[digest][kind])
    place: uint256 = count
    index: uint256 = 0
    for voice: bytes32 in self._voices[digest][kind]:
        facts: uint256 = self._records[voice].facts
        attester: address = self._attester(facts)
        if staticcall members.controller_of(attester) == controller:
            place = index
            break
        if place == count:
            if self._expired(facts) or not staticcall members.is_active(attester):
                place = index
        index += 1
    if place == count:
        assert count < MAX_VOICES, "Gates: too many attesters"
        self._voices[digest][kind].append(uid)
    else:
        self._voices[digest][kind][place] = uid


@internal
def _remove(uid: bytes32, digest: bytes32, kind: bytes32):
    """@notice Takes it off the list, if it still is its controller's newest."""
    index: uint256 = 0
    for voice: bytes32 in self._voices[digest][kind]:
        if voice == uid:
            break
        index += 1
    if index == len(self._voices[digest][kind]):
        return
    last: bytes32 = self._voices[digest][kind].pop()
    if last != uid:
        self._voices[digest][kind][index] = last


@internal
@view
def _expired(facts: uint256) -> bool:
    return facts >> 200 != 0 and block.timestamp >= facts >> 200


@internal
@pure
def _attester(facts: uint256) -> address:
    return convert(facts & convert(max_value(uint160), uint256), address)
