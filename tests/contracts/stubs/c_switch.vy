# pragma version 0.4.3
"""
@title A contract that answers yes or no about accounts: plays Members, and Council.
"""

_yes: HashMap[address, bool]


@external
def set(account: address, yes: bool):
    self._yes[account] = yes


@external
def act(target: address, payload: Bytes[1024]):
    """@notice Tries what this contract's name is good for elsewhere."""
    raw_call(target, payload)


@external
@view
def is_active(account: address) -> bool:
    return self._yes[account]


@external
@view
def paused(target: address) -> bool:
    return self._yes[target]
