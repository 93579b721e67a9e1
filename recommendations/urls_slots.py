"""Fragments of suggestions that other pages show; their namespace is set in config/urls.py."""

from django.urls import path

from recommendations.views import fragments

urlpatterns = [
    path("product/<int:product_id>/", fragments.for_product, name="for-product"),
    path("basket/", fragments.for_basket, name="for-basket"),
]
