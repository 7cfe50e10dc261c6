// The few things a page cannot do without a script. Everything works without, except playing.
(() => {
  "use strict";

  // A form in a line of a list: the page that answers holds what was held, or what came in its place.
  let held = null; // {list, at, hold, moved}: which line, and which button in it
  document.addEventListener("submit", (event) => {
    const line = event.target.closest("li");
    const list = line?.closest("ol[id], ul[id]");
    const button = event.submitter;
    if (!list || !button) return;
    const moved = button.name === "to";
    const at = moved ? Number(button.value) : [...list.children].indexOf(line);
    held = { list: list.id, at, hold: hand || button.dataset.hold, moved };
    hand = "";
  });
  document.addEventListener("htmx:finally:request", () => { setTimeout(() => { held = null; }); });
  const holdAgain = () => {
    const lines = document.getElementById(held?.list)?.children || [];
    const line = lines[Math.min(held?.at, lines.length - 1)];
    const button = line?.querySelector(`[data-hold="${held.hold}"]:not([disabled])`) || line?.querySelector("[data-hold]:not([disabled]), button, a");
    button?.focus();
    if (button && held.moved) {
      const title = line.querySelector(".title").textContent;
      window.player.say(window.player.word("moved").replace("{title}", title).replace("{at}", held.at + 1).replace("{of}", lines.length));
    }
    return Boolean(button);
  };

  // A page that was swapped in: say where we are, put the focus where reading begins.
  const arrived = (event) => {
    const source = event?.detail?.ctx;
    if (source?.target === document.body) {
      const main = document.getElementById("main");
      document.documentElement.lang = main?.lang || document.documentElement.lang;
      if (!holdAgain()) {
        main?.focus({ preventScroll: true });
        window.player?.say(source.title || document.title);
      }
      held = null;
    }
    if (source?.sourceElement?.closest?.("[data-live]")) {
      const said = document.getElementById("results-said");
      if (said) said.textContent = document.querySelector("#results [data-count]")?.textContent || "";
    }
  };

  // A playlist is put in order by its grips too: by hand, or by the arrow keys.
  let hand = ""; // the grip sends the form of its line by a button of it
  const place = (line, to) => {
    const button = line.querySelector("form.moves [data-hold=up]");
    const from = Number(button.form.elements.from.value);
    if (held || to < 0 || to >= line.parentElement.children.length || to === from) return;
    hand = "grip";
    button.disabled = false;
    button.value = String(to);
    button.form.requestSubmit(button);
  };
  document.addEventListener("keydown", (event) => {
    const line = event.target.closest("#entries .grip")?.closest("li");
    const by = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (!line || !by) return;
    event.preventDefault();
    place(line, [...line.parentElement.children].indexOf(line) + by);
  });
  document.addEventListener("pointerdown", (event) => {
    const line = event.target.closest("#entries .grip")?.closest("li");
    if (line) window.byHand(event, line, line.parentElement, () => place(line, [...line.parentElement.children].indexOf(line)));
  });

  // By hand: a line follows the pointer by its grip, mouse and finger alike, within its list or into
  // another. `drop` is told before which line it was let go, and whether over the list.
  window.byHand = (event, line, list, drop) => {
    event.preventDefault();
    const own = line.parentElement === list;
    const below = (y) => [...list.children].find((one) => {
      const box = one.getBoundingClientRect();
      return one !== line && box.height > 0 && y < box.top + box.height / 2;
    }) || null;
    const within = ({ clientX: x, clientY: y }) => {
      const box = list.parentElement.getBoundingClientRect();
      return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
    };
    const over = (moved) => {
      if (moved.pointerId !== event.pointerId) return;
      if (!own) list.classList.toggle("is-awaited", within(moved));
      else if (below(moved.clientY) !== line.nextElementSibling) list.insertBefore(line, below(moved.clientY));
    };
    const end = (up) => {
      if (up.pointerId !== event.pointerId) return;
      for (const name of ["pointermove", "pointerup", "pointercancel"]) document.removeEventListener(name, name === "pointermove" ? over : end);
      line.classList.remove("is-held");
      list.classList.remove("is-awaited");
      drop(below(up.clientY), up.type === "pointerup" && within(up));
    };
    line.classList.add("is-held");
    // On the whole page: a line that is put elsewhere in its list loses hold of the pointer.
    document.addEventListener("pointermove", over);
    document.addEventListener("pointerup", end);
    document.addEventListener("pointercancel", end);
  };

  // Composing: works come from the search beside the form, by button or by hand, and are put in order.
  const lines = () => document.querySelector("#compose [data-lines]");
  const named = (line) => line.querySelector("[data-name]").textContent;
  const told = (key, line) => {
    const said = document.getElementById("compose-said");
    const all = [...lines().children].filter((one) => !one.classList.contains("is-empty"));
    all.forEach((one, index) => {
      for (const part of one.querySelectorAll("[aria-label]")) part.setAttribute("aria-label", part.getAttribute("aria-label").replace(/\d+/, index + 1));
    });
    said.textContent = said.dataset[key].replace("{title}", named(line)).replace("{at}", all.indexOf(line) + 1).replace("{of}", all.length);
  };
  const take = (button, before) => {
    let line = lines().querySelector(".is-empty");
    if (!line) {
      line = lines().lastElementChild.cloneNode(true);
      for (const field of line.querySelectorAll("input")) field.value = "";
    }
    line.classList.remove("is-empty");
    line.querySelector("[name=work]").value = button.dataset.work;
    line.querySelector("[data-name]").textContent = button.dataset.title;
    lines().insertBefore(line, before || [...lines().children].find((one) => one !== line && one.classList.contains("is-empty")) || null);
    told("added", line);
    line.querySelector("[name=note]").focus();
  };
  const drop = (line) => {
    const next = line.nextElementSibling?.matches(":not(.is-empty)") ? line.nextElementSibling : line.previousElementSibling;
    told("removed", line);
    for (const field of line.querySelectorAll("input")) field.value = "";
    line.classList.add("is-empty");
    lines().append(line);
    (next?.querySelector("[data-compose=remove]") || document.getElementById("q")).focus();
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-compose]");
    if (!button) return;
    const line = button.closest("[data-line]");
    const act = button.dataset.compose;
    if (act === "add") return take(button);
    if (act === "remove") return drop(line);
    if (act === "up" && line.previousElementSibling) lines().insertBefore(line, line.previousElementSibling);
    if (act === "down" && line.nextElementSibling?.matches(":not(.is-empty)")) lines().insertBefore(line.nextElementSibling, line);
    told("at", line);
    button.focus();
  });
  document.addEventListener("pointerdown", (event) => {
    const line = event.target.closest("[data-line] > .grip, [data-find] > .grip")?.parentElement;
    if (!line) return;
    window.byHand(event, line, lines(), (before, within) => {
      if (line.matches("[data-line]")) told("at", line);
      else if (within) take(line.querySelector("[data-compose=add]"), before);
    });
  });

  // A list that folds out over the page closes when one turns to something else.
  const foldUp = (event) => {
    for (const more of document.querySelectorAll("details.more[open]")) {
      const within = more.contains(event.target);
      if (event.type === "keydown" ? event.key === "Escape" : !within || event.target.closest(".more-list button")) {
        more.open = false;
        if (within) more.querySelector("summary").focus();
      }
    }
  };
  document.addEventListener("click", foldUp);
  document.addEventListener("keydown", foldUp);

  document.addEventListener("htmx:after:swap", arrived);
  // Installable: the shell is there without a net (see sw.js). Where it cannot be, nothing is lost.
  navigator.serviceWorker?.register("/sw.js").catch(() => {});
})();
