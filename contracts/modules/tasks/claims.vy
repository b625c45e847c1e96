# pragma version 0.4.3
"""
@title   Claims: how money leaves a task
@license Apache-2.0
@notice  What a place has earned and was not yet paid, to the account at that place, by anyone's
         hand; the rest to the sponsor, once, after the end. Nothing else moves a token.
@dev     Payments count down what is left of the task's own escrow, so that one task can never pay
         from another's.
"""

from ...interfaces import ITasks
from ...interfaces import IToken
from .. import hashchain
from .. import refusal
from . import cohort
from . import ledger
from . import payouts

uses: cohort
uses: hashchain
uses: ledger

MAX_PLACES: constant(uint256) = 264
MAX_PROOF: constant(uint256) = 9

CLAIMED: constant(bytes32) = keccak256("Claimed(bytes32,address,uint256)")
CLAIMED_MANY: constant(bytes32) = keccak256("ClaimedMany(bytes32,uint256[],uint256[])")
REFUNDED: constant(bytes32) = keccak256("Refunded(bytes32,address,uint256)")

token: public(immutable(IToken))

# @notice The money of a task.
deal_of: public(HashMap[bytes32, ITasks.Deal])
# @notice What of a place's entry was paid and recorded, in the form of an entry.
claimed_of: public(HashMap[bytes32, HashMap[uint256, uint256]])


@deploy
def __init__(_token: IToken):
    """
    @notice The unit of account, fixed for good.
    @param _token The Token contract.
    """
    token = _token


@external
@nonreentrant
def claim(
    task: bytes32, place: uint256, entry: uint256, proof: DynArray[bytes32, MAX_PROOF]
):
    """
    @notice Pays the account at a place what it earned in all rounds since it was last paid; by
            anyone.
    @param task The task's id.
    @param place Validators first, in list order, then participants in join order.
    @param entry Its entry in the newest ledger: amount, settled rounds, sum of scores.
    @param proof Siblings from the leaf up to the newest root.
    """
    self._prove(task, place, entry, proof)
    before: uint256 = self.claimed_of[task][place]
    amount: uint256 = payouts.amount_of(entry) - payouts.amount_of(before)
    if amount == 0:
        refusal.because("Tasks: nothing to claim")
    self.claimed_of[task][place] = before + amount
    self.deal_of[task].left -= amount
    account: address = cohort.account_at(task, place)
    log ITasks.Claimed(task=task, account=account, amount=amount)
    hashchain.extend(keccak256(abi_encode(CLAIMED, task, account, amount)))
    self._send(account, amount)


@external
@nonreentrant
def credit(
    task: bytes32, place: uint256, entry: uint256, proof: DynArray[bytes32, MAX_PROOF]
):
    """
    @notice Records in Stakes the settled work of the account at a place since the last time; by
            anyone.
    @param task The task's id.
    @param place Validators first, in list order, then participants in join order.
    @param entry Its entry in the newest ledger: amount, settled rounds, sum of scores.
    @param proof Siblings from the leaf up to the newest root.
    """
    self._prove(task, place, entry, proof)
    before: uint256 = self.claimed_of[task][place]
    settled: uint256 = payouts.settled_of(entry) - payouts.settled_of(before)
    score: int256 = payouts.score_of(entry) - payouts.score_of(before)
    if settled == 0:
        refusal.because("Tasks: nothing to credit")
    paid: uint256 = payouts.amount_of(before)
    self.claimed_of[task][place] = entry - payouts.amount_of(entry) + paid
    account: address = cohort.account_at(task, place)
    role: uint256 = cohort.PARTICIPANT
    if place < cohort.listed(task):
        role = cohort.VALIDATOR
    extcall cohort.stakes.record(account, role, settled, score, 0)


@external
@nonreentrant
def claim_many(
    task: bytes32,
    places: DynArray[uint256, MAX_PLACES],
    roster: DynArray[address, MAX_PLACES],
    entries: DynArray[uint256, MAX_PLACES],
):
    """
    @notice Pays the accounts at several places what they earned, by anyone.
    @param task The task's id.
    @param places Ascending; those with nothing new are passed over.
    @param roster The accounts at all places.
    @param entries The newest entries of all places.
    """
    if keccak256(abi_encode(roster)) != cohort.digests[task]:
        refusal.because("Tasks: not the roster")
    digest: bytes32 = empty(bytes32)
    for entry: uint256 in entries:
        digest = payouts.chain(digest, entry)
    if digest != ledger.digest_of[task] or digest == empty(bytes32):
        refusal.because("Tasks: not the ledger")
    amounts: DynArray[uint256, MAX_PLACES] = []
    total: uint256 = 0
    next: uint256 = 0
    for place: uint256 in places:
        if place < next or place >= len(entries):
            refusal.because("Tasks: places out of order")
        next = place + 1
        before: uint256 = self.claimed_of[task][place]
        paid: uint256 = payouts.amount_of(before)
        amount: uint256 = payouts.amount_of(entries[place]) - paid
        amounts.append(amount)
        total += amount
        if amount != 0:
            self.claimed_of[task][place] = before + amount
    if total == 0:
        refusal.because("Tasks: nothing to claim")
    self.deal_of[task].left -= total
    log ITasks.ClaimedMany(task=task, places=places, amounts=amounts)
    hashchain.extend(keccak256(abi_encode(CLAIMED_MANY, task, places, amounts)))
    for i: uint256 in range(len(places), bound=MAX_PLACES):
        self._send(roster[places[i]], amounts[i])


@external
@nonreentrant
def refund(task: bytes32):
    """
    @notice Returns to the sponsor what an ended task did not spend, once; by anyone.
    @param task The task's id.
    """
    if not staticcall cohort.rounds.ended(task):
        refusal.because("Tasks: the task has not ended")
    deal: ITasks.Deal = self.deal_of[task]
    if deal.refunded:
        refusal.because("Tasks: already refunded")
    amount: uint256 = deal.escrow - (cohort.sizes[task] >> 32)
    self.deal_of[task].refunded = True
    self.deal_of[task].left = deal.left - amount
    sponsor: address = cohort.terms_of[task].sponsor
    log ITasks.Refunded(task=task, sponsor=sponsor, amount=amount)
    hashchain.extend(keccak256(abi_encode(REFUNDED, task, sponsor, amount)))
    self._send(sponsor, amount)


@internal
def open_(task: bytes32, escrow: uint256):
    """@notice The task's money, which its sponsor pays in the same transaction."""
    self.deal_of[task] = ITasks.Deal(escrow=escrow, left=escrow, refunded=False)


@internal
@view
def _prove(
    task: bytes32, place: uint256, entry: uint256, proof: DynArray[bytes32, MAX_PROOF]
):
    """@notice The entry must stand at its place under the newest root."""
    size: uint256 = cohort.listed(task) + cohort.joined(task)
    leaf: bytes32 = payouts.leaf_of(task, place, entry)
    if not payouts.proven(ledger.root_of[task], size, place, leaf, proof):
        refusal.because("Tasks: not in the root")


@internal
def _send(receiver: address, amount: uint256):
    if amount != 0:
        if not extcall token.transfer(receiver, amount):
            refusal.because("Tasks: transfer failed")
