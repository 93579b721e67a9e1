"""Fragments of recommendations that other pages show."""

from django.urls import path

from recommendations import views

app_name = "recommendations"
urlpatterns = [
    path("product/<int:product_id>/", views.for_product, name="for-product"),
    path("basket/", views.for_basket, name="for-basket"),
]
