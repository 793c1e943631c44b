// Moves pages and questions by dragging, with a mouse, a pen or a finger; the buttons beside them do the same without it.
"use strict";

const form = document.querySelector("form[data-outline]");
const EDGE = 72;
const STEP = 14;
let held = null;
let over = null;
let at = { x: 0, y: 0 };
let frame = 0;

const isPage = (part) => "page" in part.dataset;

function submit(act) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "act", value: act });
  form.append(field);
  form.submit();
}

// Where it would go: before another of its kind, or, of a question, at the end of a page.
function goalAt(x, y) {
  const target = document.elementFromPoint(x, y)?.closest(isPage(held) ? "[data-page]" : "[data-question], [data-page]");
  return target && form.contains(target) && target !== held ? target : null;
}

function mark(goal) {
  if (goal === over) return;
  over?.classList.remove("is-over", "is-over--below");
  over = goal;
  over?.classList.add("is-over");
  over?.classList.toggle("is-over--below", isBelow(over));
}

// Down the list it comes to stand after what it is dropped on, up the list before it.
function isBelow(goal) {
  if (!goal || isPage(held) !== isPage(goal)) return false;
  const isSamePage = isPage(held) || held.closest("[data-page]") === goal.closest("[data-page]");
  return isSamePage && Boolean(held.compareDocumentPosition(goal) & Node.DOCUMENT_POSITION_FOLLOWING);
}

function drop(goal) {
  if (isPage(held)) {
    const pages = [...form.querySelectorAll("[data-page]")].filter((one) => one !== held);
    submit(`page-to ${held.dataset.page} ${pages.indexOf(goal) + isBelow(goal)}`);
    return;
  }
  const page = goal.closest("[data-page]");
  const questions = [...page.querySelectorAll("[data-question]")].filter((one) => one !== held);
  const place = isPage(goal) ? questions.length : questions.indexOf(goal) + isBelow(goal);
  submit(`question-to ${held.dataset.question} ${page.dataset.page} ${place}`);
}

// Near an edge of the window the page goes on, so that a long list can be crossed.
function scroll() {
  const by = at.y < EDGE ? -STEP : at.y > window.innerHeight - EDGE ? STEP : 0;
  if (by) {
    window.scrollBy(0, by);
    mark(goalAt(at.x, at.y));
  }
  frame = requestAnimationFrame(scroll);
}

function release() {
  cancelAnimationFrame(frame);
  mark(null);
  held?.classList.remove("is-held");
  held = null;
}

for (const grip of form?.querySelectorAll("[data-grip]") ?? []) {
  grip.hidden = false;
  grip.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    grip.setPointerCapture(event.pointerId);
    held = grip.closest("[data-question]") ?? grip.closest("[data-page]");
    held.classList.add("is-held");
    at = { x: event.clientX, y: event.clientY };
    frame = requestAnimationFrame(scroll);
  });
  grip.addEventListener("pointermove", (event) => {
    if (!held) return;
    at = { x: event.clientX, y: event.clientY };
    mark(goalAt(at.x, at.y));
  });
  grip.addEventListener("pointerup", (event) => {
    const goal = held && goalAt(event.clientX, event.clientY);
    if (goal) drop(goal);
    release();
  });
  grip.addEventListener("pointercancel", release);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") release();
});
