// Keeps a page of exports up to date without a reload: progress every few seconds, and what changed drawn anew.
"use strict";

document.addEventListener("DOMContentLoaded", function () {
    const WHILE_RUNNING_MILLISECONDS = 2000;
    const OTHERWISE_MILLISECONDS = 15000;
    const live = document.getElementById("exports-live");

    function showProgress(run) {
        const item = live.querySelector(`[data-run="${run.id}"]`);
        const bar = item && item.querySelector("progress");
        if (!bar) {
            return;
        }
        for (const field of item.querySelectorAll("[data-field]")) {
            field.textContent = run[field.dataset.field];
        }
        if (run.percent === null) {
            bar.removeAttribute("value");
        } else {
            bar.value = run.percent;
        }
    }

    // Whoever stood on a link with the keyboard stands there afterwards, too.
    async function drawAnew() {
        const answer = await fetch(window.location.href, {headers: {Accept: "text/html"}});
        if (!answer.ok || answer.redirected) {
            window.location.reload();
            return;
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const focused = document.activeElement ? document.activeElement.id : "";
        for (const id of ["exports-live", "run-tools"]) {
            const [before, after] = [document.getElementById(id), page.getElementById(id)];
            if (before && after) {
                before.replaceChildren(...after.childNodes);
                Object.assign(before.dataset, after.dataset);
            }
        }
        const again = focused && document.getElementById(focused);
        if (again) {
            again.focus();
        }
    }

    async function look() {
        let wait = OTHERWISE_MILLISECONDS;
        try {
            const answer = await fetch(live.dataset.statsUrl, {headers: {Accept: "application/json"}});
            if (answer.ok && !answer.redirected) {
                const told = await answer.json();
                told.under_way.forEach(showProgress);
                if (told.signature !== live.dataset.signature) {
                    await drawAnew();
                }
                wait = told.under_way.length ? WHILE_RUNNING_MILLISECONDS : OTHERWISE_MILLISECONDS;
            }
        } catch {
            // The network is away for a moment; the next look tells.
        }
        window.setTimeout(look, wait);
    }

    window.setTimeout(look, WHILE_RUNNING_MILLISECONDS);
});
