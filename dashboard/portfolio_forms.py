"""The forms of the portfolio pages: import, deposits and withdrawals, names, and the optimiser's question."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from common.errors import InvalidInput
from common.ids import new_id
from portfolios.importing.formats.registry import FORMATS
from portfolios.optimising.asking import MOST_DAYS, USUAL_DAYS, Ask

LARGEST = 900_000  # bytes; with what a form adds, below the limit of a request
METHODS = {
    "risk_parity": "Risk parity: each holding carries the same risk",
    "hrp": "Hierarchical risk parity: similar assets share a part of the risk",
    "min_variance": "Least volatility",
    "max_sharpe": "Best return per risk of the past (Sharpe)",
    "target_return": "Least volatility for a return you name",
    "equal_weight": "Equal weights: the reference",
}
SEPARATORS = re.compile(r"[\s,;]+")


class _Form(forms.Form):
    use_required_attribute = False

    def blame(self, error: InvalidInput, names: Mapping[str, str] | None = None) -> None:
        """Put each error beside its field; what has none goes above the form."""
        for name, texts in error.errors.items():
            field = (names or {}).get(name, name).split(".")[0]
            if field in self.fields:
                self.add_error(field, list(texts))
            else:
                self.add_error(None, [f"{name.replace('_', ' ')}: {text}" for text in texts])


class HistoryForm(_Form):
    """A file of transactions, or its text."""

    file = forms.FileField(
        label="A CSV file", required=False, help_text="at most 900 kB; larger ones in parts, by date"
    )
    text = forms.CharField(
        label="or its text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 7, "spellcheck": "false"}),
    )
    format = forms.ChoiceField(
        label="Whose export it is",
        required=False,
        choices=[("", "Told by its header"), *((name, one.title) for name, one in FORMATS.items())],
    )
    allow_negative_cash = forms.BooleanField(
        label="The deposits that paid for it are not in the file",
        required=False,
        help_text="cash may go below zero; pay in the rest afterwards",
    )

    def content(self) -> str:
        """The file's text. Raises InvalidInput."""
        if not self.is_valid():
            raise InvalidInput({field: [str(text) for text in texts] for field, texts in self.errors.items()})
        uploaded: UploadedFile | None = self.cleaned_data["file"]
        if uploaded is None:
            text = str(self.cleaned_data["text"]).replace("\r\n", "\n")
            if not text.strip():
                raise InvalidInput({"file": "Nothing was given: choose a file, or paste its text."})
            return text
        if (uploaded.size or 0) > LARGEST:
            raise InvalidInput(
                {"file": f"It has {uploaded.size:,} bytes, at most {LARGEST:,} are read: split it by date."}
            )
        try:
            return uploaded.read().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            raise InvalidInput(
                {"file": f"It is not UTF-8 text (byte {error.start} cannot be decoded): save it as UTF-8 CSV."}
            ) from None


class TransferForm(_Form):
    """Dollars in or out. `once` makes a form that is sent twice book once."""

    kind = forms.ChoiceField(label="What", choices=[("deposit", "Pay in"), ("withdrawal", "Take out")])
    amount = forms.DecimalField(
        label="Dollars", widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    )
    note = forms.CharField(label="Note", required=False, max_length=200)
    once = forms.UUIDField(widget=forms.HiddenInput, initial=new_id)


class NameForm(_Form):
    """A portfolio's name."""

    name = forms.CharField(label="Name", max_length=80)


class OpeningForm(NameForm):
    """A new portfolio on paper."""

    cash = forms.DecimalField(
        label="Paper money to begin with",
        initial=Decimal(100_000),
        min_value=Decimal(0),
        max_digits=12,
        decimal_places=2,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )


class WeightsForm(_Form):
    """What the optimiser is asked."""

    symbols = forms.CharField(label="Symbols", help_text="2 to 50, with commas or spaces between them", max_length=1200)
    method = forms.ChoiceField(label="Method", choices=list(METHODS.items()))
    most = forms.DecimalField(
        label="At most in one, %", initial=Decimal(40), min_value=Decimal(1), max_value=Decimal(100), decimal_places=2
    )
    least = forms.DecimalField(
        label="At least in each, %", initial=Decimal(0), min_value=Decimal(0), max_value=Decimal(100), decimal_places=2
    )
    days = forms.IntegerField(
        label="Days looked at", initial=USUAL_DAYS, min_value=60, max_value=MOST_DAYS, help_text="252 are a year"
    )
    target_return = forms.DecimalField(
        label="Return to aim for, % a year", required=False, min_value=Decimal(-100), max_value=Decimal(1000),
        help_text="only for the method that asks for it",
    )  # fmt: skip
    BLAMED = {"max_weight": "most", "min_weight": "least"}

    def ask(self) -> Ask:
        """In the optimiser's words; the form must be valid."""
        given: dict[str, Any] = self.cleaned_data
        wanted = given["target_return"]
        return Ask(
            symbols=tuple(symbol for symbol in SEPARATORS.split(given["symbols"].upper()) if symbol),
            method=given["method"],
            least=given["least"] / 100,
            most=given["most"] / 100,
            days=given["days"],
            target_return=float(wanted) / 100 if wanted is not None and given["method"] == "target_return" else None,
        )
