// Comfort for those whose browser runs scripts; every page works without it.

import { root } from "./lib.js";

// ── renewing: regions with data-live are fetched again when the ledger has changed ─────────────

const PAUSE_MS = 3000;
let due = false;
let busy = false;

function inUse(region) {
  const at = document.activeElement;
  const typing = at && region.contains(at) && at.matches("input, textarea, select");
  return typing || region.querySelector("dialog[open], details[open] form");
}

async function renew() {
  if (busy || document.hidden) return;
  busy = true;
  due = false;
  try {
    // Named as nobody's: a page that is left open must not keep its session alive.
    const headers = { Accept: "text/html", "X-Renewal": "1" };
    const answer = await fetch(location.href, { headers });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const region of document.querySelectorAll("[data-live][id]")) {
      const newer = page.getElementById(region.id);
      if (!newer || newer.innerHTML === region.innerHTML) continue;
      if (inUse(region)) {
        due = true;
        continue;
      }
      const focus = document.activeElement?.id;
      const open = [...region.querySelectorAll("details[open][id]")].map((one) => one.id);
      region.replaceChildren(...newer.childNodes);
      for (const id of open) document.getElementById(id)?.setAttribute("open", "");
      if (focus) document.getElementById(focus)?.focus();
      region.dispatchEvent(new CustomEvent("renewed", { bubbles: true }));
    }
  } catch {
    due = true; // the network is gone; the next event tries again
  } finally {
    setTimeout(() => {
      busy = false;
      if (due) renew();
    }, PAUSE_MS);
  }
}

if (document.querySelector("[data-live][id]") && "EventSource" in window) {
  const events = new EventSource(`${root}live`);
  events.addEventListener("changed", () => {
    due = true;
    renew();
  });
  document.addEventListener("visibilitychange", () => due && renew());
  addEventListener("pagehide", () => events.close());
}

// ── small things ───────────────────────────────────────────────────────────────────────────────

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  const text = source.value ?? source.innerText;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without https the clipboard is closed to us: the text is marked, Ctrl-C does the rest.
    const range = document.createRange();
    if (source.select) source.select();
    else {
      range.selectNodeContents(source);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
    }
    if (!document.execCommand("copy")) return;
  }
  const label = button.textContent;
  button.textContent = button.dataset.copied;
  setTimeout(() => (button.textContent = label), 1500);
});

document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.sure || event.target.dataset.sure;
  if (question && !confirm(question)) event.preventDefault();
});

for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

for (const field of document.querySelectorAll("select[data-go]")) {
  field.addEventListener("change", () => field.form.requestSubmit());
}
