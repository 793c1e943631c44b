// Puts a variable where the author is writing. Without it the names can be typed as they stand in the list.
let field = document.getElementById("id_body");

for (const input of document.querySelectorAll("#id_subject, #id_body")) {
  input.addEventListener("focus", () => { field = input; });
}
for (const button of document.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", () => {
    field.setRangeText(button.dataset.insert, field.selectionStart, field.selectionEnd, "end");
    field.focus();
  });
}
