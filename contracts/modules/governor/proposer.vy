# pragma version 0.4.3
"""
@title   Who a description names as its proposer
@license Apache-2.0
@notice  A description that ends in `#proposer=0x` and 40 hexadecimal digits belongs to that
         account: nobody who saw it on its way can propose it first, and cancel it.
"""

MAX_DESCRIPTION: constant(uint256) = 1024
MARK: constant(Bytes[12]) = b"#proposer=0x"
MARK_SIZE: constant(uint256) = 12
DIGITS: constant(uint256) = 40


@internal
@pure
def allowed(description: String[MAX_DESCRIPTION], account: address) -> bool:
    """@notice False when the description ends in the mark of another account."""
    size: uint256 = len(description)
    if size < MARK_SIZE + DIGITS:
        return True
    end: Bytes[MARK_SIZE + DIGITS] = convert(
        slice(description, size - MARK_SIZE - DIGITS, MARK_SIZE + DIGITS),
        Bytes[MARK_SIZE + DIGITS],
    )
    if slice(end, 0, MARK_SIZE) != MARK:
        return True
    named: uint256 = 0
    for i: uint256 in range(MARK_SIZE, MARK_SIZE + DIGITS):
        digit: uint256 = self._digit(convert(slice(end, i, 1), uint256))
        if digit == 16:
            return True  # no address: an ordinary text
        named = named * 16 + digit
    return named == convert(account, uint256)


@internal
@pure
def _digit(char: uint256) -> uint256:
    """@notice The value of a hexadecimal digit in ASCII; 16 for any other character."""
    if char >= 48 and char <= 57:
        return char - 48
    if char >= 65 and char <= 70:
        return char - 55
    if char >= 97 and char <= 102:
        return char - 87
    return 16
