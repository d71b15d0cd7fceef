"""Orders and approvals."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import trading

urlpatterns = [
    path("orders/", trading.orders, name="orders"),
    path("orders/<uuid:order_id>/", trading.order, name="order"),
    re_path(
        r"^orders/(?P<order_id>[0-9a-f-]{36})/(?P<verb>cancel|approve|decline)/$", trading.order_do, name="order-do"
    ),
]
