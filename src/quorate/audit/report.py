"""The auditor's report as one HTML file that opens anywhere and asks the network for nothing.

For an executive first (the story, the money), for an engineer below (every numbered step). All
text from the evidence is escaped: a party's name must not become markup in the auditor's browser.
"""

from html import escape

from quorate.audit.charts import bar_chart, line_chart
from quorate.audit.findings import AuditReport, RoundStory

LEVELS = {
    "SELF": "one operator vouches for everything; no independent party has confirmed it",
}

_STYLE = """
:root{--bg:#fbfaf8;--fg:#1d2430;--soft:#5b6472;--line:#d9d6cf;--card:#fff;--good:#1f7a4d;
--bad:#b3261e;--warn:#9a6700;--a:#2257a8;--b:#c2571a;--c:#1f7a4d;--d:#7a3e9d;--e:#a8842c;
--f:#0f7c8a;--g:#8a2f5b}
@media (prefers-color-scheme:dark){:root{--bg:#14171c;--fg:#e8e6e1;--soft:#a3a9b3;--line:#343a44;
--card:#1c2027;--good:#5cc08f;--bad:#f0867e;--warn:#e0b252;--a:#7fb0f5;--b:#f0a06a;--c:#5cc08f;
--d:#c99be6;--e:#dfc070;--f:#6fd0dc;--g:#e58fb6}}
*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:56rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.7rem;line-height:1.25;margin:0 0 .5rem}h2{font-size:1.2rem;margin:2.4rem 0 .6rem}
p{margin:.5rem 0}.soft{color:var(--soft)}.verdict{border-left:6px solid;padding:.9rem 1.1rem;
background:var(--card);margin:1.2rem 0}.good{border-color:var(--good)}.bad{border-color:var(--bad)}
.warn{border-color:var(--warn)}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;padding:.4rem .6rem;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font:0.86em ui-monospace,Menlo,
Consolas,monospace;overflow-wrap:anywhere}svg{width:100%;height:auto;margin:.4rem 0}
.t{fill:var(--soft);font-size:12px}.grid{stroke:var(--line);stroke-width:1}
.floor{stroke:var(--bad);stroke-width:1.5;stroke-dasharray:5 4}.pale{fill:var(--line)}
.scroll{overflow-x:auto}li{margin:.35rem 0}
"""


def render(report: AuditReport) -> str:
    """The whole page."""
    story = report.story
    body = [
        f"<h1>{escape(_headline(report))}</h1>",
        f'<p class="soft">Audit of the task <b>{escape(story.task or "unknown")}</b>, '
        "re-derived offline from its evidence bundle.</p>",
        _verdict(report),
    ]
    if story.rounds:
        body += [_summary(report), _score_section(report), _money_section(report)]
    body.append(_steps(report))
    if report.exit_code == 0:
        body.append(_layers(report))
    body.append(_not_proven(report))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(_headline(report))}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(body)}</main></body></html>\n"
    )


def _headline(report: AuditReport) -> str:
    return {
        0: "The model is what its record says it is",
        1: "The evidence does not hold",
        2: "The evidence does not suffice to decide",
    }[report.exit_code]


def _verdict(report: AuditReport) -> str:
    ink = {0: "good", 1: "bad", 2: "warn"}[report.exit_code]
    lines = []
    if not report.vouched:
        lines.append(
            "<b>Nobody vouched for the roots of this audit:</b> they were taken from the bundle "
            "itself, so it shows consistency, not identity."
        )
    lines += [escape(note) for note in report.notes]
    if report.failure is not None:
        lines.append(
            f"Step {report.failure.number} ({escape(report.failure.title)}): "
            f"<code>{escape(report.failure.place)}</code> {escape(report.failure.message)}."
        )
    else:
        total = sum(check.count for check in report.checks)
        lines.append(f"{total:,} checks in {len(report.checks)} steps passed, none failed.")
        lines.append(f"Model <code>{escape(report.story.model_digest)}</code>")
    level = LEVELS.get(report.level, "independent parties confirmed the record")
    lines.append(f"Trust level <b>{escape(report.level)}</b>: {escape(level)}.")
    return f'<div class="verdict {ink}">' + "".join(f"<p>{line}</p>" for line in lines) + "</div>"


def _summary(report: AuditReport) -> str:
    story = report.story
    items = [f"<li>{line}</li>" for line in [*_penalised(report), *_suspended(report)]]
    settled = sum(r.settled for r in story.rounds)
    text = (
        f"<p>{len(story.approvals)} members approved the task by vote before it started. "
        f"{settled} of {len(story.rounds)} rounds settled; every settled result was computed again "
        f"from the participants' updates with the rule <b>{escape(story.rule)}</b>. Privacy "
        "mode <b>validators</b>: each validator reads every single update.</p>"
    )
    return "<h2>What happened</h2>" + text + (f"<ul>{''.join(items)}</ul>" if items else "")


def _penalised(report: AuditReport) -> list[str]:
    """One sentence per penalised participant: in which rounds, how much, why."""
    story = report.story
    lines = []
    for name in sorted({name for r in story.rounds for name in r.penalties}):
        rounds = [r for r in story.rounds if name in r.penalties]
        total = sum(r.penalties[name] for r in rounds)
        scores = [r.medians[name] / 1e6 for r in rounds if name in r.medians]
        why = "its updates were withheld or refused"
        if scores:
            why = f"its contributions made the model worse (scores {min(scores):.3f} to "
            why += f"{max(scores):.3f}, the floor is {story.score_floor / 1e6:.3f})"
        lines.append(
            f"<b>{escape(name)}</b> was caught in round {rounds[0].number} and penalised "
            f"{_tokens(total, story.decimals)} tokens in all ({_spans(rounds)}): {why}."
        )
    return lines


