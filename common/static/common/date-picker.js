// Starts the Jalali date picker on every input with `data-jdp`, also on inputs that are added later.
"use strict";

// The picker's own file starts it with separators that our dates don't have.
window.onload = null;

document.addEventListener("DOMContentLoaded", function () {
    window.jalaliDatepicker.startWatch({
        separatorChars: {date: "/", between: " ", time: ":"},
        time: true,
        hasSecond: false,
        hideAfterChange: true,
        zIndex: 10000,
    });
});

// The picker understands Latin digits only; people type either.
document.addEventListener("input", function (event) {
    const input = event.target;
    if (!(input instanceof HTMLInputElement) || !input.classList.contains("jalali")) {
        return;
    }
    const latin = input.value
        .replace(/[۰-۹]/g, (digit) => String(digit.charCodeAt(0) - 0x06f0))
        .replace(/[٠-٩]/g, (digit) => String(digit.charCodeAt(0) - 0x0660));
    if (latin !== input.value) {
        const caret = input.selectionStart;
        input.value = latin;
        input.setSelectionRange(caret, caret);
    }
});
