// What the scripts of several pages need.

export const root = document.body.dataset.root;
const csrf = document.body.dataset.csrf;

/** Calls the desk; gives the answer as data, or throws an Error whose message is for people. */
export async function call(path, { method = "GET", fields, body, signal } = {}) {
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRF"] = csrf;
  const answer = await fetch(root + path, {
    method, headers, signal, body: fields ? new URLSearchParams(fields) : body,
  });
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error || String(answer.status));
  return data;
}

/** Calls `work` once nothing has happened for `ms`. */
export function calmly(work, ms) {
  let timer;
  return (...all) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...all), ms);
  };
}
