# pragma version 0.4.3
"""
@title   Cohort: participants, validators and their stakes in a task
@license Apache-2.0
@notice  Who may act is computed at the first opening; later only for who was slashed, reinstated or
         reviewed at anybody's wish. So a round costs no call per participant.
@dev    A stake is the bond now, but never more than when the task was created, nor than four times
         what the terms ask for: a deposit in the last block buys no vote.
"""

from ...interfaces import IMembers
from ...interfaces import IRounds
from ...interfaces import IStakes
from ...interfaces import ITasks
from .. import hashchain
from .. import quorum
from .. import refusal

uses: hashchain

PARTICIPANT: constant(uint256) = 2
VALIDATOR: constant(uint256) = 4
MAX_PARTICIPANTS: constant(uint256) = 256
MAX_VALIDATORS: constant(uint256) = 64
MAX_PLACES: constant(uint256) = 264
MAX_SCORES: constant(uint256) = 2048  # validators x participants: what a settlement reads
MAX_STAKE: constant(uint256) = 2**95 - 1
MAX_SHARE: constant(uint256) = 4  # times the validator bond of the terms
ACCOUNT: constant(uint256) = 2**160 - 1
CONFLICTED: constant(uint256) = 2**255
SEATED: constant(bytes32) = keccak256("Seated(bytes32,address,uint256,uint256)")
ELIGIBLE: constant(bytes32) = keccak256("Eligible(bytes32,address,bool)")

members: public(immutable(IMembers))
stakes: public(immutable(IStakes))
rounds: public(immutable(IRounds))

# @notice A task's terms.
terms_of: public(HashMap[bytes32, IRounds.Terms])
# @notice Bits of the participants under the control of who stands behind the validator at a place.
conflicts_of: public(HashMap[bytes32, HashMap[uint256, uint256]])

participants: HashMap[bytes32, HashMap[uint256, address]]
# @dev Listed validators (16 bits), participants (16 bits), spent by settled rounds (96 bits).
sizes: HashMap[bytes32, uint256]
digests: HashMap[bytes32, bytes32]
# @dev Account (160 bits), stake (95 bits), and whether conflicts_of is not zero (1 bit).
seat: HashMap[bytes32, HashMap[uint256, uint256]]
tied: HashMap[bytes32, uint256]  # participants whose bond the task holds
locked: HashMap[bytes32, uint256]  # validators whose bond the task holds
suspended: HashMap[bytes32, uint256]
expelled_: HashMap[bytes32, uint256]
_eligible: HashMap[bytes32, uint256]
_stale: HashMap[bytes32, uint256]  # participants to look at anew
# @dev Seated validators (64 bits), those to look at anew (64), all seated stake (128).
_bench: HashMap[bytes32, uint256]
_controllers: HashMap[bytes32, HashMap[uint256, bytes32]]
_caps: HashMap[bytes32, HashMap[uint256, uint256]]


@deploy
def __init__(_members: IMembers, _stakes: IStakes, _rounds: IRounds):
    """
    @notice The contracts are fixed for good.
    @param _members The Members contract.
    @param _stakes The Stakes contract.
    @param _rounds The Rounds contract.
    """
    members = _members
    stakes = _stakes
    rounds = _rounds


@internal
def list_validators(task: bytes32, accounts: DynArray[address, MAX_VALIDATORS]):
    """@notice Notes each validator's place, controller and present bond, the most it can stake."""
    place: uint256 = 0
    for account: address in accounts:
        self.seat[task][place] = convert(account, uint256)
        cap: uint256 = min(MAX_SHARE * self.terms_of[task].validator_bond, MAX_STAKE)
        self._caps[task][place] = min(staticcall stakes.bond(account, VALIDATOR), cap)
        self._controllers[task][place] = staticcall members.controller_of(account)
        place += 1
    self.sizes[task] = place


