// Keeps the pictures of a sheet where the reader left them while going from page to page. Without it they begin at the top.
const paper = document.querySelector("[data-paper]");
const name = `sheet ${paper?.dataset.paper}`;

if (paper) {
  addEventListener("load", () => { paper.scrollTop = Number(sessionStorage.getItem(name)) || 0; });
  paper.addEventListener("scroll", () => sessionStorage.setItem(name, String(Math.round(paper.scrollTop))), { passive: true });
  // Only the pictures move: the place in the address would outlive the page, and draw the eye away from what is to be put right.
  for (const link of paper.querySelectorAll(".beside__pages a")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const picture = document.getElementById(link.hash.slice(1));
      paper.scrollTop += picture.getBoundingClientRect().top - link.parentElement.getBoundingClientRect().bottom;
    });
  }
}
