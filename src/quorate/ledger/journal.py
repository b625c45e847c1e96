"""Reads what a transaction wrote out of revm's journal, the only place where it can be seen.

The engine cannot enumerate its state; ``journal_str`` is the debug print of all accounts that the
running transaction touched. The grammar below covers the whole of that part: text it does not
know stops the ledger with `InternalError` instead of dropping a write. Every byte of a contract's
making is printed as hex or decimal, so nothing that it stores can imitate the grammar.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from quorate.core.errors import InternalError
from quorate.core.hashing import keccak256

_SLOT = r"(\d+): StorageSlot \{ previous_or_original_value: (\d+), present_value: (\d+) \}"
_ACCOUNT = re.compile(
    r"0x([0-9a-f]{40}): Account \{ info: AccountInfo \{ balance: 0, nonce: (\d+), "
    r"code_hash: 0x([0-9a-f]{64}), code: (?:None|Some\(Bytecode \{ bytecode: 0x([0-9a-f]*), state: "
    r'(?:Raw|Analysed \{ len: (\d+), jump_map: JumpMap \{ map: "[0-9a-f]*" \} \}) \}\)) \}, '
    r"storage: \{((?:\d+: StorageSlot \{ [a-z_0-9:, ]* \}(?:, )?)*)\}, "
    r"status: AccountStatus\(([A-Za-z0-9| ]*)\) \}(, )?"
)
_SLOTS = re.compile(_SLOT)
_START = "JournaledState { state: {"
_END = "}, transient_storage: {"


@dataclass(frozen=True, slots=True)
class TouchedAccount:
    """An account in the journal; ``code`` is given when it was created just now."""

    address: bytes
    nonce: int
    created: bool
    destroyed: bool
    code: bytes
    slots: tuple[tuple[int, int, int], ...]
    """Slot number, value at the start of the transaction, value now."""


def read_journal(text: str) -> Iterator[TouchedAccount]:
    """Every account in a journal's debug print."""
    if not text.startswith(_START):
        raise InternalError("could not read the engine's journal: unknown start")
    position = len(_START)
    while not text.startswith(_END, position):
        match = _ACCOUNT.match(text, position)
        if match is None:
            raise InternalError("could not read the engine's journal: unknown account form")
        position = match.end()
        yield _account(match)


def _account(match: re.Match[str]) -> TouchedAccount:
    address, nonce, code_hash, code, size, slots, status, _ = match.groups()
    flags = set(status.split(" | "))
    created = "Created" in flags
    return TouchedAccount(
        address=bytes.fromhex(address),
        nonce=int(nonce),
        created=created,
        destroyed="SelfDestructed" in flags,
        code=_code(code, size, code_hash) if created else b"",
        slots=tuple((int(k), int(a), int(b)) for k, a, b in _SLOTS.findall(slots)),
    )


def _code(digits: str | None, size: str | None, code_hash: str) -> bytes:
    """Runtime code without the zeros that the engine's analysis appends."""
    code = bytes.fromhex(digits or "")
    code = code[: int(size)] if size is not None else code
    if keccak256(code).hex() != code_hash:
        raise InternalError("could not read the engine's journal: code does not have its hash")
    return code
