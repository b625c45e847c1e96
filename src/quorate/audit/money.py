"""The numbers: every set, median, reward and slash computed again, every token accounted for."""

from collections import Counter
from dataclasses import dataclass

from quorate.audit.case import Case
from quorate.audit.chain import ask, course, events
from quorate.audit.findings import Balance, RoundStory
from quorate.audit.rounds import Reexecution, testimony
from quorate.audit.task import TaskEvidence
from quorate.audit.transcript import Transcript
from quorate.core.errors import VerificationError
from quorate.learning.payouts import Entry, TaskLedger
from quorate.learning.settlement import FactsReader, Settlement, SettlementTerms, settle

PARTICIPANT, VALIDATOR = 2, 4
NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Settled:
    """What the rounds' facts lead to: each round's result, and what all of them leave owed."""

    results: list[Settlement]
    ledger: TaskLedger


def check_settlement(case: Case, task: TaskEvidence, rounds: list[Transcript]) -> Settled:
    """Every round closed as its facts demand: set, winners, medians, entries, suspensions.

    The task has ended: a favourable beginning of it is no result. The facts (who committed,
    revealed, what) come from the chain's events; the same integer function that the contract should
    compute is computed here and compared number by number. What each account has earned after each
    round is computed too: the root over these entries is the one that the contract pays against.
    """
    terms = SettlementTerms(
        **{name: getattr(task.terms, name) for name in SettlementTerms.__dataclass_fields__}
    )
    by_number = {round_.number: round_ for round_ in rounds}
    settled = Settled([], TaskLedger(task.task, task.validators, task.participants))
    reader, told = FactsReader(), course(case)
    for event in told:
        reader.take(event.name, event.values)
        if event.name in ("Settled", "Aborted"):
            result = settle(reader.facts(), terms)
            settled.ledger.take(result)
            _compare(by_number[int(event["round"])], result, settled.ledger)
            settled.results.append(result)
    if len(settled.results) != len(rounds):
        raise VerificationError("a round was opened and never closed", place="Rounds")
    if not any(event.name == "TaskEnded" for event in told):
        done = f"{len(rounds)} of {task.spec.rounds} rounds are done"
        raise VerificationError(f"has not ended: {done}", place="Rounds: task")
    results = settled.results
    count = sum(4 + len(result.scores) + len(result.penalties) for result in results)
    case.passed(
        "settlement",
        count,
        f"sets, winners, medians, rewards and penalties of {len(results)} rounds are what their "
        "votes give",
    )
    return settled


def _compare(round_: Transcript, result: Settlement, ledger: TaskLedger) -> None:
    found = {
        "outcome": round_.aborted or "",
        "included set": round_.included or 0,
        "aggregate": round_.aggregate or b"",
        "acceptance": round_.accepted,
        "medians": round_.medians,
        "winners": set(round_.winners),
        "rewards": (round_.spent, round_.root or ledger.root),
        "suspensions": round_.suspended,
        "low scores": round_.low,
    }
    due = {
        "outcome": result.aborted,
        "included set": result.included,
        "aggregate": result.aggregate,
        "acceptance": result.accepted,
        "medians": dict(result.scores),
        "winners": set(result.validator_rewards),
        "rewards": (result.spent, ledger.root),
        "suspensions": result.suspended,
        "low scores": {p.account: p.amount for p in result.penalties if p.reason == "low score"},
    }
    for what, value in found.items():
        if value != due[what]:
            raise VerificationError(
                f"its {what} are not what its votes give", place=f"round {round_.number}"
            )


