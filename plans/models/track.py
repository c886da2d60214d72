from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from plans.models.plan import Plan

LONGEST_WAIT_DAYS = 365


class ReleaseTrack(models.Model):
    """Plans that go on sale one after another, each when what was asked of the one before holds."""

    class State(models.TextChoices):
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        STOPPED = "stopped", _("stopped")
        FINISHED = "finished", _("finished")

    name = models.CharField(_("name"), max_length=150)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PAUSED)
    state_reason = models.CharField(_("reason"), max_length=500, blank=True)
    takes_steps_itself = models.BooleanField(_("takes its steps itself"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("created by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("release track")
        verbose_name_plural = _("release tracks")
        ordering = ["-id"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen on it any more."""
        return self.state in (self.State.STOPPED, self.State.FINISHED)


class ReleaseTrackStep(models.Model):
    """A plan on a track, and what must hold before it goes on sale: mostly of the plan one step before."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        PROPOSED = "proposed", _("proposed")
        TAKEN = "taken", _("taken")

    track = models.ForeignKey(ReleaseTrack, on_delete=models.PROTECT, related_name="steps", verbose_name=_("track"))
    position = models.PositiveSmallIntegerField(_("position"))
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="track_steps", verbose_name=_("plan"))
    waiting_days = models.PositiveSmallIntegerField(
        _("days since the step before"), default=14, validators=[MaxValueValidator(LONGEST_WAIT_DAYS)]
    )
    purchases_at_least = models.PositiveIntegerField(_("purchases at least"), default=0)
    problems_at_most = models.PositiveIntegerField(_("open technical problems at most"), null=True, blank=True)
    is_held_by_alert = models.BooleanField(_("held by an active alert"), default=True)
    needs_second_person = models.BooleanField(_("needs a second person"), default=False)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        verbose_name=_("written by"),
    )
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.WAITING, editable=False)
    judged_at = models.DateTimeField(_("judged"), null=True, blank=True, editable=False)
    judgement = models.JSONField(_("judgement"), default=list, blank=True, editable=False)
    proposed_at = models.DateTimeField(_("proposed"), null=True, blank=True, editable=False)
    taken_at = models.DateTimeField(_("taken"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("step of a release track")
        verbose_name_plural = _("steps of release tracks")
        ordering = ["track", "position"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["track", "position"], name="track_step_position"),
            models.UniqueConstraint(fields=["track", "plan"], name="track_step_plan"),
            models.CheckConstraint(
                name="track_step_taken",
                condition=models.Q(state="taken", taken_at__isnull=False)
                | (~models.Q(state="taken") & models.Q(taken_at__isnull=True)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.track}: {self.plan.code}"


class StepApproval(models.Model):
    """That a second person agreed to a step exactly as it was, which the hash says. An ended one counts no more."""

    step = models.ForeignKey(
        ReleaseTrackStep, on_delete=models.CASCADE, related_name="approvals", verbose_name=_("step of a release track")
    )
    content_hash = models.CharField(max_length=64)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("approved by")
    )
    approved_at = models.DateTimeField(_("approved"), default=timezone.now)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("ended by")
    )

    class Meta:
        verbose_name = _("approval of a step")
        verbose_name_plural = _("approvals of steps")
        ordering = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.step}: {self.approved_by}"
