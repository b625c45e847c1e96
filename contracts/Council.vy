# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Council
@license Apache-2.0
@notice  k of n people who can stop things in an emergency: pause a contract for a while, cancel a
         proposal, roll a version back. It moves no money and changes no rule, and it can do only
         what other contracts grant it. Its seats are changed by the Timelock alone.
@dev     An act needs the consent of `threshold` seats, by signatures in strictly ascending order of
         their addresses (so that none counts twice) or said on chain. A pause always ends: it lasts
         at most 14 days, and then the same contract rests from pauses for as long as it lasted.
"""

from .interfaces import ICouncil
from .modules import calls
from .modules import eip712
from .modules import hashchain
from .modules import signatures

implements: ICouncil
initializes: hashchain
initializes: eip712
exports: hashchain.event_head
exports: eip712.eip712Domain

MAX_SEATS: constant(uint256) = 16
MAX_DATA: constant(uint256) = 2048
MAX_PAUSE: constant(uint256) = 14 * 24 * 3600

ACT_TYPE: constant(bytes32) = keccak256(
    "Act(address target,bytes data,uint256 nonce,uint256 deadline)"
)
SEATS_CHANGED: constant(bytes32) = keccak256("SeatsChanged(address[],uint256)")
ACT_APPROVED: constant(bytes32) = keccak256("ActApproved(bytes32,address)")
ACTED: constant(bytes32) = keccak256("Acted(bytes32,address,uint256)")
PAUSED: constant(bytes32) = keccak256("Paused(address,uint256,uint256)")
UNPAUSED: constant(bytes32) = keccak256("Unpaused(address,uint256)")

# @notice Who alone changes the seats.
timelock: public(immutable(address))
# @notice How many seats an act needs; always more than half of them.
threshold: public(uint256)
# @notice The number of the next act; also counted on when the seats change.
nonce: public(uint256)
# @notice True for an address that holds a seat.
is_seat: public(HashMap[address, bool])
# @notice True when the seat has said yes on chain to the act with this digest.
has_approved: public(HashMap[bytes32, HashMap[address, bool]])

_seats: DynArray[address, MAX_SEATS]
_pauses: HashMap[address, ICouncil.Pause]


@deploy
def __init__(_seats: DynArray[address, MAX_SEATS], _threshold: uint256, _timelock: address):
    """
    @notice Takes the first seats.
    @param _seats Up to 16 different addresses: accounts, or contracts that sign by ERC-1271.
    @param _threshold How many of them an act needs: more than half.
    @param _timelock The Timelock contract.
    """
    assert _timelock != empty(address), "Council: no timelock"
    eip712.__init__("Quorate Council")
    timelock = _timelock
    self._set_seats(_seats, _threshold)


@external
def execute(
    target: address,
    data: Bytes[MAX_DATA],
    deadline: uint256,
    consents: DynArray[ICouncil.Consent, MAX_SEATS],
):
    """
    @notice Carries out an act that enough seats agreed to. Anyone may bring their consents.
    @param target The contract to call; this one for a pause.
    @param data What to call it with.
    @param deadline The last second in which the consents count.
    @param consents By ascending address: signatures of `act_hash`, or an empty one for a seat that
           approved on chain or is the caller.
    """
    assert block.timestamp <= deadline, "Council: expired"
    nonce: uint256 = self.nonce
    act: bytes32 = self._act(target, data, nonce, deadline)
    self._check_consents(act, consents)
    self.nonce = nonce + 1
    log ICouncil.Acted(act=act, target=target, nonce=nonce)
    hashchain.extend(keccak256(abi_encode(ACTED, act, target, nonce)))
    assert calls.made(target, data), "Council: the call failed"


@external
def approve_act(act: bytes32):
    """
    @notice A seat says yes to an act on chain, in place of a signature.
    @param act Its digest, see `act_hash`; void as soon as `nonce` is another.
    """
    assert self.is_seat[msg.sender], "Council: no seat"
    assert not self.has_approved[act][msg.sender], "Council: already approved"
    self.has_approved[act][msg.sender] = True
    log ICouncil.ActApproved(act=act, seat=msg.sender)
    hashchain.extend(keccak256(abi_encode(ACT_APPROVED, act, msg.sender)))


@external
@reentrant  # called by this contract itself, in the middle of execute
def pause(target: address, seconds: uint256):
    """
    @notice Council itself: new work in `target` stops until the time is over. Exits of money and
            votes go on: contracts ask `paused` only where something new begins.
    @param target The contract to pause.
    @param seconds 1 second to 14 days.
    """
    assert msg.sender == self, "Council: only Council"
    assert target != empty(address), "Council: nothing to pause"
    assert seconds != 0 and seconds <= MAX_PAUSE, "Council: pause not 1 s-14 days"
    assert block.timestamp >= self._pauses[target].rest_until, "Council: too soon to pause again"
    until: uint256 = block.timestamp + seconds
    self._pauses[target] = ICouncil.Pause(
        since=block.timestamp, until=until, rest_until=until + seconds
    )
    log ICouncil.Paused(target=target, until=until, rest_until=until + seconds)
    hashchain.extend(keccak256(abi_encode(PAUSED, target, until, until + seconds)))


@external
@reentrant  # called by this contract itself, in the middle of execute
def unpause(target: address):
    """
    @notice Council itself or Timelock: ends a pause early. What the council lifts itself counts
            with the time that it lasted; after the Timelock lifted it the rest stays as it was.
    @param target The contract.
    """
    assert msg.sender == self or msg.sender == timelock, "Council: only Council, Timelock"
    found: ICouncil.Pause = self._pauses[target]
    assert block.timestamp < found.until, "Council: not paused"
    found.until = block.timestamp
    if msg.sender == self:
        found.rest_until = block.timestamp + (block.timestamp - found.since)
    self._pauses[target] = found
    log ICouncil.Unpaused(target=target, rest_until=found.rest_until)
    hashchain.extend(keccak256(abi_encode(UNPAUSED, target, found.rest_until)))


@external
@reentrant  # a council may itself execute what the Timelock holds against it
def set_seats(seats: DynArray[address, MAX_SEATS], threshold: uint256):
    """
    @notice Timelock: other seats. Every consent given so far is void.
    @param seats Up to 16 different addresses.
    @param threshold How many of them an act needs: more than half.
    """
    assert msg.sender == timelock, "Council: only Timelock"
    for seat: address in self._seats:
        self.is_seat[seat] = False
    self.nonce += 1
    self._set_seats(seats, threshold)


@external
@view
def seats() -> DynArray[address, MAX_SEATS]:
    """
    @notice Who sits in the council.
    @return Their addresses.
    """
    return self._seats


@external
@view
@reentrant  # asked by what an act calls
def paused(target: address) -> bool:
    """
    @notice True while the contract is paused.
    @param target The contract asked about.
    @return True or false.
    """
    return block.timestamp < self._pauses[target].until


@external
@view
@reentrant  # asked by what an act calls
def paused_until(target: address) -> uint256:
    """
    @notice When the last pause of the contract ends or ended; 0 when there never was one.
    @param target The contract asked about.
    @return Seconds since 1970.
    """
    return self._pauses[target].until


@external
@view
def pause_of(target: address) -> ICouncil.Pause:
    """
    @notice All about the last pause of the contract.
    @param target The contract asked about.
    @return When it began and ends, and from when on it may be paused again.
    """
    return self._pauses[target]


@external
@view
def act_hash(
    target: address, data: Bytes[MAX_DATA], nonce: uint256, deadline: uint256
) -> bytes32:
    """
    @notice What a seat signs (EIP-712) or approves on chain.
    @param target The contract to call.
    @param data What to call it with.
    @param nonce The act's number: the present `nonce` for the next one.
    @param deadline The last second in which the consents count.
    @return The digest.
    """
    return self._act(target, data, nonce, deadline)


@internal
@view
def _check_consents(act: bytes32, consents: DynArray[ICouncil.Consent, MAX_SEATS]):
    """@notice Reverts unless all are good, in ascending order, and as many as are due."""
    assert len(consents) >= self.threshold, "Council: too few consents"
    last: uint256 = 0
    for consent: ICouncil.Consent in consents:
        place: uint256 = convert(consent.signer, uint256)
        assert place > last, "Council: signers not ascending"
        assert self.is_seat[consent.signer], "Council: signer without a seat"
        last = place
        if len(consent.signature) != 0:
            good: bool = signatures.signed_by(consent.signer, act, consent.signature)
            assert good, "Council: wrong signature"
        elif consent.signer != msg.sender:
            assert self.has_approved[act][consent.signer], "Council: not approved"


@internal
@view
def _act(target: address, data: Bytes[MAX_DATA], nonce: uint256, deadline: uint256) -> bytes32:
    return eip712.digest(
        keccak256(abi_encode(ACT_TYPE, target, keccak256(data), nonce, deadline))
    )


@internal
def _set_seats(seats: DynArray[address, MAX_SEATS], threshold: uint256):
    assert threshold <= len(seats), "Council: threshold over seats"
    assert 2 * threshold > len(seats), "Council: threshold not over half"
    for seat: address in seats:
        assert seat != empty(address) and seat != self, "Council: no address for a seat"
        assert not self.is_seat[seat], "Council: a seat twice"
        self.is_seat[seat] = True
    self._seats = seats
    self.threshold = threshold
    log ICouncil.SeatsChanged(seats=seats, threshold=threshold)
    hashchain.extend(keccak256(abi_encode(SEATS_CHANGED, seats, threshold)))
