"""The transport `slack`: messages to staff in a channel of Slack, by an incoming webhook.

Slack answers 200 with `ok`; 429 with `Retry-After` where more than about one a second comes; 400, 403, 404 and 410 with a
word for what will not do (`invalid_payload`, `channel_is_archived` …), and 500 `rollup_error` where it failed itself
(docs.slack.dev, "Sending messages using incoming webhooks"). The address of the webhook is all that is needed to post, so it
is a secret.
"""

from collections.abc import Collection, Sequence
from time import monotonic

from services.notify.ports import Outbound, Outcome, Rejected, Retry, Sent, TransportSetup, Unknown
from shared.outbound import Answer, HttpClient, NotTaken, Result
from shared.plugins import Config, Plugin, PluginError, SecretName

LONGEST = 4_000
"""Characters of a text beyond which Slack cuts it; we cut it ourselves and say so."""
CUT = " … (cut)"
BATCH_SECONDS = 30.0
"""A batch may hold hundreds of messages; those that have not begun by then are tried later."""
LATE = Retry("Slack is too slow")
MARKUP = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack would read as links and mentions: nobody calls everybody by writing `<!channel>` into a form."""


class SlackConfig(Config):
    """Its settings in the policy file, under plugins.transports.slack."""

    webhook: SecretName = "slack_webhook"
    """The name of the secret that is the webhook's address, as https://hooks.slack.com/services/T…/B…/…"""
    show_number: bool = True
    """Begin with the number of the work order, in bold."""
    trusted_hosts: tuple[str, ...] = ()
    """Hosts or networks of the inside that may be called nevertheless, as a proxy."""


class SlackTransport:
    """Posts one message after the other, for staff only: what is in a channel is read by everybody there."""

    name = "slack"
    resend_when_unknown = False

    def __init__(self, setup: TransportSetup) -> None:
        config: SlackConfig = setup.config
        self.channel = setup.channel
        self._webhook = setup.secret(config.webhook)
        if "://" not in self._webhook.get_secret_value():
            raise PluginError(f"the secret {config.webhook} must be an address, as https://hooks.slack.com/services/…")
        self._show_number = config.show_number
        self._client = HttpClient(wait_seconds=setup.wait_seconds, trusted=config.trusted_hosts, connections=2)

    async def send(self, messages: Sequence[Outbound]) -> Sequence[Outcome]:
        """Return an outcome for each message, in their order."""
        ends = monotonic() + BATCH_SECONDS
        return [await self._send(out) if monotonic() < ends else LATE for out in messages]

    async def sent_before(self, ids: Collection[str]) -> set[str] | None:
        """Return None: Slack cannot be asked what it has taken."""
        del ids
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _send(self, out: Outbound) -> Outcome:
        if out.audience != "staff":
            return Rejected("slack tells staff, and nobody else")
        return _outcome(await self._client.post_json(self._webhook.get_secret_value(), {"text": self._text(out)}))

    def _text(self, out: Outbound) -> str:
        begin = f"*{out.work_order}* " if self._show_number and out.work_order else ""
        text = begin + f"{out.message.subject}\n{out.message.text}".translate(MARKUP)
        return text if len(text) <= LONGEST else text[: LONGEST - len(CUT)] + CUT


def _outcome(result: Result) -> Outcome:
    """Return what Slack's answer means."""
    if isinstance(result, NotTaken):
        return Retry(result.reason)
    if not isinstance(result, Answer):
        return Unknown(result.reason)
    reason = f"answered with {result.status}"
    if result.taken:
        return Sent()
    if result.status in {408, 429, 503}:
        return Retry(reason)
    return Rejected(reason) if result.status < 500 else Unknown(reason)


plugin = Plugin(
    kind="transport",
    name="slack",
    api=1,
    summary="Messages to staff in a channel of Slack",
    build=SlackTransport,
    config=SlackConfig,
)
