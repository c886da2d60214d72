// Shows how far a broadcast is, every few seconds while it is being sent.
"use strict";

document.addEventListener("DOMContentLoaded", function () {
    const EVERY_MILLISECONDS = 3000;
    const box = document.getElementById("progress");

    function show(progress) {
        for (const field of box.querySelectorAll("[data-field]")) {
            const value = progress[field.dataset.field];
            field.textContent = typeof value === "number" ? value.toLocaleString("en") : value || "–";
        }
        const bar = box.querySelector("progress");
        bar.max = progress.people;
        bar.value = progress.settled;
    }

    async function look() {
        try {
            const answer = await fetch(box.dataset.url, {headers: {Accept: "application/json"}});
            if (answer.ok) {
                const progress = await answer.json();
                show(progress);
                if (!progress.is_running) {
                    window.location.reload();
                    return;
                }
            }
        } catch {
            // The network is away for a moment; the next look tells.
        }
        window.setTimeout(look, EVERY_MILLISECONDS);
    }

    window.setTimeout(look, EVERY_MILLISECONDS);
});
