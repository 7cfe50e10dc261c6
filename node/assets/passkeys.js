// Passkeys: the browser signs what the node asks, and the form beside the button carries the answer.
// Without this script nothing of it is seen, and the password does.
(() => {
  "use strict";
  if (!window.PublicKeyCredential || !navigator.credentials) return;
  // On the root: it stays when a page is swapped in.
  document.documentElement.classList.add("has-passkeys");

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const named = (list = []) => list.map((one) => ({ type: one.type, id: bytes(one.id) }));

  // Asks the node what to sign, has it signed, and puts the answer into the form.
  const answer = async (form, purpose, how) => {
    const wish = new URLSearchParams({ purpose });
    for (const name of ["code", "name"]) if (form.elements[name]) wish.set(name, form.elements[name].value);
    const said = await fetch("/api/passkeys", { method: "POST", body: wish, headers: { accept: "application/json" } });
    const told = await said.json();
    if (!said.ok) throw Object.assign(new Error(told.error), { told });
    const publicKey = {
      ...told,
      challenge: bytes(told.challenge),
      excludeCredentials: named(told.excludeCredentials),
      allowCredentials: named(told.allowCredentials),
    };
    if (told.user) publicKey.user = { ...told.user, id: bytes(told.user.id) };
    const key = await navigator.credentials[told.user ? "create" : "get"]({ publicKey, ...how });
    const response = {};
    for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      // A property of one kind of answer may be a method of the other.
      if (key.response[part] instanceof ArrayBuffer) response[part] = text(key.response[part]);
    }
    form.elements.answer.value = JSON.stringify({
      id: key.id, rawId: key.id, type: key.type, response,
      clientExtensionResults: {}, authenticatorAttachment: key.authenticatorAttachment,
    });
  };

  // On the page to sign in on, the name's field offers passkeys by itself, as browsers do.
  let offered = null;
  const withdraw = () => { offered?.abort(); offered = null; };
  const offer = async () => {
    withdraw();
    const form = document.querySelector("form[data-offer]");
    if (!form || document.hidden || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    const mine = offered = new AbortController();
    try {
      await answer(form, "sign-in", { mediation: "conditional", signal: mine.signal });
      if (offered === mine) form.requestSubmit();
    } catch { /* Nobody asked for it: nobody is told. */ }
  };

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-passkey]");
    const form = button?.form;
    if (!form || form.elements.answer.value) return;
    event.preventDefault();
    withdraw();
    const said = button.closest(".passkeys").querySelector(".wrong");
    said.textContent = "";
    button.disabled = true;
    let why = null;
    try {
      await answer(form, button.dataset.passkey);
    } catch (error) {
      why = error;
    }
    button.disabled = false;
    if (!why) return form.requestSubmit(button);
    // What is wrong with a field is told beside it, by the page.
    if (why.told?.fields?.length && button.dataset.passkey === "join") return form.requestSubmit(button);
    const key = { NotAllowedError: "stopped", AbortError: "stopped", InvalidStateError: "there" }[why.name] || "failed";
    said.textContent = why.told?.error || button.dataset[key];
    button.focus();
  });

  document.addEventListener("htmx:after:swap", offer);
  document.addEventListener("visibilitychange", offer);
  // A question is good for five minutes.
  setInterval(offer, 240000);
  offer();
})();
