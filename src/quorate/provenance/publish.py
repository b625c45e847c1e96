"""Publication, always in the same order: vault, log, ledger; resumable after any step.

1. Vault: bytes that the statement names are sealed and stored first (by the caller, through the
   vault; a crash afterwards leaves an orphan blob and nothing else).
2. The statement is signed and written durably under its key. From here on its bytes are fixed: a
   resumed publication finds the file and never signs a second, different statement.
3. Log: a record naming the statement's digest is appended, once.
4. Ledger: the log's size and root are anchored (`Publisher.anchor`), which one call does for
   everything published before it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from quorate.core.files import make_folder, read_file, remove_leftovers, write_durable
from quorate.core.keys import Signer
from quorate.provenance.book import AppendOnlyLog, RecordBook
from quorate.provenance.kinds import Kind
from quorate.provenance.statement import sign_statement

STATEMENT_LIMIT = 2**26  # bytes


class AnchorableLog(AppendOnlyLog, Protocol):
    """A log whose head can be anchored."""

    @property
    def root(self) -> bytes:
        """The root over all leaves, 32 bytes."""
        ...


class Anchors(Protocol):
    """The ledger's face for anchors of one log."""

    def anchored(self) -> int:
        """The largest size of this log that the ledger holds, 0 if none."""
        ...

    def anchor(self, size: int, root: bytes) -> None:
        """Puts a head on the ledger; final on return; repeating a head changes nothing."""
        ...


@dataclass(frozen=True, slots=True)
class Published:
    """A statement that is durable and recorded: its envelope and its record's index."""

    key: str
    envelope: bytes
    index: int


class Publisher:
    """Publishes one party's statements."""

    def __init__(
        self, signers: tuple[Signer, ...], log: AnchorableLog, book: RecordBook, folder: Path
    ) -> None:
        self._signers = signers
        self._log = log
        self._book = book
        self._folder = folder
        make_folder(folder)
        remove_leftovers(folder)

    def publish(self, key: str, claim: Callable[[], Kind]) -> Published:
        """Steps 2 and 3 for the statement ``key``; ``claim`` is asked only the first time."""
        path = self._folder / f"{key}.json"
        if not path.exists():
            # 2.
            envelope = sign_statement(claim().to_statement(), self._signers)
            write_durable(path, envelope)
        envelope = read_file(path, "statement", limit=STATEMENT_LIMIT)
        # 3.
        index = self._book.record_statement(key.rsplit("-", 1)[0], key, envelope)
        return Published(key, envelope, index)

    def published(self) -> list[Published]:
        """Everything published so far, by key."""
        keys = sorted(path.stem for path in self._folder.glob("*.json"))
        return [self.publish(key, _never) for key in keys]

    def anchor(self, anchors: Anchors) -> None:
        """Step 4 for all that the log holds now, unless the ledger has it already."""
        if anchors.anchored() < self._log.size:
            anchors.anchor(self._log.size, self._log.root)


def _never() -> Kind:
    raise AssertionError("a published statement is never made again")