def _suspended(report: AuditReport) -> list[str]:
    story = report.story
    lost = {balance.party: balance.slashed for balance in story.balances}
    return [
        f"In round {r.number}, validator <b>{escape(name)}</b> voted for a result that "
        "re-execution does not give; it was suspended, its bond locked for an appeal, and it lost "
        f"{_tokens(lost.get(name, 0), story.decimals)} tokens."
        for r in story.rounds
        for name in r.suspended
    ]


def _spans(rounds: list[RoundStory]) -> str:
    """``rounds 3 to 10``, or the numbers one by one where they do not follow each other."""
    numbers = [r.number for r in rounds]
    if len(numbers) > 2 and numbers[-1] - numbers[0] == len(numbers) - 1:
        return f"rounds {numbers[0]} to {numbers[-1]}"
    return f"round {', '.join(map(str, numbers))}"


def _score_section(report: AuditReport) -> str:
    rounds = report.story.rounds
    names = sorted({name for r in rounds for name in (*r.included, *r.excluded)})
    scores = {
        name: [r.medians[name] / 1e6 if name in r.medians else None for r in rounds]
        for name in names
    }
    loss = {"model": [None if r.loss is None else r.loss / 1e6 for r in rounds]}
    return (
        "<h2>What each party added, round by round</h2>"
        '<p class="soft">Median over the validators of the exact Shapley value; a gap means the '
        "party had no valid update in that round.</p>"
        + line_chart(
            scores,
            title="Score of each participant by round",
            floor=report.story.score_floor / 1e6,
            floor_name="penalty floor",
        )
        + "<h2>How wrong the model was</h2>"
        '<p class="soft">Log-loss of each round\'s candidate, median of what the validators '
        f"measured on their hold-outs (testimony); lower is better.{_last_accuracy(report)}</p>"
        + line_chart(loss, title="Log-loss of the model by round", bottom=0.0)
    )


def _last_accuracy(report: AuditReport) -> str:
    last = next((r.accuracy for r in reversed(report.story.rounds) if r.accuracy is not None), None)
    return "" if last is None else f" They put its last accuracy at {last / 1e4:.1f} %."


def _money_section(report: AuditReport) -> str:
    story = report.story
    scale = 10**story.decimals
    rows = [(b.party, b.staked / scale, b.final / scale) for b in story.balances]
    cells = "".join(
        f"<tr><td>{escape(b.party)}</td><td>{escape(b.role)}</td>"
        f'<td class="n">{_tokens(b.staked, story.decimals)}</td>'
        f'<td class="n">{_tokens(b.earned, story.decimals)}</td>'
        f'<td class="n">{_tokens(b.slashed, story.decimals)}</td>'
        f'<td class="n">{_tokens(b.final, story.decimals)}</td></tr>'
        for b in story.balances
    )
    return (
        "<h2>Who was paid, who paid</h2>"
        + bar_chart(rows, title="Stake at the start and what is left with earnings", unit="tokens")
        + '<div class="scroll"><table><tr><th>party</th><th>role</th><th class="n">staked</th>'
        '<th class="n">earned</th><th class="n">slashed</th><th class="n">at the end</th></tr>'
        + cells
        + "</table></div>"
    )


def _steps(report: AuditReport) -> str:
    rows = "".join(
        f'<tr><td class="n">{c.number}</td><td>{escape(c.title)}</td>'
        f'<td class="n">{c.count:,}</td><td class="soft">{escape(c.detail)}</td></tr>'
        for c in report.checks
    )
    if report.failure is not None:
        rows += (
            f'<tr><td class="n">{report.failure.number}</td><td>{escape(report.failure.title)}</td>'
            f'<td class="n">✗</td><td>{escape(report.failure.place)} '
            f"{escape(report.failure.message)}</td></tr>"
        )
    return (
        '<h2>The evidence, step by step</h2><div class="scroll"><table><tr><th class="n">step</th>'
        f'<th>what</th><th class="n">checks</th><th>how</th></tr>{rows}</table></div>'
    )


def layer_rows(report: AuditReport) -> list[tuple[str, str]]:
    """The layers of security (DESIGN section 3) and what of each this evidence rests on."""
    return [
        ("application", "command line only; no portal, no agents"),
        ("AI", f"updates checked, bounded and scored; aggregated by {report.story.rule or '?'}"),
        ("contract", "votes, stakes, rewards and slashes executed by contracts without owner keys"),
        ("consensus", "none: the embedded chain has one operator and adds no independence"),
        ("ledger and log", "one tiled log per organisation, cosigned by the others, anchored"),
        ("provenance and identity", "every statement signed by its author with two schemes"),
        ("storage", "updates sealed to the validators and, for this audit, to its auditor"),
        ("cryptography", "Ed25519 with ML-DSA-44, X25519 with ML-KEM-768, exact integers"),
    ]


def _layers(report: AuditReport) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(text)}</td></tr>"
        for name, text in layer_rows(report)
    )
    return f'<h2>Layers in force</h2><div class="scroll"><table>{rows}</table></div>'


def _not_proven(report: AuditReport) -> str:
    items = "".join(f"<li>{escape(item)}</li>" for item in report.not_proven)
    return f"<h2>What this does not prove</h2><ul>{items}</ul>"


def _tokens(amount: int, decimals: int) -> str:
    whole, rest = divmod(amount, 10**decimals)
    return f"{whole:,}.{rest * 100 // 10**decimals:02d}"
