"""Everybody conspires: every signature, cosignature, anchor and block is made anew and holds.

No auditor can find out who said what when all keys lie together; but what is *computed* must still
add up. With a conspiracy each later step of the audit can be reached and shown to refuse.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from eth_abi.abi import decode

from quorate.core.encoding import canonical_bytes, decode_hex, parse_canonical
from quorate.core.hashing import Digest
from quorate.learning.ballots import VOTE_PHASE, Ballot, Place, sign_ballot
from quorate.ledger.blocks import Block, seal_block
from quorate.ledger.contracts import Contract
from quorate.ledger.evidence import export_blocks, outcome_receipt
from quorate.ledger.machine import BlockContext, Machine
from quorate.ledger.state import State
from quorate.ledger.transactions import Transaction, decode_transaction, sign_transaction
from quorate.log.merkle import consistency_proof, leaf_hash, root_of
from quorate.provenance.book import CHAIN_HEAD
from quorate.provenance.bundle import BLOCKS
from quorate.provenance.statement import sign_statement
from tests.simulators.false_claims import kept_note
from tests.simulators.forger import FOUNDER, Evidence, Forger, Json, relink
from tests.simulators.resettling import Bookkeeper

Numbered = list[tuple[int, bytes]]
"""Leaves with the place that they had in the true log; an added one has its predecessor's."""


