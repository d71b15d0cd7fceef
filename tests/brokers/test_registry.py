"""One adapter per kind, and every folder in adapters/ is listed."""

from pathlib import Path

import pytest

import brokers.adapters
from brokers import registry
from brokers.adapters.paper.adapter import PaperBroker
from brokers.models import BrokerAccount


def test_a_kind_is_registered_once():
    with pytest.raises(ValueError, match="'paper' is registered twice"):
        registry.register("paper", PaperBroker)


def test_every_folder_and_every_kind_is_listed():
    folders = {p.parent.name for p in Path(brokers.adapters.__path__[0]).glob("*/adapter.py")}
    assert folders | set(BrokerAccount.Kind.values) <= registry.kinds()


def test_an_unknown_kind_names_the_known_ones():
    with pytest.raises(LookupError, match=r"known kinds are .*paper"):
        registry.broker_for(BrokerAccount(kind="cuneiform"))


def test_the_paper_adapter_serves_paper_accounts():
    assert isinstance(registry.broker_for(BrokerAccount(kind="paper")), PaperBroker)
