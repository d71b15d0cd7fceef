"""Everything under /api/: what each room mounts."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from puffling_site.monitoring import MonitoringStatus
from puffling_site.signup_doors import Signup

urlpatterns = [
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="docs"),
    path("monitoring/status/", MonitoringStatus.as_view()),
    path("auth/signup/", Signup.as_view()),
    path("", include("accounts.urls")),
    path("", include("live.urls")),
    path("", include("alerts.urls")),
    path("", include("markets.urls")),
    path("", include("portfolios.urls")),
    path("", include("safety.urls")),
    path("", include("orders.urls")),
    path("", include("automation.urls")),
    path("", include("agent.urls")),
]
