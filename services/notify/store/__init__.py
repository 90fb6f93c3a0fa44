"""Notify's own schema: contacts and work orders as far as messages need them, the queue, limits and suppressions."""

from services.notify.store.tables import contacts, limits, metadata, notifications, runtime, suppressions, work_orders

__all__ = ["contacts", "limits", "metadata", "notifications", "runtime", "suppressions", "work_orders"]
