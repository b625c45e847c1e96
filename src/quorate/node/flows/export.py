"""The evidence of a finished task: one bundle for an auditor, one trust file beside it.

Before anything is exported every log is anchored, sees the final block, and is cosigned by all the
others; then each receipt is made under that last checkpoint.
"""

from dataclasses import dataclass
from pathlib import Path

from quorate.core.encoding import canonical_bytes, encode_base64
from quorate.core.files import make_folder, write_durable
from quorate.core.hashing import Digest
from quorate.core.keyring import Keyring
from quorate.core.sealing import content_key_of, seal
from quorate.core.sources import Randomness
from quorate.learning.arrays import Model
from quorate.learning.payouts import Entry
from quorate.ledger.contracts import NAMES, load_artifact
from quorate.ledger.evidence import export_blocks
from quorate.log.tiles import encode_entries
from quorate.node.federation import FOUNDER, Federation
from quorate.node.party import Party
from quorate.node.task_chain import ROLE_PARTICIPANT, ROLE_VALIDATOR, STATE_ENDED
from quorate.node.tasks import initial_model
from quorate.provenance.book import DECISION
from quorate.provenance.bundle import (
    AUDITOR_FOLDER,
    BLOCKS,
    BUNDLE_FILE,
    FINAL_MODEL,
    INITIAL_MODEL,
    MANIFEST,
    OPENING_KEY_FILE,
    OPENINGS,
    ROOTS,
    TRUST_FILE,
    pack,
    seal_manifest,
)
from quorate.provenance.kinds import Model as ModelClaim
from quorate.provenance.kinds import Update as UpdateClaim
from quorate.provenance.roots import ChainRoot, Roots
from quorate.provenance.statement import parse_envelope


@dataclass(frozen=True, slots=True)
class Export:
    """Where the evidence lies, and how much of it there is."""

    bundle: Path
    trust: Path
    opening_key: Path
    records: int
    transactions: int
    receipts: int


def publish_model(federation: Federation, model: Model) -> None:
    """The founder's statement of which model the task ended with."""
    initial = initial_model(federation.task, federation.trainer)
    federation.founder.publisher.publish(
        "model-0001",
        lambda: ModelClaim(
            author=FOUNDER,
            time=str(federation.clock.now_ns()),
            task=federation.chain.task.hex(),
            rounds=federation.suite.rounds.round_of(federation.chain.task).number,
            initial=str(initial.digest),
            digest=str(model.digest),
        ),
    )
    write_durable(federation.home / "model.safetensors", model.to_bytes())


def claim_rewards(federation: Federation) -> None:
    """Everyone takes what it earned, in money and in reputation.

    After the task's end bonds are let go, and the founder takes what is left.
    """
    chain, suite = federation.chain, federation.suite
    ledger = chain.accounts().ledger
    for place, (account, entry) in enumerate(zip(ledger.accounts, ledger.entries, strict=True)):
        taken = Entry.unpack(suite.tasks.claimed_of(chain.task, place))
        shown = (chain.task, place, entry.pack(), ledger.proof(place))
        if taken.amount < entry.amount:
            federation.party_at(account).transact(suite.tasks.claim(*shown))
        if taken.settled < entry.settled:
            federation.party_at(account).transact(suite.tasks.credit(*shown))
    if chain.state() != STATE_ENDED:
        return
    for place, account in enumerate(ledger.accounts):
        if _is_held(federation, account):
            federation.party_at(account).transact(suite.tasks.release(chain.task, place))
    if not suite.tasks.deal_of(chain.task).refunded:
        federation.founder.transact(suite.tasks.refund(chain.task))


def _is_held(federation: Federation, account: str) -> bool:
    """Whether the task, the only one here, still holds a bond of the account."""
    bond_of = federation.suite.stakes.bond_of
    return any(bond_of(account, role).locks for role in (ROLE_PARTICIPANT, ROLE_VALIDATOR))


