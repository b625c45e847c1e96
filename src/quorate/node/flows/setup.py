"""Founding a task: contracts, data sets, the members' vote, stakes, escrow, joining.

Every step looks at the ledger first and does only what is missing, so the flow can be killed and
run again at any point.
"""

from quorate.core.hashing import Digest
from quorate.ledger.deploy import deploy_suite
from quorate.ledger.faces.base import Face
from quorate.ledger.faces.members_facts import Voted
from quorate.ledger.faces.stakes_facts import Deposited
from quorate.node.federation import FOUNDER, ROLE_MEMBER, Federation
from quorate.node.flows.progress import Progress
from quorate.node.party import LogAnchors, Party
from quorate.node.task_chain import (
    ROLE_PARTICIPANT,
    ROLE_VALIDATOR,
    STATE_JOINING,
    STATE_NONE,
    Suite,
    TaskChain,
)
from quorate.node.tasks import SUPPLY, TOKEN, escrow_of, terms_of
from quorate.provenance.kinds import DataSet, Task

UNBONDING_SECONDS = 7 * 24 * 3600


def set_up(federation: Federation, progress: Progress) -> None:
    """Brings the task to the point where its first round can open."""
    progress.stage("founding the consortium: contracts and members")
    _deploy(federation)
    progress.stage("registering data sets and hold-outs (commitments only)")
    _publish_datasets(federation)
    progress.stage("proposing the task and voting on it")
    _approve(federation)
    progress.stage("staking, paying in the rewards, joining")
    _stake(federation)
    _create(federation)
    _join(federation)
    if federation.chain.state() == STATE_JOINING:
        federation.cosign()


def _deploy(federation: Federation) -> None:
    founders = [
        (
            party.address,
            Digest.of_value(party.keyring.identity.to_value()).raw,
            Digest.of(federation.controller_of(name).encode()).raw,
            federation.roles_of(name),
        )
        for name, party in federation.parties.items()
    ]
    stakes = federation.task.stakes
    holders = [(federation.founder.address, SUPPLY)]
    holders += [
        (federation.parties[name].address, stakes.participant * TOKEN)
        for name in federation.participants
    ]
    holders += [
        (federation.parties[name].address, stakes.validator * TOKEN)
        for name in federation.validators
    ]
    book = deploy_suite(
        federation.ledger, federation.founder.account, founders, holders, UNBONDING_SECONDS
    )
    federation.suite = Suite(federation.ledger, book)
    for party in federation.parties.values():
        party.compare_log_with_anchor(federation.suite)


def _publish_datasets(federation: Federation) -> None:
    for name, holding in federation.holdings.train.items():
        _publish_dataset(federation, name, "training", holding.rows)
    for name, holding in federation.holdings.holdout.items():
        _publish_dataset(federation, name, "hold-out", holding.rows)
    for name in (*federation.participants, *federation.validators):
        anchor(federation, federation.parties[name], least=2)


def _publish_dataset(
    federation: Federation, name: str, purpose: str, rows: tuple[tuple[str, ...], ...]
) -> None:
    party = federation.parties[name]
    holdings = federation.holdings
    holding = holdings.train[name] if purpose == "training" else holdings.holdout[name]

    def claim() -> DataSet:
        return DataSet(
            author=name,
            time=str(federation.clock.now_ns()),
            name=f"{federation.spec.name} {purpose} rows",
            purpose=purpose,
            rows=len(rows),
            columns=federation.holdings.width,
            commitment=str(federation.commitment_of(name, purpose, holding)),
            licence=federation.spec.licence,
        )

    party.publisher.publish("dataset-0001", claim)


def _approve(federation: Federation) -> None:
    spec, founder = federation.spec, federation.founder
    founder.publisher.publish(
        "task-0001",
        lambda: Task(
            author=FOUNDER,
            time=str(federation.clock.now_ns()),
            name=spec.name,
            spec=spec.to_value(),
        ),
    )
    anchor(federation, founder, least=2)
    suite = federation.suite
    terms = terms_of(federation.task, spec, founder.address)
    validators = [federation.parties[name].address for name in federation.validators]
    task = suite.tasks.task_id(terms, validators)
    federation.chain = TaskChain(suite, task)
    for name, party in federation.parties.items():
        if suite.members.approved(task):
            break
        if federation.roles_of(name) & ROLE_MEMBER and not _has_voted(suite, task, party):
            party.transact(suite.members.vote(task, True))


def _has_voted(suite: Suite, subject: bytes, party: Party) -> bool:
    return any(
        event.subject == subject and event.account == party.address
        for event in suite.memberships.of(Voted)
    )


def _stake(federation: Federation) -> None:
    stakes = federation.task.stakes
    for name in federation.participants:
        _deposit(federation, name, ROLE_PARTICIPANT, stakes.participant * TOKEN)
    for name in federation.validators:
        _deposit(federation, name, ROLE_VALIDATOR, stakes.validator * TOKEN)


def _deposit(federation: Federation, name: str, role: int, amount: int) -> None:
    suite, party = federation.suite, federation.parties[name]
    if not any(event.account == party.address for event in suite.bonds.of(Deposited)):
        _allow(federation, party, suite.stakes, amount)
        party.transact(suite.stakes.deposit(role, amount))


def _create(federation: Federation) -> None:
    suite, founder = federation.suite, federation.founder
    if federation.chain.state() != STATE_NONE:
        return
    _allow(federation, founder, suite.tasks, escrow_of(federation.task))
    terms = terms_of(federation.task, federation.spec, founder.address)
    validators = [federation.parties[name].address for name in federation.validators]
    founder.transact(suite.tasks.create(terms, validators))


def _join(federation: Federation) -> None:
    chain = federation.chain
    if chain.state() != STATE_JOINING:
        return
    joined = chain.participants()
    for name, participant in federation.participants.items():
        party = participant.party
        if party.address not in joined:
            holding = federation.holdings.train[name]
            dataset = federation.commitment_of(name, "training", holding).raw
            party.transact(chain.tasks.join(chain.task, dataset, len(holding.rows)))


def _allow(federation: Federation, party: Party, spender: Face, amount: int) -> None:
    token = federation.suite.token
    if token.allowance(party.address, spender.address) < amount:
        party.transact(token.approve(spender.address, amount))


def anchor(federation: Federation, party: Party, *, least: int) -> None:
    """Anchors a party's log unless the ledger holds a head of at least ``least`` leaves."""
    if LogAnchors(party, federation.suite).anchored() < least:
        party.anchor_log(federation.suite)
