"use strict";
// Live numbers, and one-tap copying. Everything else works without this file.
(() => {
  const shown = document.querySelectorAll("[data-live], [data-live-value]");
  if (shown.length && "EventSource" in window) {
    const broadcast = document.querySelector("[data-broadcast]");
    let waiting = document.querySelector('[data-live="b.waiting"]');
    const refresh = async () => { // a notice is out: what can be done now, and the list of its groups, are other ones
      waiting = null;
      const answer = await fetch(location.href);
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of ["[data-broadcast]", ".halves"]) {
        document.querySelector(part).replaceWith(fresh.querySelector(part));
      }
    };
    const source = new EventSource("/live" + (broadcast ? "?b=" + broadcast.dataset.broadcast : ""));
    source.onmessage = (event) => {
      const numbers = JSON.parse(event.data);
      for (const each of shown) {
        const { live, liveValue, liveMax } = each.dataset;
        if (live in numbers) {
          each.textContent = numbers[live];
          if (each.classList.contains("badge")) each.hidden = !numbers[live];
        }
        if (liveMax in numbers) each.max = Math.max(1, numbers[liveMax]);
        if (liveValue in numbers) each.value = numbers[liveValue];
      }
      if (waiting && numbers["b.waiting"] === 0 && !document.activeElement.matches("main textarea, main input")) refresh();
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
