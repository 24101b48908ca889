"""QR codes that stand in a page as they are."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr(text: str, label: str) -> Markup:
    """An SVG without styles, black on white in the dark as well; `label` is read aloud."""
    code = segno.make_qr(text, error="m")
    drawn = code.svg_inline(omitsize=True, light="#fff", dark="#000", border=4, svgclass="qr")
    # All of it is segno's own, digits and fixed words; only the label comes from us.
    start, _space, rest = drawn.partition(" ")
    named = Markup(' role="img" aria-label="{label}" ').format(label=label)
    return Markup(start) + named + Markup(rest)  # noqa: S704
