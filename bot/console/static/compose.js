"use strict";
// Whom a notice would reach and when, while it is written. Without this file the button "看一看" tells the same.
(() => {
  const form = document.getElementById("compose");
  const shown = Object.fromEntries(
    [...document.querySelectorAll("[data-compose]")].map((each) => [each.dataset.compose, each]));
  const bubble = document.querySelector("[data-compose-text]"), before = bubble.textContent;
  const first = shown.whom.textContent;
  let asked = 0, waits = 0;

  const look = async () => {
    const fields = new Map();
    for (const [name, value] of new FormData(form)) {
      if (["csrf", "text", "what"].includes(name) || !value) continue;
      fields.set(name, fields.has(name) ? fields.get(name) + "," + value : value);
    }
    fields.set("head", form.elements.text.value.trimStart().slice(0, 12));
    const address = "/broadcasts/preview?" + new URLSearchParams([...fields]);
    if (address.length > 7000) return;
    const mine = ++asked;
    try {
      const answer = await fetch(address);
      if (!answer.ok || mine !== asked) return;
      const found = await answer.json();
      for (const [name, each] of Object.entries(shown)) each.textContent = found[name] || (name === "whom" ? first : "");
      shown.fault.hidden = !found.fault;
    } catch { /* offline for a moment: the button still works */ }
  };

  form.addEventListener("input", () => {
    bubble.textContent = form.elements.text.value.trim() || before;
    clearTimeout(waits);
    waits = setTimeout(look, 350);
  });
  if (!form.elements.of || form.querySelector("input[type=checkbox]:checked")) look();
})();
