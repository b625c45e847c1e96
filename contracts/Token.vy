# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title   Token
@license Apache-2.0
@notice  The consortium's unit of account: ERC-20 with a supply that is fixed at deployment and
         can only shrink. Nobody can mint, pause or take.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

from .interfaces import IToken

implements: IERC20
implements: IERC20Detailed
implements: IToken

MAX_HOLDERS: constant(uint256) = 32
# @dev Sums and products of amounts elsewhere rely on this bound.
MAX_SUPPLY: constant(uint256) = 2**128 - 1

name: public(String[64])
symbol: public(String[32])
decimals: public(constant(uint8)) = 6
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(
    _name: String[64], _symbol: String[32], holders: DynArray[IToken.Holding, MAX_HOLDERS]
):
    """
    @notice Mints the whole supply to `holders`.
    @param _name ERC-20 name.
    @param _symbol ERC-20 symbol.
    @param holders Up to 32 accounts with their amounts.
    """
    self.name = _name
    self.symbol = _symbol
    supply: uint256 = 0
    for holder: IToken.Holding in holders:
        assert holder.account != empty(address), "Token: no receiver"
        assert holder.amount <= MAX_SUPPLY - supply, "Token: supply over 2**128 - 1"
        supply += holder.amount
        self.balanceOf[holder.account] += holder.amount
        log IERC20.Transfer(
            sender=empty(address), receiver=holder.account, value=holder.amount
        )
    self.totalSupply = supply


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Moves `amount` from the caller to `receiver`.
    @param receiver Who gets it.
    @param amount In token units.
    @return Always true; it reverts otherwise.
    """
    self._transfer(msg.sender, receiver, amount)
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
    allowed: uint256 = self.allowance[owner][msg.sender]
    if allowed != max_value(uint256):
        assert allowed >= amount, "Token: allowance too low"
        self.allowance[owner][msg.sender] = allowed - amount
    self._transfer(owner, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Lets `spender` move up to `amount`; the greatest value stands for no limit.
    @param spender Who may move them.
    @param amount In token units.
    @return Always true.
    """
    assert spender != empty(address), "Token: no spender"
    self.allowance[msg.sender][spender] = amount
    log IERC20.Approval(owner=msg.sender, spender=spender, value=amount)
    return True


@external
def burn(amount: uint256):
    """
    @notice Destroys `amount` of the caller's own tokens for good.
    @param amount In token units.
    """
    held: uint256 = self.balanceOf[msg.sender]
    assert held >= amount, "Token: balance too low"
    self.balanceOf[msg.sender] = held - amount
    self.totalSupply -= amount
    log IERC20.Transfer(sender=msg.sender, receiver=empty(address), value=amount)


@internal
def _transfer(owner: address, receiver: address, amount: uint256):
    assert receiver != empty(address), "Token: no receiver"
    held: uint256 = self.balanceOf[owner]
    assert held >= amount, "Token: balance too low"
    self.balanceOf[owner] = held - amount
    self.balanceOf[receiver] += amount
    log IERC20.Transfer(sender=owner, receiver=receiver, value=amount)
