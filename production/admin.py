"""Plain admin of master data and a look at what planning wrote."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from production.models import (
    BOM,
    BOMLine,
    Calendar,
    CalendarException,
    DowntimeEvent,
    GapMeasurement,
    Job,
    Machine,
    Material,
    Operation,
    Operator,
    Pegging,
    Plan,
    PlanRefusal,
    Plant,
    Reservation,
    Routing,
    SetupRule,
    Shift,
    StockMove,
    WorkCenter,
    WorkOrder,
)


class Written(admin.ModelAdmin[Model]):
    """Rows that only the application writes: shown, never edited by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class ShiftInline(admin.TabularInline[Shift, Calendar]):
    model = Shift
    extra = 0


class ExceptionInline(admin.TabularInline[CalendarException, Calendar]):
    model = CalendarException
    extra = 0


class MachineInline(admin.TabularInline[Machine, WorkCenter]):
    model = Machine
    extra = 0
    exclude = ("status", "setup_family")


class SetupRuleInline(admin.TabularInline[SetupRule, WorkCenter]):
    model = SetupRule
    extra = 0


class OperationInline(admin.TabularInline[Operation, Routing]):
    model = Operation
    extra = 0
    exclude = ("translations",)


class BOMLineInline(admin.TabularInline[BOMLine, BOM]):
    model = BOMLine
    extra = 0


@admin.register(Calendar)
class CalendarAdmin(admin.ModelAdmin[Calendar]):
    inlines = (ShiftInline, ExceptionInline)


@admin.register(WorkCenter)
class WorkCenterAdmin(admin.ModelAdmin[WorkCenter]):
    list_display = ("code", "name", "kind", "calendar", "position")
    list_select_related = ("calendar",)
    inlines = (MachineInline, SetupRuleInline)


@admin.register(Routing)
class RoutingAdmin(admin.ModelAdmin[Routing]):
    list_display = ("product", "template")
    list_filter = ("template",)
    list_select_related = ("product",)
    search_fields = ("product__sku", "product__name")
    raw_id_fields = ("product",)
    inlines = (OperationInline,)


@admin.register(BOM)
class BOMAdmin(admin.ModelAdmin[BOM]):
    list_select_related = ("product",)
    search_fields = ("product__sku", "product__name")
    raw_id_fields = ("product",)
    inlines = (BOMLineInline,)


@admin.register(Material)
class MaterialAdmin(admin.ModelAdmin[Material]):
    list_display = ("code", "name", "unit", "cost", "lead_days")
    search_fields = ("code", "name")


@admin.register(WorkOrder)
class WorkOrderAdmin(Written):
    list_display = ("number", "status", "quantity", "good", "due", "weight")
    list_filter = ("status",)
    search_fields = ("number",)


@admin.register(Job)
class JobAdmin(Written):
    list_display = ("work_order", "sequence", "name", "status", "quantity", "good", "scrap")
    list_filter = ("status", "work_center")
    list_select_related = ("work_order",)


@admin.register(Plan)
class PlanAdmin(Written):
    list_display = ("as_of", "status", "solver", "metrics")
    list_filter = ("status",)


@admin.register(PlanRefusal)
class PlanRefusalAdmin(Written):
    list_display = ("plan", "work_order", "code", "reason")
    list_select_related = ("plan", "work_order")


@admin.register(Reservation)
class ReservationAdmin(Written):
    list_display = ("order_line", "machine", "start", "end", "expires_at")
    list_select_related = ("order_line", "machine")


@admin.register(GapMeasurement)
class GapMeasurementAdmin(Written):
    list_display = ("week", "measure", "side", "product", "value", "wanted", "answered")
    list_filter = ("measure", "side")
    list_select_related = ("product",)


admin.site.register([Plant, Operator])
admin.site.register([DowntimeEvent, Pegging, StockMove], Written)
