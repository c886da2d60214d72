// While a broadcast is written: how many people it would reach, and how it would look.
"use strict";

document.addEventListener("DOMContentLoaded", function () {
    const WAIT_MILLISECONDS = 600;
    const form = document.getElementById("broadcast-form");
    const count = document.getElementById("audience-count");
    const approval = document.getElementById("audience-approval");
    const inputs = ["candidate", "bot", "cities", "sources", "languages", "active_since", "has_voted", "has_contributed"];
    let timer = 0;
    let asked = 0;
    let last = "";

    function audience() {
        const all = new FormData(form);
        const chosen = new URLSearchParams();
        for (const name of inputs) {
            for (const value of all.getAll(name)) {
                chosen.append(name, value);
            }
        }
        return chosen;
    }

    async function ask() {
        const chosen = audience();
        if (!chosen.get("candidate") || chosen.toString() === last) {
            return;
        }
        last = chosen.toString();
        const number = ++asked;
        const answer = await fetch(form.dataset.audienceUrl, {
            method: "POST",
            headers: {"X-CSRFToken": form.elements.csrfmiddlewaretoken.value, Accept: "application/json"},
            body: chosen,
        });
        const told = await answer.json();
        if (number === asked) {
            count.textContent = told.message;
            approval.hidden = !told.needs_approval;
        }
    }

    function preview() {
        document.getElementById("preview-text").textContent = form.elements.text.value;
        const labels = form.elements.buttons.value.split("\n").map((line) => line.split("|")[0].trim()).filter(Boolean);
        document.getElementById("preview-buttons").replaceChildren(
            ...labels.map((label) => Object.assign(document.createElement("li"), {textContent: label, dir: "auto"})),
        );
    }

    function changed() {
        preview();
        window.clearTimeout(timer);
        timer = window.setTimeout(() => ask().catch(() => {}), WAIT_MILLISECONDS);
    }

    form.addEventListener("input", changed);
    form.addEventListener("change", changed);
    changed();
});