def export_evidence(federation: Federation, model: Model, randomness: Randomness) -> Export:
    """Writes bundle, trust file and the auditor's opening key; the same again on a second call."""
    auditor = _auditor(federation, randomness)
    trust = federation.home / AUDITOR_FOLDER / TRUST_FILE
    bundle = federation.home / BUNDLE_FILE
    roots = roots_of(federation)
    if not bundle.exists():
        _close_logs(federation)
        members = _members(federation, model, roots)
        members[OPENINGS] = _openings(federation, members, auditor, randomness)
        members[MANIFEST] = seal_manifest(
            members,
            FOUNDER,
            federation.founder.keyring.statement_signers,
            form="sealed",
            auditor=auditor.sealing.public_key.keyid,
            time_ns=federation.clock.now_ns(),
        )
        write_durable(bundle, pack(members))
    write_durable(trust, roots.to_bytes())
    return Export(
        bundle=bundle,
        trust=trust,
        opening_key=federation.home / AUDITOR_FOLDER / OPENING_KEY_FILE,
        records=sum(party.log.size for party in federation.parties.values()),
        transactions=federation.ledger.head().number,
        receipts=sum(len(_recorded(party)) for party in federation.parties.values()),
    )


def roots_of(federation: Federation) -> Roots:
    """What an auditor of this consortium has to trust; one hand, since all ran in one process."""
    code = {name: load_artifact(name).root for name in NAMES}
    genesis = next(iter(federation.ledger.blocks()))
    return Roots(
        chain=ChainRoot(
            chain_id=federation.ledger.chain_id,
            genesis=str(genesis.header.hash()),
            operator=federation.ledger.operator,
            contracts=federation.suite.book.named(),
            code={name: (str(root.creation), root.size) for name, root in code.items()},
        ),
        members=tuple(
            party.root(federation.controller_of(name), federation.roles_of(name))
            for name, party in federation.parties.items()
        ),
        hands=(tuple(federation.parties),),
    )


def _close_logs(federation: Federation) -> None:
    """Anchors what is new, then lets every log see the final block, then cosigns all."""
    for party in federation.parties.values():
        party.anchor_log(federation.suite)
    for party in federation.parties.values():
        party.see_chain()
    federation.cosign()


def _auditor(federation: Federation, randomness: Randomness) -> Keyring:
    """The demo's auditor: keys made outside the bundle; only openings are sealed to them."""
    folder = federation.home / AUDITOR_FOLDER
    path = folder / OPENING_KEY_FILE
    if not path.exists():
        make_folder(folder, mode=0o700)
        Keyring.generate("auditor", randomness).save(path, randomness, federation.passphrase)
    return Keyring.load(path, federation.passphrase)


def _members(federation: Federation, model: Model, roots: Roots) -> dict[str, bytes]:
    initial = initial_model(federation.task, federation.trainer)
    members = {
        ROOTS: roots.to_bytes(),
        BLOCKS: export_blocks(federation.ledger.blocks()),
        INITIAL_MODEL: initial.to_bytes(),
        FINAL_MODEL: model.to_bytes(),
    }
    for name, party in federation.parties.items():
        members[f"log/{name}/entries"] = encode_entries(list(party.log.entries()))
        members[f"log/{name}/checkpoint"] = party.log.checkpoint_note().encode()
        for key, index in _recorded(party).items():
            members[f"receipt/{name}/{key}.tlog-proof"] = party.log.receipt(index).encode()
        for published in party.publisher.published():
            members[f"statement/{name}/{published.key}.json"] = published.envelope
    for name, participant in federation.participants.items():
        for published in participant.party.publisher.published():
            if published.key.startswith("update-"):
                claim = UpdateClaim.from_statement(parse_envelope(published.envelope).statement)
                blob = participant.party.vault.envelope(Digest.parse(claim.blob))
                members[f"update/{claim.round:04d}/{name}.sealed"] = blob
    return members


def _recorded(party: Party) -> dict[str, int]:
    """Index of every record that gets a receipt of its own, by the receipt's key."""
    found = {each.key: each.index for each in party.publisher.published()}
    for index, record in party.book.records():
        if record.type == DECISION:
            found[f"decision-{index:04d}"] = index
    return found


def _openings(
    federation: Federation,
    members: dict[str, bytes],
    auditor: Keyring,
    randomness: Randomness,
) -> bytes:
    """The content key of every update, sealed to the auditor alone."""
    keys = {}
    for path, envelope in members.items():
        if path.startswith("update/"):
            owner = federation.parties[path.rsplit("/", 1)[1].removesuffix(".sealed")]
            keys[path] = encode_base64(content_key_of(envelope, owner.keyring.sealing))
    return seal(canonical_bytes(keys), [auditor.sealing.public_key], randomness)
