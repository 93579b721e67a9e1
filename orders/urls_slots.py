"""Fragments of orders that other pages show."""

from django.urls import path

from orders.views import collect, shop

app_name = "orders"
urlpatterns = [
    path("basket-count/", shop.basket_count, name="basket-count"),
    path("consent/", collect.consent_banner, name="consent-banner"),
]
