"""What an auditor does with a chain, alone and offline: read its bytes, check them, replay them.

A chain travels as its blocks' canonical bytes, each ended by a line feed, genesis first. `replay`
executes every transaction again with `quorate.ledger.machine` and compares every receipt and every
state digest, so nothing about the result rests on the operator's word except the order of the
transactions and that none was left out.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from quorate.core.errors import EncodingError, InternalError, QuorateError, VerificationError
from quorate.core.hashing import Digest
from quorate.core.keys import PublicKey
from quorate.ledger.blocks import Block, check_block, parse_block
from quorate.ledger.interface import Head, LoggedEvent, Receipt
from quorate.ledger.machine import BlockContext, Machine, Outcome
from quorate.ledger.state import State
from quorate.ledger.transactions import SignedTransaction, decode_transaction, raw_address

MAX_BLOCK_BYTES = 1 << 24


@dataclass(frozen=True, slots=True)
class CodeRoot:
    """Creation code that is trusted: a name, its digest and its size in bytes.

    Constructor arguments follow the code in a creating transaction, hence the size.
    """

    name: str
    creation: Digest
    size: int


def export_blocks(blocks: Iterable[Block]) -> bytes:
    """The bytes in which a chain travels."""
    return b"".join(block.to_bytes() + b"\n" for block in blocks)


def parse_blocks(data: bytes) -> tuple[Block, ...]:
    """The blocks in exported bytes; raises `EncodingError` for anything but the one form."""
    if not data.endswith(b"\n"):
        raise EncodingError("could not read a chain: it does not end with a line feed")
    blocks = []
    for number, line in enumerate(data[:-1].split(b"\n")):
        if len(line) > MAX_BLOCK_BYTES:
            raise EncodingError(f"could not read a chain: line {number + 1} is too long")
        try:
            blocks.append(parse_block(line))
        except EncodingError as error:
            raise EncodingError(f"could not read line {number + 1} of a chain: {error}") from None
    return tuple(blocks)


class ReplayedChain:
    """A chain that was executed again and agrees; answers what a `LedgerReader` is asked."""

    def __init__(self, chain_id: int) -> None:
        self.machine = Machine(State(), chain_id)
        self.blocks: list[Block] = []
        self.transactions: list[SignedTransaction] = []
        self.contracts: dict[str, str] = {}
        """Name of the trusted code behind each created contract, by address."""
        self._receipts: dict[bytes, Receipt] = {}

    @property
    def chain_id(self) -> int:
        """The EIP-155 chain id."""
        return self.machine.chain_id

    @property
    def state(self) -> State:
        """The state after the last block."""
        return self.machine.state

    def call(self, to: str, data: bytes, sender: str | None = None) -> bytes:
        """What ``to`` returns for ``data`` after the last block, or `RefusedError`."""
        head = self.head()
        return self.machine.call(to, data, BlockContext(head.number, head.time), sender)

    def nonce(self, address: str) -> int:
        """How many transactions ``address`` has sent."""
        return self.state.entry(raw_address(address)).nonce

    def code(self, address: str) -> bytes:
        """The runtime bytecode at ``address``."""
        return self.state.entry(raw_address(address)).code

    def head(self) -> Head:
        """The last block."""
        header = self.blocks[-1].header
        return Head(header.number, header.hash().raw, header.time)

    def receipt(self, transaction: bytes) -> Receipt | None:
        """The receipt of an included transaction by its Keccak hash."""
        return self._receipts.get(transaction)

    def events(self, address: str | None = None, from_block: int = 0) -> Iterator[LoggedEvent]:
        """Every log since ``from_block`` in order, of one contract or of all."""
        for block in self.blocks[from_block:]:
            yield from block_events(block, address)

    def _extend(self, block: Block, trusted: Collection[CodeRoot] | None) -> None:
        context = BlockContext(block.header.number, block.header.time)
        for index, raw in enumerate(block.transactions):
            place = f"block {context.number}, transaction {index}"
            signed, outcome = _execute(self.machine, raw, context, place)
            receipt = outcome_receipt(signed, outcome, context.number, index)
            if receipt != block.receipts[index]:
                raise VerificationError("executes to another receipt", step="8", place=place)
            if trusted is not None:
                self._name_created(signed, outcome, trusted, place)
            self.machine.adopt(outcome)
            self.transactions.append(signed)
            self._receipts[receipt.transaction] = receipt
        self.blocks.append(block)
        if self.state.digest() != block.header.state:
            place = f"block {context.number}"
            raise VerificationError("executes to another state", step="9", place=place)

    def _name_created(
        self,
        signed: SignedTransaction,
        outcome: Outcome,
        trusted: Collection[CodeRoot],
        place: str,
    ) -> None:
        """Step 10: code comes to be only by transactions that carry trusted creation code."""
        created = {
            address
            for address, entry in outcome.writes.entries.items()
            if entry.code and not self.state.entry(address).code
        }
        if not created and outcome.contract is None:
            return
        root = _root_of(signed.transaction.data, trusted)
        if root is None or outcome.contract is None or created != {raw_address(outcome.contract)}:
            raise VerificationError("creates a contract of unknown code", step="10", place=place)
        self.contracts[outcome.contract] = root.name


def replay(
    blocks: Iterable[Block],
    operator: PublicKey,
    genesis: Digest | None = None,
    code: Collection[CodeRoot] | None = None,
) -> ReplayedChain:
    """Executes a chain again from nothing; raises `VerificationError` at the first difference.

    ``operator`` is the trusted signing key, ``genesis`` the trusted hash of block 0 (without it any
    genesis by the operator passes) and ``code`` the only creation code that may come to be
    (without it any).

    Steps: 0 there is a genesis block, the trusted one; 1 to 6 as in `check_block`; 7 every
    transaction may be included; 8 it executes to its receipt; 9 the block to its state; 10 created
    contracts have trusted code.
    """
    chain: ReplayedChain | None = None
    for block in blocks:
        if chain is None:
            # 0
            if genesis is not None and block.header.hash() != genesis:
                raise VerificationError("not the trusted genesis block", step="0", place="block 0")
            chain = ReplayedChain(block.header.chain_id)
        # 1 to 6
        parent = chain.blocks[-1] if chain.blocks else None
        check_block(block, parent, operator, chain.chain_id)
        # 7 to 10
        chain._extend(block, code)
    if chain is None:
        raise VerificationError("there is no genesis block", step="0", place="chain")
    return chain


def outcome_receipt(signed: SignedTransaction, outcome: Outcome, block: int, index: int) -> Receipt:
    """The receipt of an outcome at its place."""
    return Receipt(
        transaction=signed.hash,
        block=block,
        index=index,
        sender=signed.sender,
        status=outcome.status,
        gas_used=outcome.gas_used,
        contract=outcome.contract,
        logs=outcome.logs,
    )


def block_events(block: Block, address: str | None = None) -> Iterator[LoggedEvent]:
    """The logs of one block in order, of one contract or of all."""
    position = 0
    for receipt in block.receipts:
        for log in receipt.logs:
            if address is None or log.address == address:
                yield LoggedEvent(
                    block.header.number, block.header.time, receipt.transaction, position, log
                )
            position += 1


def _execute(
    machine: Machine, raw: bytes, context: BlockContext, place: str
) -> tuple[SignedTransaction, Outcome]:
    """Step 7."""
    try:
        signed = decode_transaction(raw)
        return signed, machine.execute(signed.transaction, signed.sender, context)
    except InternalError:
        raise  # our own fault says nothing about the evidence
    except QuorateError as error:
        raise VerificationError(
            f"could not be included: {error.message}", step="7", place=place
        ) from None


def _root_of(data: bytes, roots: Iterable[CodeRoot]) -> CodeRoot | None:
    for root in roots:
        if len(data) >= root.size and Digest.of(data[: root.size]) == root.creation:
            return root
    return None
