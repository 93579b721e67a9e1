"""A forgotten password: a link in the reader's language, and not a word about who is known."""

import re

import pytest
import time_machine
from django.core import mail
from django.urls import reverse

from journal import deliveries
from journal.models import Delivery, User
from tests.factories import NOW

pytestmark = pytest.mark.django_db
OLD, NEW = "a-long-enough-word", "another-long-enough-word"
FOUR_HOURS_LATER = NOW.replace(hour=NOW.hour + 4, minute=1)


@pytest.fixture(autouse=True)
def alice():
    return User.objects.create_user("alice@example.org", "alice@example.org", OLD)


def ask(client, email="alice@example.org", address="192.0.2.1"):
    return client.post(reverse("password_reset"), {"email": email}, REMOTE_ADDR=address)


def link():
    """The path of the link in the newest mail."""
    body = Delivery.objects.latest("pk").body
    return re.search(r"http://testserver(/\S+)", body).group(1)


def choose(client, path, password=NEW):
    form = client.get(path, follow=True).request["PATH_INFO"]
    return client.post(form, {"new_password1": password, "new_password2": password})


def test_the_link_in_the_mail_leads_to_a_new_password(client, alice):
    assert ask(client)["Location"] == reverse("password_reset_done")
    deliveries.send_due(now=Delivery.objects.get().due_at)
    assert mail.outbox[0].to == ["alice@example.org"]
    assert choose(client, link())["Location"] == reverse("password_reset_complete")
    alice.refresh_from_db()
    assert alice.check_password(NEW)


def test_a_link_works_once(client, alice):
    ask(client)
    choose(client, link())
    assert "This link no longer works" in client.get(link()).content.decode()


def test_a_link_works_for_four_hours(client):
    with time_machine.travel(NOW, tick=False) as clock:
        ask(client)
        clock.move_to(FOUR_HOURS_LATER)
        assert "This link no longer works" in client.get(link()).content.decode()


def test_a_password_that_is_easy_to_guess_is_refused(client, alice):
    ask(client)
    assert choose(client, link(), "12345678").status_code == 422
    alice.refresh_from_db()
    assert alice.check_password(OLD)


def test_an_unknown_address_is_answered_like_a_known_one(client):
    known, unknown = ask(client), ask(client, "mallory@example.org")
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])
    assert [mail.recipient for mail in Delivery.objects.all()] == ["alice@example.org"]


def test_the_mail_speaks_the_language_of_its_reader(client, alice):
    User.objects.update(language="zh-hans")
    ask(client)
    assert link().startswith("/zh-hans/password/new/")


def test_somebody_who_left_gets_no_link(client):
    User.objects.update(is_active=False)
    ask(client)
    assert not Delivery.objects.exists()


def test_the_eleventh_asking_for_an_address_waits_wherever_it_comes_from(client):
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(10):
            assert ask(client, address=f"192.0.2.{number}").status_code == 302
        answer = ask(client, address="192.0.2.99")
        assert answer.status_code == 429
        assert "Please wait 15 minutes" in answer.content.decode()
        clock.move_to(NOW.replace(minute=16))
        assert ask(client, address="192.0.2.99").status_code == 302


def test_who_tries_many_addresses_waits_known_or_not(client):
    asked = [ask(client, f"person-{number}@example.org").status_code for number in range(10)]
    assert asked == [302] * 10
    assert ask(client).status_code == 429
    assert not Delivery.objects.exists()
    assert ask(client, address="192.0.2.2").status_code == 302


def test_asking_for_passwords_does_not_hinder_signing_in(client):
    for _ in range(11):
        ask(client)
    form = {"username": "alice@example.org", "password": OLD}
    assert client.post(reverse("login"), form, REMOTE_ADDR="192.0.2.1").status_code == 302
