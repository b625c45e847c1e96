# pragma version 0.4.3
"""
@title A receiver of tokens that accepts, refuses in every way it can, or calls back.
"""

ACCEPT: constant(uint256) = 0
WRONG_ANSWER: constant(uint256) = 1
REVERT: constant(uint256) = 2
SHORT_ANSWER: constant(uint256) = 3
ALL_GAS: constant(uint256) = 4

mode: uint256
target: address
payload: Bytes[1024]
# @notice How many calls back were tried, and how many went through.
tries: public(uint256)
successes: public(uint256)
# @notice What the last call back answered, and the words that came with the last token.
answer: public(Bytes[32])
words: public(Bytes[1024])
operator: public(address)
sender: public(address)
token_id: public(uint256)


@external
def arm(mode: uint256, target: address, payload: Bytes[1024]):
    self.mode = mode
    self.target = target
    self.payload = payload


@external
def act(target: address, payload: Bytes[1024]):
    """@notice Lets this contract itself own, approve and transfer."""
    raw_call(target, payload)


@external
@raw_return
def onERC721Received(
    operator: address, sender: address, token_id: uint256, data: Bytes[1024]
) -> Bytes[32]:
    self.words = data
    self.operator = operator
    self.sender = sender
    self.token_id = token_id
    if self.mode == REVERT:
        raise "Receiver: no"
    if self.mode == ALL_GAS:
        raise UNREACHABLE
    if self.target != empty(address):
        self.tries += 1
        success: bool = False
        success, self.answer = raw_call(
            self.target, self.payload, max_outsize=32, revert_on_failure=False
        )
        if success:
            self.successes += 1
    if self.mode == SHORT_ANSWER:
        return b"\x15\x0b\x7a\x02"
    if self.mode == WRONG_ANSWER:
        return concat(0x150b7a03, empty(bytes28))
    return concat(0x150b7a02, empty(bytes28))
