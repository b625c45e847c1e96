# pragma version 0.4.3
"""
@title   Balances that vote
@license Apache-2.0
@notice  ERC-20 balances and allowances, burning, and delegation (ERC-5805): a token votes through
         its holder's delegate, and through nobody before the holder named one (itself included).
@dev     The supply is the trace of all votes, so the two cannot differ. No function here calls
         another contract.
"""

from ethereum.ercs import IERC20

from ..interfaces import IToken
from . import hashchain
from . import votes

uses: hashchain
uses: votes

TRANSFER: constant(bytes32) = keccak256("Transfer(address,address,uint256)")
APPROVAL: constant(bytes32) = keccak256("Approval(address,address,uint256)")
DELEGATE_CHANGED: constant(bytes32) = keccak256("DelegateChanged(address,address,address)")
DELEGATE_VOTES_CHANGED: constant(bytes32) = keccak256(
    "DelegateVotesChanged(address,uint256,uint256)"
)

# @notice What an account holds.
balanceOf: public(HashMap[address, uint256])
# @notice How much of the first account's tokens the second may still move.
allowance: public(HashMap[address, HashMap[address, uint256]])
# @notice Through whom an account's tokens vote; zero for nobody.
delegates: public(HashMap[address, address])


@external
@view
def totalSupply() -> uint256:
    """
    @notice All tokens that exist.
    @return In token units.
    """
    return votes.latest_total()


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Moves `amount` from the caller to `receiver`.
    @param receiver Who gets it.
    @param amount In token units.
    @return Always true; it reverts otherwise.
    """
    self.move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Moves `amount` from `owner` to `receiver`, out of the caller's allowance.
    @param owner Whose tokens move.
    @param receiver Who gets it.
    @param amount In token units.
    @return Always true; it reverts otherwise.
    """
    self._spend(owner, amount)
    self.move(owner, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Lets `spender` move up to `amount`; the greatest value stands for no limit.
    @param spender Who may move them.
    @param amount In token units.
    @return Always true; it reverts otherwise.
    """
    self.allow(msg.sender, spender, amount)
    return True


@external
def burn(amount: uint256):
    """
    @notice Destroys `amount` of the caller's own tokens for good.
    @param amount In token units.
    """
    self._destroy(msg.sender, amount)


@external
def burnFrom(owner: address, amount: uint256):
    """
    @notice Destroys `amount` of `owner`'s tokens for good, out of the caller's allowance.
    @param owner Whose tokens.
    @param amount In token units.
    """
    self._spend(owner, amount)
    self._destroy(owner, amount)


@external
def delegate(delegatee: address):
    """
    @notice Lets all tokens that the caller holds, now and later, vote through `delegatee`.
    @param delegatee Who votes: the caller itself, another, or zero for nobody.
    """
    self.entrust(msg.sender, delegatee)


@internal
def create(receiver: address, amount: uint256):
    """@notice Makes `amount` new tokens; their limits are the caller's business."""
    assert receiver != empty(address), "Token: no receiver"
    self.balanceOf[receiver] += amount
    votes.push_total(votes.latest_total() + amount)
    self._moved(empty(address), receiver, amount)


@internal
def move(owner: address, receiver: address, amount: uint256):
    """@notice Moves tokens that `owner` agreed to move."""
    assert receiver != empty(address), "Token: no receiver"
    self._take(owner, amount)
    self.balanceOf[receiver] += amount
    self._moved(owner, receiver, amount)


@internal
def allow(owner: address, spender: address, amount: uint256):
    """@notice Sets an allowance that `owner` agreed to."""
    assert spender != empty(address), "Token: no spender"
    self.allowance[owner][spender] = amount
    log IERC20.Approval(owner=owner, spender=spender, value=amount)
    hashchain.extend(keccak256(abi_encode(APPROVAL, owner, spender, amount)))


@internal
def entrust(owner: address, delegatee: address):
    """@notice Sets the delegate that `owner` agreed to."""
    before: address = self.delegates[owner]
    self.delegates[owner] = delegatee
    log IToken.DelegateChanged(delegator=owner, fromDelegate=before, toDelegate=delegatee)
    hashchain.extend(keccak256(abi_encode(DELEGATE_CHANGED, owner, before, delegatee)))
    self._shift_votes(before, delegatee, self.balanceOf[owner])


@internal
def _spend(owner: address, amount: uint256):
    """@notice Uses up the caller's allowance, unless it has no limit."""
    assert owner != empty(address), "Token: no owner"
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "Token: allowance too low"
        self.allowance[owner][msg.sender] = allowed - amount


@internal
def _destroy(owner: address, amount: uint256):
    self._take(owner, amount)
    votes.push_total(votes.latest_total() - amount)
    self._moved(owner, empty(address), amount)


@internal
def _take(owner: address, amount: uint256):
    held: uint256 = self.balanceOf[owner]
    assert held >= amount, "Token: balance too low"
    self.balanceOf[owner] = held - amount


@internal
def _moved(owner: address, receiver: address, amount: uint256):
    """@notice Says so, and lets the votes follow; zero stands for made or destroyed."""
    log IERC20.Transfer(sender=owner, receiver=receiver, value=amount)
    hashchain.extend(keccak256(abi_encode(TRANSFER, owner, receiver, amount)))
    self._shift_votes(self.delegates[owner], self.delegates[receiver], amount)


@internal
def _shift_votes(before: address, after: address, amount: uint256):
    if before == after or amount == 0:
        return
    if before != empty(address):
        had: uint256 = votes.latest(before)
        self._set_votes(before, had, had - amount)
    if after != empty(address):
        had: uint256 = votes.latest(after)
        self._set_votes(after, had, had + amount)


@internal
def _set_votes(account: address, had: uint256, has: uint256):
    votes.push(account, has)
    log IToken.DelegateVotesChanged(delegate=account, previousVotes=had, newVotes=has)
    hashchain.extend(keccak256(abi_encode(DELEGATE_VOTES_CHANGED, account, had, has)))
