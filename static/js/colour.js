// The digits of a colour and the palette beside them show the same; without this, whichever was changed counts.
"use strict";

const digits = document.querySelector("[name=brand_colour]");
const palette = document.querySelector("[name=brand_picked]");

palette.addEventListener("input", () => (digits.value = palette.value));
digits.addEventListener("input", () => {
  const typed = digits.value.normalize("NFKC").trim().toLowerCase().replace(/^#?/, "#");
  if (/^#[0-9a-f]{6}$/.test(typed)) palette.value = typed;
});
