"""Council in plain Python: who agreed to what, and what is paused until when."""

from dataclasses import dataclass, field

from tests.twins.calls import call, signed_by
from tests.twins.signing import digest_in, separator_of
from tests.twins.table import keccak
from tests.twins.world import NOBODY, Twin, World, need

DAY = 86_400
ACT = "Act(address target,bytes data,uint256 nonce,uint256 deadline)"


@dataclass
class State:
    seats: list[str] = field(default_factory=list)
    threshold: int = 0
    nonce: int = 0
    approvals: set[tuple[bytes, str]] = field(default_factory=set)
    pauses: dict[str, tuple[int, int, int]] = field(default_factory=dict)


class Council(Twin):
    def __init__(
        self, world: World, address: str, seats: list[str], threshold: int, timelock: str
    ) -> None:
        super().__init__(world, address, State())
        need(timelock != NOBODY, "Council: no timelock")
        self._timelock = timelock
        self._seat(seats, threshold)

    def execute(self, sender: str, target: str, data: bytes, deadline: int, consents) -> None:
        need(self.world.now <= deadline, "Council: expired")
        nonce = self.state.nonce
        act = self.act_hash(target, data, nonce, deadline)
        need(len(consents) >= self.state.threshold, "Council: too few consents")
        last = 0
        for seat, signature in consents:
            need(int(seat, 16) > last, "Council: signers not ascending")
            need(seat in self.state.seats, "Council: signer without a seat")
            if signature:
                good = signed_by(self.world, seat, act, signature)
                need(good, "Council: wrong signature")
            else:
                said = seat == sender or (act, seat) in self.state.approvals
                need(said, "Council: not approved")
            last = int(seat, 16)
        self.state.nonce += 1
        self.emit("Acted", act=act, target=target, nonce=nonce)
        call(self.world, self.address, target, data, "Council: the call failed")

    def approve_act(self, sender: str, act: bytes) -> None:
        need(sender in self.state.seats, "Council: no seat")
        need((act, sender) not in self.state.approvals, "Council: already approved")
        self.state.approvals.add((act, sender))
        self.emit("ActApproved", act=act, seat=sender)

    def pause(self, sender: str, target: str, seconds: int) -> None:
        need(sender == self.address, "Council: only Council")
        need(target != NOBODY, "Council: nothing to pause")
        need(1 <= seconds <= 14 * DAY, "Council: pause not 1 s-14 days")
        now = self.world.now
        need(now >= self.pause_of(target)[2], "Council: too soon to pause again")
        self.state.pauses[target] = (now, now + seconds, now + 2 * seconds)
        self.emit("Paused", target=target, until=now + seconds, rest_until=now + 2 * seconds)

    def unpause(self, sender: str, target: str) -> None:
        need(sender in (self.address, self._timelock), "Council: only Council, Timelock")
        need(self.paused(target), "Council: not paused")
        since, _, rest = self.pause_of(target)
        now = self.world.now
        lasted = now - since
        rest = now + lasted if sender == self.address else rest
        self.state.pauses[target] = (since, now, rest)
        self.emit("Unpaused", target=target, rest_until=rest)

    def set_seats(self, sender: str, seats: list[str], threshold: int) -> None:
        need(sender == self._timelock, "Council: only Timelock")
        self.state.nonce += 1
        self._seat(seats, threshold)

    def _seat(self, seats: list[str], threshold: int) -> None:
        need(threshold <= len(seats), "Council: threshold over seats")
        need(threshold * 2 > len(seats), "Council: threshold not over half")
        for place, seat in enumerate(seats):
            need(seat not in (NOBODY, self.address), "Council: no address for a seat")
            need(seat not in seats[:place], "Council: a seat twice")
        self.state.seats, self.state.threshold = list(seats), threshold
        self.emit("SeatsChanged", seats=tuple(seats), threshold=threshold)

    def act_hash(self, target: str, data: bytes, nonce: int, deadline: int) -> bytes:
        separator = separator_of("Quorate Council", self.world.chain_id, self.address)
        types = ["address", "bytes32", "uint256", "uint256"]
        return digest_in(separator, ACT, types, [target, keccak(data), nonce, deadline])

    def paused(self, target: str) -> bool:
        return self.world.now < self.paused_until(target)

    def paused_until(self, target: str) -> int:
        return self.pause_of(target)[1]

    def pause_of(self, target: str) -> tuple[int, int, int]:
        return self.state.pauses.get(target, (0, 0, 0))

    def seats(self) -> tuple[str, ...]:
        return tuple(self.state.seats)

    def is_seat(self, account: str) -> bool:
        return account in self.state.seats

    def has_approved(self, act: bytes, seat: str) -> bool:
        return (act, seat) in self.state.approvals

    def threshold(self) -> int:
        return self.state.threshold

    def nonce(self) -> int:
        return self.state.nonce

    def timelock(self) -> str:
        return self._timelock

    def eip712Domain(self) -> tuple:
        name, chain = "Quorate Council", self.world.chain_id
        return (b"\x0f", name, "1", chain, self.address, bytes(32), ())
