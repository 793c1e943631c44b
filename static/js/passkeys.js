/* Passkeys: takes a form over, lets the browser make or use a credential, and sends what it answered. */

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const described = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));

function toCreate({ publicKey: key }) {
  const wanted = { ...key.authenticatorSelection, residentKey: "required", requireResidentKey: true, userVerification: "required" };
  return {
    publicKey: {
      ...key,
      authenticatorSelection: wanted,
      challenge: bytes(key.challenge),
      user: { ...key.user, id: bytes(key.user.id) },
      excludeCredentials: described(key.excludeCredentials),
    },
  };
}

function toGet({ publicKey: key }) {
  return { publicKey: { ...key, challenge: bytes(key.challenge), allowCredentials: described(key.allowCredentials) } };
}

function answered(credential) {
  const { response } = credential;
  const told = {};
  for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) told[name] = text(response[name]);
  }
  if (response.getTransports) told.transports = response.getTransports();
  return {
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response: told,
  };
}

async function options(form) {
  if (form.dataset.passkey !== "sign-in") return JSON.parse(form.dataset.options);
  const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return (await answer.json()).request_options;
}

async function take(form) {
  const given = await options(form);
  const credential =
    form.dataset.passkey === "create"
      ? await navigator.credentials.create(toCreate(given))
      : await navigator.credentials.get(toGet(given));
  form.elements.credential.value = JSON.stringify(answered(credential));
  form.submit();
}

if (window.PublicKeyCredential) {
  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const problem = form.querySelector("[role=alert]");
      problem.hidden = true;
      take(form).catch(() => {
        problem.textContent = form.dataset.failed;
        problem.hidden = false;
      });
    });
  }
}
