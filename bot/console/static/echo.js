"use strict";
// What will be read, while it is typed: [data-echo] holds the id of the field whose words it shows.
for (const shown of document.querySelectorAll("[data-echo]")) {
  const field = document.getElementById(shown.dataset.echo);
  const before = shown.textContent;
  field.addEventListener("input", () => { shown.textContent = field.value.trim().replace(/。+$/, "") || before; });
}
