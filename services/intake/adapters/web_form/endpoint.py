"""What customers write into a form of the website: POST /web_form, as JSON or as a form of HTML."""

from collections.abc import Sequence
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.intake.adapters.web_form.config import WebFormConfig
from services.intake.adapters.web_form.contact import contact_of, name_of, ticked
from services.intake.adapters.web_form.pages import THANKS, refusal_page
from services.intake.adapters.web_form.parsing import MULTIPART, URLENCODED, Posted, read_posted
from shared.adapters import Operation, Work
from shared.adapters.requests import invalid, kept, name_in
from shared.adapters.setup import AdapterSetup
from shared.events import Fault
from shared.plugins import Plugin

OBTAINED: Final = "web form"
_TEXT: Final = {"type": "string", "maxLength": 2_000}
SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "id": {"type": "string", "maxLength": 200, "description": "the same when the form is posted again"},
        "text": {"type": "string", "minLength": 1, "maxLength": 10_000},
        **dict.fromkeys(("name", "honorific", "phone", "email", "company", "address", "member_no"), _TEXT),
        **dict.fromkeys(("category", "topic", "locale", "order_no"), _TEXT),
    },
    "additionalProperties": True,
    "description": "Fields besides these become details of the contact.",
}
KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "What the sender calls this form: the same again changes nothing.",
}


class WebForm:
    """Makes a contact of each form; it is kept, with its files, before anybody is thanked."""

    def __init__(self, config: WebFormConfig) -> None:
        self.channels = (config.channel,)
        self.origins = config.origins
        self.largest_body = config.largest_body
        self.refusal_page = refusal_page
        self._config = config

    @property
    def operations(self) -> Sequence[Operation]:
        """The one operation."""
        return [
            Operation(
                "post",
                "",
                "A form of the website",
                body={"application/json": SCHEMA, URLENCODED: SCHEMA, MULTIPART: SCHEMA},
                parameters=[KEY],
                answers={
                    "200": "Kept; a page that says thank you, for a browser.",
                    "202": "Kept; `accepted` names the contact.",
                    "303": "Kept; the browser goes to the page of the house.",
                },
            )
        ]

    def routes(self, work: Work) -> Sequence[BaseRoute]:
        """Return the one route."""

        async def post(request: Request) -> Response:
            posted = await read_posted(request)
            if posted.fields.pop(self._config.honeypot, None):
                work.report.refused("honeypot")
                return self._thanks(posted, "")
            self._check_consent(posted)
            name = name_in(request) or posted.fields.pop("id", None) or self._name(posted, work)
            if not isinstance(name, str) or not 0 < len(name) <= 200 or not name.isprintable():  # noqa: PLR2004 (SCHEMA)
                raise invalid([Fault("id", "must be a text of 1 to 200 printable characters")])
            at = work.now()
            contact_of(posted.fields, at, ())  # before its files are kept
            files = await work.attachments.put_all(posted.files, OBTAINED) if posted.files else ()
            data = contact_of(posted.fields, at, [file.reference() for file in files])
            done = await work.publisher.publish(
                self._config.channel, source=self._config.source, id=name, data=data, time=at
            )
            return self._thanks(posted, done.key)

        return [Route("/", post, methods=["POST"])]

    def _check_consent(self, posted: Posted) -> None:
        consent = self._config.consent
        if consent is not None and not ticked(posted.fields.pop(consent, None)):
            raise invalid([Fault(consent, "must be ticked")])

    @staticmethod
    def _name(posted: Posted, work: Work) -> str:
        return name_of(posted.fields, [file.content for file in posted.files], work.now())

    def _thanks(self, posted: Posted, key: str) -> Response:
        if not posted.by_browser:
            return kept(*([key] if key else []))
        return RedirectResponse(self._config.thanks, 303) if self._config.thanks else HTMLResponse(THANKS)


def _build(setup: AdapterSetup) -> WebForm:
    return WebForm(setup.config)


plugin = Plugin(
    kind="endpoint",
    name="web_form",
    api=1,
    summary="Forms of the website, with files",
    build=_build,
    config=WebFormConfig,
)
