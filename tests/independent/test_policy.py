"""The independent reader of a tlog-policy, and the checker with a policy for its trust."""

import itertools

import pytest

from tests.independent import checker
from tests.independent.checker import Refused, check_log, load
from tests.independent.logs import Party, Witness
from tests.independent.policy import BadPolicy, Policy

NAMES = ("X1", "X2", "X3", "Y1", "Y2", "Y3")
WITNESSES = {
    name: Witness(f"witness.example/{name}", (0x04, 0x06)[i % 2]) for i, name in enumerate(NAMES)
}
X1, X2 = (f"witness {name} {WITNESSES[name].vkey}" for name in ("X1", "X2"))

# The example of the specification, with keys.
EXAMPLE = f"""# two organisations
log {Party().vkeys[0]}

{X1}
\t{X2}  https://witness.example/x2
witness X3 {WITNESSES["X3"].vkey}
group X-witnesses 2 X1 X2 X3

witness Y1 {WITNESSES["Y1"].vkey}
witness Y2 {WITNESSES["Y2"].vkey}
witness Y3 {WITNESSES["Y3"].vkey}
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""


def trust_of(text: str) -> checker.Trust:
    """Any one of the policy's logs and its quorum."""
    policy = Policy(text.encode())
    logs, witnesses = (
        tuple(checker.Key.parse(vkey.decode()) for vkey in keys.values())
        for keys in (policy.logs, policy.witnesses)
    )
    return checker.Trust(logs, witnesses, policy.met, any_log=True)


def test_policy__example_of_the_specification__every_set_of_witnesses():
    policy = Policy(EXAMPLE.encode())
    for count in range(7):
        for chosen in itertools.combinations(NAMES, count):
            x = sum(name[0] == "X" for name in chosen)
            met = policy.met({WITNESSES[name].raw for name in chosen})
            assert met == (x >= 2 and count > x)


def test_policy__as_trust__a_log_is_accepted_with_its_quorum_only(tmp_path):
    log = Party().create(tmp_path)
    log.append_many([b"one", b"two"])
    trust = trust_of(EXAMPLE)
    for i, name in enumerate(("X1", "X3", "Y2")):
        with pytest.raises(Refused, match=f"{i} witnesses are no quorum"):
            check_log(load(tmp_path), trust, genesis=False)
        log.add_cosignatures([WITNESSES[name].line(log.checkpoint_note())])
    log.close()
    assert check_log(load(tmp_path), trust, genesis=False).head.size == 3
    stranger = EXAMPLE.replace(Party().vkeys[0], Party("mallory").vkeys[0])
    with pytest.raises(Refused, match="not signed by the log's key"):
        check_log(load(tmp_path), trust_of(stranger), genesis=False)


def test_policy__quorum_none__met_by_nobody():
    assert Policy(b"quorum none\n").met(set())
    assert not Policy(f"{X1}\nquorum X1\n".encode()).met(set())


def test_policy__32_logs_witnesses_and_groups__read():
    made = [Witness(f"w{i}", 0x04) for i in range(32)]
    logs = [Party(f"log{i}", f"log{i}").vkeys[0] for i in range(32)]
    lines = [f"log {vkey}" for vkey in logs]
    for i, one in enumerate(made):
        lines += [f"witness w{i} {one.vkey}", f"group g{i} any w{i}"]
    lines += [f"group all 32 {' '.join(f'g{i}' for i in range(32))}", "quorum all", ""]
    policy = Policy("\n".join(lines).encode())
    assert policy.met({w.raw for w in made})
    assert not policy.met({w.raw for w in made[1:]})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing\n",
        "quorum none",
        "quorum none\nquorum none\n",
        "quorum X1\n",
        f"quorum X1\n{X1}\n",
        f"{X1}\n{X1}\nquorum X1\n",
        f"{X1}\n{X1.replace('X1 ', 'again ')}\nquorum X1\n",
        f"{X1}\n{X2.replace('X2 ', 'X1 ')}\nquorum X1\n",
        f"{X1.replace('X1 ', 'none ')}\nquorum none\n",
        f"{X1}\ngroup g 0 X1\nquorum g\n",
        f"{X1}\ngroup g 2 X1\nquorum g\n",
        f"{X1}\ngroup g 01 X1\nquorum g\n",
        f"{X1}\ngroup g any\nquorum g\n",
        f"{X1}\ngroup g any X1 X1\nquorum g\n",
        f"{X1}\ngroup g any X1 none\nquorum g\n",
        f"{X1}\ngroup g any g\nquorum g\n",
        f"{X1}\ngroup g any X1\ngroup h any X1\nquorum g\n",
        f"{X1}\ngroup X1 any X1\nquorum X1\n",
        f"{X1} url more\nquorum X1\n",
        f"{X1}\r\nquorum X1\n",
        f"{X1}\n\x00quorum X1\n",
        f"{X1[:-4]}\nquorum X1\n",
        f"{X1.replace('X1+', 'Z1+')}\nquorum X1\n",
        f"log {WITNESSES['X1'].vkey}\nquorum none\n",
        f"witness w {Party().vkeys[0]}\nquorum w\n",
        "Quorum none\n",
        "extension\nquorum none\n",
    ],
)
def test_policy__not_one__refused(text):
    with pytest.raises(BadPolicy):
        Policy(text.encode())
