"""Every dashboard, in the order of the menu (R-OB-02)."""

from typing import Final

from shared.monitoring.dashboards import callbacks, channels, flow, notifications, plugins, quality, servers, sla
from shared.monitoring.grafana import Dashboard

DASHBOARDS: Final[tuple[Dashboard, ...]] = (
    sla.DASHBOARD,
    flow.DASHBOARD,
    channels.DASHBOARD,
    notifications.DASHBOARD,
    callbacks.DASHBOARD,
    quality.DASHBOARD,
    plugins.DASHBOARD,
    servers.DASHBOARD,
)