def check_money(case: Case, task: TaskEvidence, rounds: list[Transcript], settled: Settled) -> None:
    """Every token is accounted for: slashes have a cause, rewards reach their owners.

    1. Each slash on the chain is one that a settled round, a lost appeal or an equivocation
       demands, and each that is demanded was executed.
    2. Token balances follow from the transfers, supply is conserved, bonds follow from deposits,
       withdrawals and slashes; all equal the replayed contracts' own state.
    3. What the contract owes is what the rounds gave; nobody claimed more, what was claimed was
       paid, the sponsor got back only what the rounds left, and the rest is still there.
    """
    count = _check_slashes(case, task, rounds, settled.results)
    count += _check_balances(case)
    count += _check_bonds(case)
    count += _check_rewards(case, task, settled.ledger)
    case.passed("money", count, "slashes, balances, bonds, supply and payments add up")


def _check_slashes(
    case: Case, task: TaskEvidence, rounds: list[Transcript], results: list[Settlement]
) -> int:
    # 1.
    due = Counter((p.account, p.amount, p.reason) for result in results for p in result.penalties)
    lie = task.terms.lie_penalty
    for event in events(case, "Appeals"):
        if event.name == "Resolved" and not event["reinstated"]:
            due[event["validator"], lie, "lie"] += 1
        if event.name == "Equivocated":
            due[event["validator"], lie, "equivocation"] += 1
    slashed = [event for event in events(case, "Stakes") if event.name == "Slashed"]
    found = Counter((event["account"], event["due"], event["reason"]) for event in slashed)
    if found != due:
        odd = next(iter((found - due) or (due - found)))
        raise VerificationError(
            f"the slash of {case.name_of(odd[0])} for {odd[2]!r} is unfounded or missing",
            place="Stakes",
        )
    open_cases = {who for round_ in rounds for who in round_.suspended}
    closed = {e["validator"] for e in events(case, "Appeals") if e.name == "Resolved"}
    if open_cases - closed:
        name = case.name_of(next(iter(open_cases - closed)))
        case.notes.append(f"the appeal window of {name} was still open when this was exported")
    return len(slashed)


def _check_balances(case: Case) -> int:
    # 2. tokens
    balances: Counter[str] = Counter()
    for event in events(case, "Token"):
        if event.name == "Transfer":
            balances[event["sender"]] -= event["value"]
            balances[event["receiver"]] += event["value"]
    supply = -balances.pop(NOBODY, 0)
    if supply != ask(case, "Token", "totalSupply") or sum(balances.values()) != supply:
        raise VerificationError("the supply is not what was minted and burnt", place="Token")
    for account, balance in balances.items():
        if balance < 0 or ask(case, "Token", "balanceOf", account) != balance:
            raise VerificationError(
                f"the balance of {case.name_of(account)} does not follow from the transfers",
                place="Token",
            )
    return len(balances) + 1


def _check_bonds(case: Case) -> int:
    # 2. bonds
    bonds: Counter[tuple[str, int]] = Counter()
    for event in events(case, "Stakes"):
        if event.name in ("Deposited", "Withdrawn", "Slashed"):
            sign = 1 if event.name == "Deposited" else -1
            bonds[event["account"], event["role"]] += sign * event["amount"]
    for (account, role), amount in bonds.items():
        bonded, unbonding, _, _ = ask(case, "Stakes", "bond_of", account, role)
        if bonded + unbonding != amount:
            raise VerificationError(
                f"the bond of {case.name_of(account)} does not follow from its history",
                place="Stakes",
            )
    return len(bonds)


