from datetime import timedelta

import pytest
from django.core import signing
from django.urls import reverse
from django.utils import timezone

from config import first_account
from config.management.commands import up
from config.masking import masked
from journal.models import Transition, User

pytestmark = pytest.mark.django_db
ALICE = {"username": "alice", "email": "alice@example.com", "password": "tulip-7-harbour"}


@pytest.fixture
def now():
    return timezone.now()


def address(token):
    return reverse("first-account", args=[token])


def test_the_link_opens_the_shop_to_its_first_administrator(client, now):
    link = address(first_account.token(now - timedelta(minutes=1)))
    assert client.get(link).status_code == 200
    assert client.post(link, ALICE).url == reverse("begin")
    alice = User.objects.get()
    assert (alice.is_superuser, alice.is_staff, alice.email) == (True, True, "alice@example.com")
    assert [group.name for group in alice.groups.all()] == ["admin"]
    assert client.get(reverse("begin")).status_code == 200
    assert Transition.objects.get(kind="first_account").by == "staff:alice"


def test_the_link_works_once(client, now):
    link = address(first_account.token(now - timedelta(minutes=1)))
    client.post(link, ALICE)
    client.logout()
    answer = client.post(link, {**ALICE, "username": "mallory"})
    assert answer.status_code == 410
    assert User.objects.count() == 1
    User.objects.all().delete()
    assert client.get(link).status_code == 410
    assert client.get(address(first_account.token(timezone.now()))).status_code == 200


def test_no_link_works_while_somebody_administers_the_shop(client, now):
    User.objects.create_superuser("bob", password=None)
    assert client.get(address(first_account.token(now))).status_code == 410


@pytest.mark.parametrize(
    "token",
    [
        "made-up",
        signing.dumps(timezone.now().timestamp(), salt="another.salt"),
        signing.dumps("words", salt=first_account.SALT),
        first_account.token(timezone.now() - timedelta(days=1, minutes=1)),
        first_account.token(timezone.now() + timedelta(days=1)),
    ],
    ids=["made up", "of another purpose", "without a time", "of yesterday", "of tomorrow"],
)
def test_a_link_that_is_not_ours_or_not_of_today_opens_nothing(client, token):
    assert client.get(address(token)).status_code == 410
    assert client.post(address(token), ALICE).status_code == 410
    assert not User.objects.exists()


def test_a_weak_password_is_refused_and_the_link_stays_good(client, now):
    link = address(first_account.token(now - timedelta(minutes=1)))
    assert client.post(link, {**ALICE, "password": "12345678"}).status_code == 422
    assert client.post(link, ALICE).status_code == 302


def test_a_customer_does_not_use_the_link_up(client, now):
    User.objects.create_user("carol", password=None)
    link = address(first_account.token(now - timedelta(minutes=1)))
    assert client.post(link, {**ALICE, "username": "Carol"}).status_code == 422
    assert client.post(link, ALICE).status_code == 302


def test_a_start_prints_a_link_that_works_and_no_log_repeats(client):
    link = up.first_link()
    assert client.get(link[link.index("/staff/") :]).status_code == 200
    assert masked(f"Gone: {link}") == "Gone: http://127.0.0.1:8000/staff/first-account/…"
