"""Mail that must arrive."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core import mail

from journal.deliveries import given_up, promise, send_due, try_again
from journal.models import Delivery

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def promise_alice(key="order:1:confirmed"):
    promise(dedup_key=key, recipient="alice@example.org", subject="Thank you", body="…", now=NOW)


def test_a_promised_mail_is_sent_once():
    promise_alice()
    promise_alice()
    assert send_due(now=NOW) == 1
    assert send_due(now=NOW + timedelta(days=1)) == 0
    assert [message.to for message in mail.outbox] == [["alice@example.org"]]


def test_a_mail_server_that_is_away_delays_the_mail_and_loses_nothing(monkeypatch):
    def refuse(self, **kwargs):
        raise ConnectionRefusedError("no server")

    promise_alice()
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        assert send_due(now=NOW) == 0
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("pending", 1)
    assert "no server" in delivery.error
    assert send_due(now=NOW + timedelta(minutes=2)) == 1


def refuse(self, **kwargs):
    raise ConnectionRefusedError("no server")


def test_a_mail_given_up_on_is_told_and_goes_out_once_it_is_tried_again(monkeypatch):
    promise_alice()
    assert given_up() is None
    at = NOW
    with monkeypatch.context() as broken:
        broken.setattr("django.core.mail.EmailMessage.send", refuse)
        for _attempt in range(10):
            send_due(now=at)
            last, at = at, Delivery.objects.get().due_at
    lost = given_up()
    assert (lost.count, lost.since, lost.error) == (1, last, "no server")
    assert send_due(now=at + timedelta(days=9)) == 0
    assert try_again(now=at) == 1
    assert Delivery.objects.get().attempts == 0
    assert given_up() is None
    assert send_due(now=at) == 1
    assert len(mail.outbox) == 1
