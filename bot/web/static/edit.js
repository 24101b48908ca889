// Checks and previews while one writes, and files that are drawn onto a field.

import { call, calmly, root } from "./lib.js";

const PAUSE_MS = 500;
const form = document.getElementById("post");
const told = document.getElementById("checking");
const frame = () => document.getElementById("preview");
const live = document.getElementById("live");
const words = told.dataset;

const current = () => new URLSearchParams(new FormData(form));

// ── what the check says ────────────────────────────────────────────────────────────────────────

let asked = null;

function item(one) {
  const row = document.createElement("li");
  const word = document.createElement("span");
  word.className = `state ${one.tone}`;
  word.textContent = one.word;
  row.append(word, ` ${one.message} `);
  if (one.hint) {
    const hint = document.createElement("span");
    hint.className = "quiet";
    hint.textContent = `→ ${one.hint} `;
    row.append(hint);
  }
  if (one.code) {
    const rule = document.createElement("a");
    Object.assign(rule, { className: "quiet", target: "_blank", rel: "noopener" });
    rule.href = `${root}rules/${encodeURIComponent(one.code)}`;
    rule.textContent = words.rule;
    row.append(rule);
  }
  return row;
}

function place(name) {
  for (const one of form.querySelectorAll("[data-field]")) {
    if (one.dataset.field === name) return one;
  }
  return null;
}

function clear() {
  for (const one of document.querySelectorAll(".told")) one.remove();
  for (const one of form.querySelectorAll("[aria-invalid]")) one.removeAttribute("aria-invalid");
  for (const one of form.querySelectorAll("[aria-describedby^=told-]")) {
    one.removeAttribute("aria-describedby");
  }
}

function show(found) {
  clear();
  for (const one of found) {
    const spot = place(one.field) ?? form.querySelector("[data-rest]");
    let list = spot.querySelector(":scope > .told");
    if (!list) {
      list = document.createElement("ul");
      list.className = "told";
      list.id = `told-${spot.dataset.field ?? "rest"}`;
      spot.append(list);
      const control = document.getElementById(`f-${one.field}`);
      control?.setAttribute("aria-describedby", list.id);
    }
    list.append(item(one));
    if (one.severity === "error") {
      document.getElementById(`f-${one.field}`)?.setAttribute("aria-invalid", "true");
    }
  }
}

/** A link to where something is wrong, opened where it is folded away. */
function way(one, text) {
  const link = document.createElement("a");
  link.href = `#f-${one.field || "title"}`;
  link.textContent = text;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    const spot = place(one.field) ?? form.querySelector("[data-rest]");
    for (let at = spot; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    spot.scrollIntoView({ block: "center" });
    spot.querySelector("input, textarea, select")?.focus({ preventScroll: true });
  });
  return link;
}

// That nothing was saved stays said until it is; only the reasons are renewed.
function reasons(found) {
  const list = document.querySelector("#refused ul");
  list?.replaceChildren(...found.map((one) => {
    const row = document.createElement("li");
    row.append(way(one, one.message));
    return row;
  }));
}

function summary(answer) {
  const count = (kind) => answer.found.filter((one) => one.severity === kind).length;
  const [errors, warnings] = [count("error"), count("warning")];
  const text = errors || warnings
    ? words.found.replace("{errors}", errors).replace("{warnings}", warnings)
    : words.clean;
  told.className = errors ? "state bad" : warnings ? "state warn" : "state good";
  told.replaceChildren(errors || warnings ? way(answer.found[0], text) : text);
  if (answer.stale) told.append(` ${words.stale}`);
}

async function check() {
  asked?.abort();
  const mine = (asked = new AbortController());
  told.className = "quiet";
  told.textContent = words.busy;
  try {
    const answer = await call("posts/check", {
      method: "POST", fields: current(), signal: mine.signal,
    });
    reasons(answer.found);
    show(answer.found);
    summary(answer);
  } catch (error) {
    if (mine.signal.aborted) return; // something newer is being checked
    told.className = "state bad";
    told.textContent = error.message;
  }
}

// ── what readers will see ──────────────────────────────────────────────────────────────────────

let drawing = false;
let again = false;

function load(path) {
  const old = frame();
  let top = 0;
  try {
    top = old.contentWindow.scrollY;
  } catch {
    // a page of the browser's own, such as an error
  }
  // A new frame and not a new address: each address would be a step of the “back” button.
  const fresh = old.cloneNode(false);
  fresh.src = root + path;
  fresh.addEventListener("load", () => {
    try {
      fresh.contentWindow.scrollTo(0, top);
    } catch {
      // as above
    }
  });
  old.replaceWith(fresh);
}

