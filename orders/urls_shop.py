"""Addresses of the customers' pages."""

from django.contrib.auth.views import LogoutView
from django.urls import path

from orders.views import account, collect, pictures, shop

urlpatterns = [
    path("", shop.home, name="home"),
    path("search/", shop.search, name="search"),
    path("products/<path:sku>/", shop.product, name="product"),
    path("pictures/<path:sku>.svg", pictures.picture, name="picture"),
    path("price/<int:product_id>/", shop.quote, name="quote"),
    path("basket/", shop.basket, name="basket"),
    path("basket/<int:line_id>/", shop.change_line, name="change-line"),
    path("checkout/", shop.checkout, name="checkout"),
    path("orders/", account.my_orders, name="my-orders"),
    path("orders/placed/<str:token>/", account.order_placed, name="order-placed"),
    path("orders/<str:number>/", account.order_detail, name="order-detail"),
    path("track/<str:token>/", account.track, name="track"),
    path("account/new/", account.sign_up, name="sign-up"),
    path("login/", account.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("privacy/", collect.privacy, name="privacy"),
    path("privacy/consent/", collect.consent, name="consent"),
    path("collect/", collect.collect, name="collect"),
]
