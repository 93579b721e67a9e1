import logging
import re

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import _does_token_match  # type: ignore[attr-defined]
from django.template import Context, RequestContext, Template
from django.test import Client, RequestFactory
from django.urls import path

from config.templatetags.slot import _nobody_defines


def greeting(request: HttpRequest, name: str) -> HttpResponse:
    return HttpResponse(f"<b>{name}, {request.user}</b>")


def echo(request: HttpRequest) -> HttpResponse:
    seen = (request.method, request.path, dict(request.GET), bool(request.htmx))  # type: ignore[attr-defined]
    return HttpResponse(repr(seen))


def failing(request: HttpRequest) -> HttpResponse:
    raise RuntimeError("the lamp fell down")


def hidden(request: HttpRequest) -> HttpResponse:
    raise Http404


def leaving(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/elsewhere/")


def nested(request: HttpRequest) -> HttpResponse:
    return HttpResponse("[" + render("{% slot 'nested' %}", request) + "]")


def asking(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse("thank you")
    return HttpResponse(render("{% csrf_token %}", request))


def shop(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render("{% slot 'asking' %}", request))


def remembering(request: HttpRequest) -> HttpResponse:
    request.session["seen"] = "lamp"
    return HttpResponse("")


def remembering_page(request: HttpRequest) -> HttpResponse:
    return HttpResponse(render("{% slot 'remembering' %}", request))


urlpatterns = [
    path("asking/", asking, name="asking"),
    path("shop/", shop, name="shop"),
    path("remembering/", remembering, name="remembering"),
    path("remembering/page/", remembering_page, name="remembering-page"),
    path("greeting/<str:name>/", greeting, name="greeting"),
    path("echo/", echo, name="echo"),
    path("failing/", failing, name="failing"),
    path("hidden/", hidden, name="hidden"),
    path("leaving/", leaving, name="leaving"),
    path("nested/", nested, name="nested"),
]


@pytest.fixture(autouse=True)
def own_addresses(settings):
    settings.ROOT_URLCONF = __name__
    _nobody_defines.cache_clear()


@pytest.fixture
def request_of_alice():
    request = RequestFactory().post("/page/?q=lamp", {"a": "1"})
    request.user = AnonymousUser()
    return request


def render(source: str, request: HttpRequest) -> str:
    return Template("{% load slot %}" + source).render(RequestContext(request))


def test_a_slot_shows_what_the_view_answers_to_this_visitor(request_of_alice):
    assert render("{% slot 'greeting' 'Alice' %}", request_of_alice) == (
        "<b>Alice, AnonymousUser</b>"
    )


def test_the_view_sees_a_fragment_request_of_its_own_address(request_of_alice):
    seen = render("{% slot 'echo' query='limit=5' %}", request_of_alice)
    assert seen == "('GET', '/echo/', {'limit': ['5']}, True)"


def test_the_outer_request_is_left_as_it_was(request_of_alice):
    render("{% slot 'echo' %}", request_of_alice)
    assert (request_of_alice.method, request_of_alice.path) == ("POST", "/page/")
    assert request_of_alice.GET["q"] == "lamp"
    assert request_of_alice.POST["a"] == "1"


def test_an_address_that_nobody_defines_leaves_the_slot_empty_and_is_logged(
    request_of_alice, caplog
):
    assert render("[{% slot 'far:away' %}]", request_of_alice) == "[]"
    assert "slot far:away: no such address" in caplog.text


def test_a_failing_view_leaves_the_slot_empty_and_its_error_in_the_log(request_of_alice, caplog):
    assert render("[{% slot 'failing' %}]", request_of_alice) == "[]"
    assert "the lamp fell down" in caplog.text


@pytest.mark.parametrize("view", ["hidden", "leaving"])
def test_a_view_that_refuses_the_visitor_leaves_the_slot_empty(view, request_of_alice, caplog):
    with caplog.at_level(logging.INFO, "tailorline.slot"):
        assert render("[{% slot view %}]".replace("view", f"'{view}'"), request_of_alice) == "[]"
    assert f"slot /{view}/" in caplog.text


def test_a_refreshing_slot_knows_its_address(request_of_alice):
    html = render("{% slot 'greeting' 'Bob' refresh='every 30s' %}", request_of_alice)
    assert 'hx-get="/greeting/Bob/"' in html
    assert 'hx-trigger="every 30s"' in html
    assert "<b>Bob" in html


def test_a_slot_inside_itself_ends(request_of_alice):
    assert render("{% slot 'nested' %}", request_of_alice) == "[[[]]]"


def test_a_slot_without_a_request_is_empty():
    assert Template("{% load slot %}[{% slot 'echo' %}]").render(Context()) == "[]"


def test_a_form_in_a_slot_can_be_sent():
    client = Client(enforce_csrf_checks=True)
    page = client.get("/shop/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    assert client.cookies["csrftoken"].value
    sent = client.post("/asking/", {"csrfmiddlewaretoken": token[1]})
    assert (sent.status_code, sent.content) == (200, b"thank you")
    assert client.post("/asking/").status_code == 403


def test_a_form_on_the_page_and_one_in_a_slot_share_a_cookie(request_of_alice):
    html = render("{% slot 'asking' %}{% csrf_token %}{% slot 'asking' %}", request_of_alice)
    secret = request_of_alice.META["CSRF_COOKIE"]
    tokens = re.findall(r'value="([^"]+)"', html)
    assert len(tokens) == 3
    assert all(_does_token_match(token, secret) for token in tokens)


@pytest.mark.django_db
def test_what_a_slot_remembers_of_the_visitor_is_kept():
    client = Client()
    client.get("/remembering/page/")
    assert client.session["seen"] == "lamp"
