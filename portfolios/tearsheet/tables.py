"""The tables of a tear sheet: key figures, holdings, bad days, falls and trades."""

from __future__ import annotations

from collections.abc import Sequence

from portfolios.performance.reporting import Performance
from portfolios.risk.reporting import Risk
from portfolios.tearsheet.sheet import Table
from portfolios.tearsheet.words import NONE, dollars, figure, percent, ratio

# (name, label, kind, what it means); the benchmark's is shown beside it where it has one.
KEY = (
    ("time_weighted_return", "Return", "signed", "Time-weighted: what a dollar made, whatever was paid in or out."),
    ("cagr", "Return a year", "signed", "The same growth as a yearly rate (CAGR)."),
    ("money_weighted_return", "Return on your dollars", "signed", "Money-weighted (XIRR): when you paid in counts."),
    ("volatility", "Volatility", "percent", "How much a year's return typically strays from its mean."),
    ("sharpe", "Sharpe ratio", "ratio", "Return above the risk-free rate per volatility."),
    ("sortino", "Sortino ratio", "ratio", "The same, but only falls count as risk."),
    ("calmar", "Calmar ratio", "ratio", "Yearly return per deepest fall."),
    ("max_drawdown", "Deepest fall", "percent", "The largest loss from a high to the low after it."),
    ("best_day", "Best day", "signed", "Of the daily returns."),
    ("worst_day", "Worst day", "signed", "The same."),
)
AGAINST = (
    ("excess_return", "Ahead by", "signed", "The account's return less the benchmark's, over the same days."),
    ("beta", "Beta", "ratio", "How much the account moves when the benchmark moves by one."),
    ("alpha", "Alpha a year", "signed", "What beta alone does not explain (Jensen)."),
    ("correlation", "Correlation", "ratio", "1: they move together; 0: they have nothing to do with each other."),
    ("tracking_error", "Tracking error", "percent", "How far the two stray apart in a year."),
    ("information_ratio", "Information ratio", "ratio", "Being ahead per tracking error."),
)


def tables_of(report: Performance, risk: Risk) -> list[Table]:
    """Every table, those without rows too."""
    symbol = report.benchmark.symbol
    theirs = report.benchmark.figures
    return [
        Table(
            title="Key figures",
            columns=("", "Account", symbol, "What it means"),
            align="lrrx",
            rows=[
                (label, figure(report.figures[name], kind), figure(theirs.get(name), kind), meaning)
                for name, label, kind, meaning in KEY
            ],
        ),
        Table(
            title=f"Against {symbol}",
            columns=("", "", "What it means"),
            align="lrx",
            rows=[(label, figure(theirs[name], kind), meaning) for name, label, kind, meaning in AGAINST if theirs],
            caption="Over the days both have.",
        ),
        _holdings(report, risk),
        _at_risk(risk),
        _exposure(risk),
        _money(report),
        _falls(report),
        _trades(report),
    ]


def _holdings(report: Performance, risk: Risk) -> Table:
    gains = {one.symbol: one for one in report.contributions}
    rows = []
    for one in risk.holdings:
        added = gains.pop(one.symbol, None)
        rows.append(
            (
                one.symbol,
                dollars(one.value),
                percent(one.weight),
                dollars(added.gain if added else None, signed=True),
                figure(one.volatility, "percent"),
                figure(one.beta, "ratio"),
                figure(one.risk_share, "percent"),
            )
        )
    for sold in gains.values():
        rows.append((sold.symbol, NONE, NONE, dollars(sold.gain, signed=True), NONE, NONE, NONE))
    if rows and risk.exposure is not None:
        rows.append(("Cash", dollars(risk.cash), percent(risk.exposure.cash), NONE, NONE, NONE, NONE))
    return Table(
        title="Holdings",
        columns=("", "Value", "Weight", "Gain in the period", "Volatility", "Beta", "Share of the risk"),
        align="lrrrrrr",
        rows=rows,
        caption="Gain: what it added in the period, with dividends and fees; a dash for its value means it was sold.",
    )


