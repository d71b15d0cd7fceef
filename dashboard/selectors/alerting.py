"""Alerts as the pages show them: the feed by days, and what people asked to be told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.core.paginator import Page, Paginator
from django.db.models import Prefetch
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts.models import User
from alerts import standing
from alerts.models import Alert, AlertConfig, Delivery
from automation.strategies.models import Strategy
from dashboard.selectors.frame import portfolios_of
from portfolios.models import PortfolioGoal

PAGE = 50
# What an alert can be about: the key of its data -> the page, and what the link is called.
LINKS = (
    ("order", "order", "The order"),
    ("action", "action", "The rule"),
    ("config", "alert-config", "What you asked for"),
    ("goal", "goal", "The goal"),
    ("strategy", "strategy", "The strategy"),
    ("agent_run", "agent-run", "The agent's run"),
    ("job", "job", "The job"),
    ("channel", "channel", "The channel"),
    ("failing_channel", "channel", "The channel"),
)


@dataclass(frozen=True, kw_only=True)
class Link:
    """A page that an alert leads to."""

    to: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FeedRow:
    """One alert of the feed, under its day on the reader's calendar."""

    alert: Alert
    day: str
    links: list[Link]
    deliveries: list[Delivery]


@dataclass(frozen=True, kw_only=True)
class ConfigRow:
    """One thing asked for, with where it stands."""

    config: AlertConfig
    standing: standing.Standing


def feed_page(user: User, filters: Mapping[str, str], number: str, *, now: datetime) -> Page[Any]:
    """`filters`: kind, severity, symbol, open (only what is not acknowledged). Three queries."""
    alerts = Alert.objects.filter(user=user).order_by("-triggered_at", "-pk")
    for name in ("kind", "severity"):
        if filters.get(name):
            alerts = alerts.filter(**{name: filters[name]})
    if filters.get("symbol"):
        alerts = alerts.filter(symbol=filters["symbol"].strip().upper())
    if filters.get("open"):
        alerts = alerts.filter(acknowledged_at__isnull=True)
    sent = Delivery.objects.select_related("channel").order_by("channel__name")
    page: Page[Any] = Paginator(alerts.prefetch_related(Prefetch("deliveries", queryset=sent)), PAGE).get_page(number)
    page.object_list = [_row(alert, now) for alert in page.object_list]
    return page


def config_page(user: User, filters: Mapping[str, str], number: str, *, now: datetime) -> Page[Any]:
    """`filters`: type, symbol. What was asked for, newest first, with where each stands."""
    configs = AlertConfig.objects.filter(user=user).order_by("-created_at", "-pk")
    if filters.get("type") in AlertConfig.Type.values:
        configs = configs.filter(alert_type=filters["type"])
    if filters.get("symbol"):
        configs = configs.filter(instrument=filters["symbol"].strip().upper())
    page: Page[Any] = Paginator(configs, PAGE).get_page(number)
    page.object_list = config_rows(page.object_list, now=now)
    return page


def config_rows(configs: Iterable[AlertConfig], *, now: datetime) -> list[ConfigRow]:
    """Each config with where it stands, in a few queries for all of them."""
    listed = list(configs)
    found = standing.standings(listed, now=now)
    return [ConfigRow(config=config, standing=found[config.id]) for config in listed]


def told_by(config: AlertConfig, *, most: int = 20) -> list[Alert]:
    """What a config told last."""
    told = Alert.objects.filter(user_id=config.user_id, data__config=str(config.id))
    return list(told.order_by("-triggered_at", "-pk")[:most])


def subjects_to_choose(user: User) -> dict[str, list[tuple[str, str]]]:
    """What an alert of this user can be about, by the field of the form; the primary portfolio first."""
    strategies = Strategy.objects.filter(user=user, archived_at__isnull=True).order_by("name")
    goals = PortfolioGoal.objects.filter(portfolio__user=user, archived_at__isnull=True).order_by("name")
    return {
        "signal_strategy": [(str(key), name) for key, name in strategies.values_list("id", "name")],
        "risk_portfolio": [(str(portfolio.pk), portfolio.name) for portfolio in portfolios_of(user)],
        "rebalance_goal": [(str(key), name) for key, name in goals.values_list("id", "name")],
    }


def _row(alert: Alert, now: datetime) -> FeedRow:
    return FeedRow(
        alert=alert,
        day=_day(timezone.localtime(alert.triggered_at).date(), timezone.localtime(now).date()),
        links=links_of(alert.data),
        deliveries=list(alert.deliveries.all()),
    )


def links_of(data: Mapping[str, Any]) -> list[Link]:
    """The pages of what an alert is about, those that this site has."""
    found = []
    for key, page, text in LINKS:
        to = _page_of(page, data.get(key))
        if to:
            found.append(Link(to=to, text=text))
    return found


def _page_of(page: str, given: Any) -> str:
    try:
        return reverse(f"dashboard:{page}", args=[UUID(str(given))])
    except (ValueError, NoReverseMatch):  # no id, or a part of the site that has no such page
        return ""


def _day(day: date, today: date) -> str:
    if day == today:
        return "Today"
    if day == today - timedelta(days=1):
        return "Yesterday"
    return f"{day:%A, %d %B}" if day.year == today.year else f"{day:%A, %d %B %Y}"
