"""R-FB-02: a survey link is unguessable."""

import base64
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from shared.ids import new_id
from shared.settings import Settings
from shared.survey_token import TOKEN_LENGTH, survey_id_of, token_of

KEY = SecretStr("a key of the house, long enough to be one")
OTHER = SecretStr("another key, which is long enough as well")
URL_SAFE = set(string.ascii_letters + string.digits + "-_")


@given(st.uuids())
def test_r_fb_02_a_token_opens_its_own_survey_and_needs_no_quoting(survey: object) -> None:
    token = token_of(str(survey), KEY)
    assert survey_id_of(token, KEY) == str(survey)
    assert set(token) <= URL_SAFE
    assert len(token) == TOKEN_LENGTH


def test_r_fb_02_a_token_carries_128_bits_that_only_the_key_gives() -> None:
    survey = new_id()
    raw = base64.urlsafe_b64decode(token_of(survey, KEY) + "=")
    assert len(raw) - 16 >= 128 // 8
    assert raw[16:] != base64.urlsafe_b64decode(token_of(survey, OTHER) + "=")[16:]


def test_r_fb_02_another_key_does_not_open() -> None:
    assert survey_id_of(token_of(new_id(), OTHER), KEY) is None


@given(st.integers(0, TOKEN_LENGTH - 1), st.sampled_from(sorted(URL_SAFE)))
def test_r_fb_02_one_changed_character_does_not_open(place: int, character: str) -> None:
    token = token_of("0193a5b0-0000-7000-8000-000000000001", KEY)
    changed = token[:place] + character + token[place + 1 :]
    assert changed == token or survey_id_of(changed, KEY) is None


@given(st.text(max_size=60))
def test_r_fb_02_what_is_no_token_opens_nothing(text: str) -> None:
    assert survey_id_of(text, KEY) is None


def test_r_fb_02_only_surveys_get_tokens() -> None:
    with pytest.raises(ValueError, match="hexadecimal"):
        token_of("XR20261123001", KEY)


def test_a_short_key_is_refused_without_being_told() -> None:
    with pytest.raises(ValidationError) as caught:
        Settings(survey_key=SecretStr("short"))
    assert "short" not in str(caught.value).replace("too_short", "")


def test_a_survey_address_is_written_without_a_slash_at_its_end() -> None:
    with pytest.raises(ValidationError):
        Settings(survey_url="https://service.example.com/")
