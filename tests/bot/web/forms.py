"""The fields of a form as a browser would send them."""

from __future__ import annotations

from tests.bot.web.visitors import Page

Sent = list[tuple[str, str]]


def filled(page: Page, selector: str) -> Sent:
    """Name and value of every field of the form that would be sent as it stands."""
    (form,) = page.tree.css(selector)
    found = []
    for node in form.css("input, textarea, select"):
        name, kind = node.attributes.get("name"), node.attributes.get("type")
        if not name:
            continue
        if kind in {"checkbox", "radio"}:
            if "checked" in node.attributes:
                found.append((name, node.attributes.get("value") or "on"))
        elif node.tag == "select":
            chosen = node.css("option[selected]") or node.css("option")[:1]
            found += [(name, one.attributes.get("value") or "") for one in chosen]
        elif node.tag == "textarea":
            found.append((name, node.text().removeprefix("\n")))
        else:
            found.append((name, node.attributes.get("value") or ""))
    return found


def changed(fields: Sent, **values: str) -> Sent:
    """The same with other values; "__" in a name stands for a dot."""
    new = {name.replace("__", "."): value for name, value in values.items()}
    kept = [(name, value) for name, value in fields if name not in new]
    return [*kept, *new.items()]
