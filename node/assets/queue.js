// The room the player opens into: the queue, which can be put in order by hand or by buttons, and the
// outline of what plays.
(() => {
  "use strict";
  const { queue, at, start, remove, move, part, word, say, clockface } = window.player;
  const outlines = new Map(); // work -> the path of its outline, or none
  const BARS = 160;

  const isOpen = () => !part("room").hidden;

  const set = (yes) => {
    part("room").hidden = !yes;
    for (const button of document.querySelectorAll("#player [data-part=open]")) button.setAttribute("aria-expanded", String(yes));
  };
  const open = (yes) => {
    set(yes);
    if (yes) { draw(); part("heading").focus({ preventScroll: true }); part("room").scrollTop = 0; } else part("open").focus();
  };

  // The same drawing as the one on the page of a work: a bar for each stretch, silence a dot.
  const path = (peaks) => {
    let drawn = "";
    for (let bar = 0; bar < BARS; bar += 1) {
      const from = Math.floor((bar * peaks.length) / BARS);
      const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / BARS));
      const half = Math.max(1, Math.floor((Math.max(0, ...peaks.slice(from, to)) * 30) / 255));
      drawn += `M${bar * 4 + 2} ${32 - half}v${half * 2}`;
    }
    return drawn;
  };

  const wave = async () => {
    const item = queue()[at()];
    if (!item || !isOpen()) return;
    if (!outlines.has(item.work)) {
      outlines.set(item.work, "");
      try {
        const answer = await fetch(`/listen/peaks?work=${encodeURIComponent(item.work)}`, { headers: { accept: "application/json" } });
        if (answer.ok) outlines.set(item.work, path((await answer.json()).peaks));
      } catch { outlines.delete(item.work); }
    }
    if (queue()[at()] !== item) return;
    const drawn = outlines.get(item.work) || "M0 32h640";
    for (const line of part("wave").querySelectorAll("path")) line.setAttribute("d", drawn);
  };

  // The heart: whether what plays is a favourite, asked when the room is open.
  const heart = async () => {
    const item = queue()[at()];
    if (!item || !isOpen()) return;
    try {
      const answer = await fetch(`/shelf/favourites/of?work=${encodeURIComponent(item.work)}`, { headers: { accept: "application/json" } });
      if (answer.ok && queue()[at()] === item) part("heart").setAttribute("aria-pressed", String((await answer.json()).favourite));
    } catch { /* as it is */ }
  };
  const favour = async () => {
    const item = queue()[at()];
    const wanted = part("heart").getAttribute("aria-pressed") !== "true";
    const body = new URLSearchParams({ work: item.work, wanted: wanted ? "yes" : "no" });
    try {
      const answer = await fetch("/shelf/favourites", { method: "POST", body, redirect: "manual" });
      if (answer.type !== "opaqueredirect") return;
      part("heart").setAttribute("aria-pressed", String(wanted));
      say(word(wanted ? "favoured" : "unfavoured").replace("{title}", item.title));
    } catch { /* as it is */ }
  };

  const draw = () => {
    if (!isOpen()) return;
    const list = part("list");
    const held = document.activeElement?.closest?.("[data-n]");
    const focus = held && list.contains(held) ? [held.dataset.n, document.activeElement.dataset.act, [...list.children].indexOf(held)] : null;
    const lines = queue().map((item, index) => {
      const line = document.getElementById("player-line").content.firstElementChild.cloneNode(true);
      const at_ = (act) => line.querySelector(`[data-act="${act}"]`);
      const name = (act, key) => at_(act).setAttribute("aria-label", word(key).replace("{title}", item.title));
      line.dataset.n = item.n;
      line.classList.toggle("is-playing", index === at());
      if (index === at()) line.setAttribute("aria-current", "true");
      at_("jump").querySelector(".what").textContent = item.title;
      at_("jump").querySelector(".whose").textContent = item.credit;
      line.querySelector(".time").textContent = clockface(item.seconds);
      name("up", "moveUp"); name("down", "moveDown"); name("remove", "remove");
      at_("up").disabled = index === 0;
      at_("down").disabled = index === queue().length - 1;
      return line;
    });
    list.replaceChildren(...lines);
    if (focus) {
      // After a step the same button is held; after a removal, what came into its place.
      const [n, act, place] = focus;
      const line = list.querySelector(`[data-n="${n}"]`) || list.children[Math.min(place, list.children.length - 1)];
      const button = line?.querySelector(`[data-act="${act}"]:not([disabled])`) || line?.querySelector("[data-act=jump]");
      (button || part("heading")).focus();
    }
    wave();
    heart();
  };

  document.addEventListener("click", (event) => {
    if (event.target.closest("#player [data-part=open]")) return open(!isOpen());
    if (event.target.closest("#player [data-part=close]")) return open(false);
    if (event.target.closest("#player [data-part=heart]")) return favour();
    const button = event.target.closest("#player [data-act]");
    if (!button) return undefined;
    const index = [...part("list").children].indexOf(button.closest("[data-n]"));
    return { jump: () => start(index), up: () => move(index, index - 1), down: () => move(index, index + 1), remove: () => remove(index) }[button.dataset.act]?.();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen() && event.target.closest("#player")) open(false);
  });

  // By hand; nothing is said before it is let go.
  document.addEventListener("pointerdown", (event) => {
    const line = event.target.closest("#player .grip")?.closest("[data-n]");
    if (!line) return;
    const list = line.parentElement;
    const from = [...list.children].indexOf(line);
    window.byHand(event, line, list, () => move(from, [...list.children].indexOf(line)));
  });

  // Whoever goes to another page wants to see it.
  document.addEventListener("htmx:after:swap", (event) => { if (event.detail?.ctx?.target === document.body && isOpen()) set(false); });
  document.addEventListener("player:changed", draw);
})();
