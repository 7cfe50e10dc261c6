// The player, and the few things a page cannot do without a script. Everything else works without.
(() => {
  "use strict";
  const KEEP = "antiphon-queue";
  const REPORT_EVERY = 15; // seconds of listening between two reports of one play
  let queue = [];          // what to play, in order: {work, title, credit, page, seconds, selection}
  let at = -1;             // which of them is playing
  let play = null;         // the play being reported: {id, started, heard, told}
  let last = 0;            // the position at which listening was last counted, in seconds
  let renewed = false;     // whether a new grant was asked for since something was last heard

  const player = () => document.getElementById("player");
  const sound = () => player().querySelector("audio");
  const part = (name) => player().querySelector(`[data-part="${name}"]`);
  const word = (name) => player().dataset[name] || "";

  const clockface = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds || 0));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };

  // Reporting: seconds really heard, growing only; one id a play, so that nothing counts twice.
  const tell = (leaving) => {
    if (!play || Math.floor(play.heard) <= play.told) return;
    play.told = Math.floor(play.heard);
    const body = JSON.stringify({
      id: play.id, work: play.item.work, started: play.started, seconds: play.told,
      ...(play.item.selection ? { selection: play.item.selection } : {}),
    });
    fetch("/listening/plays", {
      method: "POST", headers: { "content-type": "application/json", accept: "application/json" },
      body, keepalive: leaving, credentials: "same-origin",
    }).catch(() => { if (play) play.told = 0; });
  };

  const keep = () => {
    try { sessionStorage.setItem(KEEP, JSON.stringify({ queue, at, time: sound().currentTime })); } catch { /* private window */ }
  };

  // The outline of a sound on its own page: how far it was heard, and a slider to go elsewhere.
  const outline = () => {
    for (const wave of document.querySelectorAll("[data-wave]")) {
      const here = queue[at]?.work === wave.dataset.wave;
      const slider = wave.querySelector("input");
      if (!slider) continue;
      slider.hidden = false;
      const length = Number(slider.max) || 1;
      const chosen = Number(wave.dataset.from) || 0;
      const now = here ? sound().currentTime : chosen;
      if (!slider.matches(":active")) slider.value = String(Math.floor(now));
      slider.setAttribute("aria-valuetext", word("position").replace("{at}", clockface(now)).replace("{of}", clockface(length)));
      wave.querySelector("rect").setAttribute("width", String(Math.min(640, (640 * now) / length)));
    }
  };

  const show = () => {
    outline();
    const item = queue[at];
    player().hidden = !item;
    if (!item) return;
    const playing = !sound().paused;
    part("title").textContent = item.title;
    part("title").href = item.page;
    part("credit").textContent = item.credit;
    part("toggle").setAttribute("aria-label", playing ? word("pause") : word("resume"));
    player().classList.toggle("is-playing", playing);
    part("previous").disabled = at <= 0;
    part("next").disabled = at >= queue.length - 1;
    for (const button of document.querySelectorAll("[data-play]")) {
      const here = button.dataset.work === item.work;
      button.closest("li, article, .piece")?.classList.toggle("is-playing", here && playing);
      button.setAttribute("aria-pressed", String(here && playing));
    }
  };

  const tick = () => {
    const audio = sound();
    const length = Number.isFinite(audio.duration) && audio.duration > 0 ? audio.duration : queue[at]?.seconds || 0;
    const now = audio.currentTime;
    // A jump is not listening: only small steps forward count.
    const step = now - last;
    if (play && !audio.paused && step > 0 && step < 2) play.heard += step;
    last = now;
    if (play && play.heard - play.told >= REPORT_EVERY) tell(false);
    part("times").textContent = `${clockface(now)} / ${clockface(length)}`;
    const seek = part("seek");
    seek.max = String(Math.max(1, Math.floor(length)));
    if (document.activeElement !== seek || !seek.matches(":active")) seek.value = String(Math.floor(now));
    seek.setAttribute("aria-valuetext", word("position").replace("{at}", clockface(now)).replace("{of}", clockface(length)));
    part("bar").max = Math.max(1, length);
    part("bar").value = now;
    outline();
  };

  const load = (index, time) => {
    tell(false);
    at = index;
    play = null;
    last = time || 0;
    const item = queue[at];
    const audio = sound();
    // One work does not drown the next. A volume goes down only: what is quiet stays as it is.
    audio.volume = Math.min(1, 10 ** ((item.gain || 0) / 20000));
    // This door leads to the same one with a grant, which ends: it is asked anew each time.
    audio.src = `/listen?work=${encodeURIComponent(item.work)}`;
    if (time) audio.addEventListener("loadedmetadata", () => { audio.currentTime = time; }, { once: true });
    if ("mediaSession" in navigator) {
      navigator.mediaSession.metadata = new MediaMetadata({ title: item.title, artist: item.credit });
    }
  };

  const start = (index, time) => {
    renewed = false;
    load(index, time || 0);
    sound().play().catch(() => {});
    show();
    part("say").textContent = `${word("playing")} ${queue[at].title}, ${queue[at].credit}`;
    keep();
  };

  const toggle = () => { const audio = sound(); audio.paused ? audio.play().catch(() => {}) : audio.pause(); };
  const step = (by) => { if (queue[at + by]) start(at + by); };

  const queueAround = (button) => {
    const holder = button.closest("[data-queue]") || document;
    const seen = new Set();
    const items = [];
    for (const one of holder.querySelectorAll("[data-play]")) {
      const data = one.dataset;
      if (seen.has(data.work)) continue;
      seen.add(data.work);
      const gain = Number(holder.dataset?.gain ?? data.gain) || 0;
      items.push({ work: data.work, title: data.title, credit: data.credit, page: data.page, seconds: Number(data.seconds) || 0, gain, selection: holder.dataset?.selection || "" });
    }
    return items;
  };

  const startAt = (button, time) => {
    queue = queueAround(button);
    start(Math.max(0, queue.findIndex((item) => item.work === button.dataset.work)), time);
  };

  // Where somebody put the slider of a work before it was played.
  const fromOutline = (work) => {
    for (const wave of document.querySelectorAll("[data-wave]")) {
      if (wave.dataset.wave === work) return Number(wave.dataset.from) || 0;
    }
    return 0;
  };

  const seekOutline = (wave, slider) => {
    const time = Number(slider.value);
    if (queue[at]?.work === wave.dataset.wave) sound().currentTime = time;
    else wave.dataset.from = String(time);
    outline();
  };

  // A finger or a mouse on the outline means: from here. Keys only move the place to begin.
  document.addEventListener("pointerup", (event) => {
    const wave = event.target.closest?.("[data-wave]");
    if (!wave || queue[at]?.work === wave.dataset.wave) return;
    const button = [...document.querySelectorAll("[data-play]")].find((one) => one.dataset.work === wave.dataset.wave);
    const slider = wave.querySelector("input");
    if (button && slider) startAt(button, Number(slider.value));
  });

  document.addEventListener("click", (event) => {
    const one = event.target.closest("[data-play]");
    if (one) {
      if (queue[at]?.work === one.dataset.work) return toggle();
      return startAt(one, fromOutline(one.dataset.work));
    }
    const all = event.target.closest("[data-play-all]");
    if (all) {
      const holder = document.getElementById(all.dataset.playAll) || document;
      const first = holder.querySelector("[data-play]");
      if (first) { queue = queueAround(first); start(0); }
      return;
    }
    const control = event.target.closest("#player [data-part]")?.dataset.part;
    if (control === "toggle") toggle();
    if (control === "previous") sound().currentTime > 3 ? (sound().currentTime = 0) : step(-1);
    if (control === "next") step(1);
  });

  document.addEventListener("input", (event) => {
    if (event.target.dataset?.part === "seek") sound().currentTime = Number(event.target.value);
    const wave = event.target.closest?.("[data-wave]");
    if (wave) seekOutline(wave, event.target);
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !queue[at]) return;
    if (event.target.closest("input, textarea, select, button, a, [contenteditable]")) return;
    if (event.key === " ") { event.preventDefault(); toggle(); }
  });

  const listen = () => {
    const audio = sound();
    if (!audio || audio.dataset.heard) return;
    audio.dataset.heard = "yes";
    audio.addEventListener("playing", () => {
      play ||= { id: crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`, item: queue[at], started: new Date().toISOString(), heard: 0, told: -1 };
      last = audio.currentTime;
      renewed = false;
      if (play.told < 0) tell(false);
      show();
    });
    audio.addEventListener("pause", () => { tell(false); keep(); show(); });
    audio.addEventListener("seeking", () => { last = audio.currentTime; });
    audio.addEventListener("timeupdate", tick);
    audio.addEventListener("loadedmetadata", tick);
    audio.addEventListener("ended", () => { tell(false); queue[at + 1] ? start(at + 1) : show(); });
    audio.addEventListener("error", () => {
      // A grant that has ended in the middle is renewed once before anybody hears of it.
      if (queue[at] && play && !renewed) {
        const { heard, told, id, started, item } = play;
        renewed = true;
        load(at, audio.currentTime || last);
        play = { heard, told, id, started, item };
        audio.play().catch(() => {});
        return;
      }
      if (audio.getAttribute("src")) part("say").textContent = part("credit").textContent = word("failed");
    });
    if ("mediaSession" in navigator) {
      const on = (action, act) => { try { navigator.mediaSession.setActionHandler(action, act); } catch { /* not here */ } };
      on("play", toggle); on("pause", toggle);
      on("previoustrack", () => step(-1)); on("nexttrack", () => step(1));
      on("seekto", (to) => { audio.currentTime = to.seekTime; });
    }
  };

  // A page that was swapped in: say where we are, put the focus where reading begins.
  const arrived = (event) => {
    listen();
    show();
    const source = event?.detail?.ctx;
    const whole = source && source.target === document.body;
    if (whole) {
      const heading = document.querySelector("main");
      heading?.focus({ preventScroll: true });
    }
    if (source?.sourceElement?.closest?.("[data-live]")) {
      const said = document.getElementById("results-said");
      if (said) said.textContent = document.querySelector("#results [data-count]")?.textContent || "";
    }
  };

  // Composing: one more line, one line less, moved up or down. Without script the form has lines enough.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-compose]");
    if (!button) return;
    const form = document.getElementById("compose");
    const lines = form.querySelector("[data-lines]");
    const act = button.dataset.compose;
    const line = button.closest("[data-line]");
    if (act === "up" && line.previousElementSibling) lines.insertBefore(line, line.previousElementSibling);
    if (act === "down" && line.nextElementSibling) lines.insertBefore(line.nextElementSibling, line);
    if (act === "add") {
      const free = [...lines.querySelectorAll("input[name=work]")].find((input) => !input.value);
      if (free) {
        free.value = button.dataset.work;
        const name = free.closest("[data-line]").querySelector("[data-name]");
        if (name) name.textContent = button.dataset.title;
        free.closest("[data-line]").querySelector("textarea, [name=note]")?.focus();
      }
      return;
    }
    button.focus();
  });

  window.addEventListener("pagehide", () => { tell(true); keep(); });
  document.addEventListener("htmx:after:swap", arrived);

  const begin = () => {
    if (!player()) return;
    listen();
    // A shared computer: who signs out leaves no trace of what they heard.
    if (!player().dataset.member) { sessionStorage.removeItem(KEEP); return; }
    try {
      const kept = JSON.parse(sessionStorage.getItem(KEEP) || "null");
      if (kept?.queue?.[kept.at]) { queue = kept.queue; load(kept.at, kept.time); sound().preload = "metadata"; }
    } catch { /* nothing kept */ }
    show();
  };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", begin) : begin();
})();