def _at_risk(risk: Risk) -> Table:
    rows = []
    for measure, label in (("value_at_risk", "Value at risk"), ("expected_shortfall", "Expected shortfall")):
        for confidence in (0.95, 0.99):
            pair = {one.method: one for one in risk.at_risk if (one.measure, one.confidence) == (measure, confidence)}
            if pair:
                shown = [pair["historical"], pair["parametric"]]
                cells = [text for one in shown for text in (percent(one.figure.value), dollars(one.dollars))]
                rows.append((f"{label}, {percent(confidence, places=0)}", *cells))
    return Table(
        title="What a bad day may cost",
        columns=("One day", "Historical", "", "If normal", ""),
        align="lrrrr",
        rows=rows,
        caption=f"Today's holdings moved as on the last {risk.days} sessions. Value at risk: the loss that 95 or 99 of "
        "100 days stay within. Expected shortfall: the mean loss of the days beyond it.",
    )


def _exposure(risk: Risk) -> Table:
    rows: list[Sequence[str]] = []
    if risk.exposure is not None:
        rows += [
            ("Invested", percent(risk.exposure.gross), "Share of equity in holdings."),
            ("Cash", percent(risk.exposure.cash), ""),
            ("Volatility of today's holdings", figure(risk.volatility, "percent"), "A year, from the same sessions."),
            (f"Beta to {risk.benchmark}", figure(risk.beta, "ratio"), ""),
        ]
    if risk.concentration is not None:
        found = risk.concentration
        rows += [
            (f"Largest holding, {found.largest}", percent(found.largest_weight), "Share of equity."),
            ("Concentration (HHI)", ratio(found.hhi), f"As concentrated as {found.effective:.1f} equal holdings."),
        ]
    return Table(title="Exposure and concentration", columns=("", "", ""), align="lrx", rows=rows)


def _money(report: Performance) -> Table:
    worth = report.money
    rows: list[Sequence[str]] = []
    if worth is not None:
        rows = [
            ("At the beginning", dollars(worth.begin), "What the period began with."),
            ("Paid in less paid out", dollars(worth.flows, signed=True), "Deposits, withdrawals, shares brought in."),
            ("Gain", dollars(worth.gain, signed=True), "Prices, dividends and interest, less fees."),
            ("At the end", dollars(worth.end), ""),
        ]
    return Table(title="Dollars", columns=("", "", ""), align="lrx", rows=rows)


def _falls(report: Performance) -> Table:
    return Table(
        title="Deepest falls",
        columns=("From the high of", "to the low of", "back at", "Depth", "Days"),
        align="lllrr",
        rows=[
            (
                f"{one.peak:%d %b %Y}",
                f"{one.trough:%d %b %Y}",
                f"{one.recovered:%d %b %Y}" if one.recovered else "not yet",
                percent(one.depth),
                f"{one.days:,}",
            )
            for one in report.drawdowns
        ],
    )


def _trades(report: Performance) -> Table:
    trades = report.trades
    rows: list[Sequence[str]] = []
    if trades.count:
        rows = [
            ("Sales", f"{trades.count:,}", f"{trades.wins:,} with a gain, {trades.losses:,} with a loss"),
            ("Won", figure(trades.win_rate, "percent"), "Share of sales with a gain."),
            ("Realised gain", _cash(trades.gain), f"{_cash(trades.long_term)} of it long term"),
            ("Average sale", _cash(trades.average), ""),
            ("Average gain, average loss", f"{_cash(trades.average_win)}, {_cash(trades.average_loss)}", ""),
            ("Profit factor", figure(trades.profit_factor, "ratio"), "Dollars won per dollar lost."),
        ]
    return Table(title="Closed trades", columns=("", "", ""), align="lrx", rows=rows)


def _cash(amount: object) -> str:
    return NONE if amount is None else dollars(float(str(amount)), signed=True)
