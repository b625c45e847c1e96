"""The numbers: every set, median, reward and slash computed again, every token accounted for."""

from collections import Counter

from quorate.audit.case import Case
from quorate.audit.chain import ask, events
from quorate.audit.findings import Balance, RoundStory
from quorate.audit.rounds import Reexecution, testimony
from quorate.audit.task import TaskEvidence
from quorate.audit.transcript import Transcript
from quorate.core.errors import VerificationError
from quorate.core.hashing import Digest
from quorate.learning.settlement import FactsReader, Settlement, SettlementTerms, settle

PARTICIPANT, VALIDATOR = 2, 4
NOBODY = "0x" + "00" * 20


def check_settlement(case: Case, task: TaskEvidence, rounds: list[Transcript]) -> list[Settlement]:
    """Every round closed as its facts demand: set, winner, medians, rewards, suspensions.

    The task has ended: a favourable beginning of it is no result. The facts (who committed,
    revealed, what) come from the chain's events; the same integer function that the contract should
    compute is computed here and compared number by number.
    """
    terms = SettlementTerms(
        **{name: getattr(task.terms, name) for name in SettlementTerms.__dataclass_fields__}
    )
    controllers = {
        member.identity.account: Digest.of(member.controller.encode()).raw
        for member in case.roots.members
    }
    by_number = {round_.number: round_ for round_ in rounds}
    reader, results = FactsReader(), []
    for event in events(case, "Rounds"):
        reader.take(event.name, event.values)
        if event.name in ("Settled", "Aborted"):
            result = settle(reader.facts(controllers), terms)
            _compare(by_number[int(event["round"])], result)
            results.append(result)
    if len(results) != len(rounds):
        raise VerificationError("a round was opened and never closed", place="Rounds")
    if not any(event.name == "TaskEnded" for event in events(case, "Rounds")):
        told = f"{len(rounds)} of {task.spec.rounds} rounds are done"
        raise VerificationError(f"has not ended: {told}", place="Rounds: task")
    count = sum(4 + len(result.scores) + len(result.penalties) for result in results)
    case.passed(
        "settlement",
        count,
        f"sets, winners, medians, rewards and penalties of {len(results)} rounds are what their "
        "votes give",
    )
    return results


def _compare(round_: Transcript, result: Settlement) -> None:
    found = {
        "outcome": round_.aborted or "",
        "included set": round_.included or 0,
        "aggregate": round_.aggregate or b"",
        "acceptance": round_.accepted,
        "medians": {who: score.median for who, score in round_.scores.items()},
        "rewards": {who: score.reward for who, score in round_.scores.items()},
        "validators' rewards": round_.validator_rewards,
        "suspensions": round_.suspended,
        "low scores": {who: score.penalty for who, score in round_.scores.items() if score.penalty},
    }
    due = {
        "outcome": result.aborted,
        "included set": result.included,
        "aggregate": result.aggregate,
        "acceptance": result.accepted,
        "medians": dict(result.scores),
        "rewards": dict(result.rewards),
        "validators' rewards": dict(result.validator_rewards),
        "suspensions": result.suspended,
        "low scores": {p.account: p.amount for p in result.penalties if p.reason == "low score"},
    }
    for what, value in found.items():
        if value != due[what]:
            raise VerificationError(
                f"its {what} are not what its votes give", place=f"round {round_.number}"
            )


def check_money(
    case: Case, task: TaskEvidence, rounds: list[Transcript], results: list[Settlement]
) -> None:
    """Every token is accounted for: slashes have a cause, rewards reach their owners.

    1. Each slash on the chain is one that a settled round, a lost appeal or an equivocation
       demands, and each that is demanded was executed.
    2. Token balances follow from the transfers, supply is conserved, bonds follow from deposits,
       withdrawals and slashes; all equal the replayed contracts' own state.
    3. What the rounds paid, what was claimed and what is owed add up, for everyone.
    """
    count = _check_slashes(case, task, rounds, results)
    count += _check_balances(case)
    count += _check_bonds(case)
    count += _check_rewards(case, task, results)
    case.passed("money", count, "slashes, balances, bonds, supply and payments add up")


def _check_slashes(
    case: Case, task: TaskEvidence, rounds: list[Transcript], results: list[Settlement]
) -> int:
    # 1.
    due = Counter((p.account, p.amount, p.reason) for result in results for p in result.penalties)
    lie = task.terms.lie_penalty
    for event in events(case, "Rounds"):
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
    closed = {e["validator"] for e in events(case, "Rounds") if e.name == "Resolved"}
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


def _check_rewards(case: Case, task: TaskEvidence, results: list[Settlement]) -> int:
    # 3.
    earned: Counter[str] = Counter()
    for result in results:
        earned.update(dict(result.rewards))
        earned.update(dict(result.validator_rewards))
    spent = sum(earned.values())
    paid: Counter[str] = Counter()
    escrow = 0
    for event in events(case, "Rounds"):
        if event.name == "TaskCreated":
            escrow += event["escrow"]
        if event.name == "TaskEnded":
            earned[task.terms.sponsor] += escrow - spent
        if event.name == "Claimed":
            paid[event["account"]] += event["amount"]
    for account in set(earned) | set(paid):
        owed = ask(case, "Rounds", "owed", account)
        if earned[account] != paid[account] + owed:
            raise VerificationError(
                f"{case.name_of(account)} was not paid what it earned", place="Rounds"
            )
    return len(earned)


def tell_story(
    case: Case, task: TaskEvidence, rounds: list[Transcript], found: Reexecution
) -> None:
    """Fills the report's story from what the steps established."""
    case.story.decimals = ask(case, "Token", "decimals")
    for round_ in rounds:
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
                medians={case.name_of(a): s.median for a, s in round_.scores.items()},
                rewards={case.name_of(a): s.reward for a, s in round_.scores.items()},
                penalties=_penalties(case, task, round_),
                suspended=tuple(case.name_of(a) for a in round_.suspended),
                loss=loss,
                accuracy=accuracy,
                reason=round_.aborted or "",
            )
        )
    case.story.balances = _balances(case, task)


def _penalties(case: Case, task: TaskEvidence, round_: Transcript) -> dict[str, int]:
    found = {case.name_of(a): s.penalty for a, s in round_.scores.items() if s.penalty}
    absence = task.terms.absence_penalty
    for index, account in enumerate(task.participants):
        if round_.absent >> index & 1:
            found[case.name_of(account)] = absence
    return found


def _balances(case: Case, task: TaskEvidence) -> list[Balance]:
    staked: Counter[str] = Counter()
    slashed: Counter[str] = Counter()
    earned: Counter[str] = Counter()
    for event in events(case, "Stakes"):
        if event.name == "Deposited":
            staked[event["account"]] += event["amount"]
        if event.name == "Slashed":
            slashed[event["account"]] += event["amount"]
    for event in events(case, "Rounds"):
        if event.name == "Scored":
            earned[event["participant"]] += event["reward"]
        if event.name == "Rewarded":
            earned[event["validator"]] += event["amount"]
    return [
        Balance(case.name_of(account), role, staked[account], earned[account], slashed[account])
        for role, accounts in (("participant", task.participants), ("validator", task.validators))
        for account in accounts
    ]
