"""Gas of federated rounds, anchors and proofs, read from anvil under Cancun and Prague rules.

A participant-round is everything that a round of ``n`` participants and five validators costs on
the chain, divided by ``n``: opening, commitments, inclusion, votes, settlement, and a tenth of what
claiming costs (rewards are claimed once in ten rounds). Rounds are steady ones: the first, whose
storage is new, and everybody's first claim are left out.

- ``gas_participant_round_n*``: every participant commits and claims by a transaction of its own;
  the committee, agreed on the set, says so in one (``concur``), and votes are opened as it settles.
- ``..._committee_apart_n*``: validators commit to sets and votes each on their own; what is opened
  needs no authority and is opened in one transaction. ``..._all_apart_n*``: each opens its own too.
- ``..._batched_n*``: validators vouch for all commitments, claims are paid together;
  ``..._signed_n*`` the same with every participant's signature on the chain.

Values are the greater of both rule sets. ``gas_engine_differences`` counts transactions whose gas
on the embedded chain is not anvil's under Cancun, ``gas_prague_dearer`` those that Prague charges
more for. ``gas_median_64`` is what one more participant adds to a settlement by 64 validators.
"""

from collections import Counter
from itertools import pairwise

from contract_chains import AnvilChain, EmbeddedChain
from contract_proofs import anchor_costs, inclusion_cost
from contract_rounds import Federation, Parties, Way
from report import Metric, arguments, report

VALIDATORS = 5
WAYS = {
    "": Way("apart", "concurs"),
    "committee_apart_": Way("apart", "apart"),
    "all_apart_": Way("apart", "apart", "apart"),
    "batched_": Way("vouched", "concurs", claims="together"),
    "signed_": Way("signed", "concurs", claims="together"),
}
REACH = {"": {16: 100_000, 64: 100_000, 256: 100_000}, "batched_": {64: 15_000, 256: 15_000}}
CLAIMED_EVERY = 10  # rounds
Chain = EmbeddedChain | AnvilChain


def participant_round(chain: Chain, n: int) -> dict[str, float]:
    """Gas per participant-round, by way."""
    federation = Federation(chain, Parties(n, VALIDATORS), 4 * len(WAYS))
    found = {}
    for name, way in WAYS.items():
        federation.run_round(way)
        federation.claim(way)
        rounds = [federation.run_round(way) for _ in range(2)]
        found[name] = (sum(rounds) / 2 + federation.claim(way) / CLAIMED_EVERY) / n
    return found


def median_of_64(chain: Chain, n: int) -> float:
    """Gas of the settlement of a steady round of ``n`` participants and 64 validators."""
    federation = Federation(chain, Parties(n, 64), 4)
    for _ in range(2):
        federation.run_round(Way("vouched", "concurs"))
    return next(gas for what, gas in reversed(chain.costs) if what == "Rounds.settle")


def measure(chain: Chain, sizes: tuple[int, ...]) -> dict[str, float]:
    """All figures on one chain."""
    found = {}
    for n in sizes:
        for name, gas in participant_round(chain, n).items():
            found[f"gas_participant_round_{name}n{n}"] = gas
    more = median_of_64(chain, 32) - median_of_64(chain, 16)
    found["gas_median_64"] = more / 16
    found |= anchor_costs(chain)
    found["gas_inclusion_proof"] = inclusion_cost(chain)
    return found


def reach_of(name: str) -> float | None:
    """What we want to stay at or under."""
    for way, reaches in REACH.items():
        for n, most in reaches.items():
            if name == f"gas_participant_round_{way}n{n}":
                return most
    fixed = {"gas_anchor": 65_000, "gas_inclusion_proof": 60_000, "gas_median_64": 25_000}
    return fixed.get(name)


def main() -> int:
    """Runs everything on three chains; 0 when every reach was met."""
    options = arguments(__doc__ or "")
    sizes = (4, 16) if options.quick else (4, 16, 64, 256)
    chains: dict[str, Chain] = {"embedded": EmbeddedChain()}
    found = {"embedded": measure(chains["embedded"], sizes)}
    for hardfork in ("cancun", "prague"):
        chains[hardfork] = AnvilChain(hardfork)
        try:
            found[hardfork] = measure(chains[hardfork], sizes)
        finally:
            chains[hardfork].close()
    metrics = {
        name: Metric(max(found["cancun"][name], found["prague"][name]), "gas", reach_of(name), True)
        for name in found["cancun"]
    }
    for way in ("", "batched_"):
        names = [f"gas_participant_round_{way}n{n}" for n in sizes if n >= 16]
        rises = [metrics[b].value / metrics[a].value for a, b in pairwise(names)]
        if rises:
            name = f"gas_participant_round_{way}rise"
            metrics[name] = Metric((max(rises) - 1) * 100, "%", 1, True)
    own, cancun, prague = (chains[name].costs for name in ("embedded", "cancun", "prague"))
    differ = sum(a != b for a, b in zip(own, cancun, strict=True))
    metrics["gas_engine_differences"] = Metric(differ, f"of {len(own)}", 0, True)
    dearer = Counter(what for (what, a), (_, b) in zip(cancun, prague, strict=True) if b > a)
    metrics["gas_prague_dearer"] = Metric(
        sum(dearer.values()), "", names=tuple(f"{what}: {n}" for what, n in dearer.items())
    )
    return report(metrics, ["vyper", "pyrevm"], as_json=options.json)


if __name__ == "__main__":
    raise SystemExit(main())
