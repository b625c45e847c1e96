# pragma version 0.4.3
"""
@title What proposals call: it records, refuses in several ways, burns gas, calls back.
"""

number: public(uint256)
caller: public(address)
calls: public(uint256)
successes: public(uint256)

_target: address
_payload: Bytes[20000]


@external
def record(number: uint256):
    self.number = number
    self.caller = msg.sender
    self.calls += 1


@external
def refuse():
    raise "Target: not today"


@external
def refuse_silently():
    raise


@external
def refuse_at_length(size: uint256):
    """@notice A reason of `size` characters, up to 128."""
    words: String[128] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    raw_revert(abi_encode(slice(words, 0, size), method_id=0x08c379a0))


@external
def refuse_hugely():
    """@notice Reverts with 20,000 bytes, which a careless caller would copy and pay for."""
    raw_revert(self._payload)


@external
def burn_gas():
    raise UNREACHABLE


@external
def arm(target: address, payload: Bytes[20000]):
    self._target = target
    self._payload = payload


@external
def poke():
    """@notice Calls back."""
    self.calls += 1
    if raw_call(self._target, self._payload, revert_on_failure=False):
        self.successes += 1
