"""The hourly reconciliation: what came in against what all services made of it (guarantee 6, ADR 0019)."""

from services.intake.handlers.reconciliation.desk import ReconciliationDesk
from services.intake.handlers.reconciliation.reconciler import Pace, Reconciler, show_last

__all__ = ["Pace", "Reconciler", "ReconciliationDesk", "show_last"]
