"""Notify's own schema: contacts and work orders as far as messages need them, and the queue of notifications."""

from services.notify.store.tables import alerts, contacts, metadata, notifications, runtime, work_orders

__all__ = ["alerts", "contacts", "metadata", "notifications", "runtime", "work_orders"]
