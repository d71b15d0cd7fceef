"""Keys, tokens and channels as they are after some months; alerts of several days, and what was asked for."""

from __future__ import annotations

from datetime import timedelta

from accounts import credentials
from accounts.tokens import create_token, revoke_token
from alerts import configs
from alerts.channels import keeping
from alerts.history import acknowledge
from alerts.models import AlertChannel, AlertConfig, Delivery
from alerts.raising import raise_alert
from common.clock import now
from tests.browser.looking import Look
from tests.dashboard.making import rule
from tests.orders.making import Desk


def keys_and_tokens(desk: Desk) -> None:
    at = now()
    for kind, secret in (
        ("anthropic", "sk-ant-api03-furnished-7Qx4"),
        ("alpaca_key", "PKFURNISHED0001"),
        ("alpaca_secret", "furnished-secret-k9Zz"),
    ):
        credentials.store(user=desk.user, kind=kind, secret=secret, now=at)
    create_token(user=desk.user, name="Notebook", scopes=["read"], now=at, expires_at=at + timedelta(days=90))
    create_token(user=desk.user, name="Trading desk script", scopes=["read", "trade", "approve"], now=at)
    old, _ = create_token(user=desk.user, name="Old laptop", scopes=["read", "admin"], now=at - timedelta(days=200))
    revoke_token(user=desk.user, token_id=old.pk, now=at - timedelta(days=20))
    rule(desk, action_type="NOTIFY", symbol="TSLA", quantity=None, trigger_type="webhook", trigger_params={})


def channels(desk: Desk) -> AlertChannel:
    """A phone that works, a webhook that fails, a mailbox that collects."""
    at = now()
    phone, _ = keeping.create(
        user=desk.user,
        data={
            "name": "My phone",
            "kind": "ntfy",
            "target": "https://ntfy.sh/ada-9f2c71",
            "verbosity": {"default": "on", "fill": "silent", "note": "digest"},
            "quiet_from": "22:00",
            "quiet_until": "07:00",
            "repeat_minutes": 15,
        },
        now=at,
    )
    hook, _ = keeping.create(
        user=desk.user, data={"name": "Home server", "kind": "webhook", "target": "http://127.0.0.1:9/hook"}, now=at
    )
    mail, _ = keeping.create(
        user=desk.user,
        data={"name": "Mailbox", "kind": "email", "target": "ada@example.com", "verbosity": {"default": "digest"}},
        now=at,
    )
    for channel in (phone, hook):
        keeping.send_test(user=desk.user, channel_id=channel.pk, now=at)
    done = Delivery.objects.filter(channel=phone)
    done.update(state="sent", sent_at=at, outcome="answered 200", attempts=1, next_try_at=None)
    AlertChannel.objects.filter(pk=phone.pk).update(last_sent_at=at)
    lost = Delivery.objects.filter(channel=hook)
    lost.update(
        state="failed", outcome="127.0.0.1 refused the connection", attempts=8, reason="gave_up", next_try_at=None
    )
    AlertChannel.objects.filter(pk=hook.pk).update(failures_in_a_row=8, last_error="127.0.0.1 refused the connection")
    keeping.update(user=desk.user, channel_id=mail.pk, changes={"enabled": False}, now=at)
    return phone


def alerts(desk: Desk) -> None:
    """A feed of some days."""
    at = now()
    action = rule(desk, symbol="NVDA")
    told: tuple[tuple[int, str, str, str, str, dict[str, str]], ...] = (
        (0, "firing", "info", "Buy 10 NVDA fired", "NVDA was at $89.90, at or below $90.", {"action": str(action.pk)}),
        (0, "blocked", "warning", "Buy 5,000 MSFT was blocked", "It would be 48.2 % of the portfolio. " * 8, {}),
        (1, "fill", "info", "Bought 10 NVDA at $89.92", "Fee $0.00. The rule is done: 1 of 1.", {}),
        (1, "data", "critical", "No price of TSLA for 4 minutes", "Rules on TSLA wait until there is one.", {}),
        (6, "safety", "info", "The limits were changed", "Largest position: 20 % → 15 %.", {}),
    )
    for number, (days, kind, severity, title, body, data) in enumerate(told):
        made = raise_alert(
            user_id=desk.user.pk,
            kind=kind,
            severity=severity,
            title=title,
            body=body,
            data=data,
            symbol="NVDA" if "NVDA" in title else "",
            now=at - timedelta(days=days, minutes=number),
            dedupe_key=f"furnished {number}",
        )
        if made and days:
            acknowledge(user=desk.user, alert_id=made.pk, now=at)


def asked(desk: Desk) -> AlertConfig:
    """Some of each kind that needs nothing else."""
    at = now()
    wanted = (
        {"alert_type": "price", "condition": {"symbol": "AAPL", "above": "120"}, "name": "Time to look at Apple"},
        {
            "alert_type": "price",
            "condition": {"symbol": "TSLA", "change_pct": "5", "direction": "down", "window": "1d"},
        },
        {"alert_type": "risk", "condition": {"drawdown_pct": "10"}, "severity": "critical"},
        {"alert_type": "price", "condition": {"symbol": "MSFT", "crosses": "98.50"}, "repeats": False},
    )
    made = [configs.create(user=desk.user, data=data, now=at) for data in wanted]
    configs.set_enabled(user=desk.user, config_id=made[-1].pk, enabled=False, now=at)
    AlertConfig.objects.filter(pk=made[0].pk).update(fired_count=3, last_fired_at=at - timedelta(hours=5))
    return made[0]


def furnish(desk: Desk) -> list[Look]:
    keys_and_tokens(desk)
    phone = channels(desk)
    alerts(desk)
    Delivery.objects.filter(channel=phone, state="pending").update(
        state="sent", sent_at=now(), outcome="answered 200", attempts=1, next_try_at=None
    )
    config = asked(desk)
    return [
        Look(path="/alerts/"),
        Look(path="/alerts/?symbol=ZZZ", name="alerts-none"),
        Look(path="/alerts/asked/"),
        Look(path="/alerts/asked/new/", ready="#sentence .plain"),
        Look(path=f"/alerts/asked/{config.pk}/", name="alert-config", ready="#sentence .facts"),
        Look(path="/settings/"),
        Look(path="/settings/broker/"),
        Look(path="/settings/ai/"),
        Look(path="/settings/tokens/"),
        Look(path="/settings/notifications/"),
        Look(path="/settings/notifications/new/telegram/", name="channel-new"),
        Look(path=f"/settings/notifications/{phone.pk}/", name="channel"),
        Look(path="/settings/notifications/deliveries/"),
        Look(path="/settings/data/"),
    ]
