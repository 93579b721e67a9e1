"""Staff pages of orders, below `/staff/`; their namespace is set in config/urls.py."""

from django.urls import path

from orders.views import staff

urlpatterns = [
    path("orders/", staff.orders, name="staff-orders"),
    path("orders/<int:pk>/", staff.order, name="staff-order"),
    path("orders/<int:pk>/ship/", staff.ship, name="staff-ship"),
    *(
        path(f"orders/<int:pk>/{verb}/", staff.take_step, {"verb": verb}, name=f"staff-{verb}")
        for verb in staff.STEPS
    ),
    path("shipments/<int:pk>/deliver/", staff.deliver, name="staff-deliver"),
]
