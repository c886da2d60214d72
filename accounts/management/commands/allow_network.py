"""`manage.py allow_network`: the admin's list of networks, for an operator whom it keeps outside."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AllowedNetwork
from accounts.services import allow_network, forbid_networks
from common.errors import DomainError
from common.management.operator_command import OperatorCommand
from common.networks import parse_network


class Command(OperatorCommand):
    help = (
        "Let the admin be reached from a network, such as 192.0.2.0/24, 2001:db8::/32 or a single address. An empty "
        "list lets everybody in; the first network closes the admin to all others. Changes hold at once and go to the "
        "audit log."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("network", nargs="?", help="the network to allow")
        what.add_argument("--list", action="store_true", help="show the list")
        what.add_argument("--remove", metavar="NETWORK", help="take a network from the list")
        what.add_argument("--clear", action="store_true", help="empty the list: everybody reaches the sign-in")
        parser.add_argument("--note", default="", help="whose network it is")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["network"]:
            self._allow(options["network"], options["note"])
        elif options["remove"]:
            self._forbid(self._listed(options["remove"]))
        elif options["clear"]:
            self._forbid(list(AllowedNetwork.objects.all()))
        else:
            for row in AllowedNetwork.objects.all():
                self.stdout.write(f"{row.network}\t{row.note}".rstrip())
        if not AllowedNetwork.objects.exists():
            words = _("The list is empty: the admin can be reached from every address in the world.")
            self.stderr.write(self.style.WARNING(words))

    def _allow(self, network: str, note: str) -> None:
        try:
            row = allow_network(network=network, note=note, actor=None)
        except DomainError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(_("The admin can be reached from %(network)s.") % {"network": row.network})

    def _listed(self, network: str) -> list[AllowedNetwork]:
        try:
            found = list(AllowedNetwork.objects.filter(network=parse_network(network)))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        if not found:
            raise CommandError(_("%(network)s is not in the list.") % {"network": network})
        return found

    def _forbid(self, networks: list[AllowedNetwork]) -> None:
        count = forbid_networks(networks=networks, actor=None)
        words = ngettext("One network was removed.", "%(count)d networks were removed.", count)
        self.stdout.write(words % {"count": count})
