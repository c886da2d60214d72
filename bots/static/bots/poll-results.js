"use strict";
// Shows the votes of an open poll as they come in. Without this script the page shows them as they were.
document.addEventListener("DOMContentLoaded", () => {
  const table = document.getElementById("results");
  if (!table.dataset.source) return;
  const number = new Intl.NumberFormat("en"); // the page's font draws Persian digits
  const show = (results) => {
    document.getElementById("voters").textContent = number.format(results.voters);
    results.options.forEach((option, position) => {
      const row = table.tBodies[0].rows[position];
      row.cells[1].textContent = number.format(option.votes);
      row.querySelector("meter").value = option.percent;
    });
    return results.state === "open";
  };
  const look = async () => {
    let goesOn = true;
    if (!document.hidden) {
      const answer = await fetch(table.dataset.source, { headers: { Accept: "application/json" } }).catch(() => null);
      if (answer?.redirected || answer?.status === 403) return; // signed out meanwhile
      if (answer?.ok) goesOn = show(await answer.json());
    }
    if (goesOn) setTimeout(look, 5000);
  };
  setTimeout(look, 5000);
});
