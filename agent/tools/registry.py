"""Every tool by name."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent.providers.base import ToolSpec
from agent.tools.analyze_sentiment import ANALYZE_SENTIMENT
from agent.tools.base import Reach, Tool
from agent.tools.cancel_action import CANCEL_ACTION
from agent.tools.check_risk import CHECK_RISK
from agent.tools.compute_indicators import COMPUTE_INDICATORS
from agent.tools.create_action import CREATE_ACTION
from agent.tools.explain_action import EXPLAIN_ACTION
from agent.tools.get_alerts import GET_ALERTS
from agent.tools.get_bars import GET_BARS
from agent.tools.get_news import GET_NEWS
from agent.tools.get_portfolio import GET_PORTFOLIO
from agent.tools.get_quotes import GET_QUOTES
from agent.tools.get_signals import GET_SIGNALS
from agent.tools.list_actions import LIST_ACTIONS
from agent.tools.notify import NOTIFY
from agent.tools.optimize_portfolio import OPTIMIZE_PORTFOLIO
from agent.tools.position_size import POSITION_SIZE
from agent.tools.propose_order import PROPOSE_ORDER
from agent.tools.propose_rebalance import PROPOSE_REBALANCE
from agent.tools.run_backtest import RUN_BACKTEST
from agent.tools.simulate_action import SIMULATE_ACTION
from agent.tools.update_action import UPDATE_ACTION

TOOLS: dict[str, Tool[Any]] = {}


def register(tool: Tool[Any]) -> None:
    """Add a tool. Raises ValueError when its name is taken."""
    if tool.name in TOOLS:
        raise ValueError(f"the tool {tool.name!r} is registered twice")
    TOOLS[tool.name] = tool


for _tool in (
    GET_PORTFOLIO,
    GET_QUOTES,
    GET_BARS,
    GET_SIGNALS,
    GET_ALERTS,
    GET_NEWS,
    ANALYZE_SENTIMENT,
    LIST_ACTIONS,
    EXPLAIN_ACTION,
    CHECK_RISK,
    COMPUTE_INDICATORS,
    POSITION_SIZE,
    OPTIMIZE_PORTFOLIO,
    SIMULATE_ACTION,
    RUN_BACKTEST,
    CREATE_ACTION,
    UPDATE_ACTION,
    CANCEL_ACTION,
    PROPOSE_ORDER,
    PROPOSE_REBALANCE,
    NOTIFY,
):
    register(_tool)


def specs(reach: Reach) -> tuple[ToolSpec, ...]:
    """What a model is offered: the tools up to `reach`."""
    return tuple(_spec(name) for name, tool in TOOLS.items() if tool.reach <= reach)


@cache
def _spec(name: str) -> ToolSpec:
    """Made once: a schema takes longer to make than a tool to be used."""
    tool = TOOLS[name]
    return ToolSpec(name=name, description=tool.description, schema=tool.arguments.model_json_schema())
