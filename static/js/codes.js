/* Recovery codes: into a file or onto paper, without asking the server for them again. */

const codes = [...document.querySelectorAll("#codes li")].map((item) => item.textContent.trim());

function save(button) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([codes.join("\r\n") + "\r\n"], { type: "text/plain" }));
  link.download = button.dataset.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

for (const button of document.querySelectorAll("[data-codes]")) {
  button.hidden = false;
  button.addEventListener("click", () => (button.dataset.codes === "save" ? save(button) : window.print()));
}
