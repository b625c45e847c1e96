"""Who had how many votes, at any second of the past: a list that only grows, read from its end."""

from dataclasses import dataclass, field

from tests.twins.world import Twin, need

ALL = "all votes together"


@dataclass
class Votes:
    """Per account everything that was ever said: (the second, how many from then on)."""

    said: dict[str, list[tuple[int, int]]] = field(default_factory=dict)

    def push(self, account: str, now: int, amount: int) -> None:
        self.said.setdefault(account, []).append((now, amount))

    def latest(self, account: str) -> int:
        return self.said[account][-1][1] if account in self.said else 0

    def at(self, account: str, second: int) -> int:
        """What was said last, up to the end of that second."""
        heard = [amount for when, amount in self.said.get(account, []) if when <= second]
        return heard[-1] if heard else 0


class Voting(Twin):
    """The views of ERC-5805 and ERC-6372 for a twin that keeps a `Votes` in `state.votes`."""

    @property
    def votes(self) -> Votes:
        return self.state.votes  # type: ignore[attr-defined]

    def clock(self) -> int:
        return self.world.now

    def CLOCK_MODE(self) -> str:
        return "mode=timestamp"

    def getVotes(self, account: str) -> int:
        return self.votes.latest(account)

    def getPastVotes(self, account: str, timepoint: int) -> int:
        need(timepoint < self.world.now, "Votes: not in the past")
        return self.votes.at(account, timepoint)

    def getPastTotalSupply(self, timepoint: int) -> int:
        need(timepoint < self.world.now, "Votes: not in the past")
        return self.votes.at(ALL, timepoint)
