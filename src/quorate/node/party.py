"""One party on this machine: its keys, log, vault, statements, witness and ledger account."""

from collections.abc import Iterable
from pathlib import Path

from quorate.core.errors import InputError, VerificationError
from quorate.core.files import make_folder
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sources import Clock, Randomness
from quorate.ledger.accounts import Account
from quorate.ledger.contracts import Call
from quorate.ledger.faces.anchor_facts import Head
from quorate.ledger.interface import Ledger, Receipt
from quorate.log.checkpoint import LogIdentity, WitnessIdentity
from quorate.log.folder import FolderStorage
from quorate.log.witness import LocalWitness, Witness, WitnessedLog
from quorate.log.writer import Log
from quorate.node.task_chain import Suite
from quorate.node.wiring import open_vault
from quorate.provenance.book import RecordBook
from quorate.provenance.publish import Publisher
from quorate.provenance.roots import MemberRoot

ORIGIN_PREFIX = "quorate.invalid"  # RFC 6761: a name that nobody can own


class Party:
    """Everything that one organisation owns; opened once per process, closed at its end."""

    def __init__(self, folder: Path, keyring: Keyring, clock: Clock, randomness: Randomness):
        self.folder = folder
        self.keyring = keyring
        self.clock = clock
        self.name = keyring.name
        self.origin = f"{ORIGIN_PREFIX}/{keyring.name}"
        self.log = _open_log(folder / "log", self.origin, keyring, clock)
        self.book = RecordBook(self.log, self.name, clock, randomness)
        self.vault = open_vault(folder / "vault", keyring, randomness)
        self.publisher = Publisher(
            keyring.statement_signers, self.log, self.book, folder / "statements"
        )
        self.witness = Witness(
            f"{self.origin}/witness",
            keyring.witness_signer,
            folder / "witness",
            clock,
        )
        self._ledger: Ledger | None = None

    @classmethod
    def open(
        cls, folder: Path, name: str, clock: Clock, randomness: Randomness, secret: str | None
    ) -> "Party":
        """Opens the party in ``folder``; makes its keys the first time."""
        path = folder / "keys" / "keyring.json"
        if not path.exists():
            make_folder(path.parent, mode=0o700)
            Keyring.generate(name, randomness).save(path, randomness, secret)
        keyring = Keyring.load(path, secret)
        if keyring.name != name:
            raise InputError(f"could not open party {name}: {path} holds keys of {keyring.name}")
        return cls(folder, keyring, clock, randomness)

    @property
    def address(self) -> str:
        """The ledger account."""
        return self.keyring.account.address

    @property
    def log_id(self) -> bytes:
        """What the ledger calls this party's log: the digest of its origin."""
        return Digest.of(self.origin.encode()).raw

    @property
    def log_identity(self) -> LogIdentity:
        """How others verify this party's log."""
        return LogIdentity(self.origin, *self.keyring.identity.log_keys)

    @property
    def witness_identity(self) -> WitnessIdentity:
        """How others verify this party's cosignatures."""
        return WitnessIdentity(f"{self.origin}/witness", self.keyring.identity.witness_key)

    def root(self, controller: str, roles: int) -> MemberRoot:
        """This party as a trust file lists it."""
        return MemberRoot(self.keyring.identity, self.origin, controller, roles)

    def connect(self, ledger: Ledger) -> None:
        """Uses ``ledger`` from here on."""
        self._ledger = ledger
        self.account = SeeingAccount(ledger, self)

    def see_chain(self) -> None:
        """Writes the chain head that this party sees into its own log: shows forks and rewinds."""
        assert self._ledger is not None
        head = self._ledger.head()
        self.book.record_chain_head(head.number, f"sha256:{head.hash.hex()}")

    def transact(self, call: Call) -> Receipt:
        """Sends a transaction, after writing down the head it builds on."""
        return self.account.transact(call)

    def anchor_log(self, suite: Suite) -> None:
        """Puts this log's head on the ledger, the sight of the block it builds on included."""
        self.see_chain()
        self.publisher.anchor(LogAnchors(self, suite))

    def cosign(self, other: "Party") -> str:
        """A witness's line under the latest checkpoint of another party's log."""
        proof = other.log.consistency(self.witness.size_seen(other.origin))
        return self.witness.cosign(other.log.checkpoint_note(), other.log_identity, proof)

    def collect_cosignatures(self, witnesses: Iterable["Party"]) -> None:
        """Has every other party witness this party's latest checkpoint."""
        others = [witness for witness in witnesses if witness is not self]
        lines = [witness.cosign(self) for witness in others]
        self.log.add_cosignatures(lines, [witness.witness_identity for witness in others])

    def compare_log(self, witnesses: Iterable["Party"]) -> None:
        """Compares this log with the heads that others have cosigned: `RolledBackError`."""
        known = {self.origin: WitnessedLog.of(self.log_identity)}
        others = [each.witness for each in witnesses if each is not self]
        local = [LocalWitness(witness, known) for witness in others]
        self.log.compare(local, proof=True)  # their own files, not a stranger's word on a line

    def compare_log_with_anchor(self, suite: Suite) -> None:
        """Compares this log with the head that the ledger holds of it: `RolledBackError`."""
        self.log.compare([LogAnchors(self, suite)], proof=True)

    def close(self) -> None:
        """Releases the log."""
        self.log.close()


class SeeingAccount(Account):
    """A party's account: before every transaction the party writes down the head it builds on."""

    def __init__(self, ledger: Ledger, party: Party) -> None:
        super().__init__(ledger, party.keyring.account)
        self._party = party

    def transact(self, call: Call) -> Receipt:
        """Sees, then sends."""
        self._party.see_chain()
        return self.transact_unseen(call)

    def transact_unseen(self, call: Call) -> Receipt:
        """Sends; for a caller that has written the head down itself (anchoring that record)."""
        return super().transact(call)


class LogAnchors:
    """The ledger's anchors of one party's log.

    To `quorate.provenance.publish` they are where heads go (`Anchors`), to the log itself a memory
    of what it signed (`quorate.log.rollback.HeadMemory`).
    """

    name = "the ledger's anchor"

    def __init__(self, party: Party, suite: Suite) -> None:
        self._party = party
        self._suite = suite

    def size_seen(self, note: str) -> int:
        """The size that is anchored; `VerificationError` if the log has another root there."""
        head, log = self._head(), self._party.log
        if 0 < head.size <= log.size and log.root_at(head.size) != head.root:
            raise VerificationError(f"the root at {head.size} is another")
        return head.size

    def anchored(self) -> int:
        """The largest size of this log that the ledger holds."""
        return self._head().size

    def anchor(self, size: int, root: bytes) -> None:
        """Puts a head on the ledger, with the proof that it extends the one that is there."""
        party, old = self._party, self.anchored()
        proof = party.log.consistency(old, size) if old else []
        call = self._suite.anchor.anchor(party.address, party.log_id, size, root, proof)
        party.account.transact_unseen(call)

    def _head(self) -> Head:
        return self._suite.anchor.head(self._party.address, self._party.log_id)


def _open_log(folder: Path, origin: str, keyring: Keyring, clock: Clock) -> Log:
    if FolderStorage(folder).head() is not None:
        return Log.open(folder, origin, *keyring.log_signers, clock)
    make_folder(folder)
    return Log.create(folder, origin, *keyring.log_signers, clock)
