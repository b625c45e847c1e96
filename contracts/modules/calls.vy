# pragma version 0.4.3
"""
@title   Calls that a vote decided
@license Apache-2.0
@notice  Calls another contract with bytes that were decided elsewhere. When it refuses, its own
         words are passed on; a long answer is not copied, so that it costs the caller nothing.
"""

MAX_DATA: constant(uint256) = 2048
# @dev Error(string) with up to 96 characters: selector, offset, length, three words.
MAX_REASON: constant(uint256) = 164


@internal
def made(target: address, data: Bytes[MAX_DATA]) -> bool:
    """
    @notice Calls `target`; reverts with its reason when it gives a short one.
    @return False when there is no contract, or it failed with no reason or a long one.
    """
    if not target.is_contract:
        return False
    success: bool = False
    answer: Bytes[MAX_REASON + 1] = b""
    success, answer = raw_call(
        target, data, max_outsize=MAX_REASON + 1, revert_on_failure=False
    )
    if not success and len(answer) != 0 and len(answer) <= MAX_REASON:
        raw_revert(answer)
    return success
