"""Web 在线客服: the chat or form of the website, filled in by the customer or by the agent who chats."""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading
from shared.plugins import Plugin


class WebChannel:
    """Reads the generic form; a browser's list of languages (`zh-CN,zh;q=0.9`) gives the locale."""

    name = "web"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        form = prepared(data)
        locale = form.get("locale")
        if isinstance(locale, str):
            form["locale"] = locale.split(",")[0].split(";")[0].strip().replace("_", "-") or "zh-CN"
        return read_form(form)


plugin = Plugin(
    kind="channel", name="web", api=1, summary="The chat or form of the website", build=lambda _setup: WebChannel()
)
