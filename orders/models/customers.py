"""People and companies who order, and what they allowed."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Customer(models.Model):
    """A person or company that orders. A guest has no user."""

    class Kind(models.TextChoices):
        PERSON = "person", _("Person")
        COMPANY = "company", _("Company")

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL
    )
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.PERSON)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    country = models.CharField(max_length=60, blank=True)
    language = models.CharField(max_length=10, default="en")
    # The number the customer has in the shop's old system; imports find the row by it.
    external_ref = models.CharField(max_length=60, null=True, blank=True, unique=True)
    created_at = models.DateTimeField()
    anonymised_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            # the list of customers by name, by country (and which countries there are), by age
            models.Index(fields=["name"], name="customer_by_name"),
            models.Index(fields=["country", "name"], name="customer_by_country"),
            models.Index(fields=["created_at"], name="customer_by_age"),
        ]

    def __str__(self) -> str:
        return self.name


class Address(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="addresses")
    recipient = models.CharField(max_length=120)
    street = models.CharField(max_length=200)
    postcode = models.CharField(max_length=20)
    city = models.CharField(max_length=100)
    country = models.CharField(max_length=60)

    class Meta:
        verbose_name_plural = "addresses"

    def __str__(self) -> str:
        return f"{self.recipient}, {self.street}, {self.postcode} {self.city}, {self.country}"


class Consent(models.Model):
    """What a subject allowed, from when until when. The subject is pseudonymous."""

    class Purpose(models.TextChoices):
        MEASURE = "measure", _("Measure how the shop is used")
        PERSONALISE = "personalise", _("Suggest what fits me")

    subject = models.CharField(max_length=64)
    purpose = models.CharField(max_length=20, choices=Purpose)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "purpose"],
                condition=Q(withdrawn_at=None),
                name="consent_once_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} since {self.given_at:%Y-%m-%d}"
