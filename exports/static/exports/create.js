// While an export is being chosen: how many rows it would have.
"use strict";

document.addEventListener("DOMContentLoaded", function () {
    const WAIT_MILLISECONDS = 600;
    const form = document.getElementById("wish-form");
    const countUrl = form.getAttribute("data-count-url"); // form.dataset is the form's field of that name
    const count = document.getElementById("count");
    let timer = 0;
    let asked = 0;
    let last = "";

    async function ask() {
        const data = new FormData(form);
        const chosen = new URLSearchParams(data).toString();
        const lacksColumns = form.elements.columns && !data.has("columns");
        if (chosen === last || lacksColumns || !form.checkValidity()) {
            return;
        }
        last = chosen;
        const number = ++asked;
        const answer = await fetch(`${countUrl}?${chosen}`, {headers: {Accept: "application/json"}});
        if (answer.redirected) {
            return;
        }
        const told = await answer.json();
        if (number === asked) {
            count.textContent = told.message ?? told.detail;
            count.hidden = false;
        }
    }

    function changed() {
        window.clearTimeout(timer);
        timer = window.setTimeout(() => ask().catch(() => {}), WAIT_MILLISECONDS);
    }

    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    changed();
});
