// A link works once, so its button does, too: a second press would end the download that the first began.
"use strict";

for (const form of document.querySelectorAll("form[data-once]")) {
    form.addEventListener("submit", () => {
        const button = form.querySelector("[type=submit]");
        setTimeout(() => { button.disabled = true; });
    });
}

for (const field of document.querySelectorAll("[data-select]")) {
    field.select();
}

// Times stand there in Tehran's; who reads them elsewhere sees their own beside it.
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const clock = (moment, timeZone) => new Intl.DateTimeFormat(document.documentElement.lang, {
    timeStyle: "short", dateStyle: "short", timeZone,
}).format(moment);

for (const time of document.querySelectorAll("[data-local] time")) {
    const moment = new Date(time.dateTime);
    if (clock(moment, zone) !== clock(moment, "Asia/Tehran")) {
        time.parentElement.append(` (${clock(moment, zone)} ${zone})`);
    }
}
