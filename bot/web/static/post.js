// The check of a post is slower than the page: it comes after it.

import { root } from "./lib.js";

const section = document.querySelector("[data-from]");

if (section) {
  section.setAttribute("aria-busy", "true");
  fetch(root + section.dataset.from, { headers: { Accept: "text/html" } })
    .then(async (answer) => {
      if (!answer.ok || answer.redirected) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      section.querySelector("#found").replaceChildren(...page.getElementById("found").childNodes);
    })
    .catch(() => {}) // the link to it stays
    .finally(() => section.removeAttribute("aria-busy"));
}
