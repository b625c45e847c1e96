"""An attacker with every key of one party: rebuilds whatever its keys can rebuild, and no more.

A forger starts from a true bundle, edits a meaning and then mends everything above it: digests,
links, Merkle trees, checkpoints, receipts, blocks, the manifest, each signed anew with keys of its
party alone. Where another party's signature would be needed it is left out or forged with the
party's own key, whichever is given. What the auditor still finds is what the other keys hold.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from quorate.core.encoding import canonical_bytes, encode_base64, parse_canonical
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.keys import Ed25519Signer
from quorate.core.sealing import SealingPublicKey, content_key_of, seal
from quorate.core.sources import SeededRandomness
from quorate.ledger.blocks import Block, seal_block
from quorate.ledger.evidence import export_blocks, outcome_receipt, parse_blocks
from quorate.ledger.interface import Receipt as ChainReceipt
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.transactions import decode_transaction
from quorate.log.checkpoint import Checkpoint, sign_checkpoint, sign_cosignature
from quorate.log.merkle import inclusion_proof, leaf_hash, root_of
from quorate.log.note import Note
from quorate.log.receipt import Receipt
from quorate.log.tiles import encode_entries, parse_entries
from quorate.provenance.book import CHAIN_HEAD, DECISION, STATEMENT
from quorate.provenance.bundle import BLOCKS, MANIFEST, OPENINGS, ROOTS, pack, seal_manifest, unpack
from quorate.provenance.records import leaf_digest
from quorate.provenance.roots import Roots
from quorate.provenance.statement import Statement, Subject, parse_envelope, sign_statement

Json = dict[str, Any]
Plan = list[tuple[int, list[bytes]]]
"""Per block after the genesis: its time and its raw transactions."""

FOUNDER = "founder"
TIME_NS = 1_900_000_000 * 10**9
HALTED = 10**6


@dataclass(frozen=True)
class Evidence:
    """A finished home: the true bundle and where each party's keys lie."""

    members: dict[str, bytes]
    roots: Roots
    auditor: SealingPublicKey
    home: Path

    @classmethod
    def of(cls, home: Path) -> "Evidence":
        """Reads a home."""
        return cls(
            unpack((home / "evidence.zip").read_bytes()),
            Roots.from_bytes((home / "auditor" / "trust.json").read_bytes()),
            Keyring.load(home / "auditor" / "auditor.key").sealing.public_key,
            home,
        )

    def keyring(self, party: str) -> Keyring:
        """The keys of one party, as a thief of its key file has them."""
        return Keyring.load(self.home / "parties" / party / "keys" / "keyring.json")

    def names(self) -> list[str]:
        """Every party."""
        return [member.name for member in self.roots.members]


