"use strict";
// How far a report is, without loading the page anew; that happens once, when it is there.
for (const card of document.querySelectorAll("[data-job]")) {
  const bar = card.querySelector("progress"), words = card.querySelector(".progress span");
  const look = async () => {
    const answer = await fetch("/reports/" + card.dataset.job + "/state").catch(() => null);
    if (!answer || !answer.ok) return setTimeout(look, 3000);
    const { done, doing, over } = await answer.json();
    if (over) return location.replace("/reports");
    bar.value = done;
    words.textContent = done + "% " + doing;
    setTimeout(look, 1000);
  };
  look();
}
