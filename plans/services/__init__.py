"""Every change to plans."""

from plans.services.plans import create_plan

__all__ = ["create_plan"]
