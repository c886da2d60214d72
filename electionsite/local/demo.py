"""Data to look around with: made-up candidates with bots and plans, and a first member of staff."""

from dataclasses import dataclass

from django.db import transaction

from accounts.models import AuthenticatorDevice, Candidate, User
from accounts.password_policy import generate_password
from accounts.roles import Role
from accounts.services import create_candidate, create_staff_user, make_backup_codes, set_password
from audit.services import record
from bots.models import Bot
from bots.services.bots import create_bot
from electionsite.local.demo_plans import make_plans, make_subscriptions

OWNER = "owner"
# The bots' slugs are those of bots/testing/data/campaign.jsonl.
CANDIDATES = (
    ("tehran-1", "مریم احمدی", "tehran", "تهران، ری، شمیرانات، اسلامشهر و پردیس", "بات مردمی مریم احمدی"),
    ("isfahan-1", "رضا کریمی", "isfahan", "اصفهان", "بات مردمی رضا کریمی"),
    ("shiraz-1", "سارا رستمی", "shiraz", "شیراز و زرقان", "بات مردمی سارا رستمی"),
)


@dataclass(frozen=True)
class FirstSignIn:
    """What somebody needs to sign in as the owner."""

    username: str
    password: str
    device: AuthenticatorDevice
    backup_code: str


def make_demo_data() -> dict[str, int]:
    """Make what is missing; returns how many of each were new. What is there stays as it is."""
    return {
        "candidates": _make_candidates(),
        "bots": _make_bots(),
        "plans": make_plans(),
        "subscriptions": make_subscriptions(),
    }


def _make_candidates() -> int:
    there = set(Candidate.objects.values_list("code", flat=True))
    new = [row for row in CANDIDATES if row[0] not in there]
    for code, name, city, constituency, _bot in new:
        create_candidate(code=code, name=name, city=city, constituency=constituency, actor=None)
    return len(new)


def _make_bots() -> int:
    there = set(Bot.objects.values_list("slug", flat=True))
    new = [row for row in CANDIDATES if row[0] not in there]
    for code, _name, _city, _constituency, bot in new:
        create_bot(candidate=Candidate.objects.get(code=code), slug=code, name=bot, actor=None)
    return len(new)


@transaction.atomic
def prepare_first_sign_in() -> FirstSignIn:
    """The user `owner` with a new password and new backup codes; the authenticator's seed stays from run to run."""
    password = generate_password()
    user = User.objects.filter(username=OWNER).first()
    if user is None:
        user = create_staff_user(username=OWNER, password=password, roles=[Role.OWNER], actor=None)
    else:
        set_password(user=user, password=password, actor=None)
    return FirstSignIn(OWNER, password, _device_of(user), make_backup_codes(user=user, actor=None)[0])


def _device_of(user: User) -> AuthenticatorDevice:
    device: AuthenticatorDevice | None = AuthenticatorDevice.objects.filter(user=user, confirmed=True).first()
    if device is None:
        device = AuthenticatorDevice.objects.create(user=user, confirmed=True, name="authenticator app")
        record(action="accounts.second_factor.enrolled", actor=None, target=user, details={"replaced": False})
    return device
