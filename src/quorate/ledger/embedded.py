"""The embedded chain: an EVM in this process, blocks and state in one SQLite file, one operator.

It is real and durable and has one operator, which every header names: alone it proves order and
execution, not independence. Each submitted transaction becomes one block, committed before
`submit` returns. Opening reads the state and checks it against the head's digest, without
replaying anything; `fsck` replays all.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from quorate.core.errors import (
    DamagedError,
    EncodingError,
    InputError,
    InternalError,
    RefusedError,
    VerificationError,
)
from quorate.core.files import FolderLock, make_folder
from quorate.core.hashing import Digest
from quorate.core.keys import PublicKey, Signer
from quorate.core.sources import Clock
from quorate.ledger.blocks import MAX_CHAIN_ID, Block, check_block, seal_block
from quorate.ledger.evidence import block_events, outcome_receipt, replay
from quorate.ledger.interface import Head, LoggedEvent, Receipt
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.store import ChainStore
from quorate.ledger.transactions import SignedTransaction, decode_transaction, raw_address

REMEMBERED_BLOCKS = 4096
"""How many parsed blocks are kept, because flows read the same events again and again."""


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What `EmbeddedLedger.fsck` found in order: counts, the head and the state's digest."""

    blocks: int
    transactions: int
    head: Digest
    state: Digest


