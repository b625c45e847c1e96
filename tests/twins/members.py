"""Members in plain Python: who belongs, with which keys, who voted for what."""

from dataclasses import dataclass, field

from tests.twins.world import MEMBER, NOBODY, ZERO, Twin, World, bits, need, two_thirds

FORTNIGHT = 14 * 86_400
Admission = tuple[str, bytes, bytes, int]


@dataclass
class Key:
    digest: bytes
    since: int  # first block where it counts
    until: int = 0  # first block where it counts no more


@dataclass
class Pause:
    """A suspension by the council."""

    since: int = 0
    until: int = 0


@dataclass
class Person:
    position: int
    controller: bytes
    roles: int
    suspended: bool = False
    changes: int = 0
    keys: list[Key] = field(default_factory=list)
    pause: Pause = field(default_factory=Pause)
    successor: str = NOBODY


@dataclass
class State:
    people: dict[str, Person] = field(default_factory=dict)
    seats: list[str] = field(default_factory=list)
    yes: dict[bytes, set[int]] = field(default_factory=dict)  # positions
    no: dict[bytes, set[int]] = field(default_factory=dict)
    approved: set[bytes] = field(default_factory=set)
    stops: dict[tuple[str, bytes], list[int]] = field(default_factory=dict)
    anchorers: set[tuple[str, bytes, str]] = field(default_factory=set)
    electorates: dict[int, set[str]] = field(default_factory=dict)  # by second, where it changed


