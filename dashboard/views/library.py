"""Rules from elsewhere: files and templates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from automation import templating
from automation.transfer.importing import BadRules, import_rules
from automation.transfer.reading import LARGEST
from common.clock import now
from common.errors import InvalidInput
from dashboard.doors import UserRequest, actor, page, show
from dashboard.selectors.actions import symbols_to_offer
from dashboard.selectors.frame import portfolios_of
from dashboard.selectors.gallery import shelves
from dashboard.template_forms import TemplateForm


class ImportForm(forms.Form):
    """A file, or its text pasted in."""

    use_required_attribute = False
    file = forms.FileField(label="A file", required=False, help_text="JSON or YAML, at most 1 MB")
    text = forms.CharField(
        label="or its text",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 8, "spellcheck": "false"}),
    )
    skip_existing = forms.BooleanField(label="Leave out rules I have already", required=False, initial=True)

    def content(self) -> str:
        """The file's text. Raises InvalidInput."""
        if not self.is_valid():
            raise InvalidInput({field: [str(text) for text in texts] for field, texts in self.errors.items()})
        uploaded: UploadedFile | None = self.cleaned_data["file"]
        if uploaded is None:
            return str(self.cleaned_data["text"]).replace("\r\n", "\n")
        if (uploaded.size or 0) > LARGEST:
            raise InvalidInput({"file": f"has {uploaded.size:,} bytes; at most {LARGEST:,} are read: split it"})
        try:
            return uploaded.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InvalidInput({"file": f"is not UTF-8 text: byte {error.start} cannot be decoded"}) from None


@require_http_methods(["GET", "POST"])
@page
def rules_file(request: UserRequest) -> HttpResponse:
    """Export, and import in two steps: what would be made, then making it."""
    context: dict[str, Any] = {"form": ImportForm()}
    if request.method == "POST":
        form = context["form"] = ImportForm(request.POST, request.FILES)
        confirmed = "confirm" in request.POST
        try:
            text = form.content()
            report = import_rules(
                user=request.user,
                text=text,
                dry_run=not confirmed,
                skip_existing=form.cleaned_data["skip_existing"],
                now=now(),
                actor=actor(request.user),
            )
        except BadRules as bad:
            context["mistakes"] = bad.mistakes
        except InvalidInput as bad:
            context["problems"] = [(name, " ".join(texts)) for name, texts in bad.errors.items()]
        else:
            if confirmed:
                messages.success(request, f"{report.created} {'rule' if report.created == 1 else 'rules'} imported.")
                return redirect("dashboard:actions")
            context |= {"report": report, "text": text, "skip": form.cleaned_data["skip_existing"]}
    failed = "mistakes" in context or "problems" in context
    return show(request, "dashboard/library/file.html", context, active="actions", status=422 if failed else 200)


@require_GET
@page
def templates(request: UserRequest) -> HttpResponse:
    """The gallery."""
    return show(request, "dashboard/library/templates.html", {"shelves": shelves()}, active="actions")


@require_http_methods(["GET", "POST"])
@page
def template(request: UserRequest, name: str) -> HttpResponse:
    """One template: its form, the rules it would make, and making them."""
    blueprint = templating.blueprint_of(name)
    form = TemplateForm(
        request.POST or None,
        blueprint=blueprint,
        portfolios=portfolios_of(request.user),
        given=request.GET.dict(),
    )
    context: dict[str, Any] = {"template": blueprint, "form": form, "symbols": symbols_to_offer()}
    failed = False
    if request.method == "POST":
        try:
            if "confirm" in request.POST:
                made = templating.create(
                    user=request.user, name=name, params=form.params(), now=now(), actor=actor(request.user)
                )
                messages.success(request, f"{len(made)} {'rule is' if len(made) == 1 else 'rules are'} made.")
                return redirect("dashboard:actions")
            context["plan"] = templating.preview(user=request.user, name=name, params=form.params(), now=now())
        except InvalidInput as bad:
            form.blame(bad)
            failed = True
    return show(request, "dashboard/library/template.html", context, active="actions", status=422 if failed else 200)
