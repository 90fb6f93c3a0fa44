"""The transport keeps what every transport promises, and writes what Slack shows."""

import json
from collections.abc import Mapping
from dataclasses import replace
from itertools import count

import pytest
from services.notify.ports import Outbound, Rejected, Retry, Sent
from shared.testing.contracts import HttpTransportContract

import yingda_slack


class TestSlack(HttpTransportContract):
    plugin = yingda_slack.plugin
    audience = "staff"
    config = {"trusted_hosts": ["127.0.0.1"]}
    secrets = {"slack_webhook": "http://127.0.0.1:9/services/T1/B2/s3cr3t"}
    takes = (200, b"ok")
    refuses = (410, b"channel_is_archived")
    later = (429, b"rate_limited")

    def secrets_at(self, url: str) -> Mapping[str, str]:
        return {"slack_webhook": f"{url}/services/T1/B2/s3cr3t"}

    def test_nobody_calls_everybody_through_a_form(self) -> None:
        with self.provider("takes") as slack:
            assert self.sends(slack, self.saying("<!channel> 王女士，您好！")) == [Sent()]
        text = json.loads(slack.requests[0].body)["text"]
        assert text.startswith("*XR20261123001* 您的问题已受理")
        assert "&lt;!channel&gt;" in text
        assert "<" not in text

    def test_a_text_that_is_too_long_is_cut_and_says_so(self) -> None:
        with self.provider("takes") as slack:
            self.sends(slack, self.saying("长" * 9_000))
        text = json.loads(slack.requests[0].body)["text"]
        assert len(text) == yingda_slack.LONGEST
        assert text.endswith("(cut)")

    def test_customers_are_not_told_in_a_channel(self) -> None:
        with self.provider("takes") as slack:
            outcomes = self.sends(slack, replace(self.outbound(), audience="customer"))
        assert outcomes == [Rejected("slack tells staff, and nobody else")]
        assert not slack.requests

    def test_what_a_slow_day_leaves_over_is_tried_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A batch that is cut off leaves everybody without knowing what was sent."""
        turns = count(step=12)
        monkeypatch.setattr(yingda_slack, "monotonic", lambda: float(next(turns)))
        with self.provider("takes") as slack:
            outcomes = self.sends(slack, *self.messages(5))
        assert outcomes == [Sent(), Sent(), *[Retry("Slack is too slow")] * 3]
        assert len(slack.requests) == 2

    def saying(self, text: str) -> Outbound:
        out = self.outbound()
        return replace(out, message=replace(out.message, text=text))