class Forger:
    """One party's keys over a copy of the bundle's members."""

    def __init__(self, evidence: Evidence, party: str) -> None:
        self.evidence = evidence
        self.party = party
        self.members = dict(evidence.members)
        self.keys = evidence.keyring(party)
        self.operator = Ed25519Signer(self.keys.derive("chain operator"))
        self.form, self.auditor = "sealed", evidence.auditor.keyid
        self.randomness = SeededRandomness(f"forger {party}")

    # Statements.

    def statements(self, author: str | None = None) -> list[str]:
        """Keys of an author's statements in the bundle."""
        prefix = f"statement/{author or self.party}/"
        found = [name for name in sorted(self.members) if name.startswith(prefix)]
        return [name.removeprefix(prefix).removesuffix(".json") for name in found]

    def statement(self, key: str, author: str | None = None) -> Statement:
        """A statement, unverified."""
        return parse_envelope(
            self.members[f"statement/{author or self.party}/{key}.json"]
        ).statement

    def sign(self, statement: Statement) -> bytes:
        """The envelope of ``statement``, by this party."""
        return sign_statement(statement, self.keys.statement_signers)

    def restate(
        self, key: str, changes: Json, subject: Digest | None = None, author: str | None = None
    ) -> None:
        """Replaces a statement by one with other claims; its record and log follow."""
        author = author or self.party
        old = self.statement(key, author)
        subjects = old.subjects
        if subject is not None:
            subjects = (Subject(subjects[0].name, subject),)
        if "round" in changes:
            subjects = (Subject(f"round-{changes['round']}", subjects[0].digest),)
        if "name" in changes:
            subjects = (Subject(changes["name"], subjects[0].digest),)
        new = replace(old, predicate=old.predicate | changes, subjects=subjects)
        self.put_statement(key, self.sign(new), author)

    def put_statement(self, key: str, envelope: bytes, author: str) -> None:
        """Swaps an envelope in and mends the record that names it."""
        path = f"statement/{author}/{key}.json"
        old, new = str(Digest.of(self.members[path])), str(Digest.of(envelope))
        self.members[path] = envelope
        leaves = [leaf.replace(old.encode(), new.encode()) for leaf in self.leaves(author)]
        self.write_log(leaves, author)

    # Logs.

    def note(self, name: str) -> Note:
        """The checkpoint of a log as the bundle holds it."""
        return Note.parse(self.members[f"log/{name}/checkpoint"].decode())

    def leaves(self, name: str | None = None) -> list[bytes]:
        """A log's leaves."""
        name = name or self.party
        size = Checkpoint.parse(self.note(name).text).size
        return parse_entries(self.members[f"log/{name}/entries"], size)

    def records(self, type_: str, name: str | None = None) -> list[int]:
        """Indices of the records of a type."""
        found = enumerate(self.leaves(name))
        return [index for index, leaf in found if json.loads(leaf)["type"] == type_]

    def edit_record(self, index: int, edit: Callable[[Json], None]) -> None:
        """Changes one record of the own log and mends all that follows."""
        leaves = self.leaves()
        record = parse_canonical(leaves[index])
        edit(record)
        leaves[index] = canonical_bytes(record)
        self.write_log(leaves)

    def write_log(self, leaves: list[bytes], name: str | None = None) -> None:
        """Writes a log anew: numbers, links, tree, checkpoint, receipts; own signatures only."""
        name = name or self.party
        leaves = relink(leaves)
        origin = self.evidence.roots.member(name).origin
        hashes = [leaf_hash(leaf) for leaf in leaves]
        checkpoint = Checkpoint(origin, len(leaves), root_of(hashes))
        note = sign_checkpoint(checkpoint, *self.keys.log_signers, TIME_NS // 10**9)
        if name != self.party:
            note = Note(note.text, (*note.signatures, self.cosignature(checkpoint)))
        self.put_log(name, leaves, note)

    def cosignature(self, checkpoint: Checkpoint, time: int = TIME_NS // 10**9) -> Any:
        """This party's line as a witness."""
        witness = f"{self.evidence.roots.member(self.party).origin}/witness"
        return sign_cosignature(checkpoint, witness, self.keys.witness_signer, time)

    def put_log(self, name: str, leaves: list[bytes], note: Note) -> None:
        """Puts leaves under a checkpoint, and every receipt of the log with them."""
        self.members[f"log/{name}/entries"] = encode_entries(leaves)
        self.members[f"log/{name}/checkpoint"] = str(note).encode()
        hashes = [leaf_hash(leaf) for leaf in leaves]
        for path in [path for path in self.members if path.startswith(f"receipt/{name}/")]:
            del self.members[path]
        for index, leaf in enumerate(leaves):
            key = self._receipt_key(name, index, json.loads(leaf))
            if key is not None:
                text = str(Receipt(index, tuple(inclusion_proof(hashes, index)), note))
                self.members[f"receipt/{name}/{key}.tlog-proof"] = text.encode()

    def _receipt_key(self, name: str, index: int, record: Json) -> str | None:
        if record["type"] == DECISION:
            return f"decision-{index:04d}"
        if record["type"] != STATEMENT:
            return None
        key = str(record["object"][0]["name"])
        return key if f"statement/{name}/{key}.json" in self.members else None

    # The chain.

    def blocks(self) -> tuple[Block, ...]:
        """The chain as the bundle holds it."""
        return parse_blocks(self.members[BLOCKS])

    def plan(self) -> Plan:
        """What each block after the genesis holds."""
        return [(block.header.time, list(block.transactions)) for block in self.blocks()[1:]]

    def execute(self, plan: Plan) -> None:
        """Rebuilds the chain: what can be executed is, and every block is signed anew."""
        genesis = self.blocks()[0]
        chain_id = genesis.header.chain_id
        machine, built = Machine(State(), chain_id), [genesis]
        for time, raws in plan:
            parent = built[-1].header
            receipts: list[ChainReceipt] = []
            for raw in raws:
                signed = decode_transaction(raw)
                context = BlockContext(parent.number + 1, time)
                outcome = machine.apply(signed.transaction, signed.sender, context)
                receipts.append(outcome_receipt(signed, outcome, parent.number + 1, len(receipts)))
            block = seal_block(
                parent,
                chain_id=chain_id,
                time=time,
                transactions=tuple(raws),
                receipts=tuple(receipts),
                state=machine.state.digest(),
                operator=self.operator,
            )
            built.append(block)
        self.put_chain(built)

    def reseal(self, edit: Callable[[Block], Block]) -> None:
        """Rebuilds the hash chain over edited blocks as they are, without executing anything."""
        old = self.blocks()
        built = [old[0]]
        for block in map(edit, old[1:]):
            built.append(
                seal_block(
                    built[-1].header,
                    chain_id=block.header.chain_id,
                    time=block.header.time,
                    transactions=block.transactions,
                    receipts=block.receipts,
                    state=block.header.state,
                    operator=self.operator,
                )
            )
        self.put_chain(built)

    def put_chain(self, blocks: list[Block]) -> None:
        """Puts a chain in, and lets the own log have seen it all along."""
        self.members[BLOCKS] = export_blocks(blocks)
        hashes = [str(block.header.hash()) for block in blocks]
        leaves = self.leaves()
        for index, leaf in enumerate(leaves):
            record = parse_canonical(leaf)
            if record["type"] == CHAIN_HEAD:
                number = min(int(record["object"][0]["name"]), len(hashes) - 1)
                item = {"digest": hashes[number], "type": "block", "name": str(number)}
                leaves[index] = canonical_bytes(record | {"object": [item]})
        self.write_log(leaves)

    # The bundle.

    def edit_roots(self, edit: Callable[[Json], None]) -> None:
        """Changes the roots that travel inside the bundle."""
        value = parse_canonical(self.members[ROOTS])
        edit(value)
        self.members[ROOTS] = canonical_bytes(value)

    def content_keys(self) -> dict[str, bytes]:
        """The content keys that this party can open: all of a validator, its own otherwise."""
        found = {}
        for path in sorted(self.members):
            if path.startswith("update/"):
                try:
                    found[path] = content_key_of(self.members[path], self.keys.sealing)
                except Exception:
                    continue
        return found

    def put_openings(self, value: object) -> None:
        """Seals another value to the auditor in place of the content keys."""
        data = canonical_bytes(value)
        self.members[OPENINGS] = seal(data, [self.evidence.auditor], self.randomness)

    def opening_texts(self) -> dict[str, str]:
        """The content keys as they travel."""
        return {path: encode_base64(key) for path, key in self.content_keys().items()}

    def bundle(self) -> bytes:
        """The file, its manifest signed by this party."""
        self.members.pop(MANIFEST, None)
        self.members[MANIFEST] = seal_manifest(
            self.members,
            self.party,
            self.keys.statement_signers,
            form=self.form,
            auditor=self.auditor,
            time_ns=TIME_NS,
        )
        return pack(self.members)


def relink(leaves: list[bytes]) -> list[bytes]:
    """The leaves with sequence numbers and links mended."""
    mended = leaves[:1]
    for index, leaf in enumerate(leaves[1:], start=1):
        record = parse_canonical(leaf)
        record |= {"seq": index, "prev_source_head": leaf_digest(mended[-1])}
        mended.append(canonical_bytes(record))
    return mended
