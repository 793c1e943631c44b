// Shows the newest message of each phone, and loads the page again when something new arrived, unless the visitor is typing.
for (const chat of document.querySelectorAll(".chat")) chat.scrollTop = chat.scrollHeight;

const mark = document.getElementById("version");
const address = `/version?person=${encodeURIComponent(mark.dataset.owner)}`;

setInterval(async () => {
  if (document.hidden || document.activeElement?.id === "q") return;
  try {
    const { version } = await (await fetch(address)).json();
    if (version !== mark.dataset.version) location.reload();
  } catch {
    // The sandbox has stopped; the page stays as it is.
  }
}, 3000);
