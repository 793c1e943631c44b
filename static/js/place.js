// Enters where the telephone is into the form, if and when the button is pressed. The page works without.
"use strict";

function offer() {
  const button = document.getElementById("locate");
  const said = document.getElementById("located");
  if (!button || !("geolocation" in navigator)) return;
  button.hidden = false;
  button.addEventListener("click", () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        document.getElementById("id_latitude").value = coords.latitude.toFixed(4);
        document.getElementById("id_longitude").value = coords.longitude.toFixed(4);
        said.textContent = button.dataset.done;
      },
      () => { said.textContent = button.dataset.failed; },
      { timeout: 10000 },
    );
  });
}

offer();
addEventListener("step", offer); // the page was shown anew without being loaded