class Conspiracy(Forger):
    """All keys at once. Logs and chain are mended together, block by block, by `mend`."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence, FOUNDER)
        self.keyrings = {name: evidence.keyring(name) for name in evidence.names()}
        self.logs: dict[str, Numbered] = {
            name: list(enumerate(self.leaves(name))) for name in evidence.names()
        }
        self.calls: dict[int, Callable[[Transaction], Transaction]] = {}
        """Block number -> how its one transaction is changed."""
        self.unseen: set[tuple[str, int]] = set()
        """Chain heads (log, true place) that are left as they are."""
        self.loose: dict[tuple[str, int], Callable[[Json], None]] = {}
        """Edits (log, index) that are made last, after the links."""

    def put_statement(self, key: str, envelope: bytes, author: str) -> None:
        """Swaps an envelope in; the record follows."""
        path = f"statement/{author}/{key}.json"
        old, new = str(Digest.of(self.members[path])), str(Digest.of(envelope))
        self.members[path] = envelope
        self.logs[author] = [
            (place, leaf.replace(old.encode(), new.encode())) for place, leaf in self.logs[author]
        ]

    def say(self, author: str, key: str, changes: Json, subject: Digest | None = None) -> None:
        """Changes a statement, signed by its author."""
        self.keys = self.keyrings[author]
        self.restate(key, changes, subject, author)
        self.keys = self.keyrings[FOUNDER]

    def sign_as(self, author: str, key: str, kind: Any) -> None:
        """Puts a whole new claim in place of a statement."""
        envelope = sign_statement(kind.to_statement(), self.keyrings[author].statement_signers)
        self.put_statement(key, envelope, author)

    def change_record(self, name: str, place: int, edit: Callable[[Json], None]) -> None:
        """Edits the record that stood at ``place``."""
        for index, (at, leaf) in enumerate(self.logs[name]):
            if at == place:
                record = parse_canonical(leaf)
                edit(record)
                self.logs[name][index] = (at, canonical_bytes(record))

    def place_of(self, name: str, task: str, number: int) -> Place:
        """Where a party commits."""
        chain = self.evidence.roots.chain
        account = self.keyrings[name].account.address
        return Place(chain.chain_id, chain.contracts["Rounds"], decode_hex(task), number, account)

    def vote(self, name: str, key: str, changes: Callable[[Json], Json]) -> None:
        """Changes a vote in its statement and, with the same salt, on the chain."""
        vote = dict(self.statement(key, name).predicate)
        vote |= changes(vote)
        where = self.place_of(name, vote["task"], vote["round"])
        aggregate = Digest.parse(vote["aggregate"])
        ballot = Ballot(vote["included"], aggregate.raw, tuple(vote["scores"]), vote["accept"])
        salt = decode_hex(vote["salt"])
        commitment = ballot.commit(where, salt)
        account, included = self.keyrings[name].account, ballot.included
        signature = sign_ballot(where, VOTE_PHASE, included, commitment, account)
        vote |= {"commitment": commitment.hex(), "commitment_signature": signature.hex()}
        self.say(name, key, vote, aggregate)
        self.send(name, "vote_commit", vote["round"], where.task, commitment)
        said = (where.task, aggregate.raw, ballot.accept, salt, ballot.lanes)
        self.send(name, "vote_reveal", vote["round"], *said)

    def send(self, name: str, function: str, nth: int, *arguments: Any) -> None:
        """Changes the ``nth`` call (from 1) of a Rounds function by a party."""
        call = self.face("Rounds").encode(function, *arguments)
        number = self.find(name, call.data[:4], nth)
        self.calls[number] = lambda sent: replace(sent, data=call.data)

    def face(self, contract: str) -> Contract:
        """A contract at its trusted address."""
        return Contract(contract, self.evidence.roots.chain.contracts[contract])

    def find(self, name: str, selector: bytes, nth: int) -> int:
        """The block of the ``nth`` transaction by a party with a selector."""
        account = self.keyrings[name].account.address
        found = [
            block.header.number
            for block in self.blocks()[1:]
            for signed in map(decode_transaction, block.transactions)
            if signed.sender == account and signed.transaction.data[:4] == selector
        ]
        return found[nth - 1]

    def mend(self) -> None:
        """Rebuilds chain and logs together: each anchor pins what its log then held.

        Rounds settle on the votes of the rebuilt chain, and claims show what those gave.
        """
        kept = Bookkeeper(dict(self.evidence.roots.chain.contracts))
        heads: dict[str, int] = {}
        true, chain_id = self.blocks(), self.evidence.roots.chain.chain_id
        machine, built = Machine(State(), chain_id), [true[0]]
        owners = {keyring.account.address: name for name, keyring in self.keyrings.items()}
        for block in true[1:]:
            number = block.header.number
            (raw,) = block.transactions
            signed = decode_transaction(raw)
            owner = owners[signed.sender]
            sent = self.calls.get(number, lambda same: same)(kept.mended(signed.transaction))
            sent = self._anchored(owner, sent, built, heads)
            raw = sign_transaction(sent, self.keyrings[owner].account)
            signed = decode_transaction(raw)
            context = BlockContext(number, block.header.time)
            outcome = machine.apply(signed.transaction, signed.sender, context)
            kept.take(outcome.logs)
            sealed = seal_block(
                built[-1].header,
                chain_id=chain_id,
                time=block.header.time,
                transactions=(raw,),
                receipts=(outcome_receipt(signed, outcome, number, 0),),
                state=machine.state.digest(),
                operator=self.operator,
            )
            built.append(sealed)
        self.members[BLOCKS] = export_blocks(built)
        for name in self.logs:
            leaves = self._seen(name, len(self.logs[name]), built)
            self.put_log(name, leaves, kept_note(self.evidence, name, leaves))

    def _anchored(
        self, owner: str, sent: Transaction, built: list[Block], heads: dict[str, int]
    ) -> Transaction:
        face = self.face("Anchor")
        function = face.artifact.functions["anchor"]
        if sent.to != face.address or sent.data[:4] != function.selector:
            return sent
        _, log, size, _, _ = decode(function.inputs, sent.data[4:])
        held = sum(place < size for place, _ in self.logs[owner])
        leaves = self._seen(owner, held, built)
        hashes = [leaf_hash(leaf) for leaf in leaves]
        proof = consistency_proof(hashes, heads.get(owner, 0))
        heads[owner] = held
        pinned = (self.keyrings[owner].account.address, log, held, root_of(hashes), proof)
        return replace(sent, data=face.encode("anchor", *pinned).data)

    def _seen(self, name: str, size: int, built: list[Block]) -> list[bytes]:
        """The first leaves of a log, their chain heads and links mended."""
        leaves = []
        for place, leaf in self.logs[name][:size]:
            record = parse_canonical(leaf)
            if record["type"] == CHAIN_HEAD and (name, place) not in self.unseen:
                item = record["object"][0]
                item["digest"] = str(built[int(item["name"])].header.hash())
            leaves.append(canonical_bytes(record))
        leaves = relink(leaves)
        for (log, index), edit in self.loose.items():
            if log == name and index < len(leaves):
                record = parse_canonical(leaves[index])
                edit(record)
                leaves[index] = canonical_bytes(record)
        return leaves

    def bundle(self) -> bytes:
        """The file, everything mended."""
        self.mend()
        return super().bundle()

    def add(self, name: str, after: int, fields: Json) -> None:
        """Inserts a record like the one at ``after`` behind it, with other ``fields``."""
        index = next(i for i, (place, _) in enumerate(self.logs[name]) if place == after)
        record = parse_canonical(self.logs[name][index][1]) | fields
        self.logs[name].insert(index + 1, (after, canonical_bytes(record)))

    def drop(self, name: str, place: int) -> None:
        """Takes the record that stood at ``place`` out."""
        self.logs[name] = [each for each in self.logs[name] if each[0] != place]

    def place_in(self, name: str, text: str) -> int:
        """Where the first record that holds ``text`` stands."""
        return next(place for place, leaf in self.logs[name] if text.encode() in leaf)
