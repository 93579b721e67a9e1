from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from journal.models import Delivery, Handling, Transition, User

admin.site.register(User, UserAdmin)


@admin.register(Transition)
class TransitionAdmin(admin.ModelAdmin[Transition]):
    list_display = ("at", "kind", "object_id", "from_status", "to_status", "by", "why")
    list_filter = ("kind",)


@admin.register(Handling)
class HandlingAdmin(admin.ModelAdmin[Handling]):
    list_display = ("transition", "receiver", "attempts", "due_at", "done_at", "error")
    list_select_related = ("transition",)


@admin.register(Delivery)
class DeliveryAdmin(admin.ModelAdmin[Delivery]):
    list_display = ("subject", "recipient", "status", "attempts", "due_at")
