// The player: one queue, and two sounds that take turns, so that the next work is ready before the
// last one ends. It stands outside of what htmx swaps (`hx-preserve`) and goes on from page to page.
(() => {
  "use strict";
  const KEEP = "antiphon-queue";   // the queue and the place in it, for this member
  const LIKES = "antiphon-player"; // volume and shortcuts, for this browser
  const REPORT_EVERY = 15; // seconds of listening between two reports of one play
  const AHEAD = 30;        // seconds before the end at which the next work is fetched
  let queue = [];          // what to play, in order: {n, o, work, title, credit, page, cover, seconds, gain, selection}
  let at = -1;             // which of them is playing
  let serial = 0;          // the last `n` that was given: it names an item while the page lives
  let shuffled = false;    // `o` holds an item's place from before
  let repeat = "off";      // off, all, one
  let turn = 0;            // which of the two sounds is heard
  let ahead = 0;           // the `n` of the item that the other sound holds ready
  let play = null;         // the play being reported: {id, item, started, heard, told}
  let last = 0;            // the position at which listening was last counted, in seconds
  let kept = 0;            // the position that was last kept
  let renewed = false;     // whether a new grant was asked for since something was last heard
  let failures = 0;        // how many works in a row did not play
  let likes = { volume: 1, muted: false, keys: true };

  const player = () => document.getElementById("player");
  const part = (name) => player().querySelector(`[data-part="${name}"]`);
  // The player outlives the page it came with; its words are those of the page that is there now.
  const word = (name) => document.getElementById("player-words")?.dataset[name] || "";
  const relabel = () => {
    for (const one of player().querySelectorAll("[data-text]")) one.textContent = word(one.dataset.text);
    for (const one of [player(), ...player().querySelectorAll("[data-label]")]) one.setAttribute("aria-label", word(one.dataset.label));
  };
  const sounds = () => player().querySelectorAll("audio");
  const sound = () => sounds()[turn];
  const other = () => sounds()[1 - turn];
  const address = (item) => `/listen?work=${encodeURIComponent(item.work)}`;
  const say = (text) => { document.getElementById("said").textContent = text; };
  const fill = (name, blanks) => Object.entries(blanks).reduce((text, [key, value]) => text.replace(`{${key}}`, value), word(name));

  const clockface = (seconds) => {
    const whole = Math.max(0, Math.floor(seconds || 0));
    const two = (n) => String(n).padStart(2, "0");
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor(whole / 60) % 60;
    return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
  };

  // Plays are told by the node's clock: that of the device may be wrong. A page that comes back from
  // the browser's own store is as old as it is, so what was found before holds then.
  const CLOCK = "antiphon-clock";
  const clockOff = (() => {
    const made = Number(document.querySelector('meta[name="now"]')?.content);
    const again = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
    try {
      const kept = sessionStorage.getItem(CLOCK);
      if (!made || (again && kept)) return Number(kept) || 0;
      sessionStorage.setItem(CLOCK, made - Date.now());
    } catch { /* private window */ }
    return made ? made - Date.now() : 0;
  })();
  const nodeTime = () => new Date(Date.now() + clockOff).toISOString();

  // Reporting: seconds really heard, growing only; one id a play, so that nothing counts twice.
  const newId = () => (crypto.randomUUID ? crypto.randomUUID() : `${Date.now()}-${Math.random().toString(36).slice(2)}`);
  const tell = (leaving, telling = play) => {
    if (!telling || Math.floor(telling.heard) <= telling.told) return;
    telling.told = Math.floor(telling.heard);
    const body = JSON.stringify({
      id: telling.id, work: telling.item.work, started: telling.started, seconds: telling.told,
      ...(telling.item.selection ? { selection: telling.item.selection } : {}),
    });
    fetch("/listening/plays", {
      method: "POST", headers: { "content-type": "application/json", accept: "application/json" },
      body, keepalive: leaving, credentials: "same-origin",
    }).catch(() => { telling.told = 0; });
  };

  // A film plays on its own page; what was seen of it is told as what is heard is.
  const films = new WeakMap();
  const seen = (event) => {
    const film = event.target;
    if (!film.matches?.("video[data-film]")) return;
    const now = film.currentTime;
    if (event.type === "playing") {
      sound().pause();
      if (!films.has(film)) films.set(film, { id: newId(), item: { work: film.dataset.film }, started: nodeTime(), heard: 0, told: -1, last: now });
    }
    const play = films.get(film);
    if (!play) return;
    if (event.type === "timeupdate" && now > play.last && now - play.last < 2) play.heard += now - play.last;
    play.last = now;
    if (event.type !== "timeupdate" || play.heard - play.told >= REPORT_EVERY) tell(false, play);
    if (event.type === "ended") films.delete(film);
  };
  for (const name of ["playing", "timeupdate", "pause", "ended"]) document.addEventListener(name, seen, true);

  const keep = () => {
    kept = sound().currentTime;
    const all = { member: player().dataset.member, queue, at, time: kept, shuffled, repeat };
    try { localStorage.setItem(KEEP, JSON.stringify(all)); } catch { /* private window */ }
  };
  const keepLikes = () => { try { localStorage.setItem(LIKES, JSON.stringify(likes)); } catch { /* private window */ } };

  // Showing ------------------------------------------------------------------

  // The outline of a sound on its own page: how far it was heard, and a slider to go elsewhere.
  const outline = () => {
    for (const wave of document.querySelectorAll("[data-wave]")) {
      const here = queue[at]?.work === wave.dataset.wave;
      const slider = wave.querySelector("input");
      if (!slider) continue;
      slider.hidden = false;
      const length = Number(slider.max) || 1;
      const now = here ? sound().currentTime : Number(wave.dataset.from) || 0;
      if (!slider.matches(":active")) slider.value = String(Math.floor(now));
      slider.setAttribute("aria-valuetext", fill("position", { at: clockface(now), of: clockface(length) }));
      wave.querySelector("rect").setAttribute("width", String(Math.min(640, (640 * now) / length)));
    }
  };

  const show = () => {
    const item = queue[at];
    player().hidden = !item;
    outline();
    const playing = Boolean(item) && !sound().paused;
    player().classList.toggle("is-playing", playing);
    for (const button of document.querySelectorAll("[data-play]")) {
      const here = playing && button.dataset.work === item.work;
      button.closest("li, article, .piece")?.classList.toggle("is-playing", here);
      button.setAttribute("aria-pressed", String(here));
    }
    if ("mediaSession" in navigator) navigator.mediaSession.playbackState = item ? (playing ? "playing" : "paused") : "none";
    if (!item) return;
    part("title").textContent = item.title;
    part("title").href = item.page;
    part("credit").textContent = item.credit;
    for (const cover of player().querySelectorAll("[data-part=cover]")) {
      if (cover.getAttribute("src") !== item.cover) cover.src = item.cover;
    }
    part("toggle").setAttribute("aria-label", playing ? word("pause") : word("resume"));
    part("previous").disabled = following(-1) < 0 && sound().currentTime <= 3;
    part("next").disabled = following(1) < 0;
    part("shuffle").setAttribute("aria-pressed", String(shuffled));
    part("repeat").setAttribute("aria-label", word(`repeat${repeat[0].toUpperCase()}${repeat.slice(1)}`));
    part("repeat").dataset.state = repeat;
    part("mute").setAttribute("aria-pressed", String(likes.muted));
    part("volume").value = String(Math.round(likes.volume * 100));
    part("keys").checked = likes.keys;
    tick();
  };

  const changed = () => {
    keep();
    show();
    prepare();
    document.dispatchEvent(new CustomEvent("player:changed"));
  };

  const trouble = (text) => {
    part("trouble").textContent = text;
    part("trouble").hidden = !text;
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
    if (Math.abs(now - kept) >= 5) keep();
    part("times").textContent = `${clockface(now)} / ${clockface(length)}`;
    for (const seek of player().querySelectorAll("[data-part=seek]")) {
      seek.max = String(Math.max(1, Math.floor(length)));
      if (!seek.matches(":active")) seek.value = String(Math.floor(now));
      seek.setAttribute("aria-valuetext", fill("position", { at: clockface(now), of: clockface(length) }));
    }
    part("bar").max = Math.max(1, length);
    part("bar").value = now;
    part("heard").setAttribute("width", String(length ? Math.min(640, (640 * now) / length) : 0));
    outline();
    prepare();
    if ("mediaSession" in navigator && navigator.mediaSession.setPositionState && length) {
      try { navigator.mediaSession.setPositionState({ duration: length, position: Math.min(now, length) }); } catch { /* not now */ }
    }
  };

  // Playing ------------------------------------------------------------------

  const following = (by) => {
    if (queue[at + by]) return at + by;
    return repeat === "all" && queue.length ? (at + by + queue.length) % queue.length : -1;
  };

  // One work does not drown the next. A volume goes down only: what is quiet stays as it is.
  const loud = (audio, item) => {
    audio.muted = likes.muted;
    audio.volume = Math.min(1, likes.volume * 10 ** ((item?.gain || 0) / 20000));
  };

  // This door leads to the same one with a grant, which ends: it is asked anew each time.
  const fetchInto = (audio, item) => {
    audio.preload = "auto";
    audio.src = address(item);
    loud(audio, item);
  };

  const hush = (audio) => { audio.pause(); audio.removeAttribute("src"); audio.load(); };

  // The work that comes next is fetched while the end of this one is heard.
  const prepare = () => {
    const item = queue[following(1)];
    if (!item || item === queue[at]) { if (ahead) { ahead = 0; hush(other()); } return; }
    const audio = sound();
    if (ahead === item.n || audio.paused || !(audio.duration - audio.currentTime < AHEAD)) return;
    ahead = item.n;
    fetchInto(other(), item);
  };

  const load = (index, time) => {
    tell(false);
    at = index;
    play = null;
    last = time || 0;
    const item = queue[at];
    if (ahead === item.n && !time && !other().error) {
      const old = sound();
      turn = 1 - turn;
      hush(old);
    } else {
      const audio = sound();
      fetchInto(audio, item);
      if (time) audio.addEventListener("loadedmetadata", () => { audio.currentTime = time; }, { once: true });
    }
    ahead = 0;
    loud(sound(), item);
    if ("mediaSession" in navigator) {
      const icon = { src: "/assets/icon-512.png", sizes: "512x512", type: "image/png" };
      navigator.mediaSession.metadata = new MediaMetadata({
        title: item.title, artist: item.credit, artwork: [...(item.cover ? [{ src: item.cover }] : []), icon],
      });
    }
  };

  const start = (index, time, passing) => {
    renewed = false;
    if (!passing) { trouble(""); failures = 0; }
    load(index, time || 0);
    sound().play().catch(() => {});
    say(fill("playing", { title: queue[at].title, credit: queue[at].credit }));
    changed();
  };

  const toggle = () => { const audio = sound(); audio.paused ? audio.play().catch(() => {}) : audio.pause(); };
  const step = (by) => {
    if (by < 0 && sound().currentTime > 3) { sound().currentTime = 0; return; }
    const to = following(by);
    if (to >= 0) start(to);
  };
  const seek = (time) => {
    const audio = sound();
    audio.currentTime = Math.max(0, Math.min(time, Number.isFinite(audio.duration) ? audio.duration : time));
  };

  const ended = () => {
    tell(false);
    play = null;
    const to = repeat === "one" ? at : following(1);
    if (to >= 0) start(to, 0, true);
    else changed();
  };

  // Why a work does not play, in the words of the node: a sound does not say it.
  const why = async (item) => {
    try {
      const answer = await fetch(address(item), {
        headers: { accept: "application/json", range: "bytes=0-0" }, credentials: "same-origin", cache: "no-store",
      });
      if (answer.ok) { answer.body?.cancel(); return [answer.status, fill("unplayable", { title: item.title })]; }
      if (answer.status === 401) return [401, word("signedOut")];
      if (answer.status === 404) return [404, fill("gone", { title: item.title })];
      return [answer.status, (await answer.json()).error || word("failed")];
    } catch { return [0, navigator.onLine ? word("failed") : word("offline")]; }
  };

  const failed = async () => {
    const item = queue[at];
    if (!item || !sound().getAttribute("src")) return;
    // A grant that has ended in the middle is renewed once before anybody hears of it.
    if (play && !renewed) {
      const going = play;
      renewed = true;
      load(at, last);
      play = going;
      sound().play().catch(() => {});
      return;
    }
    const [status, sentence] = await why(item);
    if (queue[at] !== item) return;
    trouble(sentence);
    failures += 1;
    // What is gone is passed over; anything else waits for the listener.
    const to = following(1);
    if (status === 404 && to >= 0 && failures < queue.length) start(to, 0, true);
    else show();
  };

  // The queue ----------------------------------------------------------------

  const numbered = (items) => items.map((item) => ({ ...item, n: ++serial, o: serial }));
  const mixed = (items) => {
    for (let i = items.length - 1; i > 0; i -= 1) {
      const j = Math.floor(Math.random() * (i + 1));
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  };

  const playAll = (items, index, time) => {
    queue = numbered(items);
    if (shuffled) {
      const [first] = queue.splice(Math.max(0, index), 1);
      queue = [first, ...mixed(queue)];
      index = 0;
    }
    start(Math.max(0, index), time);
  };

  const insert = (items, place) => {
    const fresh = numbered(items);
    if (!fresh.length) return;
    if (at < 0) { queue = fresh; load(0); } else queue.splice(place, 0, ...fresh);
    changed();
  };
  const add = (items) => { insert(items, queue.length); say(fill("added", { title: items[0].title })); };
  const addNext = (items) => { insert(items, at + 1); say(fill("addedNext", { title: items[0].title })); };

  const clear = () => {
    tell(false);
    queue = []; at = -1; play = null; ahead = 0;
    for (const audio of sounds()) hush(audio);
    trouble("");
    changed();
  };

  const remove = (index) => {
    const [gone] = queue.splice(index, 1);
    if (!gone) return;
    if (!queue.length) { clear(); } else if (index === at) {
      const playing = !sound().paused;
      at = Math.min(index, queue.length - 1);
      if (playing) start(at); else { load(at); changed(); }
    } else {
      if (index < at) at -= 1;
      changed();
    }
    say(fill("removed", { title: gone.title }));
  };

  const move = (from, to) => {
    if (!queue[from] || !queue[to] || from === to) return;
    const now = queue[at];
    const [item] = queue.splice(from, 1);
    queue.splice(to, 0, item);
    at = queue.indexOf(now);
    changed();
    say(fill("moved", { title: item.title, at: to + 1, of: queue.length }));
  };

  const shuffle = () => {
    shuffled = !shuffled;
    const now = queue[at];
    if (shuffled) {
      queue.forEach((item, index) => { item.o = index; });
      queue = [now, ...mixed(queue.filter((item) => item !== now))];
    } else queue.sort((a, b) => a.o - b.o);
    at = queue.indexOf(now);
    say(word(shuffled ? "shuffleOn" : "shuffleOff"));
    changed();
  };

  const repeatOn = () => {
    repeat = { off: "all", all: "one", one: "off" }[repeat];
    changed();
    say(part("repeat").getAttribute("aria-label"));
  };

  const setVolume = (volume, muted) => {
    likes = { ...likes, volume: Math.max(0, Math.min(1, volume)), muted };
    loud(sound(), queue[at]);
    keepLikes();
    show();
  };

  // What a page offers -------------------------------------------------------

  const itemOf = (button) => {
    const data = button.dataset;
    const holder = button.closest("[data-queue]");
    return {
      work: data.work, title: data.title, credit: data.credit, page: data.page, cover: data.cover,
      seconds: Number(data.seconds) || 0, gain: Number(holder?.dataset.gain ?? data.gain) || 0,
      selection: holder?.dataset.selection || "",
    };
  };
  const itemsIn = (holder) => {
    const items = new Map();
    for (const button of holder.querySelectorAll("[data-play]")) {
      if (!items.has(button.dataset.work)) items.set(button.dataset.work, itemOf(button));
    }
    return [...items.values()];
  };
  const startAt = (button, time) => {
    const items = itemsIn(button.closest("[data-queue]") || document);
    playAll(items, items.findIndex((item) => item.work === button.dataset.work), time);
  };
  // Where somebody put the slider of a work before it was played.
  const fromOutline = (work) => {
    const wave = [...document.querySelectorAll("[data-wave]")].find((one) => one.dataset.wave === work);
    return Number(wave?.dataset.from) || 0;
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
    if (one) return queue[at]?.work === one.dataset.work ? toggle() : startAt(one, fromOutline(one.dataset.work));
    const all = event.target.closest("[data-play-all], [data-add-all]");
    if (all) {
      const items = itemsIn(document.getElementById(all.dataset.playAll || all.dataset.addAll) || document);
      if (!items.length) return undefined;
      return all.dataset.addAll ? add(items) : playAll(items, shuffled ? Math.floor(Math.random() * items.length) : 0);
    }
    const put = event.target.closest("[data-put]");
    if (put) {
      const button = [...(put.closest("[data-queue]") || document).querySelectorAll("[data-play]")].find((play) => play.dataset.work === put.dataset.work);
      if (button) (put.dataset.put === "next" ? addNext : add)([itemOf(button)]);
      return undefined;
    }
    const control = event.target.closest("#player [data-part]")?.dataset.part;
    ({ toggle, shuffle, clear, repeat: repeatOn, previous: () => step(-1), next: () => step(1), mute: () => setVolume(likes.volume, !likes.muted) })[control]?.();
    return undefined;
  });

  document.addEventListener("input", (event) => {
    const name = event.target.dataset?.part;
    if (name === "seek") seek(Number(event.target.value));
    if (name === "volume") setVolume(Number(event.target.value) / 100, false);
    if (name === "keys") { likes.keys = event.target.checked; keepLikes(); }
    const wave = event.target.closest?.("[data-wave]");
    if (!wave) return;
    if (queue[at]?.work === wave.dataset.wave) seek(Number(event.target.value));
    else wave.dataset.from = String(Number(event.target.value));
    outline();
  });

  // Shortcuts of one letter can be turned off (WCAG 2.1.4), and never reach a field that is written in.
  document.addEventListener("keydown", (event) => {
    if (!likes.keys || !queue[at] || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select, [contenteditable]")) return;
    if (event.key === " " && event.target.closest("button, a, summary, input")) return;
    const acts = {
      " ": toggle, k: toggle, n: () => step(1), p: () => step(-1), m: () => setVolume(likes.volume, !likes.muted),
      j: () => seek(sound().currentTime - 10), l: () => seek(sound().currentTime + 10), q: () => part("open").click(),
    };
    const act = acts[event.key.toLowerCase()];
    if (!act) return;
    event.preventDefault();
    act();
  });

  // Another tab begins: this one gives way.
  const channel = "BroadcastChannel" in window ? new BroadcastChannel("antiphon") : null;
  if (channel) channel.onmessage = () => { if (player()) sound().pause(); };

  const listen = () => {
    const on = (event, act) => {
      for (const audio of sounds()) audio.addEventListener(event, () => { if (audio === sound()) act(audio); });
    };
    on("playing", (audio) => {
      play ||= { id: newId(), item: queue[at], started: nodeTime(), heard: 0, told: -1 };
      last = audio.currentTime;
      renewed = false;
      failures = 0;
      if (play.told < 0) tell(false);
      channel?.postMessage("playing");
      show();
    });
    on("pause", () => { tell(false); keep(); show(); });
    on("seeking", (audio) => { last = audio.currentTime; });
    on("timeupdate", tick);
    on("loadedmetadata", tick);
    on("ended", ended);
    on("error", failed);
    if (!("mediaSession" in navigator)) return;
    const handle = (action, act) => { try { navigator.mediaSession.setActionHandler(action, act); } catch { /* not here */ } };
    handle("play", () => sound().play().catch(() => {}));
    handle("pause", () => sound().pause());
    handle("stop", () => sound().pause());
    handle("previoustrack", () => step(-1));
    handle("nexttrack", () => step(1));
    handle("seekto", (to) => seek(to.seekTime));
    handle("seekbackward", (by) => seek(sound().currentTime - (by.seekOffset || 10)));
    handle("seekforward", (by) => seek(sound().currentTime + (by.seekOffset || 10)));
  };

  window.addEventListener("pagehide", () => { if (queue[at]) { tell(true); keep(); } });
  document.addEventListener("htmx:after:swap", (event) => {
    if (!player()) return;
    if (event.detail?.ctx?.target === document.body) { relabel(); document.dispatchEvent(new CustomEvent("player:changed")); }
    show();
  });

  const begin = () => {
    if (!player()) return;
    listen();
    try { likes = { ...likes, ...JSON.parse(localStorage.getItem(LIKES) || "{}") }; } catch { /* as it is */ }
    let all = null;
    try { all = JSON.parse(localStorage.getItem(KEEP) || "null"); } catch { /* nothing kept */ }
    // A shared computer: who signs out leaves no trace of what they heard, nor does who comes next read it.
    if (!player().dataset.member || all?.member !== player().dataset.member) { localStorage.removeItem(KEEP); all = null; }
    if (all?.queue?.[all.at]) {
      queue = all.queue;
      serial = Math.max(0, ...queue.map((item) => item.n));
      ({ shuffled, repeat } = all);
      load(all.at, all.time);
    }
    show();
    document.dispatchEvent(new CustomEvent("player:changed"));
  };

  window.player = { queue: () => queue, at: () => at, start, remove, move, part, word, say, clockface };
  document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", begin) : begin();
})();
