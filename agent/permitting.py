"""May the agent do it itself? Asked at the moment it would, from the rows: what a person took back meanwhile counts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from accounts.models import User
from agent.models import AgentConfig, AgentRun, RunMode
from agent.tools.base import Context
from automation.models import ActionType, ActionVersion
from common.money import HUNDRED, ZERO, plain
from markets.selectors import latest_quotes
from portfolios.models import Holding, Portfolio
from portfolios.valuing import value
from safety import switch
from safety.policies import policy_for

MOST_CHANGES = 5  # of rules, by one run without a person


def actor_of(context: Context) -> str:
    """Who a rule's history names."""
    return f"agent run {context.run_id}"


def why_not_itself(context: Context) -> str:
    """Why a person must do it; empty when the agent may."""
    if context.run_id is None or context.mode != RunMode.EXECUTE:
        return "the run only proposes"
    if context.tainted or not AgentRun.objects.filter(pk=context.run_id, tainted=False).exists():
        return "the run read text nobody vouches for"
    if not AgentConfig.objects.filter(user=context.user, mode=RunMode.EXECUTE).exists():
        return "the agent's mode is no longer execute"
    if switch.view(user_id=context.user.pk, portfolio_id=context.portfolio.pk, agent=True).killed:
        return "the kill switch is on"
    changed = ActionVersion.objects.filter(action__user=context.user, actor=actor_of(context)).count()
    if changed >= MOST_CHANGES:
        return f"the run has changed {changed} rules already"
    return ""


def why_too_large(fields: Mapping[str, Any], portfolio: Portfolio, *, now: datetime) -> str:
    """Why a rule (fields as a draft gives them) trades more than the agent may; empty when it does not."""
    if fields["action_type"] == ActionType.NOTIFY:
        return ""
    if fields["action_type"] == ActionType.REBALANCE:
        return "rebalancing is a person's decision"
    policy = policy_for(portfolio)
    times = fields.get("max_executions")
    if times is None or times > policy.agent_daily_orders:
        return f"a rule of the agent may fire at most {policy.agent_daily_orders} times"
    equity, worth = value(portfolio, now=now).equity, _worth(fields, portfolio, now)
    if equity is None or worth is None:
        return "its size in dollars is not known"
    limit = equity * policy.agent_order_pct / HUNDRED
    if worth > limit:
        return f"it trades ${worth:.2f}, one order of the agent may be ${limit:.2f}"
    return ""


def _worth(fields: Mapping[str, Any], portfolio: Portfolio, now: datetime) -> Decimal | None:
    """Dollars one execution would be about, at the highest price that is known of it."""
    if fields["amount_usd"] is not None:
        return Decimal(fields["amount_usd"])
    if fields["percent_of_equity"] is not None:
        equity = value(portfolio, now=now).equity
        return None if equity is None else equity * fields["percent_of_equity"] / HUNDRED
    quote = latest_quotes([fields["instrument_id"]]).get(fields["instrument_id"])
    if quote is None:
        return None
    price = max(quote.last, fields["limit_price"] or ZERO)
    if fields["quantity"] is not None:
        return Decimal(fields["quantity"]) * price
    holding = Holding.objects.filter(portfolio=portfolio, instrument=fields["instrument_id"]).first()
    return (holding.quantity if holding else ZERO) * price * fields["percent_of_position"] / HUNDRED


def safety_facts(*, user: User, portfolio: Portfolio) -> dict[str, Any]:
    """How the safety limits and switches stand, to be looked at: nothing here changes one."""
    policy = policy_for(portfolio)
    seen = switch.view(user_id=user.pk, portfolio_id=portfolio.pk, agent=True)
    return {
        "killed": list(seen.killed),
        "trading_state": seen.trading_state,
        "paper_only": policy.paper_trading,
        "max_position_percent": plain(policy.max_position_pct),
        "max_order_percent": plain(policy.max_order_notional_pct),
        "approval_above": (
            f"{plain(policy.large_order_pct)} %"
            if policy.large_order_amount is None
            else f"${plain(policy.large_order_amount)}"
        ),
        "max_daily_trades": policy.max_daily_trades,
        "daily_loss_reduce_percent": plain(policy.daily_loss_reduce_pct),
        "daily_loss_halt_percent": plain(policy.daily_loss_halt_pct),
        "drawdown_halt_percent": plain(policy.drawdown_halt_pct),
        "agent_daily_orders": policy.agent_daily_orders,
        "agent_order_percent": plain(policy.agent_order_pct),
    }
