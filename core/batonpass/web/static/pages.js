// All of it is a convenience: without it every page says and does the same.
"use strict";

// Times in the reader's own zone; what the server wrote stays as the title.
const clock = new Intl.DateTimeFormat(undefined, {
  year: "numeric", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit",
  timeZoneName: "short",
});
for (const element of document.querySelectorAll("time[datetime]")) {
  const at = new Date(element.dateTime);
  if (!Number.isNaN(at.getTime())) {
    element.title = element.textContent;
    element.textContent = clock.format(at);
  }
}

for (const option of document.querySelectorAll("option[data-at]")) {
  option.textContent = `${clock.format(new Date(option.dataset.at))}, ${option.dataset.title}`;
}

const editor = document.querySelector("form[data-editor]");
if (editor) {
  const text = editor.elements.namedItem("text");
  const written = text.value;
  let leaving = false;

  const send = (what) => {
    editor.querySelector(`button[value="${what}"]`).click();
  };
  editor.addEventListener("submit", () => { leaving = true; });
  editor.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey)) return;
    if (event.key === "s") { event.preventDefault(); send("save"); }
    if (event.key === "Enter") { event.preventDefault(); send("check"); }
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && text.value !== written) event.preventDefault();
  });

  // From a finding to its place in the text.
  const goTo = (line, column) => {
    const lines = text.value.split("\n");
    const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const height = Number.parseFloat(getComputedStyle(text).lineHeight);
    text.focus();
    text.setSelectionRange(start + column - 1, start + (lines[line - 1] ?? "").length);
    text.scrollTop = Math.max(0, (line - 6) * height);
    text.scrollLeft = 0;
  };
  for (const link of editor.querySelectorAll("a[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goTo(Number(link.dataset.line), Number(link.dataset.column));
    });
  }
}

// Choosing a handoff shows it at once; without this there is a button.
for (const select of document.querySelectorAll("form[method=get] select")) {
  select.addEventListener("change", () => { select.form.requestSubmit(); });
}
