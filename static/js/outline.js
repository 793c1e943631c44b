// Moves pages and questions by dragging; the buttons beside them do the same without it.
"use strict";

const form = document.querySelector("form[data-outline]");
let held = null;

const isPage = (part) => "page" in part.dataset;
const siblings = (part) => [...part.parentElement.children].filter((one) => one.matches("[data-page], [data-question]"));

function submit(act) {
  const field = document.createElement("input");
  Object.assign(field, { type: "hidden", name: "act", value: act });
  form.append(field);
  form.submit();
}

function goal(target) {
  return target.closest(isPage(held) ? "[data-page]" : "[data-question], [data-page]");
}

function drop(over) {
  if (isPage(held)) {
    const pages = siblings(over).filter((one) => one !== held);
    submit(`page-to ${held.dataset.page} ${pages.indexOf(over)}`);
    return;
  }
  const page = over.closest("[data-page]");
  const questions = [...page.querySelectorAll("[data-question]")].filter((one) => one !== held);
  const at = "question" in over.dataset ? questions.indexOf(over) : questions.length;
  submit(`question-to ${held.dataset.question} ${page.dataset.page} ${at}`);
}

for (const grip of form?.querySelectorAll("[data-grip]") ?? []) {
  const part = grip.closest("[data-question]") ?? grip.closest("[data-page]");
  grip.hidden = false;
  grip.draggable = true;
  grip.addEventListener("dragstart", (event) => {
    held = part;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  grip.addEventListener("dragend", () => {
    held = null;
  });
}

form?.addEventListener("dragover", (event) => {
  const over = held && goal(event.target);
  for (const one of form.querySelectorAll(".is-over")) one.classList.remove("is-over");
  if (!over || over === held) return;
  event.preventDefault();
  over.classList.add("is-over");
});

form?.addEventListener("drop", (event) => {
  const over = held && goal(event.target);
  if (!over || over === held) return;
  event.preventDefault();
  drop(over);
});