async function draw() {
  if (drawing) {
    again = true;
    return;
  }
  drawing = true;
  again = false;
  try {
    const answer = await call("posts/preview", { method: "POST", fields: current() });
    load(answer.path);
  } catch (error) {
    told.className = "state bad";
    told.textContent = error.message;
  } finally {
    drawing = false;
    if (again) draw();
  }
}

// A narrow screen has the preview far below what is written.
const visible = () => frame().offsetParent !== null;
const changed = calmly(async () => {
  await check();
  if (live.checked && visible()) draw();
}, PAUSE_MS);

form.addEventListener("input", changed);
form.addEventListener("change", changed);
document.getElementById("platform").addEventListener("change", draw);
form.addEventListener("submit", (event) => {
  if (event.submitter?.formTarget !== "preview") {
    leaving = true;
    return;
  }
  event.preventDefault();
  draw();
});

// What was typed and is not saved: the browser asks before it is thrown away.
let leaving = false;
const before = current().toString();
addEventListener("beforeunload", (event) => {
  if (!leaving && current().toString() !== before) event.preventDefault();
});

// ── files ──────────────────────────────────────────────────────────────────────────────────────

const progress = document.getElementById("uploading");
const bar = progress.querySelector("progress");
const note = progress.querySelector("span");

function say(text, bad = false) {
  progress.hidden = false;
  note.textContent = text;
  note.className = bad ? "state bad" : "";
  bar.hidden = bad;
}

/** Sends one file; `fetch` does not tell how far it is. */
function send(file) {
  const day = form.elements.day?.value ?? "";
  const request = new XMLHttpRequest();
  request.open("POST", `${root}uploads?day=${encodeURIComponent(day)}`);
  request.setRequestHeader("Accept", "application/json");
  request.setRequestHeader("X-CSRF", document.body.dataset.csrf);
  request.responseType = "json";
  const data = new FormData();
  data.append("file", file, file.name);
  return new Promise((done, failed) => {
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) bar.value = (100 * event.loaded) / event.total;
      say(`${file.name} ${Math.round(bar.value)} %`);
    });
    request.addEventListener("error", () => failed(new Error(progress.dataset.failed)));
    request.addEventListener("load", () => {
      const answer = request.response ?? {};
      if (request.status === 201) done(answer);
      else failed(new Error(answer.error ?? String(request.status)));
    });
    request.send(data);
  });
}

function insert(name, path) {
  const field = form.elements[name];
  if (name === "article") {
    const at = field.selectionStart;
    const gap = at && field.value[at - 1] !== "\n" ? "\n\n" : "";
    field.setRangeText(`${gap}![](${path})\n`, at, field.selectionEnd, "end");
    field.focus();
  } else if (field.tagName === "TEXTAREA") {
    field.value = [field.value.trim(), path].filter(Boolean).join("\n");
  } else {
    field.value = path;
  }
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

async function take(name, files) {
  for (const file of files) {
    const video = file.type.startsWith("video/");
    const most = Number(video ? form.dataset.maxVideo : form.dataset.maxPicture);
    if (file.size > most) {
      say(progress.dataset.large.replace("{name}", file.name).replace("{mb}", most / 1e6), true);
      return;
    }
    try {
      bar.value = 0;
      say(`${file.name} 0 %`);
      const answer = await send(file);
      insert(name, answer.path);
      say(`${file.name} → ${answer.path}`);
      bar.hidden = true;
    } catch (error) {
      say(`${file.name}: ${error.message}`, true);
      return;
    }
  }
}

for (const link of form.querySelectorAll("[data-upload]")) {
  const name = link.dataset.upload;
  const chooser = document.createElement("input");
  Object.assign(chooser, { type: "file", hidden: true, multiple: name === "images" });
  chooser.accept = link.dataset.kind === "video" ? "video/*" : "image/*";
  link.after(chooser);
  link.addEventListener("click", (event) => {
    event.preventDefault();
    chooser.click();
  });
  chooser.addEventListener("change", async () => {
    await take(name, [...chooser.files]);
    chooser.value = "";
  });
  const field = form.elements[name];
  if (!field) continue;
  const over = (event) => {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    field.classList.add("over");
  };
  field.addEventListener("dragenter", over);
  field.addEventListener("dragover", over);
  field.addEventListener("dragleave", () => field.classList.remove("over"));
  field.addEventListener("drop", (event) => {
    field.classList.remove("over");
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    take(name, [...event.dataTransfer.files]);
  });
}

// What was refused a moment ago says itself why, also what only saving finds.
if (form.elements.post.value || document.getElementById("refused")) {
  const checked = document.getElementById("refused") ? Promise.resolve() : check();
  checked.then(() => live.checked && visible() && draw());
}