def _check_rewards(case: Case, task: TaskEvidence, ledger: TaskLedger) -> int:
    # 3.
    kept = ask(case, "Tasks", "ledger_of", task.task)
    due = (ledger.root, ledger.digest, ledger.roster, len(ledger.accounts), ledger.spent)
    if kept != due:
        raise VerificationError("owes other sums than its rounds give", place="Tasks: ledger")
    paid, escrow, refunded = _payments(case, ledger)
    claimed: Counter[str] = Counter()
    for place, (account, entry) in enumerate(zip(ledger.accounts, ledger.entries, strict=True)):
        taken = Entry.unpack(ask(case, "Tasks", "claimed_of", task.task, place))
        claimed[account] += taken.amount
        if taken.amount > entry.amount or taken.settled > entry.settled:
            raise VerificationError(
                f"{case.name_of(account)} was paid more than it earned", place="Tasks"
            )
        if taken.amount < entry.amount:
            case.notes.append(f"{case.name_of(account)} has not claimed all that it earned")
    if +paid != +claimed:
        odd = next(iter(paid - claimed or claimed - paid))
        raise VerificationError(f"{case.name_of(odd)} was not paid what it claimed", place="Tasks")
    if refunded not in ([], [(task.terms.sponsor, escrow - ledger.spent)]):
        raise VerificationError("was not refunded what the rounds left", place="Tasks: sponsor")
    left = escrow - sum(paid.values()) - sum(amount for _, amount in refunded)
    if ask(case, "Tasks", "deal_of", task.task) != (escrow, left, bool(refunded)) or left < 0:
        raise VerificationError("holds another sum than what was not paid", place="Tasks: escrow")
    return len(ledger.accounts) + 2


def _payments(case: Case, ledger: TaskLedger) -> tuple[Counter[str], int, list[tuple[str, int]]]:
    """What Tasks says it paid: claims by account, the escrow paid in, refunds."""
    paid: Counter[str] = Counter()
    escrow, refunded = 0, []
    for event in events(case, "Tasks"):
        if event.name == "TaskCreated":
            escrow += event["escrow"]
        if event.name == "Claimed":
            paid[event["account"]] += event["amount"]
        if event.name == "ClaimedMany":
            for place, amount in zip(event["places"], event["amounts"], strict=True):
                paid[ledger.accounts[place]] += amount
        if event.name == "Refunded":
            refunded.append((event["sponsor"], event["amount"]))
    return paid, escrow, refunded


def tell_story(
    case: Case,
    task: TaskEvidence,
    rounds: list[Transcript],
    settled: Settled,
    found: Reexecution,
) -> None:
    """Fills the report's story from what the steps established."""
    case.story.decimals = ask(case, "Token", "decimals")
    for round_, result in zip(rounds, settled.results, strict=True):
        names = [case.name_of(account) for account in task.participants]
        included = round_.included or 0
        loss, accuracy = testimony(found, round_)
        case.story.rounds.append(
            RoundStory(
                number=round_.number,
                settled=round_.settled,
                accepted=round_.accepted,
                included=tuple(n for i, n in enumerate(names) if included >> i & 1),
                excluded=tuple(n for i, n in enumerate(names) if not included >> i & 1),
                medians={case.name_of(a): m for a, m in result.scores.items()},
                rewards={case.name_of(a): amount for a, amount in result.rewards.items()},
                penalties=_penalties(case, task, round_),
                suspended=tuple(case.name_of(a) for a in round_.suspended),
                loss=loss,
                accuracy=accuracy,
                reason=round_.aborted or "",
            )
        )
    case.story.balances = _balances(case, task, settled.ledger)


def _penalties(case: Case, task: TaskEvidence, round_: Transcript) -> dict[str, int]:
    found = {case.name_of(account): penalty for account, penalty in round_.low.items() if penalty}
    absence = task.terms.absence_penalty
    for index, account in enumerate(task.participants):
        if round_.absent >> index & 1:
            found[case.name_of(account)] = absence
    return found


def _balances(case: Case, task: TaskEvidence, ledger: TaskLedger) -> list[Balance]:
    staked: Counter[str] = Counter()
    slashed: Counter[str] = Counter()
    earned: Counter[str] = Counter()
    for event in events(case, "Stakes"):
        if event.name == "Deposited":
            staked[event["account"]] += event["amount"]
        if event.name == "Slashed":
            slashed[event["account"]] += event["amount"]
    for account, entry in zip(ledger.accounts, ledger.entries, strict=True):
        earned[account] += entry.amount
    return [
        Balance(case.name_of(account), role, staked[account], earned[account], slashed[account])
        for role, accounts in (("participant", task.participants), ("validator", task.validators))
        for account in accounts
    ]
