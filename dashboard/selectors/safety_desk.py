"""The safety page: each switch by name, limits in groups, and what real money would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from automation.models import Action
from dashboard.selectors.safety import Limit
from portfolios.models import Portfolio
from safety.models import Switch, TradingState
from safety.types import PolicyView

GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "One order",
        "How large one order may be, and when it must ask you first.",
        ("max_order_notional_pct", "large_order_pct", "large_order_amount", "approval_collar_pct",
         "buying_power_cushion_pct", "duplicate_window_seconds"),
    ),
    (
        "What you hold",
        "How much may be in one position, and in all of them.",
        ("max_position_pct", "max_gross_pct", "max_open_orders", "symbol_whitelist", "symbol_blacklist",
         "wash_sale_lock"),
    ),
    (
        "One day",
        "How much may be traded and lost before trading slows down or stops.",
        ("max_daily_trades", "daily_turnover_pct", "daily_loss_reduce_pct", "daily_loss_halt_pct",
         "drawdown_halt_pct"),
    ),
    (
        "Prices",
        "Which prices are good enough to trade on.",
        ("quote_max_age_seconds", "max_spread_pct", "price_collar_pct", "price_jump_pct", "extended_hours"),
    ),
    (
        "Rules and the agent",
        "What stops a rule that runs wild, and how little the agent may do.",
        ("orders_per_minute", "orders_per_minute_per_symbol", "failures_before_review", "loop_round_trips",
         "loop_window_minutes", "agent_daily_orders", "agent_order_pct"),
    ),
    ("Money", "Paper money only, or real money as well.", ("paper_trading",)),
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Reach:
    """One thing that can be stopped by itself: everything, a portfolio, the agent, a rule."""

    scope: str
    scope_id: str
    title: str
    meaning: str
    switch: Switch | None

    @property
    def killed(self) -> bool:
        return self.switch is not None and self.switch.killed

    @property
    def state(self) -> str:
        return self.switch.trading_state if self.switch else TradingState.ACTIVE


@dataclass(frozen=True, kw_only=True)
class Condition:
    """One thing real money takes."""

    title: str
    met: bool
    text: str


def grouped(limits: Sequence[Limit]) -> list[tuple[str, str, list[Limit]]]:
    """The limits by what they are about; what no group names comes last."""
    by_field = {limit.field: limit for limit in limits}
    groups = [
        (title, words, [by_field.pop(field) for field in fields if field in by_field])
        for title, words, fields in GROUPS
    ]
    return [*groups, ("More", "", list(by_field.values()))] if by_field else groups


def reaches(user: User, switches: Sequence[Switch]) -> list[Reach]:
    """Everything of the user that has, or could have, a switch of its own. Two queries."""
    found = {(switch.scope, switch.scope_id): switch for switch in switches}
    mine = str(user.pk)

    def reach(scope: str, scope_id: str, title: str, meaning: str) -> Reach:
        switch = found.get((scope, scope_id))
        return Reach(scope=scope, scope_id=scope_id, title=title, meaning=meaning, switch=switch)

    listed = [reach(Switch.Scope.USER, mine, "Everything of yours", "every rule, job, strategy and the agent")]
    for portfolio in Portfolio.objects.filter(user=user).order_by("-primary", "created_at"):
        listed.append(reach(Switch.Scope.PORTFOLIO, str(portfolio.pk), portfolio.name, "this portfolio alone"))
    listed.append(reach(Switch.Scope.AGENT, mine, "The agent", "what the agent proposes and places"))
    stopped = [switch.scope_id for switch in switches if switch.scope == Switch.Scope.ACTION and switch.killed]
    for action in Action.objects.filter(user=user, pk__in=stopped).select_related("instrument", "goal"):
        listed.append(reach(Switch.Scope.ACTION, str(action.pk), str(action), "this rule alone"))
    if (everything := found.get((Switch.Scope.GLOBAL, ""))) and everything.killed:
        listed.insert(0, reach(Switch.Scope.GLOBAL, "", "The whole server", "everybody; its operator resumes it"))
    return listed


def arming(user: User, policy: PolicyView) -> list[Condition]:
    """What the gate asks of an order with real money, and what of it is met. One query."""
    owned = Portfolio.objects.filter(user=user).select_related("broker_account")
    accounts = [portfolio.broker_account for portfolio in owned if hasattr(portfolio, "broker_account")]
    live = [account for account in accounts if account.live]
    agreed = bool(accounts) and all(account.reconciled_at and not account.mismatch for account in accounts)
    return [
        Condition(
            title="A broker account with real money",
            met=bool(live),
            text="connected." if live else "none is connected: every account here is a paper account.",
        ),
        Condition(
            title="Paper trading only is turned off",
            met=not policy.paper_trading,
            text="your limits allow real money."
            if not policy.paper_trading
            else "your limits let nothing but paper money through. Turning it off takes your password.",
        ),
        Condition(
            title="The books agree with the broker",
            met=agreed,
            text="they were compared and agree." if agreed else "they were not compared yet, or disagree.",
        ),
        Condition(
            title="The account is armed",
            met=False,
            text="it is not. Arming lasts 8 hours and is for accounts with real money only.",
        ),
    ]


def what_holds(killed: Sequence[Any], trading_state: str) -> tuple[str, str, str]:
    """(tone, headline, what it means)."""
    if killed:
        return "bad", "Everything is stopped", "No order leaves. Rules are watched, but cannot trade until you resume."
    if trading_state == TradingState.HALTED:
        return "bad", "Trading is halted", "Nothing automatic goes through. Your own orders that shrink a position do."
    if trading_state == TradingState.REDUCING:
        return "warn", "Trading only reduces", "Only orders that shrink a position go through."
    return "good", "Trading is active", "Every order passes the limits below, whoever asks for it."
