"""The link of a survey: made when its message is written, and kept nowhere else (R-FB-02)."""

from pydantic import SecretStr

from shared.settings import Settings
from shared.survey_token import token_of


class SurveyLinks:
    """Makes links where the settings name the public address of the page and the key of its tokens."""

    def __init__(self, url: str | None, key: SecretStr | None) -> None:
        self._url = url
        self._key = key

    @classmethod
    def of(cls, settings: Settings) -> "SurveyLinks":
        """Return what the settings make possible."""
        return cls(settings.survey_url, settings.survey_key)

    @property
    def possible(self) -> bool:
        """Whether there is a page to point to."""
        return self._url is not None and self._key is not None

    def link(self, survey_id: str) -> str | None:
        """Return the link of a survey; None where there is no page."""
        if self._url is None or self._key is None:
            return None
        return f"{self._url}/s/{token_of(survey_id, self._key)}"
