"""App: the platform's own application, in which the customer is usually signed in as a member."""

from collections.abc import Mapping
from typing import Any

from services.intake.plugins.generic import prepared, read_form
from services.intake.ports import Reading
from shared.plugins import Plugin


class AppChannel:
    """Reads the generic form; the signed-in `member_no` beside it is the customer's where the form names none."""

    name = "app"

    def read(self, data: Mapping[str, Any]) -> Reading:
        """Return the contact in `data`, or its faults."""
        form = prepared(data)
        signed_in = form.get("member_no")
        customer = form.get("customer", {})
        if isinstance(signed_in, str) and isinstance(customer, dict) and not customer.get("member_no"):
            form["customer"] = {**customer, "member_no": signed_in}
        return read_form(form)


plugin = Plugin(
    kind="channel", name="app", api=1, summary="The form in the customer app", build=lambda _setup: AppChannel()
)
