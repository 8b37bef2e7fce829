/* Quickness on pages that work without it. Everything hangs on data attributes; see docs/look.md. */
(() => {
  "use strict";
  const say = (key) => document.body.dataset[key] || "";
  const all = (root, selector) => [...root.querySelectorAll(selector)];
  const once = (element, name) => {
    const mark = `tb${name}`;
    if (element.dataset[mark]) return false;
    element.dataset[mark] = "1";
    return true;
  };

  /* One submission per click: a second one within the same page does nothing. */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.hasAttribute("data-many")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    const button = event.submitter || form.querySelector("[type=submit]");
    /* After this turn, so that the button's own name and value are still sent. */
    setTimeout(() => {
      if (event.defaultPrevented) { delete form.dataset.sent; return; }
      if (button) { button.setAttribute("aria-disabled", "true"); button.dataset.was = button.textContent; button.textContent = say("sending"); }
    });
  });
  /* Coming back with the back button must find a form that can be sent. */
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of all(document, "form[data-sent]")) {
      delete form.dataset.sent;
      for (const button of all(form, "[aria-disabled]")) { button.removeAttribute("aria-disabled"); if (button.dataset.was) button.textContent = button.dataset.was; }
    }
  });

  /* The forgery token goes with every htmx request of a page that has a form. */
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx && event.detail.ctx.request;
    const token = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (request && token && !/^(GET|HEAD)$/i.test(request.method || "GET")) request.headers["X-CSRFToken"] = token.value;
  });

  /* Drafts: <form data-autosave="/url"> sends its answers some seconds after the last change. */
  const drafts = (form) => {
    const note = form.querySelector("[data-save-state]");
    let timer = 0, waiting = false, running = false;
    const tell = (state, text) => { if (note) { note.dataset.state = state; note.textContent = text; } };
    const save = async () => {
      if (running) { waiting = true; return; }
      running = true; waiting = false;
      tell("saving", say("saving"));
      const answers = new FormData(form);
      for (const [name, value] of [...answers]) if (value instanceof File) answers.delete(name);
      try {
        const answer = await fetch(form.dataset.autosave, { method: "POST", body: answers, headers: { "HX-Request": "true" }, credentials: "same-origin" });
        if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
        tell("saved", `${say("saved")} ${new Date().toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" })}`);
        delete form.dataset.changed;
      } catch {
        tell("failed", say("unsaved"));
        timer = setTimeout(save, 15000);
      }
      running = false;
      if (waiting) save();
    };
    form.addEventListener("input", (event) => {
      if (event.target.type === "file") return;
      form.dataset.changed = "1";
      clearTimeout(timer);
      timer = setTimeout(save, 2000);
    });
    addEventListener("beforeunload", (event) => { if (form.dataset.changed && !form.dataset.sent) event.preventDefault(); });
  };

  /* Files: size and ending are checked before anything is sent. */
  const files = (input) => input.addEventListener("change", () => {
    const place = input.closest(".tb-file")?.querySelector("[data-file-problem]");
    const most = Number(input.dataset.maxBytes || 0);
    const endings = (input.accept || "").split(",").filter(Boolean);
    const fits = (file) => !endings.length || endings.some((ending) => file.name.toLowerCase().endsWith(ending));
    const problem = [...input.files].map((file) => (most && file.size > most ? `${say("tooBig")} ${file.name}` : fits(file) ? "" : `${say("wrongKind")} ${file.name}`)).find(Boolean);
    if (place) { place.hidden = !problem; place.textContent = problem || ""; }
    input.setCustomValidity(problem || "");
    if (problem) { input.value = ""; input.setCustomValidity(""); input.setAttribute("aria-invalid", "true"); } else input.removeAttribute("aria-invalid");
  });

  /* Tables: j and k move, Enter opens, x chooses. The place is kept when one comes back. */
  const rows = (table) => {
    const key = `tongban:${location.pathname}${location.search}`;
    const lines = () => all(table, "tbody tr");
    const move = (line) => {
      for (const other of lines()) delete other.dataset.current;
      if (!line) return;
      line.dataset.current = "1";
      line.scrollIntoView({ block: "nearest" });
      sessionStorage.setItem(key, String(lines().indexOf(line)));
      line.querySelector("a")?.focus({ preventScroll: true });
    };
    const kept = sessionStorage.getItem(key);
    if (kept !== null && performance.getEntriesByType("navigation")[0]?.type === "back_forward") move(lines()[Number(kept)]);
    document.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog")) return;
      const now = lines().findIndex((line) => line.dataset.current);
      if (event.key === "j") move(lines()[Math.min(now + 1, lines().length - 1)]);
      else if (event.key === "k") move(lines()[Math.max(now - 1, 0)]);
      else if (event.key === "x" && now >= 0) lines()[now].querySelector("input[type=checkbox]")?.click();
      else if (event.key === "Enter" && now >= 0 && !event.target.closest("a, button, summary")) lines()[now].querySelector("a")?.click();
      else return;
      event.preventDefault();
    });
  };

  /* Copying: <button data-copy="text" hidden> shows itself where it can work. */
  const copies = (button) => {
    if (!navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const was = button.textContent;
      button.textContent = say("copied");
      setTimeout(() => { button.textContent = was; }, 1500);
    });
  };
  const prints = (button) => { button.hidden = false; button.addEventListener("click", () => print()); };

  /* Confirmation pages open in a dialog: <a href="…/withdraw/" data-confirm>. */
  document.addEventListener("click", async (event) => {
    const link = event.target.closest("a[data-confirm]");
    const shut = event.target.closest("[data-dialog-close]");
    if (shut && shut.closest("dialog")) { event.preventDefault(); shut.closest("dialog").close(); return; }
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    try {
      const answer = await fetch(link.href, { credentials: "same-origin" });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const body = page.querySelector("[data-confirm-body]");
      if (!answer.ok || !body) throw new Error("no question");
      const dialog = document.createElement("dialog");
      dialog.className = "tb-dialog";
      const title = body.querySelector("h1");
      if (title) { title.id = "tb-dialog-title"; dialog.setAttribute("aria-labelledby", title.id); }
      for (const form of all(body, "form")) if (!form.getAttribute("action")) form.action = link.href;
      dialog.append(...body.childNodes);
      dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
      document.body.append(dialog);
      dialog.showModal();
    } catch { location.href = link.href; }
  });

  /* Menus close on Escape and on a click elsewhere. */
  document.addEventListener("click", (event) => { for (const menu of all(document, "details.tb-menu[open]")) if (!menu.contains(event.target)) menu.open = false; });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") for (const menu of all(document, "details.tb-menu[open]")) { menu.open = false; menu.querySelector("summary").focus(); } });

  /* Pictures of processes: current steps lit, done steps marked. */
  const picture = async (place) => {
    if (!window.BpmnJS) { addEventListener("load", () => window.BpmnJS && picture(place), { once: true }); return; }
    if (!once(place, "Picture")) return;
    try {
      const answer = await fetch(place.dataset.bpmnUrl, { credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      const viewer = new window.BpmnJS({ container: place, zoomScroll: { enabled: false } });
      await viewer.importXML(await answer.text());
      const canvas = viewer.get("canvas"), known = viewer.get("elementRegistry");
      for (const [list, mark] of [[place.dataset.done, "tb-past"], [place.dataset.lit, "tb-lit"]])
        for (const id of (list || "").split(/\s+/).filter(Boolean)) if (known.get(id)) canvas.addMarker(id, mark);
      const { inner, outer } = canvas.viewbox(), rim = 24;
      const scale = Math.min(outer.width / (inner.width + 2 * rim), outer.height / (inner.height + 2 * rim), 1);
      const width = outer.width / scale, height = outer.height / scale;
      canvas.viewbox({ x: inner.x - (width - inner.width) / 2, y: inner.y - (height - inner.height) / 2, width, height });
    } catch { delete place.dataset.tbPicture; place.textContent = say("noPicture"); }
  };

  const enliven = (root) => {
    const each = (selector, name, action) => { for (const element of all(root, selector)) if (once(element, name)) action(element); };
    each("form[data-autosave]", "Drafts", drafts);
    each("input[type=file]", "Files", files);
    each("table[data-keys]", "Rows", rows);
    each("[data-copy]", "Copy", copies);
    each("[data-print]", "Print", prints);
    for (const box of all(root, ".tb-scroll:not([tabindex])")) box.tabIndex = 0;
    for (const place of all(root, "[data-bpmn-url]")) picture(place);
  };
  document.addEventListener("htmx:after:swap", () => enliven(document));
  const begin = () => { enliven(document); document.querySelector("[data-focus]")?.focus(); };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin); else begin();
})();
