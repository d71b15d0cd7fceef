"""Performance and risk as the API takes and shows them. Money is a decimal string; statistics are JSON numbers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from portfolios.measuring.periods import ALL, STARTS
from portfolios.serializers import money as amount

PERIODS = tuple(STARTS)
WHY = "why a figure is null, by its name"


def number(help_text: str = "") -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=help_text)


class RiskQuery(serializers.Serializer[Any]):
    benchmark = serializers.CharField(
        required=False, default="", max_length=20, help_text="any symbol with daily bars; SPY"
    )


class PerformanceQuery(RiskQuery):
    period = serializers.ChoiceField(
        PERIODS, default=ALL, help_text="from the close before it; all: everything recorded"
    )
    risk_free = serializers.FloatField(
        default=0.0, min_value=-0.5, max_value=1.0, help_text="annual rate for Sharpe, Sortino and alpha: 0.04 is 4 %"
    )


class FiguresOut(serializers.Serializer[Any]):
    time_weighted_return = number("whatever was paid in and out; 0.1 is 10 %")
    cagr = number("the same a year; from one year on")
    money_weighted_return = number("of the owner's dollars over the period (XIRR)")
    money_weighted_annual = number("the same a year; from one year on")
    volatility = number("annual standard deviation of daily returns")
    sharpe = number("mean return above the risk-free rate per volatility, annual")
    sortino = number("the same per downside deviation")
    calmar = number("cagr per max_drawdown")
    max_drawdown = number("deepest fall below a high; 0.2 is 20 %")
    best_day = number()
    worst_day = number()


class ComparisonOut(serializers.Serializer[Any]):
    time_weighted_return = number("of the benchmark over the common dates")
    own_return = number("of the account over the same dates")
    excess_return = number("the account's less the benchmark's")
    cagr = number()
    volatility = number()
    sharpe = number()
    sortino = number()
    calmar = number()
    max_drawdown = number()
    best_day = number()
    worst_day = number()
    beta = number("how much the account moves when the benchmark moves by one")
    alpha = number("what beta leaves unexplained, annual (Jensen)")
    correlation = number()
    tracking_error = number("annual standard deviation of the difference")
    information_ratio = number("mean difference per tracking error, annual")


class BenchmarkOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    figures = ComparisonOut(allow_null=True)
    missing = serializers.DictField(child=serializers.CharField(), help_text=WHY)


class MoneyOut(serializers.Serializer[Any]):
    begin = amount()
    end = amount()
    flows = amount(help_text="deposits less withdrawals")
    gain = amount(help_text="end − begin − flows")
    average_capital = amount(help_text="dollars at work on average (modified Dietz)")


class MonthOut(serializers.Serializer[Any]):
    year = serializers.IntegerField()
    month = serializers.IntegerField()
    gained = number("time-weighted; the first and the last may be partial months")


class YearOut(serializers.Serializer[Any]):
    year = serializers.IntegerField()
    gained = number()


class DrawdownOut(serializers.Serializer[Any]):
    depth = serializers.FloatField()
    peak = serializers.DateField()
    trough = serializers.DateField()
    recovered = serializers.DateField(allow_null=True, help_text="null while it lasts")
    days = serializers.IntegerField(help_text="calendar days from peak to recovery, or until now")


class TradesOut(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="sales")
    wins = serializers.IntegerField()
    losses = serializers.IntegerField()
    gain = amount(help_text="realised, after fees")
    short_term = amount()
    long_term = amount(help_text="of lots held for more than a year")
    win_rate = number()
    profit_factor = number("dollars won per dollar lost")
    average = amount(allow_null=True)
    average_win = amount(allow_null=True)
    average_loss = amount(allow_null=True)
    missing = serializers.DictField(child=serializers.CharField(), help_text=WHY)


class ContributionOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    gain = amount(allow_null=True, help_text="dollars it added, dividends and fees included")
    share = number("of the average capital")
    reason = serializers.CharField(allow_blank=True)


class CurveDayOut(serializers.Serializer[Any]):
    date = serializers.DateField()
    equity = amount()
    growth = number("what one dollar became, time-weighted")
    benchmark = number("what it would have become there")
    drawdown = number("0 at a high, −0.2 when 20 % below")


class PerformanceOut(serializers.Serializer[Any]):
    period = serializers.ChoiceField(PERIODS)
    start = serializers.DateField(allow_null=True, help_text="the base: the period counts from this day's close")
    end = serializers.DateField(allow_null=True)
    days = serializers.IntegerField(help_text="sessions after the base")
    as_of = serializers.DateTimeField()
    risk_free = serializers.FloatField()
    money = MoneyOut(allow_null=True)
    figures = FiguresOut()
    missing = serializers.DictField(child=serializers.CharField(), help_text=WHY)
    benchmark = BenchmarkOut()
    months = MonthOut(many=True)
    years = YearOut(many=True)
    drawdowns = DrawdownOut(many=True, help_text="the deepest five")
    trades = TradesOut()
    contributions = ContributionOut(many=True)
    other_gain = amount(allow_null=True, help_text="what no holding explains: interest, account fees")


class AtRiskOut(serializers.Serializer[Any]):
    method = serializers.ChoiceField(["historical", "parametric"])
    measure = serializers.ChoiceField(["value_at_risk", "expected_shortfall"])
    confidence = serializers.FloatField()
    share = number("of equity in one day; a loss is positive")
    dollars = amount(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class HoldingRiskOut(serializers.Serializer[Any]):
    symbol = serializers.CharField()
    value = amount()
    weight = number("of equity")
    volatility = number()
    beta = number()
    risk_share = number("its part of the variance; all sum to 1")
    missing = serializers.DictField(child=serializers.CharField(), help_text=WHY)


class ExposureOut(serializers.Serializer[Any]):
    gross = serializers.FloatField()
    net = serializers.FloatField()
    cash = serializers.FloatField()


class ConcentrationOut(serializers.Serializer[Any]):
    hhi = serializers.FloatField(help_text="1: one holding, 1/n: n equal ones")
    effective = serializers.FloatField(help_text="1/hhi: as many equal holdings")
    largest = serializers.CharField()
    largest_weight = serializers.FloatField(help_text="of equity")


class RiskOut(serializers.Serializer[Any]):
    as_of = serializers.DateTimeField()
    benchmark = serializers.CharField()
    equity = amount(allow_null=True)
    cash = amount()
    days = serializers.IntegerField(help_text="sessions that today's holdings were moved through")
    exposure = ExposureOut(allow_null=True)
    concentration = ConcentrationOut(allow_null=True)
    volatility = number("annual, of today's holdings")
    beta = number()
    at_risk = AtRiskOut(many=True)
    holdings = HoldingRiskOut(many=True)
    reason = serializers.CharField(allow_blank=True, help_text="what could not be looked at, and why")
    missing = serializers.DictField(child=serializers.CharField(), help_text=WHY)


class TearSheetOut(serializers.Serializer[Any]):
    portfolio = serializers.CharField()
    performance = PerformanceOut()
    risk = RiskOut()
    curve = CurveDayOut(many=True)
