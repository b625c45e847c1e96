# pragma version 0.4.3
"""
@title   Refusal: one revert for all reasons of a contract
@license Apache-2.0
@notice  Reverts as `assert condition, "reason"` does, but encodes the reason in one place: half the
         bytes per check, which is what lets a contract of this size keep words for every refusal.
"""


@internal
@pure
def because(reason: String[32]):
    """@notice Reverts with Error(string)."""
    raw_revert(abi_encode(reason, method_id=0x08c379a0))
