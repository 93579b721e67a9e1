"""No log holds a link that opens without signing in."""

import pytest
from django.test import Client

from config.masking import masked
from orders import tracking


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/track/{}/", "/zh-hans/track/{}/", "/orders/placed/{}/"])
def test_a_failing_page_is_logged_without_its_key(monkeypatch, caplog, address):
    def fails(*args, **kwargs):
        raise ValueError("the milk is sour")

    key = tracking.token(7)
    monkeypatch.setattr(tracking, "follow", fails)
    answer = Client(raise_request_exception=False).get(address.format(key))
    assert answer.status_code == 500
    assert "the milk is sour" in caplog.text
    assert "/…" in caplog.text
    assert key not in caplog.text


def test_a_new_passwords_link_is_masked_and_what_stands_beside_it_is_kept():
    line = 'GET "/password/new/MQ/cx1-abc/?next=/" from 10.0.0.1, then /staff/orders/7/'
    assert masked(line) == 'GET "/password/new/…?next=/" from 10.0.0.1, then /staff/orders/7/'
