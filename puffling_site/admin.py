"""The schedules of Celery beat, dressed like the rest of the admin. Changes there take effect within seconds."""

from __future__ import annotations

from django.contrib import admin
from django_celery_beat import admin as stock
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

for _model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(_model)


class TaskSelect(UnfoldAdminSelectWidget, stock.TaskSelectWidget):
    """The choice of registered tasks."""


class ScheduledTaskForm(stock.PeriodicTaskForm):
    """The stock form in unfold's clothes."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class ScheduledTaskAdmin(stock.PeriodicTaskAdmin, ModelAdmin):
    form = ScheduledTaskForm


@admin.register(IntervalSchedule)
class IntervalAdmin(stock.IntervalScheduleAdmin, ModelAdmin):
    pass


@admin.register(CrontabSchedule)
class CrontabAdmin(stock.CrontabScheduleAdmin, ModelAdmin):
    pass


@admin.register(SolarSchedule)
class SolarAdmin(stock.SolarScheduleAdmin, ModelAdmin):
    pass


@admin.register(ClockedSchedule)
class ClockedAdmin(stock.ClockedScheduleAdmin, ModelAdmin):
    pass
