"""Draws the pictures of docs/preview.md again: `python -m docs.images.make_screenshots`.

Needs Chromium (or Chrome) and a Chinese font, e.g. Noto Sans CJK; docs/testing.md says how to get
them. The pages are those of the sample month, made as `bot preview` makes them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

from bot.preview.making import Order, make
from bot.settings import Files, Office, Settings
from tests.browser import chromium

HERE = Path(__file__).resolve().parent
SCHEDULES = HERE.parents[1] / "schedules"
TIMEOUT_S = 60
ROUNDED = [min(255, (shade + 3) // 5 * 5) for shade in range(256)]
# Name, post, accounts (none: all), width and height of the window in pixels.
REPRINTS = ("u02-wechat", "u02-weibo", "u02-website")
SHOTS = (
    ("preview-platforms", "0510-profile-home-visit", (), 1720, 1430),
    ("preview-reprints", "k5-heat-warning", REPRINTS, 1330, 1460),
    ("preview-problems", "0514-clinic-claim", (), 920, 1130),
)


def main() -> None:
    """Writes a picture for each of SHOTS."""
    try:
        browser = chromium.find()
    except chromium.NoBrowser as error:
        sys.exit(str(error))
    with tempfile.TemporaryDirectory() as folder:
        for name, post, accounts, width, height in SHOTS:
            page = Path(folder) / f"{name}.html"
            page.write_text(_html(post, accounts, Path(folder)), encoding="utf-8")
            _photograph(browser, page, width, height)
            _store(page.with_suffix(".png"), HERE / f"{name}.png")


def _html(post: str, accounts: tuple[str, ...], folder: Path) -> str:
    settings = Settings(office=Office(schedules=SCHEDULES), files=Files(preview=folder))
    return make(settings, Order(post=post, accounts=frozenset(accounts))).html


def _photograph(browser: str, page: Path, width: int, height: int) -> None:
    command = [
        *(browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
        *("--force-device-scale-factor=1", f"--window-size={width},{height}"),
        *(f"--screenshot={page.with_suffix('.png')}", page.as_uri()),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=TIMEOUT_S)  # noqa: S603


def _store(shot: Path, target: Path) -> None:
    """Keeps every fifth shade of each colour: what is smooth then packs much smaller."""
    with Image.open(shot) as picture:
        picture.convert("RGB").point(ROUNDED * 3).save(target, optimize=True)
    print(f"{target.name}: {target.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
