"""Every path of the site."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from automation.hooks.doors import call
from puffling_site.health import healthz, metrics, readyz
from puffling_site.signup_doors import signup_page

urlpatterns = [
    path("healthz", healthz),
    path("readyz", readyz),
    path("metrics", metrics),
    path("admin/", admin.site.urls),
    path("api/", include("puffling_site.api_urls")),
    path("hooks/<str:token>/", call),
    path("", include("accounts.pages")),
    path("signup/", signup_page, name="signup"),
    path("", include("dashboard.urls")),
]
handler400 = "puffling_site.failures.bad_request"
handler403 = "puffling_site.failures.forbidden"
handler404 = "puffling_site.failures.not_found"
handler500 = "puffling_site.failures.broken"
