// How far an upload has come: without a script the form does the same, silently.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const words = form.dataset.upload;
  if (!words || event.defaultPrevented) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const shown = form.querySelector("[data-part=progress]");
  const bar = shown.querySelector("progress");
  const said = shown.querySelector("p");
  const button = form.querySelector("button");
  const request = new XMLHttpRequest();
  shown.hidden = false;
  button.disabled = true;
  let told = -1;
  request.upload.addEventListener("progress", (at) => {
    if (!at.lengthComputable) return;
    bar.value = at.loaded / at.total;
    const percent = Math.floor(bar.value * 100);
    // Every tenth is told aloud, not every byte.
    if (Math.floor(percent / 10) !== Math.floor(told / 10)) said.textContent = `${words} ${percent} %`;
    told = percent;
  });
  request.addEventListener("loadend", () => {
    button.disabled = false;
    const page = new DOMParser().parseFromString(request.responseText, "text/html");
    const main = page.getElementById("main");
    if (!request.status || !main) return form.submit();
    document.getElementById("main").replaceWith(document.adoptNode(main));
    // Its links are followed like all others, so that what plays goes on.
    window.htmx?.process(main);
    history.replaceState(null, "", request.status < 300 ? request.responseURL.split("#")[0] : location.href);
    document.getElementById("main").focus();
  });
  request.open("POST", form.action);
  request.send(new FormData(form));
}, true);
