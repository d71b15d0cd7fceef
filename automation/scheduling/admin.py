"""Jobs in the admin. Every change goes through the same domain functions as the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django_celery_beat.models import PeriodicTask
from unfold.admin import ModelAdmin, TabularInline

from accounts.models import User
from automation.jobs.registry import JOB_TYPES
from automation.scheduling import keeping
from automation.scheduling.drafting import EDITABLE, JobDraft, merged
from automation.scheduling.mirroring import entry_name
from automation.scheduling.models import JobRun, JobsStopped, ScheduledJob
from automation.scheduling.reading import timetable_of
from common.admin import ReadOnlyAdmin
from common.clock import now
from common.errors import InvalidInput, PufflingError


class JobForm(forms.ModelForm):
    """Checked by the same draft as the API, so that the admin accepts exactly what the API accepts."""

    job_type = forms.ChoiceField(choices=[(name, name) for name in JOB_TYPES])
    name = forms.CharField(max_length=120, required=False, help_text="empty: what it does, numbered")
    schedule = forms.CharField(help_text=ScheduledJob._meta.get_field("schedule").help_text)
    config = forms.JSONField(required=False, help_text="empty: its defaults")

    class Meta:
        model = ScheduledJob
        fields = ["user", *EDITABLE]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        adding = self.instance._state.adding
        user = cleaned.get("user") if adding else self.instance.user
        if user is not None and not self.errors:
            raw = self.raw() if adding else merged(self.instance, self.raw())
            try:
                JobDraft(user=user, raw=raw, editing=None if adding else self.instance).check()
            except InvalidInput as bad:
                for name, problems in bad.errors.items():
                    field, _, key = name.partition(".")
                    shown = [f"{key}: {text}" for text in problems] if key else problems
                    self.add_error(field if field in self.fields else None, shown)
        return cleaned

    def _post_clean(self) -> None:
        """The draft has judged it; a model instance with half of the fields would only complain about the rest."""

    def raw(self) -> dict[str, Any]:
        """What was entered, in the API's words: everything for a new job, what changed for an edit."""
        names = EDITABLE if self.instance._state.adding else [n for n in self.changed_data if n in EDITABLE]
        values: dict[str, Any] = {name: self.cleaned_data.get(name) for name in names}
        if portfolio := values.get("portfolio"):
            values["portfolio"] = str(portfolio.pk)
        return values


class RunInline(TabularInline):
    model = JobRun
    fields = readonly_fields = ["due_at", "state", "cause", "attempts", "summary", "note", "error", "finished_at"]
    extra = 0
    can_delete = False
    ordering = ["-due_at"]
    max_num = 0
    per_page = 10
    show_change_link = True


@admin.register(ScheduledJob)
class ScheduledJobAdmin(ModelAdmin):
    form = JobForm
    list_display = ["name", "user", "job_type", "words", "enabled", "next_due_at"]
    list_filter = ["job_type", "enabled", "misfire_policy"]
    list_select_related = ["user"]
    search_fields = ["id", "name", "user__username"]
    date_hierarchy = "created_at"
    readonly_fields = ["id", "words", "beat_entry", "next_due_at", "next_look_at", "version"]
    inlines = [RunInline]
    actions = ["enable", "disable", "run_now", "stop_all", "start_all"]

    @admin.display(description="schedule")
    def words(self, job: ScheduledJob) -> str:
        return timetable_of(job).words() if job.schedule else ""

    @admin.display(description="entry of beat")
    def beat_entry(self, job: ScheduledJob) -> str:
        entry = PeriodicTask.objects.filter(name=entry_name(job.pk)).first()
        if entry is None:
            return "none: it is made again within ten minutes"
        link = reverse("admin:django_celery_beat_periodictask_change", args=[entry.pk])
        return format_html('<a href="{}">{}</a> (a mirror: change the job, not the entry)', link, entry.name)

    def get_readonly_fields(self, request: HttpRequest, obj: ScheduledJob | None = None) -> list[str]:
        return [*self.readonly_fields, "user"] if obj else list(self.readonly_fields)

    def save_model(self, request: HttpRequest, obj: ScheduledJob, form: Any, change: bool) -> None:
        if change:
            saved = keeping.update_job(user=obj.user, job_id=obj.pk, changes=form.raw(), now=now())
        else:
            saved = keeping.create_job(user=form.cleaned_data["user"], data=form.raw(), now=now())
        obj.__dict__.update(saved.__dict__)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """A job takes its runs with it, which nobody may delete by themselves."""
        found, counts, _, protected = super().get_deleted_objects(objs, request)
        return found, counts, set(), protected

    def delete_model(self, request: HttpRequest, obj: ScheduledJob) -> None:
        keeping.delete_job(user=obj.user, job_id=obj.pk, now=now())

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ScheduledJob]) -> None:
        _each(request, queryset, lambda job: keeping.delete_job(user=job.user, job_id=job.pk, now=now()), "deleted")

    @admin.action(description="Enable")
    def enable(self, request: HttpRequest, queryset: QuerySet[ScheduledJob]) -> None:
        _each(request, queryset, lambda job: _set_enabled(job, True), "enabled")

    @admin.action(description="Disable")
    def disable(self, request: HttpRequest, queryset: QuerySet[ScheduledJob]) -> None:
        _each(request, queryset, lambda job: _set_enabled(job, False), "disabled")

    @admin.action(description="Run now")
    def run_now(self, request: HttpRequest, queryset: QuerySet[ScheduledJob]) -> None:
        _each(request, queryset, lambda job: keeping.run_now(user=job.user, job_id=job.pk, now=now()), "begun")

    @admin.action(description="Stop all jobs of these owners")
    def stop_all(self, request: HttpRequest, queryset: QuerySet[ScheduledJob]) -> None:
        actor = f"{request.user.get_username()} (admin)"
        for user in _owners(queryset):
            keeping.stop_all(user=user, now=now(), actor=actor)

    @admin.action(description="Start all jobs of these owners")
    def start_all(self, request: HttpRequest, queryset: QuerySet[ScheduledJob]) -> None:
        for user in _owners(queryset):
            keeping.start_all(user=user, now=now())


def _set_enabled(job: ScheduledJob, enabled: bool) -> None:
    keeping.update_job(user=job.user, job_id=job.pk, changes={"enabled": enabled}, now=now())


def _owners(queryset: QuerySet[ScheduledJob]) -> QuerySet[User]:
    return User.objects.filter(pk__in=queryset.order_by().values("user"))


def _each(
    request: HttpRequest, queryset: QuerySet[ScheduledJob], verb: Callable[[ScheduledJob], object], done: str
) -> None:
    count = 0
    for job in queryset.select_related("user"):
        try:
            verb(job)
            count += 1
        except PufflingError as problem:
            messages.warning(request, f"{job}: {problem.detail}")
    if count:
        messages.success(request, f"{count} {done}.")


@admin.register(JobRun)
class JobRunAdmin(ReadOnlyAdmin):
    list_display = ["due_at", "job", "state", "cause", "attempts", "summary", "note", "error", "finished_at"]
    list_filter = ["state", "cause", "job__job_type"]
    list_select_related = ["job"]
    search_fields = ["id", "trace_id", "job__name", "summary", "error"]
    date_hierarchy = "due_at"


@admin.register(JobsStopped)
class JobsStoppedAdmin(ReadOnlyAdmin):
    list_display = ["user", "at", "actor"]
    list_select_related = ["user"]
    search_fields = ["user__username"]