class Members(Twin):
    def __init__(
        self, world: World, address: str, founders: list[Admission], timelock: str, council: str
    ) -> None:
        super().__init__(world, address, State())
        need(timelock != NOBODY, "Members: no Timelock")
        self._timelock, self._council = timelock, council
        for founder in founders:
            self._admit(*founder)
        need(bool(self._voters()), "Members: no founder is a member")

    # --- membership -----------------------------------------------------------------------------

    def admit(self, sender: str, account: str, keys: bytes, controller: bytes, roles: int) -> None:
        self._only_timelock(sender)
        self._admit(account, keys, controller, roles)

    def suspend(self, sender: str, account: str) -> None:
        self._only_timelock(sender)
        person = self._known(account)
        need(bool(self._voters() - {account}), "Members: nobody is left to vote")
        person.suspended = True
        person.changes += 1
        self._note_electorate()
        self.emit("Suspended", account=account)

    def suspend_until(self, sender: str, account: str, until: int) -> None:
        need(sender == self._council, "Members: only Council")
        pause, now = self._known(account).pause, self.world.now
        need(until > now, "Members: not in the future")
        need(until <= now + FORTNIGHT, "Members: over 14 days")
        rest = pause.until - pause.since
        need(now >= pause.until + rest, "Members: too soon again")
        self.state.people[account].pause = Pause(now, until)
        self.emit("SuspendedUntil", account=account, until=until)

    def resume(self, sender: str, account: str) -> None:
        need(sender in (self._council, self._timelock), "Members: not Council or Timelock")
        need(self._paused(account), "Members: not suspended")
        self.state.people[account].pause.until = self.world.now
        self.emit("Resumed", account=account)

    def replace(self, sender: str, account: str, successor: str, keys: bytes) -> None:
        self._only_timelock(sender)
        old = self._known(account)
        need(successor != NOBODY, "Members: no account")
        need(successor not in self.state.people, "Members: already known")
        need(keys != ZERO, "Members: no keys")
        block = self.world.number
        new = Person(old.position, old.controller, old.roles, changes=1, keys=[Key(keys, block)])
        self._end_last_key(old)
        self.state.people[successor] = new
        self.state.seats[old.position - 1] = successor
        old.position, old.roles, old.suspended, old.successor = 0, 0, True, successor
        old.changes += 1
        self._note_electorate()
        self.emit(
            "Replaced", account=account, successor=successor, position=new.position, keys=keys
        )

    def member(self, account: str) -> tuple:
        p = self.state.people.get(account)
        if p is None:
            return (0, ZERO, ZERO, 0, False, 0)
        keys = self.keys_at(account, self.world.number)
        stopped = p.suspended or self._paused(account)
        return (p.position, keys, p.controller, p.roles, stopped, p.changes)

    def timelock(self) -> str:
        return self._timelock

    def council(self) -> str:
        return self._council

    def size(self) -> int:
        return len(self.state.seats)

    def account_at(self, position: int) -> str:
        return self.state.seats[position - 1] if 1 <= position <= self.size() else NOBODY

    def is_active(self, account: str) -> bool:
        person = self.state.people.get(account)
        return person is not None and not person.suspended and not self._paused(account)

    def has_role(self, account: str, role: int) -> bool:
        return self.is_active(account) and bool(self.state.people[account].roles & role)

    def controller_of(self, account: str) -> bytes:
        person = self.state.people.get(account)
        return person.controller if person else ZERO

    def suspended_until(self, account: str) -> int:
        person = self.state.people.get(account)
        return person.pause.until if person else 0

    def successor_of(self, account: str) -> str:
        person = self.state.people.get(account)
        return person.successor if person else NOBODY

    # --- ERC-5192 -------------------------------------------------------------------------------

    def ownerOf(self, token: int) -> str:
        need(1 <= token <= self.size(), "Members: no such position")
        return self.account_at(token)

    def balanceOf(self, owner: str) -> int:
        need(owner != NOBODY, "Members: no account")
        return int(owner in self.state.seats)

    def locked(self, token: int) -> bool:
        need(1 <= token <= self.size(), "Members: no such position")
        return True

    def supportsInterface(self, interface: bytes) -> bool:
        return interface.hex() in ("01ffc9a7", "b45a3c0e")

    # --- votes ----------------------------------------------------------------------------------

    def vote(self, sender: str, subject: bytes, support: bool) -> None:
        need(sender in self._voters(), "Members: not a member")
        need(not self.approved(subject), "Members: already approved")
        yes = self.state.yes.setdefault(subject, set())
        no = self.state.no.setdefault(subject, set())
        position = self.state.people[sender].position
        need(position not in yes | no, "Members: already voted")
        (yes if support else no).add(position)
        self.emit("Voted", subject=subject, account=sender, support=support)
        if self._carried(subject):
            self._approve(subject)

    def confirm(self, sender: str, subject: bytes) -> None:
        need(not self.approved(subject), "Members: already approved")
        need(self._carried(subject), "Members: not two thirds")
        self._approve(subject)

    def electorate(self) -> int:
        return bits(position - 1 for position in self._voting_positions())

    def voters(self) -> int:
        return len(self._voters())

    def yes_votes(self, subject: bytes) -> int:
        return bits(position - 1 for position in self.state.yes.get(subject, set()))

    def no_votes(self, subject: bytes) -> int:
        return bits(position - 1 for position in self.state.no.get(subject, set()))

    def approved(self, subject: bytes) -> bool:
        return subject in self.state.approved

    def clock(self) -> int:
        return self.world.now

    def CLOCK_MODE(self) -> str:
        return "mode=timestamp"

    def delegates(self, account: str) -> str:
        return account

    def getVotes(self, account: str) -> int:
        return int(account in self._voters())

    def getPastVotes(self, account: str, timepoint: int) -> int:
        return int(account in self._electorate_at(timepoint))

    def getPastTotalSupply(self, timepoint: int) -> int:
        return len(self._electorate_at(timepoint))

    # --- keys and logs --------------------------------------------------------------------------

    def rotate(self, sender: str, keys: bytes) -> None:
        need(self.is_active(sender), "Members: not active")
        number = self._add_key(self.state.people[sender], keys)
        self.emit("Rotated", account=sender, number=number, keys=keys)

    def retire(self, sender: str, number: int) -> None:
        self._revoke(sender, number, self.world.number)

    def revoke(self, sender: str, account: str, number: int, height: int) -> None:
        self._only_timelock(sender)
        need(1 <= height <= self.world.number, "Members: no such block yet")
        self._revoke(account, number, height)

    def revoke_at(self, sender: str, account: str, log_id: bytes, index: int) -> None:
        if sender != self._timelock:
            need(sender == account, "Members: not the account")
            need(self.is_active(account), "Members: not active")
        stops = self.state.stops.setdefault((account, log_id), [])
        while sender == self._timelock and stops and stops[-1] > index:
            stops.pop()
        number = len(stops)
        need(number < self.key_count(account), "Members: no key left to revoke")
        need(not stops or index >= stops[-1], "Members: index goes back")
        stops.append(index)
        self.emit("RevokedInLog", account=account, log_id=log_id, number=number, index=index)

    def set_anchorer(self, sender: str, log_id: bytes, anchorer: str, allowed: bool) -> None:
        need(self.is_active(sender), "Members: not active")
        entry = (sender, log_id, anchorer)
        (self.state.anchorers.add if allowed else self.state.anchorers.discard)(entry)
        self.emit("AnchorerSet", account=sender, log_id=log_id, anchorer=anchorer, allowed=allowed)

    def may_anchor(self, owner: str, log_id: bytes, who: str) -> bool:
        allowed = who == owner or (owner, log_id, who) in self.state.anchorers
        return allowed and self.is_active(owner)

    def keys_at(self, account: str, height: int) -> bytes:
        """The newest digest that had begun by then, if it had not ended."""
        begun = [key for key in self._keys(account) if key.since <= height]
        ended = not begun or 0 < begun[-1].until <= height
        return ZERO if ended else begun[-1].digest

    def keys_at_index(self, account: str, log_id: bytes, index: int) -> bytes:
        """The first digest that has not stopped by then."""
        stops = self.state.stops.get((account, log_id), [])
        for number, key in enumerate(self._keys(account)):
            if number >= len(stops) or stops[number] > index:
                return key.digest
        return ZERO

    def key_count(self, account: str) -> int:
        return len(self._keys(account))

    def key_of(self, account: str, number: int) -> tuple:
        keys = self._keys(account)
        if number >= len(keys):
            return (ZERO, 0, 0)
        return (keys[number].digest, keys[number].since, keys[number].until)

    # --- inside ---------------------------------------------------------------------------------

    def _only_timelock(self, sender: str) -> None:
        need(sender == self._timelock, "Members: only Timelock")

    def _known(self, account: str) -> Person:
        """Someone with a position whom Timelock has not suspended."""
        person = self.state.people.get(account)
        need(person is not None and not person.suspended, "Members: not active")
        return self.state.people[account]

    def _paused(self, account: str) -> bool:
        return self.world.now < self.suspended_until(account)

    def _keys(self, account: str) -> list[Key]:
        person = self.state.people.get(account)
        return person.keys if person else []

    def _end_last_key(self, person: Person) -> None:
        if person.keys and not person.keys[-1].until:
            person.keys[-1].until = self.world.number

    def _add_key(self, person: Person, keys: bytes) -> int:
        need(keys != ZERO, "Members: no keys")
        self._end_last_key(person)
        person.keys.append(Key(keys, self.world.number))
        return len(person.keys) - 1

    def _revoke(self, account: str, number: int, height: int) -> None:
        need(number < self.key_count(account), "Members: no such key")
        key = self._keys(account)[number]
        need(key.until == 0 or height < key.until, "Members: key has ended")
        key.until = height
        self.emit("Revoked", account=account, number=number, height=height)

    def _voters(self) -> set[str]:
        """The council's suspensions take no vote."""
        return {a for a, p in self.state.people.items() if p.roles & MEMBER and not p.suspended}

    def _voting_positions(self) -> set[int]:
        return {self.state.people[account].position for account in self._voters()}

    def _note_electorate(self) -> None:
        self.state.electorates[self.world.now] = self._voters()

    def _electorate_at(self, timepoint: int) -> set[str]:
        need(timepoint < self.world.now, "Members: not in the past")
        seconds = [second for second in self.state.electorates if second <= timepoint]
        return self.state.electorates[max(seconds)] if seconds else set()

    def _carried(self, subject: bytes) -> bool:
        yes = self.state.yes.get(subject, set()) & self._voting_positions()
        return two_thirds(len(yes), self.voters())

    def _approve(self, subject: bytes) -> None:
        self.state.approved.add(subject)
        yes, electorate = self.yes_votes(subject), self.electorate()
        self.emit("Approved", subject=subject, yes=yes, electorate=electorate)

    def _admit(self, account: str, keys: bytes, controller: bytes, roles: int) -> None:
        need(account != NOBODY, "Members: no account")
        need(controller != ZERO, "Members: no controller")
        need(1 <= roles <= 7, "Members: no such roles")
        person = self.state.people.get(account)
        new = person is None
        if person is None:
            need(self.size() < 256, "Members: full")
            person = Person(self.size() + 1, controller, roles)
        else:
            need(person.suspended, "Members: already active")
            need(person.successor == NOBODY, "Members: was replaced")
        self._add_key(person, keys)
        person.controller, person.roles, person.suspended = controller, roles, False
        person.changes += 1
        if new:
            self.state.people[account] = person
            self.state.seats.append(account)
        self._note_electorate()
        self.emit(
            "Admitted",
            account=account,
            position=person.position,
            keys=keys,
            controller=controller,
            roles=roles,
        )
        if new:
            self.emit("Locked", tokenId=person.position)
