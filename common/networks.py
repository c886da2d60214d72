"""Networks as people type them, the database keeps them, and addresses lie in them."""

import ipaddress
from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from common.jalali import latin_digits

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
MAPPED_PREFIX_BITS = 96  # ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291, section 2.5.5.2)


def parse_network(text: str) -> Network:
    """The network that `text` names: `192.0.2.0/24`, `2001:db8::/32`, or a single address. Any digits.

    An IPv4 network written as IPv6 (`::ffff:192.0.2.0/120`) becomes the IPv4 one. Raises ValidationError in words for
    people; an address within a network (`192.0.2.7/24`) is refused, because it may mean either.
    """
    typed = latin_digits(text.strip())
    try:
        meant = ipaddress.ip_interface("" if "%" in typed else typed)  # a zone means something on one machine only
    except ValueError as error:
        words = _("“%(typed)s” is no network. Write it as 192.0.2.0/24 or 2001:db8::/32, or a single address.")
        raise ValidationError(words % {"typed": typed}, code="invalid") from error
    whole = meant.network
    if meant.ip != whole.network_address:
        words = _(
            "“%(typed)s” names an address within a network. Write %(whole)s for the whole network or %(one)s for this "
            "address alone."
        )
        raise ValidationError(words % {"typed": typed, "whole": whole, "one": meant.ip}, code="host_bits")
    mapped = whole.network_address.ipv4_mapped if isinstance(whole, ipaddress.IPv6Network) else None
    if mapped is not None and whole.prefixlen >= MAPPED_PREFIX_BITS:
        return ipaddress.IPv4Network((mapped, whole.prefixlen - MAPPED_PREFIX_BITS))
    return whole


def admits(networks: Collection[Network], address: str) -> bool:
    """Whether a list of allowed networks lets `address` in.

    An empty list lets everybody in; another one nobody whose address isn't known.
    """
    if not networks:
        return True
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(parsed in network for network in networks)


class NetworkFormField(forms.CharField):
    """A network as `parse_network` reads it."""

    widget = forms.TextInput({"dir": "ltr"})

    def to_python(self, value: Any) -> Any:
        typed = super().to_python(value)
        return parse_network(typed) if typed else None


class NetworkField(models.Field):  # type: ignore[type-arg]
    """An IPv4 or IPv6 network, kept as PostgreSQL's `cidr`."""

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def to_python(self, value: Any) -> Network | None:
        return parse_network(value) if isinstance(value, str) else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> Network | None:
        return ipaddress.ip_network(value) if value else None

    def get_prep_value(self, value: Any) -> str | None:
        network = self.to_python(super().get_prep_value(value))
        return str(network) if network else None

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(form_class=NetworkFormField, **kwargs)
