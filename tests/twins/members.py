"""Members in plain Python: who belongs, who voted for what."""

from dataclasses import dataclass, field

from tests.twins.world import (
    MEMBER,
    NOBODY,
    ZERO,
    Twin,
    World,
    bits,
    need,
    sha256_of,
    tag,
    two_thirds,
)


@dataclass
class Person:
    position: int
    keys: bytes
    controller: bytes
    roles: int
    suspended: bool
    changes: int


@dataclass
class State:
    people: dict[str, Person] = field(default_factory=dict)
    yes: dict[bytes, set[str]] = field(default_factory=dict)
    no: dict[bytes, set[str]] = field(default_factory=dict)
    approved: set[bytes] = field(default_factory=set)


class Members(Twin):
    def __init__(self, world: World, address: str, founders: list[tuple]) -> None:
        super().__init__(world, address, State())
        for founder in founders:
            self._admit(*founder)
        need(bool(self._voters()), "Members: no founder is a member")

    def vote(self, sender: str, subject: bytes, support: bool) -> None:
        need(sender in self._voters(), "Members: not a member")
        need(not self.approved(subject), "Members: already approved")
        yes = self.state.yes.setdefault(subject, set())
        no = self.state.no.setdefault(subject, set())
        need(sender not in yes | no, "Members: already voted")
        (yes if support else no).add(sender)
        self.emit("Voted", subject=subject, account=sender, support=support)
        if self._carried(subject):
            self._approve(subject)

    def confirm(self, sender: str, subject: bytes) -> None:
        need(not self.approved(subject), "Members: already approved")
        need(self._carried(subject), "Members: not two thirds of the members")
        self._approve(subject)

    def admit(self, sender: str, account: str, keys: bytes, controller: bytes, roles: int) -> None:
        subject = self.admit_subject(account, keys, controller, roles)
        need(self.approved(subject), "Members: not approved")
        self._admit(account, keys, controller, roles)

    def suspend(self, sender: str, account: str) -> None:
        need(self.approved(self.suspend_subject(account)), "Members: not approved")
        need(self.is_active(account), "Members: not active")
        need(bool(self._voters() - {account}), "Members: nobody would be left to vote")
        self.state.people[account].suspended = True
        self.state.people[account].changes += 1
        self.emit("Suspended", account=account)

    def admit_subject(self, account: str, keys: bytes, controller: bytes, roles: int) -> bytes:
        types = ["bytes32", "uint256", "address", "address", "bytes32", "bytes32", "uint256"]
        head = [tag("quorate/admit/v1"), self.world.chain_id, self.address]
        values = [*head, account, keys, controller, roles, self._changes(account)]
        return sha256_of([*types, "uint256"], values)

    def suspend_subject(self, account: str) -> bytes:
        head = [tag("quorate/suspend/v1"), self.world.chain_id, self.address]
        types = ["bytes32", "uint256", "address", "address", "uint256"]
        return sha256_of(types, [*head, account, self._changes(account)])

    def size(self) -> int:
        return len(self.state.people)

    def electorate(self) -> int:
        return self._bits(self._voters())

    def voters(self) -> int:
        return len(self._voters())

    def account_at(self, position: int) -> str:
        accounts = list(self.state.people)  # in order of admission
        return accounts[position - 1] if 1 <= position <= len(accounts) else NOBODY

    def yes_votes(self, subject: bytes) -> int:
        return self._bits(self.state.yes.get(subject, set()))

    def no_votes(self, subject: bytes) -> int:
        return self._bits(self.state.no.get(subject, set()))

    def approved(self, subject: bytes) -> bool:
        return subject in self.state.approved

    def member(self, account: str) -> tuple:
        p = self.state.people.get(account)
        if p is None:
            return (0, ZERO, ZERO, 0, False, 0)
        return (p.position, p.keys, p.controller, p.roles, p.suspended, p.changes)

    def is_active(self, account: str) -> bool:
        person = self.state.people.get(account)
        return person is not None and not person.suspended

    def has_role(self, account: str, role: int) -> bool:
        return self.is_active(account) and bool(self.state.people[account].roles & role)

    def controller_of(self, account: str) -> bytes:
        person = self.state.people.get(account)
        return person.controller if person else ZERO

    def _voters(self) -> set[str]:
        return {account for account in self.state.people if self.has_role(account, MEMBER)}

    def _bits(self, accounts: set[str]) -> int:
        return bits(self.state.people[account].position - 1 for account in accounts)

    def _changes(self, account: str) -> int:
        person = self.state.people.get(account)
        return person.changes if person else 0

    def _carried(self, subject: bytes) -> bool:
        voters = self._voters()
        return two_thirds(len(self.state.yes.get(subject, set()) & voters), len(voters))

    def _approve(self, subject: bytes) -> None:
        self.state.approved.add(subject)
        self.emit(
            "Approved",
            subject=subject,
            yes=self.yes_votes(subject),
            electorate=self.electorate(),
        )

    def _admit(self, account: str, keys: bytes, controller: bytes, roles: int) -> None:
        need(account != NOBODY, "Members: no account")
        need(keys != ZERO, "Members: no keys")
        need(controller != ZERO, "Members: no controller")
        need(1 <= roles <= 7, "Members: no such roles")
        need(not self.is_active(account), "Members: already active")
        need(account in self.state.people or self.size() < 256, "Members: full")
        known = self.member(account)
        position = known[0] or self.size() + 1
        self.state.people[account] = Person(position, keys, controller, roles, False, known[5] + 1)
        self.emit(
            "Admitted",
            account=account,
            position=position,
            keys=keys,
            controller=controller,
            roles=roles,
        )
