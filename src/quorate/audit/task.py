"""The task: what was approved by whom, on which registered data, with which weights."""

from dataclasses import dataclass

from quorate.audit.case import Case, StatementEvidence
from quorate.audit.chain import ask, events
from quorate.audit.heads import anchored_sizes
from quorate.core.errors import EncodingError, VerificationError
from quorate.core.hashing import Digest
from quorate.learning.arrays import Layout, Model
from quorate.learning.specification import Specification
from quorate.ledger.contracts import Event
from quorate.ledger.faces.tasks_facts import Terms
from quorate.provenance.bundle import INITIAL_MODEL
from quorate.provenance.kinds import DataSet, Task


@dataclass(frozen=True, slots=True)
class TaskEvidence:
    """The one task of a bundle: its id, terms, specification, people in bitmap order."""

    task: bytes
    terms: Terms
    spec: Specification
    layout: Layout
    initial: Model
    participants: tuple[str, ...]  # accounts, in join order
    weights: tuple[int, ...]
    validators: tuple[str, ...]  # accounts, in list order
    joined: dict[str, int]  # account -> block of joining
    first_open: int  # block in which the first round opened


def check_task(case: Case) -> TaskEvidence:
    """The members approved exactly this task, and it ran on data that was registered before.

    1. There is one task on the chain; the sponsor's signed statement holds its specification, whose
       digest the terms name; the initial model is the one that the specification names.
    2. Its id, which binds terms and validators, was approved by two thirds of the members before
       it was created (executed again on the chain; the votes are counted here).
    3. Every participant joined with the one data set that it had registered and anchored before,
       which has the task's columns; its weight is the registered size under the cap, and the
       validators whose scores of it are ignored are those under its own controller.
    4. Every validator's one hold-out was registered and anchored before the first round opened, and
       has the task's columns.
    """
    # 1.
    tasks = events(case, "Tasks")
    created = [event for event in tasks if event.name == "TaskCreated"]
    if len(created) != 1:
        raise VerificationError(f"{len(created)} tasks where one is due", place="Tasks")
    terms = Terms(*created[0]["terms"])
    spec = _specification(case, created[0], terms)
    initial = _initial(case, spec)
    # 2.
    _check_votes(case, created[0])
    opened = [event for event in events(case, "Rounds") if event.name == "RoundOpened"]
    if not opened:
        raise VerificationError("no round was ever opened", place="Rounds")
    joined = [event for event in tasks if event.name == "Joined"]
    evidence = TaskEvidence(
        task=created[0]["task"],
        terms=terms,
        spec=spec,
        layout=Layout.parse(spec.layout),
        initial=initial,
        participants=tuple(event["participant"] for event in joined),
        weights=tuple(int(event["weight"]) for event in joined),
        validators=tuple(created[0]["validators"]),
        joined={event["participant"]: event.place.block for event in joined},
        first_open=opened[0].place.block,
    )
    names = [case.name_of(account) for account in evidence.validators]
    if names != spec.validators:
        raise VerificationError("names other validators than the terms", place="task")
    # 3.
    for event in joined:
        _check_joined(case, event, evidence)
    # 4.
    for name in names:
        _registered(case, name, "hold-out", evidence.first_open, spec)
    case.story.task, case.story.rule = spec.name, spec.rule
    case.story.score_floor = terms.score_floor
    case.passed(
        "task",
        len(case.story.approvals) + len(joined) + len(names) + 3,
        f"{len(case.story.approvals)} members voted for this specification and these terms before "
        f"it began; {len(joined)} training sets and {len(names)} hold-outs were committed before",
    )
    return evidence


def _specification(case: Case, created: Event, terms: Terms) -> Specification:
    sponsor = case.name_of(terms.sponsor)
    found = [
        evidence
        for evidence in case.statements.values()
        if evidence.statement.kind == Task.kind and evidence.author == sponsor
    ]
    if len(found) != 1:
        raise VerificationError("its sponsor signed no one specification", place="task")
    place = f"statement/{sponsor}/{found[0].key}.json"
    try:
        claim = Task.from_statement(found[0].statement)
        spec = Specification.from_value(claim.spec)
    except EncodingError as error:
        raise VerificationError(error.message, place=place) from None
    named = (spec.digest.raw, spec.rounds, spec.name)
    if named != (terms.spec, terms.rounds, claim.name):
        raise VerificationError("is not the specification of the terms", place=place)
    return spec


def _initial(case: Case, spec: Specification) -> Model:
    if INITIAL_MODEL not in case.members:
        raise VerificationError("missing", place=INITIAL_MODEL)
    try:
        model = Model.from_bytes(case.members[INITIAL_MODEL])
        layout = Layout.parse(spec.layout)
    except EncodingError as error:
        raise VerificationError(error.message, place=INITIAL_MODEL) from None
    if str(model.digest) != spec.initial or model.layout != layout:
        raise VerificationError("is not the model that the task starts from", place=INITIAL_MODEL)
    return model


def _check_votes(case: Case, created: Event) -> None:
    task = created["task"]
    if ask(case, "Tasks", "task_id", created["terms"], created["validators"]) != task:
        raise VerificationError("its id does not bind its terms", place="Tasks: task")
    members = {m.identity.account for m in case.roots.members if m.roles & 1}
    voters = members & {
        event["account"]
        for event in events(case, "Members")
        if event.name == "Voted"
        and event["subject"] == task
        and event["support"]
        and event.place.block < created.place.block
    }
    if 3 * len(voters) < 2 * len(members):
        raise VerificationError(
            f"{len(voters)} of {len(members)} members approved it: no quorum", place="Tasks: task"
        )
    case.story.approvals = tuple(sorted(case.name_of(account) for account in voters))


def _check_joined(case: Case, event: Event, task: TaskEvidence) -> None:
    name = case.name_of(event["participant"])
    claim = _registered(case, name, "training", event.place.block, task.spec)
    place = f"Tasks: {name} joined"
    if Digest.parse(claim.commitment).raw != event["dataset"]:
        raise VerificationError("with another data set than it registered", place=place)
    if event["samples"] != claim.rows or event["weight"] != min(claim.rows, task.terms.weight_cap):
        raise VerificationError("with another weight than its registered size", place=place)
    own = case.roots.member(name).controller
    judges = [case.roots.member(case.name_of(account)).controller for account in task.validators]
    if event["conflicts"] != sum(1 << i for i, other in enumerate(judges) if other == own):
        raise VerificationError("with other conflicts than its controller's", place=place)


def _registered(case: Case, name: str, purpose: str, before: int, spec: Specification) -> DataSet:
    """The data set statement of ``name`` that was anchored before block ``before``."""
    claim, evidence = data_set(case, name, purpose)
    place = f"statement/{name}/{evidence.key}.json"
    if anchored_sizes(case, name, before) <= evidence.index:
        raise VerificationError(f"its {purpose} rows were not anchored in time", place=place)
    if claim.columns != len(spec.data["columns"]):
        raise VerificationError("has another number of columns than the task", place=place)
    return claim


def data_set(case: Case, name: str, purpose: str) -> tuple[DataSet, StatementEvidence]:
    """The one data set that ``name`` registered for ``purpose``; of two it could choose later."""
    found = [
        (claim, evidence)
        for (author, _), evidence in case.statements.items()
        if author == name
        and evidence.statement.kind == DataSet.kind
        and (claim := DataSet.from_statement(evidence.statement)).purpose == purpose
    ]
    if len(found) != 1:
        count = "several sets of" if found else "no"
        raise VerificationError(f"registered {count} {purpose} rows", place=f"statement/{name}")
    return found[0]
