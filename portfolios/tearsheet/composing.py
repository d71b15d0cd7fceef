"""From measured performance and risk to a sheet."""

from __future__ import annotations

from portfolios.measuring.figures import Figure
from portfolios.performance.reporting import Performance
from portfolios.risk.reporting import Risk
from portfolios.tearsheet.charts import drawdown_chart, growth_chart
from portfolios.tearsheet.sheet import MONTHS, Card, Cell, Chart, Heat, Sheet, shade_of
from portfolios.tearsheet.tables import AGAINST, KEY, tables_of
from portfolios.tearsheet.words import dollars, figure, percent

PERIODS = {
    "1d": "One day",
    "1w": "One week",
    "1m": "One month",
    "3m": "Three months",
    "ytd": "This year",
    "1y": "One year",
    "all": "Since the beginning",
}


def compose(name: str, report: Performance, risk: Risk) -> Sheet:
    """The tear sheet of a portfolio called `name`."""
    dates = report.daily.dates
    span = f"{dates[0]:%d %b %Y} to {dates[-1]:%d %b %Y}" if dates else "nothing recorded yet"
    return Sheet(
        title=name,
        subtitle=f"{PERIODS[report.period]}: {span}",
        facts=[
            f"As of {report.as_of:%d %b %Y %H:%M} UTC",
            f"Benchmark {report.benchmark.symbol}",
            f"Risk-free rate {percent(report.risk_free)} a year",
        ],
        cards=_cards(report, risk),
        charts=_charts(report),
        heat=_heat(report),
        tables=[table for table in tables_of(report, risk) if table.rows],
        notes=_notes(report, risk),
    )


def _cards(report: Performance, risk: Risk) -> list[Card]:
    figures, worth = report.figures, report.money
    total = figures["time_weighted_return"]
    excess = report.benchmark.figures.get("excess_return")
    var = next((one for one in risk.at_risk if (one.method, one.confidence) == ("historical", 0.95)), None)
    return [
        Card(label="Value", value=dollars(worth.end if worth else None), note="at the last record"),
        Card(
            label="Gain",
            value=dollars(worth.gain if worth else None, signed=True),
            note="payments in and out aside",
            tone=_tone(worth.gain if worth else None),
        ),
        Card(label="Return", value=figure(total, "signed"), note="time-weighted", tone=_tone(total.value)),
        Card(
            label=f"Against {report.benchmark.symbol}",
            value=figure(excess, "signed"),
            note="ahead (+) or behind",
            tone=_tone(excess.value if excess else None),
        ),
        Card(label="Deepest fall", value=figure(figures["max_drawdown"], "percent"), note="from a high"),
        Card(
            label="Value at risk",
            value=percent(var.figure.value if var else None),
            note="a day, 95 % of days",
        ),
    ]


def _tone(value: float | None) -> str:
    return "plain" if not value else "good" if value > 0 else "bad"


def _charts(report: Performance) -> list[Chart]:
    curve = report.curve()
    if len(curve) < 2:
        return []
    dates = [day["date"] for day in curve]
    theirs = [day["benchmark"] for day in curve]
    growth = growth_chart(dates, [day["growth"] for day in curve], theirs, report.benchmark.symbol)
    beside = f"Account (solid) and {report.benchmark.symbol} (dashed)" if any(theirs) else "Account"
    return [
        Chart(title="Return", caption=f"{beside}, in percent; time-weighted.", drawing=growth),
        Chart(
            title="Drawdown",
            caption="How far below the highest value so far, in percent.",
            drawing=drawdown_chart(dates, [day["drawdown"] for day in curve]),
        ),
    ]


def _heat(report: Performance) -> Heat | None:
    if len(report.months) < 2:
        return None
    gains = {(year, month): gained for year, month, gained in report.months}
    rows = []
    for year, whole in report.years.items():
        cells = [_cell(gains.get((year, month))) for month in range(1, len(MONTHS) + 1)]
        rows.append((year, cells, _cell(whole)))
    return Heat(rows=rows)


def _cell(gained: float | None) -> Cell:
    if gained is None:
        return Cell(text="")
    return Cell(text=percent(gained, signed=True).removesuffix("\u00a0%"), shade=shade_of(gained))


def _notes(report: Performance, risk: Risk) -> list[str]:
    reasons: dict[str, list[str]] = {}
    labels = {name: label for name, label, _, _ in (*KEY, *AGAINST)}
    found: list[tuple[str, Figure]] = [*report.figures.items(), *report.benchmark.figures.items()]
    for name, one in found:
        label = labels.get(name)
        if one.reason and label and label not in reasons.setdefault(one.reason, []):
            reasons[one.reason].append(label)
    notes = [f"{', '.join(names)}: {reason}" for reason, names in reasons.items() if names]
    if report.benchmark.reason:
        notes.append(report.benchmark.reason)
    if risk.reason:
        notes.append(risk.reason)
    notes.append(
        "Returns and ratios are of daily values at the New York close, 252 sessions to the year; the first and the "
        "last month and year may be partial. The past says nothing certain about the future."
    )
    return notes
