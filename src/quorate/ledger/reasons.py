"""Why a call reverted, in words: the two shapes that compilers emit, else the raw bytes."""

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

_ERROR = bytes.fromhex("08c379a0")  # Error(string)
_PANIC = bytes.fromhex("4e487b71")  # Panic(uint256)


def decode_reason(output: bytes) -> str:
    """The reason in revert data ``output``: its text, a panic code, or the bytes as hex."""
    try:
        if output[:4] == _ERROR:
            (text,) = decode(["string"], output[4:])
            return str(text)
        if output[:4] == _PANIC:
            (code,) = decode(["uint256"], output[4:])
            return f"panic {code:#x}"
    except (DecodingError, OverflowError, UnicodeDecodeError):
        pass  # a contract may revert with anything: then its bytes speak for themselves
    return f"0x{output.hex()}" if output else "no reason given"
