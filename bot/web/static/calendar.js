// Drawing a post to another day.

import { call } from "./lib.js";

const KIND = "application/x-post";
const region = document.getElementById("calendar");
const said = document.getElementById("moved");
const fault = document.getElementById("unmoved");
let over = null;

function mark(cell) {
  over?.classList.remove("over");
  over = cell;
  over?.classList.add("over");
}

function tell(place, text) {
  for (const one of [said, fault]) one.hidden = one !== place;
  place.textContent = text;
}

async function renew() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok || answer.redirected) return location.reload();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  region.replaceChildren(...page.getElementById("calendar").childNodes);
}

region.addEventListener("dragstart", (event) => {
  const chip = event.target.closest?.("[data-post]");
  if (!chip) return;
  const { post, seen } = chip.dataset;
  const from = chip.closest("[data-day]").dataset.day;
  event.dataTransfer.setData(KIND, JSON.stringify({ post, seen, from }));
  event.dataTransfer.effectAllowed = "move";
});

region.addEventListener("dragover", (event) => {
  const cell = event.target.closest?.("[data-day]");
  if (!cell || !event.dataTransfer.types.includes(KIND)) return mark(null);
  event.preventDefault();
  event.dataTransfer.dropEffect = "move";
  mark(cell);
});

region.addEventListener("dragend", () => mark(null));

region.addEventListener("drop", async (event) => {
  const cell = event.target.closest?.("[data-day]");
  const text = event.dataTransfer.getData(KIND);
  mark(null);
  if (!cell || !text) return;
  event.preventDefault();
  const { post, seen, from } = JSON.parse(text);
  const { day } = cell.dataset;
  if (day === from) return;
  region.setAttribute("aria-busy", "true");
  try {
    const answer = await call("calendar/move", { method: "POST", fields: { post, day, seen } });
    tell(said, answer.said);
    await renew();
  } catch (error) {
    tell(fault, error.message);
  } finally {
    region.removeAttribute("aria-busy");
  }
});
