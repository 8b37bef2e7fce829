/* Often used texts: <button data-insert="id of the text area"> puts its own text where the cursor is. */
(() => {
  "use strict";
  for (const box of document.querySelectorAll("[data-inserts]")) box.hidden = false;
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-insert]");
    const place = button && document.getElementById(button.dataset.insert);
    if (!place) return;
    const text = button.textContent.trim();
    place.setRangeText(text, place.selectionStart, place.selectionEnd, "end");
    place.dispatchEvent(new Event("input", { bubbles: true }));
    place.focus();
  });
})();
