"""Settings of the website adapters, the same table for every mode."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, field_validator


class WebsiteConfig(BaseModel):
    """Settings of the website adapters."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    # In place of every site's own address, followed by the account's id: for rehearsals.
    base_url: str = ""
    timeout_s: float = 30.0
    upload_timeout_s: float = 600.0
    read_wait_s: float = 0.5  # between the tries of a call that only reads
    list_pages: int = 20  # pages of 100 posts a reading of WordPress may take
    # Names the office and how to reach it: whoever runs the site must be able to ask.
    user_agent: str = "xuanfa-bot (official matrix reader; contact: the health commission)"
    timezone: str = "Asia/Shanghai"  # of times that do not say their zone
    page_timeout_s: float = 10.0
    page_bytes: int = 5_000_000  # largest page, feed or sitemap that is read
    redirects: int = 5
    pages: int = 40  # article pages a reading may fetch
    feed_pages: int = 5  # how far a WordPress feed is paged back
    sitemaps: int = 5  # parts of a sitemap a reading may fetch
    gap_s: float = 1.0  # between two requests to a site
    robots_s: int = 86_400  # how long robots.txt is remembered; RFC 9309 says a day at most
    inside: bool = False  # may addresses within the office's own network be read

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {name!r}") from error
        return name
