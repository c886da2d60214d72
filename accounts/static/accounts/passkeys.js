"use strict";
// A button with data-passkey="add" or "show" asks the server what to sign, lets the browser's own dialogue do it, and
// sends the answer. Without this script, or in a browser without passkeys, the button stays hidden.

function toBytes(text) {
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (character) => character.charCodeAt(0));
}

function toText(buffer) {
  const binary = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const withBytes = (known) => ({ ...known, id: toBytes(known.id) });

async function makePasskey(options) {
  const made = await navigator.credentials.create({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      user: withBytes(options.user),
      excludeCredentials: options.excludeCredentials.map(withBytes),
    },
  });
  return {
    ...described(made),
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

async function usePasskey(options) {
  const used = await navigator.credentials.get({
    publicKey: {
      ...options,
      challenge: toBytes(options.challenge),
      allowCredentials: options.allowCredentials.map(withBytes),
    },
  });
  return {
    ...described(used),
    response: {
      clientDataJSON: toText(used.response.clientDataJSON),
      authenticatorData: toText(used.response.authenticatorData),
      signature: toText(used.response.signature),
      userHandle: used.response.userHandle ? toText(used.response.userHandle) : null,
    },
  };
}

function described(credential) {
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

class Refused extends Error {}

async function send(address, form, data) {
  const response = await fetch(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
    body: JSON.stringify(data),
  });
  const told = await response.json();
  if (!response.ok) {
    throw new Refused(told.detail);
  }
  return told;
}

async function run(button, form) {
  const act = button.dataset.passkey === "add" ? makePasskey : usePasskey;
  const answer = await act(await send(button.dataset.begin, form, {}));
  const told = await send(button.dataset.finish, form, { answer, name: form.elements.name?.value });
  window.location.assign(told.go_to);
}

function words(error, button) {
  if (error instanceof Refused) {
    return error.message;
  }
  const known = { NotAllowedError: "cancelled", InvalidStateError: "known" };
  return button.dataset[known[error.name]] ?? button.dataset.failed;
}

document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("button[data-passkey]");
  if (!button || !window.PublicKeyCredential) {
    return;
  }
  const form = button.form;
  const status = form.querySelector("[role=alert]");
  button.hidden = false;
  const start = async () => {
    button.disabled = true;
    status.textContent = "";
    try {
      await run(button, form);
    } catch (error) {
      status.textContent = words(error, button);
    }
    button.disabled = false;
  };
  button.addEventListener("click", () => {
    if (button.dataset.passkey === "show" || form.reportValidity()) {
      start();
    }
  });
  if (button.dataset.passkey === "add") {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      button.click();
    });
  }
});
