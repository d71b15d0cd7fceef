"""Keys, tokens, channels, the account."""

from __future__ import annotations

from django.urls import path, re_path

from dashboard.views import channels, settings, tokens

ID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

urlpatterns = [
    path("settings/", settings.account, name="settings"),
    path("settings/password/", settings.password, name="settings-password"),
    path("settings/elsewhere/", settings.elsewhere, name="settings-elsewhere"),
    path("settings/broker/", settings.broker, name="settings-broker"),
    path("settings/broker/keys/", settings.broker_keys, name="settings-broker-keys"),
    path("settings/broker/keys/remove/", settings.broker_forget, name="settings-broker-forget"),
    path("settings/broker/<uuid:account_id>/test/", settings.broker_test, name="settings-broker-test"),
    path("settings/ai/", settings.ai, name="settings-ai"),
    path("settings/ai/<slug:kind>/", settings.key, name="settings-key"),
    path("settings/ai/<slug:kind>/remove/", settings.key_forget, name="settings-key-forget"),
    path("settings/ai/<slug:kind>/test/", settings.key_test, name="settings-key-test"),
    path("settings/tokens/", tokens.tokens, name="settings-tokens"),
    path("settings/tokens/<uuid:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("settings/notifications/", channels.channels, name="channels"),
    path("settings/notifications/deliveries/", channels.deliveries, name="deliveries"),
    path("settings/notifications/new/<slug:service>/", channels.new, name="channel-new"),
    path("settings/notifications/<uuid:channel_id>/", channels.channel, name="channel"),
    re_path(
        rf"^settings/notifications/(?P<channel_id>{ID})/(?P<verb>test|enable|disable|delete)/$",
        channels.channel_do,
        name="channel-do",
    ),
    path("settings/data/", settings.data, name="settings-data"),
]
