"""The tier of a customer: contacts raise it and never lower it, so that a VIP stays one (R-IN-11)."""

from collections.abc import Sequence


def tier_of(written: str | None, tiers: Sequence[str]) -> str | None:
    """Return the tier as the policy writes it (`VIP` is `vip`); one that it does not list stays as it is."""
    return written.casefold() if written and written.casefold() in tiers else written


def higher(known: str | None, told: str | None, tiers: Sequence[str]) -> str | None:
    """Return the higher of two tiers; `tiers` are the policy's, the lowest first. What it does not list is lowest."""
    return told if rank(told, tiers) > rank(known, tiers) else known


def rank(tier: str | None, tiers: Sequence[str]) -> int:
    """Return how high a tier is: -1 for none, 0 for one that the policy does not list."""
    if tier is None:
        return -1
    return tiers.index(tier) + 1 if tier in tiers else 0
