"""The chain: replayed from nothing, its contracts and members the ones that the roots name."""

from typing import Any

from quorate.audit.case import Case
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.ledger.contracts import NAMES, Contract, Event
from quorate.ledger.evidence import CodeRoot, ReplayedChain, parse_blocks, replay
from quorate.ledger.hashchain import head_of
from quorate.ledger.suite import VOTES, WIRES
from quorate.provenance.bundle import BLOCKS
from quorate.provenance.roots import MemberRoot

COURSE = ("Tasks", "Rounds", "Appeals")
"""The contracts that tell together what happened to a task."""


def check_chain(case: Case) -> None:
    """Every block is signed, linked and, executed again, gives the same receipts and state.

    1. The blocks are in their one form, from the trusted genesis, each signed by the operator.
    2. Every transaction, executed again by the trusted bytecode, gives its receipt, and every
       block its state.
    3. At the trusted addresses lie the contracts of those names, and no other was created.
    4. They were created for each other: constructor arguments are not part of the trusted code.
    5. The events of each contract, folded one after the other, give the running hash that it keeps:
       every list of events that later steps read is complete and in order.
    """
    root = case.roots.chain
    codes = [CodeRoot(name, Digest.parse(d), size) for name, (d, size) in root.code.items()]
    try:
        # 1. and 2.
        blocks = parse_blocks(case.members[BLOCKS])
        chain = replay(blocks, root.operator, Digest.parse(root.genesis), codes)
    except KeyError:
        raise VerificationError("missing", place=BLOCKS) from None
    except EncodingError as error:
        raise VerificationError(error.message, place=BLOCKS) from None
    if chain.chain_id != root.chain_id:
        raise VerificationError("is another chain than the trusted one", place=BLOCKS)
    # 3.
    for name in NAMES:
        address = root.contracts.get(name, "")
        if chain.contracts.get(address) != name:
            raise VerificationError(f"no {name} was created at {address!r}", place=BLOCKS)
    if set(chain.contracts) != set(root.contracts.values()):
        raise VerificationError("a contract was created that the roots do not name", place=BLOCKS)
    case.chain = chain
    # 4.
    _check_wiring(case)
    # 5.
    count = _check_event_heads(case)
    case.story.blocks = len(blocks)
    case.story.transactions = len(chain.transactions)
    case.passed(
        "chain",
        len(blocks) + 2 * len(chain.transactions) + count,
        f"{len(blocks)} signed blocks link up; {len(chain.transactions)} transactions, executed "
        "again by the trusted bytecode, give the same receipts and the same state; no event is "
        f"missing among {count}",
    )


def _check_wiring(case: Case) -> None:
    contracts = case.roots.chain.contracts
    for name, others in WIRES:
        for other in others:
            if ask(case, name, other.lower()) != contracts[other]:
                raise VerificationError(f"was created for other {other}", place=f"{BLOCKS}: {name}")
    if ask(case, "Governor", "token") != contracts[VOTES]:
        raise VerificationError("counts other votes", place=f"{BLOCKS}: Governor")


def _check_event_heads(case: Case) -> int:
    """How many events there are."""
    count = 0
    for name in NAMES:
        face = contract(case, name)
        logged = list(replayed(case).events(face.address))
        if head_of(face, logged) != ask(case, name, "event_head"):
            raise VerificationError("an event is missing or in excess", place=f"{BLOCKS}: {name}")
        count += len(logged)
    return count


def check_membership(case: Case) -> None:
    """On the chain stand exactly the organisations of the roots, with these keys and roles."""
    admitted = [event for event in events(case, "Members") if event.name == "Admitted"]
    if len(admitted) != len(case.roots.members):
        raise VerificationError("the chain admits other members than the roots", place="Members")
    for member in case.roots.members:
        account = member.identity.account
        _, keys, controller, roles, suspended, _ = ask(case, "Members", "member", account)
        if (keys, controller, roles, suspended) != (*identity_on_chain(member), False):
            raise VerificationError(
                "keys, controller or roles on the chain are not those of the roots",
                place=f"Members: {member.name}",
            )
    case.passed(
        "membership",
        len(admitted),
        f"{len(admitted)} accounts on the chain hold the keys, controllers and roles of the roots",
    )


def identity_on_chain(member: MemberRoot) -> tuple[bytes, bytes, int]:
    """Digest of the identity, digest of the controller's name, roles: as Members stores them."""
    return (
        Digest.of_value(member.identity.to_value()).raw,
        Digest.of(member.controller.encode()).raw,
        member.roles,
    )


def replayed(case: Case) -> ReplayedChain:
    """The chain that `check_chain` established."""
    assert case.chain is not None, "the chain is checked before anything that reads it"
    return case.chain


def contract(case: Case, name: str) -> Contract:
    """A contract at its trusted address."""
    return Contract(name, case.roots.chain.contracts[name])


def ask(case: Case, name: str, view: str, *arguments: object) -> Any:
    """The one value that a view of a contract returns after the last block."""
    face = contract(case, name)
    call = face.encode(view, *arguments)
    (value,) = face.decode(view, replayed(case).call(face.address, call.data))
    return value


def events(case: Case, name: str) -> list[Event]:
    """Every decoded event of one contract, in order."""
    face = contract(case, name)
    return [face.event(logged) for logged in replayed(case).events(face.address)]


def course(case: Case) -> list[Event]:
    """Every decoded event of Tasks, Rounds and Appeals, in the order in which they happened."""
    found = [event for name in COURSE for event in events(case, name)]
    return sorted(found, key=lambda event: (event.place.block, event.place.position))
