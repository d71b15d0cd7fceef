from django.apps import AppConfig


class AgentAppConfig(AppConfig):
    name = "agent"
