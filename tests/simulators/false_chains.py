"""Forgeries of the chain: blocks, transactions, receipts and states, rebuilt by one party."""

from dataclasses import replace
from typing import Any

from quorate.core.hashing import Digest
from quorate.ledger.blocks import Block
from quorate.ledger.contracts import Contract
from quorate.ledger.interface import Receipt
from quorate.ledger.transactions import decode_transaction, sign_transaction
from tests.simulators.forger import Forger
from tests.simulators.forgery import Draw, InapplicableError, kind, pick


def edit_event(forger: Forger, draw: Draw, contract: str, name: str) -> None:
    """Adds one to the last word of an event's data, in the receipt alone."""
    face = Contract(contract, forger.evidence.roots.chain.contracts[contract])
    topic = next(t for t, shape in face.artifact.events.items() if shape.name == name)
    blocks = forger.blocks()

    def has(receipt: Receipt) -> bool:
        return any(log.address == face.address and log.topics[0] == topic for log in receipt.logs)

    number = pick(draw, [b.header.number for b in blocks if any(map(has, b.receipts))])

    def edit(block: Block) -> Block:
        if block.header.number != number:
            return block
        return replace(block, receipts=tuple(map(edited, block.receipts)))

    def edited(receipt: Receipt) -> Receipt:
        logs = tuple(
            replace(log, data=log.data[:-1] + bytes([log.data[-1] ^ 1]))
            if log.topics[0] == topic
            else log
            for log in receipt.logs
        )
        return replace(receipt, logs=logs)

    forger.reseal(edit)


@kind("claim in a receipt", "an account was paid otherwise")
def _claimed(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Tasks", "Claimed")


@kind("vote in a receipt", "a validator revealed another vote")
def _revealed(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Rounds", "VoteRevealed")


@kind("stake in a receipt", "a validator was seated with another stake")
def _seated(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Tasks", "Seated")


@kind("refund in a receipt", "the sponsor got back another sum")
def _refunded(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Tasks", "Refunded")


@kind("transfer in a receipt", "another amount was paid")
def _paid(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Token", "Transfer")


@kind("conflicts in a receipt", "a participant joined under another validator's control")
def _joined(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Tasks", "Joined")


@kind("settled in a receipt", "the round settled otherwise, by medians, sums or root")
def _settled(forger: Forger, draw: Draw) -> None:
    edit_event(forger, draw, "Rounds", "Settled")


@kind("receipt dropped", "a transaction left no receipt")
def _no_receipt(forger: Forger, draw: Draw) -> None:
    number = draw.randrange(1, len(forger.blocks()))
    forger.reseal(lambda b: replace(b, receipts=()) if b.header.number == number else b)


@kind("state of a block", "a block left another state")
def _state(forger: Forger, draw: Draw) -> None:
    number, state = draw.randrange(1, len(forger.blocks())), Digest.of(b"another state")

    def edit(block: Block) -> Block:
        header = replace(block.header, state=state)
        return replace(block, header=header) if block.header.number == number else block

    forger.reseal(edit)


def execute(forger: Forger, plan: Any) -> None:
    """Executes; where the engine refuses a transaction the forgery cannot even be made."""
    try:
        forger.execute(plan)
    except Exception:
        raise InapplicableError from None


@kind("transaction dropped", "a transaction was never sent")
def _drop(forger: Forger, draw: Draw) -> None:
    plan, last = forger.plan(), {}
    for number, (_, raws) in enumerate(plan):
        for raw in raws:
            last[decode_transaction(raw).sender] = number
    number = pick(draw, sorted(last.values()))  # the last of its sender: every nonce stays right
    execute(forger, plan[:number] + plan[number + 1 :])


@kind("transactions reordered", "two transactions came in the other order")
def _swap(forger: Forger, draw: Draw) -> None:
    plan = forger.plan()
    senders = [decode_transaction(raws[0]).sender for _, raws in plan]
    number = pick(draw, [i for i in range(len(plan) - 1) if senders[i] != senders[i + 1]])
    plan[number], plan[number + 1] = (
        (plan[number][0], plan[number + 1][1]),
        (plan[number + 1][0], plan[number][1]),
    )
    execute(forger, plan)


@kind("chain cut", "the last blocks never were")
def _cut(forger: Forger, draw: Draw) -> None:
    blocks = forger.blocks()
    forger.put_chain(list(blocks[: -draw.randrange(1, len(blocks) // 2)]))


@kind("block time", "the blocks came later")
def _time(forger: Forger, draw: Draw) -> None:
    plan = forger.plan()
    start, late = draw.randrange(len(plan)), draw.randrange(1, 3)
    execute(forger, [(t + late * (i >= start), raws) for i, (t, raws) in enumerate(plan)])


@kind("own transaction changed", "the party sent something else, signed by its own account")
def _resent(forger: Forger, draw: Draw) -> None:
    plan, account = forger.plan(), forger.keys.account
    own = [
        number
        for number, (_, raws) in enumerate(plan)
        if decode_transaction(raws[0]).sender == account.address
        and decode_transaction(raws[0]).transaction.to is not None
        and len(decode_transaction(raws[0]).transaction.data) > 4
    ]
    number = pick(draw, own)
    time, raws = plan[number]
    sent = decode_transaction(raws[0]).transaction
    data = sent.data[:-1] + bytes([sent.data[-1] ^ 1])
    plan[number] = (time, [sign_transaction(replace(sent, data=data), account), *raws[1:]])
    execute(forger, plan)


@kind("block added", "one more transaction, by the party itself, came at the end")
def _added(forger: Forger, draw: Draw) -> None:
    plan, account = forger.plan(), forger.keys.account
    sent = [decode_transaction(raw) for _, raws in plan for raw in raws]
    mine = [each.transaction for each in sent if each.sender == account.address]
    last = pick(draw, [each for each in mine if each.to is not None])
    again = replace(last, nonce=len(mine))
    execute(forger, [*plan, (plan[-1][0], [sign_transaction(again, account)])])


@kind("empty block added", "one more block came at the end")
def _empty(forger: Forger, draw: Draw) -> None:
    plan = forger.plan()
    execute(forger, [*plan, (plan[-1][0] + draw.randrange(9), [])])
