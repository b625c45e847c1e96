# pragma version 0.4.3
"""
@title Plays Council: says which contracts are paused, and makes any call.
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
def paused(target: address) -> bool:
    return self._yes[target]
