# pragma version 0.4.3
"""
@title   Token
@license Apache-2.0
@notice  The consortium's unit of account: ERC-20, 2612, 3009 and 5805. Governance mints it through
         the Timelock alone, no more than a cap in all and a limit per period, both fixed at
         deployment. Nobody can pause it, freeze an account or take what another holds.
@dev     The cap counts all that was ever made, so that burning never makes room for minting. The
         supply stays below 2**96: other contracts pack amounts in 96 bits. No function calls
         another contract, so there is nothing to re-enter.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

from .interfaces import IToken
from .modules import balances
from .modules import eip712
from .modules import hashchain
from .modules import orders
from .modules import votes

implements: IERC20
implements: IERC20Detailed
implements: IToken

initializes: hashchain
initializes: votes
initializes: eip712
initializes: balances[hashchain := hashchain, votes := votes]
initializes: orders[balances := balances, eip712 := eip712, hashchain := hashchain]

exports: hashchain.event_head
exports: eip712.eip712Domain
exports: (
    balances.totalSupply,
    balances.balanceOf,
    balances.allowance,
    balances.transfer,
    balances.transferFrom,
    balances.approve,
    balances.burn,
    balances.burnFrom,
    balances.delegates,
    balances.delegate,
)
exports: (
    orders.DOMAIN_SEPARATOR,
    orders.nonces,
    orders.permit,
    orders.delegateBySig,
    orders.authorizationState,
    orders.transferWithAuthorization,
    orders.receiveWithAuthorization,
    orders.cancelAuthorization,
)
exports: (
    votes.clock,
    votes.CLOCK_MODE,
    votes.getVotes,
    votes.getPastVotes,
    votes.getPastTotalSupply,
)

MAX_HOLDERS: constant(uint256) = 32
MAX_CAP: constant(uint256) = 2**96 - 1

# @notice ERC-20 name.
name: public(immutable(String[64]))
# @notice ERC-20 symbol.
symbol: public(immutable(String[32]))
# @notice A unit has 10**6 parts.
decimals: public(constant(uint8)) = 6
# @notice Who may mint.
timelock: public(immutable(address))
# @notice The most that may ever be made, the first supply included.
cap: public(immutable(uint256))
# @notice The most that may be minted in one period.
per_period: public(immutable(uint256))
# @notice The length of a period, in seconds; the first begins with the deployment.
period: public(immutable(uint256))
# @notice When the contract was made, in seconds since 1970.
deployed_at: public(immutable(uint256))
# @notice All that was ever made, the first supply included; burning does not lower it.
minted: public(uint256)

_minted_in: HashMap[uint256, uint256]


@deploy
def __init__(
    _name: String[64],
    _symbol: String[32],
    holders: DynArray[IToken.Holding, MAX_HOLDERS],
    _cap: uint256,
    _per_period: uint256,
    _period: uint256,
    _timelock: address,
):
    """
    @notice Makes the first supply; with a cap of just that, nothing can ever be minted.
    @param _name ERC-20 name.
    @param _symbol ERC-20 symbol.
    @param holders Up to 32 accounts with their amounts.
    @param _cap The most that may ever be made, below 2**96.
    @param _per_period The most that may be minted in one period.
    @param _period The length of a period, at least 1 second.
    @param _timelock Who may mint.
    """
    assert _cap <= MAX_CAP, "Token: cap over 2**96 - 1"
    assert _period != 0, "Token: period of 0 seconds"
    assert _timelock != empty(address), "Token: no Timelock"
    eip712.__init__("Quorate Token")
    name = _name
    symbol = _symbol
    cap = _cap
    per_period = _per_period
    period = _period
    timelock = _timelock
    deployed_at = block.timestamp
    made: uint256 = 0
    for holder: IToken.Holding in holders:
        assert holder.amount <= _cap - made, "Token: over the cap"
        made += holder.amount
        balances.create(holder.account, holder.amount)
    self.minted = made


@external
def mint(receiver: address, amount: uint256):
    """
    @notice Makes new tokens, within the cap and the present period's limit; only by the Timelock.
    @param receiver Who gets them.
    @param amount In token units.
    """
    assert msg.sender == timelock, "Token: only Timelock"
    assert amount <= cap - self.minted, "Token: over the cap"
    assert amount <= self._left(), "Token: over the period's limit"
    self.minted += amount
    self._minted_in[self._index()] += amount
    balances.create(receiver, amount)


@external
@view
def mintable() -> uint256:
    """
    @notice What the Timelock could mint in this second.
    @return In token units.
    """
    return min(cap - self.minted, self._left())


@internal
@view
def _left() -> uint256:
    """@notice What is left of the present period's limit."""
    return per_period - self._minted_in[self._index()]


@internal
@view
def _index() -> uint256:
    return (block.timestamp - deployed_at) // period
