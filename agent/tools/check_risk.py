"""Look at the portfolio's risk and at the safety limits. Nothing here changes one."""

from __future__ import annotations

from agent.permitting import safety_facts
from agent.tools.base import Answer, Arguments, Context, Reach, Symbol, verified
from portfolios.measuring.figures import Figure
from portfolios.risk.reporting import risk_of

MOST_HOLDINGS = 50


class Wanted(Arguments):
    benchmark: Symbol | None = None


class CheckRisk:
    """Volatility, beta, value at risk, concentration; limits and switches as they stand."""

    name = "check_risk"
    description = (
        "Risk of what is held now: volatility, beta, a day's value at risk and expected shortfall, concentration, risk "
        "share of each holding (shares of 1, annual where usual). And the safety limits and switches in force."
    )
    arguments = Wanted
    reach = Reach.READ

    def run(self, arguments: Wanted, context: Context) -> Answer:
        (benchmark,) = verified([arguments.benchmark]) if arguments.benchmark else ("SPY",)
        risk = risk_of(context.portfolio, benchmark=benchmark, now=context.now)
        holdings = sorted(risk.holdings, key=lambda one: -one.value)[:MOST_HOLDINGS]
        return Answer(
            content={
                "benchmark": benchmark,
                "sessions": risk.days,
                "unknown_because": risk.reason,
                "exposure": _share(risk.exposure.gross if risk.exposure else None),
                "largest": risk.concentration.largest if risk.concentration else None,
                "largest_weight": _share(risk.concentration.largest_weight if risk.concentration else None),
                "volatility": _figure(risk.volatility),
                "beta": _figure(risk.beta),
                "a_day": [
                    {
                        "measure": one.measure,
                        "method": one.method,
                        "confidence": str(one.confidence),
                        "share": _figure(one.figure),
                        "dollars": None if one.dollars is None else f"{one.dollars:.2f}",
                    }
                    for one in risk.at_risk
                ],
                "holdings": [
                    {
                        "symbol": one.symbol,
                        "weight": _share(one.weight),
                        "volatility": _figure(one.volatility),
                        "beta": _figure(one.beta),
                        "risk_share": _figure(one.risk_share),
                    }
                    for one in holdings
                ],
                "safety": safety_facts(user=context.user, portfolio=context.portfolio),
            }
        )


def _figure(figure: Figure) -> str | None:
    return _share(figure.value)


def _share(value: float | None) -> str | None:
    return None if value is None else f"{value:.4f}"


CHECK_RISK = CheckRisk()
