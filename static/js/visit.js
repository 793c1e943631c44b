// Sends a step without leaving the page: what was typed stays on the screen until an answer has come.
// Nothing is kept on the telephone, and the page works without this.
"use strict";

let isBusy = false;
let isWaiting = false; // for the connection to come back
let isStale = false; // somebody has to sign in again; the form's token is an old one

const form = () => document.querySelector("form");
const line = () => document.getElementById("line");

function say(what) {
  line().textContent = line().dataset[what];
  line().hidden = false;
}

async function post() {
  const stop = new AbortController();
  const clock = setTimeout(() => stop.abort(), form().enctype === "multipart/form-data" ? 120000 : 20000);
  try {
    const body = new FormData(form());
    return await fetch(location.href, { method: "POST", body, headers: { "X-Step": "1" }, signal: stop.signal });
  } finally {
    clearTimeout(clock);
  }
}

async function read(answer) {
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function renew() {
  const page = await read(await fetch(location.href));
  for (const field of page.querySelectorAll("form input[type=hidden]:not([id])")) {
    const held = form().elements[field.name];
    if (held) held.value = field.value;
  }
  isStale = false;
}

async function take(answer) {
  const next = answer.headers.get("X-Next");
  if (next) {
    location.assign(next);
  } else if (answer.status === 403 || new URL(answer.url).pathname.startsWith(line().dataset.door)) {
    isStale = true;
    say("signin");
  } else if (answer.redirected) {
    location.assign(answer.url);
  } else if (answer.status === 422) {
    document.querySelector("main").replaceWith((await read(answer)).querySelector("main"));
    dispatchEvent(new Event("step"));
    document.querySelector("[role=alert]")?.focus();
  } else {
    say("refused");
  }
}

async function send() {
  if (isBusy) return;
  isBusy = true;
  isWaiting = false;
  say("sending");
  try {
    if (isStale) await renew();
    await take(await post());
  } catch {
    isWaiting = true;
    say("lost");
  } finally {
    isBusy = false;
  }
}

document.addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
addEventListener("online", () => { if (isWaiting) send(); });
addEventListener("beforeunload", (event) => { if (isWaiting) event.preventDefault(); });
