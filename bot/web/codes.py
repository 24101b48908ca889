"""QR codes that stand in a page as they are."""

from __future__ import annotations

import segno
from markupsafe import Markup


def qr(text: str, label: str) -> Markup:
    """An SVG without styles, black on white in the dark as well; `label` is read aloud."""
    code = segno.make_qr(text, error="m")
    drawn = code.svg_inline(omitsize=True, light="#fff", dark="#000", border=4, svgclass="qr")
    # segno's own text is digits and fixed words; only the label comes from us.
    head, _space, rest = drawn.partition(" ")
    return Markup('{head} role="img" aria-label="{label}" {rest}').format(
        head=Markup(head),
        label=label,
        rest=Markup(rest),  # noqa: S704
    )