@internal
def add(task: bytes32, account: address) -> uint256:
    """@notice One more participant; returns bits of the validators under the same control."""
    index: uint256 = self.joined(task)
    count: uint256 = self.listed(task)
    if index >= min(MAX_PARTICIPANTS, MAX_SCORES // count):
        refusal.because("Tasks: the task is full")
    self.sizes[task] += 1 << 16
    self.participants[task][index] = account
    self.tied[task] |= 1 << index
    controller: bytes32 = staticcall members.controller_of(account)
    conflicts: uint256 = 0
    for place: uint256 in range(count, bound=MAX_VALIDATORS):
        if self._controllers[task][place] == controller:
            conflicts |= 1 << place
            self.conflicts_of[task][place] |= 1 << index
            self.seat[task][place] |= CONFLICTED
    return conflicts


@internal
def muster(task: bytes32, first: bool) -> ITasks.Muster:
    """@notice Who may act now; computed for all at first, later for those who were marked."""
    if first:
        self._start(task)
    else:
        self._refresh(task)
    bench: uint256 = self._bench[task]
    return ITasks.Muster(
        joined=self.joined(task),
        listed=self.listed(task),
        eligible=self._eligible[task],
        seats=bench >> 192,
        stake=bench & (2**128 - 1),
    )


@internal
def look_at(task: bytes32, place: uint256, now: bool):
    """@notice Computes the account at a place anew, now or when the next round opens."""
    count: uint256 = self.listed(task)
    if place >= count + self.joined(task):
        refusal.because("Tasks: not in this task")
    if not now and place < count:
        self.mark(task, 1 << place)
    elif not now:
        self._stale[task] |= 1 << (place - count)
    elif place < count:
        self._weigh(task, place)
    else:
        self._qualify(task, place - count)


@internal
@view
def listed(task: bytes32) -> uint256:
    """@notice How many validators the task lists."""
    return self.sizes[task] & (2**16 - 1)


@internal
@view
def joined(task: bytes32) -> uint256:
    """@notice How many participants joined."""
    return (self.sizes[task] >> 16) & (2**16 - 1)


@internal
@view
def validator_at(task: bytes32, place: uint256) -> address:
    """@notice The validator at a place."""
    return convert(self.seat[task][place] & ACCOUNT, address)


@internal
@view
def account_at(task: bytes32, place: uint256) -> address:
    """@notice Whose place it is; zero where there is none."""
    count: uint256 = self.listed(task)
    if place < count:
        return self.validator_at(task, place)
    return self.participants[task][place - count]


@internal
def mark(task: bytes32, places: uint256):
    """@notice These validators are computed anew when the next round opens."""
    self._bench[task] |= places << 128


@internal
def punish(task: bytes32, place: uint256, amount: uint256, reason: String[32]):
    """@notice Slashes a validator and records the fault."""
    account: address = self.validator_at(task, place)
    self.mark(task, 1 << place)
    extcall stakes.slash(account, VALIDATOR, amount, reason)
    extcall stakes.record(account, VALIDATOR, 0, 0, 1)


@internal
def penalise(task: bytes32, index: uint256, amount: uint256, reason: String[32]) -> address:
    """@notice Slashes a participant; whether that is a fault too is the caller's to say."""
    account: address = self.participants[task][index]
    self._stale[task] |= 1 << index
    extcall stakes.slash(account, PARTICIPANT, amount, reason)
    return account


@internal
def untie(task: bytes32, place: uint256):
    """@notice Gives back the bond of the account at a place; a suspended validator's later."""
    count: uint256 = self.listed(task)
    if place < count:
        if not quorum.has(self.locked[task], place):
            refusal.because("Tasks: nothing to release")
        if quorum.has(self.suspended[task], place):
            refusal.because("Tasks: suspended")
        self.unlock(task, place)
    else:
        index: uint256 = place - count
        if index >= MAX_PARTICIPANTS or not quorum.has(self.tied[task], index):
            refusal.because("Tasks: nothing to release")
        self.tied[task] &= ~(1 << index)
        extcall stakes.unlock(self.participants[task][index], PARTICIPANT)


@internal
def unlock(task: bytes32, place: uint256):
    """@notice The task holds the validator's bond no longer; a next seat locks it anew."""
    if quorum.has(self.locked[task], place):
        self.locked[task] &= ~(1 << place)
        extcall stakes.unlock(self.validator_at(task, place), VALIDATOR)


@internal
def _start(task: bytes32):
    """@notice Computes everybody's eligibility and stake, and pins the list of all places."""
    accounts: DynArray[address, MAX_PLACES] = []
    for place: uint256 in range(self.listed(task), bound=MAX_VALIDATORS):
        accounts.append(self.validator_at(task, place))
        self._weigh(task, place)
    bits: uint256 = 0
    for index: uint256 in range(self.joined(task), bound=MAX_PARTICIPANTS):
        account: address = self.participants[task][index]
        accounts.append(account)
        bits |= convert(self._may(task, account), uint256) << index
    self._eligible[task] = bits
    self._stale[task] = 0
    self.digests[task] = keccak256(abi_encode(accounts))


@internal
def _refresh(task: bytes32):
    """@notice Computes anew who was marked since the last opening."""
    dirty: uint256 = (self._bench[task] >> 128) & (2**64 - 1)
    if dirty != 0:
        for place: uint256 in range(MAX_VALIDATORS):
            if quorum.has(dirty, place):
                self._weigh(task, place)
    stale: uint256 = self._stale[task]
    if stale != 0:
        for index: uint256 in range(MAX_PARTICIPANTS):
            if quorum.has(stale, index):
                self._qualify(task, index)


@internal
def _weigh(task: bytes32, place: uint256):
    """@notice Computes a validator's stake, seats or unseats it."""
    word: uint256 = self.seat[task][place]
    account: address = convert(word & ACCOUNT, address)
    bit: uint256 = 1 << place
    stake: uint256 = min(self._caps[task][place], staticcall stakes.bond(account, VALIDATOR))
    barred: bool = (self.suspended[task] | self.expelled_[task]) & bit != 0
    low: bool = stake < self.terms_of[task].validator_bond
    if barred or low or not staticcall members.has_role(account, VALIDATOR):
        stake = 0
    bench: uint256 = self._bench[task] & ~(bit << 192) & ~(bit << 128)
    bench = bench - ((word >> 160) & MAX_STAKE) + stake
    self.seat[task][place] = (word & (ACCOUNT | CONFLICTED)) | (stake << 160)
    self._bench[task] = bench | (convert(stake != 0, uint256) << (192 + place))
    log ITasks.Seated(task=task, validator=account, place=place, stake=stake)
    hashchain.extend(keccak256(abi_encode(SEATED, task, account, place, stake)))
    if stake != 0 and self.locked[task] & bit == 0:
        self.locked[task] |= bit
        extcall stakes.lock(account, VALIDATOR)


@internal
def _qualify(task: bytes32, index: uint256):
    """@notice Computes whether a participant may commit in the next round."""
    account: address = self.participants[task][index]
    may: bool = self._may(task, account)
    self._stale[task] &= ~(1 << index)
    others: uint256 = self._eligible[task] & ~(1 << index)
    self._eligible[task] = others | (convert(may, uint256) << index)
    log ITasks.Eligible(task=task, participant=account, eligible=may)
    hashchain.extend(keccak256(abi_encode(ELIGIBLE, task, account, may)))


@internal
@view
def _may(task: bytes32, account: address) -> bool:
    if not staticcall members.has_role(account, PARTICIPANT):
        return False
    return staticcall stakes.bond(account, PARTICIPANT) >= self.terms_of[task].participant_bond


@internal
@view
def only_rounds():
    """@notice Reverts for anyone but Rounds."""
    if msg.sender != rounds.address:
        refusal.because("Tasks: only Rounds")
