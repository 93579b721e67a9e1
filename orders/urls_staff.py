"""Staff pages of orders, below `/staff/`; their namespace is set in config/urls.py."""

from django.urls import path

from orders.views import customers, lists, staff

urlpatterns = [
    path("orders/", lists.orders, name="staff-orders"),
    path("products/", lists.products, name="staff-products"),
    path("customers/", lists.customers, name="staff-customers"),
    path("customers/<int:pk>/", customers.customer, name="staff-customer"),
    path("orders/<int:pk>/", staff.order, name="staff-order"),
    path("orders/<int:pk>/ship/", staff.ship, name="staff-ship"),
    *(
        path(f"orders/<int:pk>/{verb}/", staff.take_step, {"verb": verb}, name=f"staff-{verb}")
        for verb in staff.STEPS
    ),
    path("shipments/<int:pk>/deliver/", staff.deliver, name="staff-deliver"),
]
