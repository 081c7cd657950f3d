"use strict";
// Live numbers, and one-tap copying. Everything else works without this file.
(() => {
  const shown = () => document.querySelectorAll("[data-live], [data-live-value]");
  const refresh = async (...parts) => { // these parts of the page anew, and nothing that is being typed
    const answer = await fetch(location.href).catch(() => null);
    if (!answer || !answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of parts) document.querySelector(part).replaceWith(fresh.querySelector(part));
  };
  const working = () => [...document.querySelectorAll("[data-job]")].map((job) => "w." + job.dataset.job);
  if (shown().length && "EventSource" in window) {
    const broadcast = document.querySelector("[data-broadcast]");
    let waiting = document.querySelector('[data-live="b.waiting"]');
    const watched = new URLSearchParams(broadcast ? { b: broadcast.dataset.broadcast } : {});
    if (working().length) watched.set("work", "1");
    const source = new EventSource("/live?" + watched);
    source.onmessage = (event) => {
      const numbers = JSON.parse(event.data);
      for (const each of shown()) {
        const { live, liveValue, liveMax } = each.dataset;
        if (live in numbers) {
          each.textContent = numbers[live];
          if (each.classList.contains("badge")) each.hidden = !numbers[live];
        }
        if (liveMax in numbers) each.max = Math.max(1, numbers[liveMax]);
        if (liveValue in numbers) each.value = numbers[liveValue];
      }
      if (waiting && numbers["b.waiting"] === 0 && !document.activeElement.matches("main textarea, main input")) {
        waiting = null; // a notice is out: what can be done now, and the list of its groups, are other ones
        refresh("[data-broadcast]", ".halves");
      }
      if (working().some((job) => !(job in numbers))) refresh("[data-jobs]"); // one is over: its files are there
    };
    source.onerror = () => { // nobody tells us: ask, for as long as something is being made
      const look = () => working().length && refresh("[data-jobs]").then(() => setTimeout(look, 5000));
      if (source.readyState === EventSource.CLOSED) look();
    };
    addEventListener("pagehide", () => source.close());
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.getElementById(button.dataset.copy);
    const words = text.value ?? text.textContent;
    try {
      await navigator.clipboard.writeText(words);
    } catch {
      getSelection().selectAllChildren(text);
      document.execCommand("copy");
    }
    button.textContent = "已复制";
  });

  document.querySelector(".menu [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  for (const box of document.querySelectorAll("[data-submit-on-change]")) {
    box.addEventListener("change", () => box.form.requestSubmit());
  }
})();