class EmbeddedLedger:
    """The `Ledger` port over a folder; use `create` or `open`, and close it."""

    def __init__(self, folder: Path, operator: Signer, clock: Clock, locks: ExitStack) -> None:
        self._folder = folder
        self._operator = operator
        self._clock = clock
        self._locks = locks
        self._store = ChainStore.open(folder)
        self._locks.callback(self._store.close)
        self._head = self._store.block(self._store.height())
        state = self._store.load_state()
        self._check_head(state)
        self._machine = Machine(state, self._head.header.chain_id)
        self._broken = False
        self._recent: dict[int, Block] = {}

    @classmethod
    def create(cls, folder: Path, operator: Signer, clock: Clock, chain_id: int) -> Self:
        """Founds a chain in ``folder``; raises `InputError` if there is one already."""
        if not 0 < chain_id <= MAX_CHAIN_ID:
            raise InputError(f"could not found a chain: chain id {chain_id} is out of range")
        make_folder(folder)
        with ExitStack() as locks:
            locks.enter_context(FolderLock(folder, "the chain"))
            if ChainStore.holds_chain(folder):
                raise InputError(
                    f"could not found a chain in {folder}: there is one already",
                    remedy="open it, or choose an empty folder",
                )
            genesis = seal_block(
                None,
                chain_id=chain_id,
                time=_seconds(clock),
                transactions=(),
                receipts=(),
                state=State().digest(),
                operator=operator,
            )
            ChainStore.create(folder, genesis)
            return cls._enter(folder, operator, clock, locks)

    @classmethod
    def open(cls, folder: Path, operator: Signer, clock: Clock) -> Self:
        """Opens the chain in ``folder`` for writing; `LockedError` while another holds it."""
        if not cls.exists(folder):
            raise InputError(f"could not open a chain in {folder}: there is none")
        with ExitStack() as locks:
            locks.enter_context(FolderLock(folder, "the chain"))
            return cls._enter(folder, operator, clock, locks)

    @classmethod
    def _enter(cls, folder: Path, operator: Signer, clock: Clock, locks: ExitStack) -> Self:
        ledger = cls(folder, operator, clock, locks)
        ledger._locks = locks.pop_all()  # from here on `close` releases them
        return ledger

    @staticmethod
    def exists(folder: Path) -> bool:
        """Whether ``folder`` holds a chain (a founding that was killed half-way does not count)."""
        return ChainStore.holds_chain(folder)

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return self._head.header.chain_id

    @property
    def operator(self) -> PublicKey:
        """The key that signs every block."""
        return self._operator.public_key

    def submit(self, raw: bytes) -> Receipt:
        """Executes and records a signed transaction; see `Ledger.submit`."""
        self._usable()
        signed = _decode(raw)
        known = self.receipt(signed.hash)
        if known is not None:
            return known
        parent = self._head.header
        context = self._next()
        outcome = self._machine.execute(signed.transaction, signed.sender, context)
        receipt = outcome_receipt(signed, outcome, context.number, 0)
        block = seal_block(
            parent,
            chain_id=parent.chain_id,
            time=context.time,
            transactions=(raw,),
            receipts=(receipt,),
            state=self._machine.state.digest_after(outcome.writes).digest(),
            operator=self._operator,
        )
        self._broken = True  # until memory has caught up with what the commit may have done
        self._store.append(block, outcome.writes)
        self._machine.adopt(outcome)
        self._head = block
        self._broken = False
        return receipt

    def simulate(self, raw: bytes) -> None:
        """Raises `RefusedError` if ``raw`` would be refused or would revert now."""
        signed = _decode(raw)
        outcome = self._machine.execute(signed.transaction, signed.sender, self._next())
        if not outcome.status:
            raise RefusedError(
                f"could not execute a transaction to {signed.transaction.to}: {outcome.reason}",
                reason=outcome.reason,
            )

    def call(self, to: str, data: bytes, sender: str | None = None) -> bytes:
        """What ``to`` returns for ``data`` at the head, at the time of a next block."""
        return self._machine.call(to, data, self._next(), sender)

    def nonce(self, address: str) -> int:
        """How many transactions ``address`` has sent."""
        return self._machine.state.entry(raw_address(address)).nonce

    def code(self, address: str) -> bytes:
        """The runtime bytecode at ``address``."""
        return self._machine.state.entry(raw_address(address)).code

    def head(self) -> Head:
        """The newest block."""
        header = self._head.header
        return Head(header.number, header.hash().raw, header.time)

    def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt of an included transaction by its Keccak hash."""
        place = self._store.inclusion(transaction)
        if place is None:
            return None
        receipts = self._block(place[0]).receipts
        if place[1] >= len(receipts) or receipts[place[1]].transaction != transaction:
            raise DamagedError(
                f"could not find a transaction in {self._folder}: the index names a wrong block",
                remedy="run fsck and restore the folder from a copy",
            )
        return receipts[place[1]]

    def events(self, address: str | None = None, from_block: int = 0) -> Iterator[LoggedEvent]:
        """Every log since ``from_block`` in order, of one contract or of all."""
        for number in range(from_block, self._head.header.number + 1):
            yield from block_events(self._block(number), address)

    def blocks(self, start: int = 0) -> Iterator[Block]:
        """The blocks from ``start`` on, as `quorate.ledger.evidence` takes them."""
        return self._store.blocks(start)

    def fsck(self) -> ChainReport:
        """Replays the whole chain from its file; raises `DamagedError` at the first fault."""
        self._usable()
        self._store.check_file()
        try:
            chain = replay(self._store.blocks(), self.operator)
        except VerificationError as error:
            raise self._damaged(str(error)) from None
        state = self._store.load_state()
        if state.entries != chain.state.entries or state.slots != chain.state.slots:
            raise self._damaged("the state table differs from what the blocks leave")
        transactions = sum(len(block.transactions) for block in chain.blocks)
        self._recent.clear()  # from here on everything is read from the file
        if self._store.inclusions() != transactions:
            raise self._damaged("the index of transactions has another length than the chain")
        for signed in chain.transactions:
            if self.receipt(signed.hash) != chain.receipt(signed.hash):
                raise self._damaged("the index of transactions misses one")
        head = chain.blocks[-1].header
        return ChainReport(len(chain.blocks), transactions, head.hash(), head.state)

    def close(self) -> None:
        """Releases file and lock; safe to call twice."""
        self._locks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _block(self, number: int) -> Block:
        """A block, parsed once while it is among the last that were asked for."""
        block = self._recent.get(number)
        if block is None:
            block = self._store.block(number)
            while len(self._recent) >= REMEMBERED_BLOCKS:
                del self._recent[next(iter(self._recent))]
            self._recent[number] = block
        return block

    def _next(self) -> BlockContext:
        header = self._head.header
        return BlockContext(header.number + 1, max(header.time, _seconds(self._clock)))

    def _usable(self) -> None:
        if self._broken:
            raise InternalError(
                "could not use the chain: its last write was interrupted", remedy="open it again"
            )

    def _check_head(self, state: State) -> None:
        header = self._head.header
        parent = self._store.block(header.number - 1) if header.number else None
        if header.operator != self._operator.public_key:
            raise InputError(
                f"could not open the chain in {self._folder}: it is signed by "
                f"{header.operator.keyid}, not by {self._operator.public_key.keyid}",
                remedy="open it with its operator's key",
            )
        try:
            check_block(self._head, parent, header.operator, header.chain_id)
        except VerificationError as error:
            raise self._damaged(str(error)) from None
        if state.digest() != header.state:
            raise self._damaged(f"the state table is not what block {header.number} left")

    def _damaged(self, why: str) -> DamagedError:
        return DamagedError(
            f"could not use the chain in {self._folder}: {why}",
            remedy="restore the folder from a copy",
            place=str(self._folder),
        )


def _seconds(clock: Clock) -> int:
    return clock.now_ns() // 1_000_000_000


def _decode(raw: bytes) -> SignedTransaction:
    try:
        return decode_transaction(raw)
    except (EncodingError, VerificationError) as error:
        raise RefusedError(error.message, reason=error.message) from None
