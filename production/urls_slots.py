"""Fragments of production that other pages show."""

from django.urls import path

from production.views import slots

urlpatterns = [
    path("order/<int:order_id>/work/", slots.work_of_order, name="work-of-order"),
    path("cells-now/", slots.cells_now, name="cells-now"),
]
