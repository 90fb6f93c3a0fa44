"""Settings of the web form in the policy, `plugins.endpoints.web_form`."""

from typing import Annotated

from pydantic import Field

from shared.plugins import Config

Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?$")]
Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]


class WebFormConfig(Config):
    """Who may post the form, and what it has besides the contact itself."""

    channel: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")] = "web"
    """On which contacts are published."""
    source: Annotated[str, Field(pattern=r"^[!-~]{1,100}$")] = "web/form"
    """Names the form: contacts are known as `<source>/<id>` for ever."""
    origins: tuple[Origin, ...] = ()
    """Pages of which origins may post from a script; a form of HTML may be posted from anywhere."""
    honeypot: Name = "website"
    """A field that people do not see and machines fill in: what has it filled is taken and thrown away."""
    consent: Name | None = None
    """A box that must be ticked."""
    thanks: Annotated[str | None, Field(pattern=r"^https?://[^\s]+$")] = None
    """Where a browser goes that has posted the form of HTML; without it, to a small page that says thank you."""
    largest_body: Annotated[int, Field(ge=1_000, le=100_000_000)] = 25_000_000
    """Bytes of one request with its files."""
