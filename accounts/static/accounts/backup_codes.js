"use strict";
// Copying and printing are a convenience; without this script the codes can be selected as a whole.
document.addEventListener("DOMContentLoaded", () => {
  const tools = document.querySelector(".code-tools");
  const copy = tools.querySelector("[data-copy]");
  copy.hidden = !navigator.clipboard; // browsers offer it on https:// and localhost only
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(copy.dataset.copy).textContent);
    copy.textContent = copy.dataset.done;
  });
  tools.querySelector("[data-print]").addEventListener("click", () => window.print());
  tools.hidden = false;
});
