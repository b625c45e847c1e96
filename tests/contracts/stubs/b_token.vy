# pragma version 0.4.3
"""
@title A token that calls back in the middle of every transfer, or answers false, to test Stakes.
"""

target: address
payload: Bytes[1024]
refusing: bool
# @notice How many calls back were tried, and how many went through.
tries: public(uint256)
successes: public(uint256)


@external
def arm(target: address, payload: Bytes[1024]):
    self.target = target
    self.payload = payload


@external
def refuse(on: bool):
    self.refusing = on


@external
def act(target: address, payload: Bytes[1024]):
    """@notice Lets this contract itself be a staker, or Rounds."""
    raw_call(target, payload)


@external
def transfer(receiver: address, amount: uint256) -> bool:
    self._call_back()
    return not self.refusing


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    self._call_back()
    return not self.refusing


@external
def burn(amount: uint256):
    self._call_back()


@internal
def _call_back():
    if self.target != empty(address):
        self.tries += 1
        if raw_call(self.target, self.payload, revert_on_failure=False):
            self.successes += 1
