// What the page does besides showing itself: filters, buttons that open and close, links into what is closed.

(() => {
  /** The texts that the filters look in, of what was looked at. */
  const texts = new WeakMap();

  for (const section of document.querySelectorAll("section[data-items]")) equip(section);
  addEventListener("hashchange", showTarget);
  addEventListener("keydown", focusFilter);
  showTarget();

  function equip(section) {
    const tools = section.querySelector(".tools");
    const input = tools.querySelector("input");
    const items = section.querySelectorAll(section.dataset.items);
    if (items.length === 0) return;
    tools.hidden = false;
    let timer;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(() => filter(section, items, input.value), 80);
    });
    for (const button of tools.querySelectorAll("button"))
      button.addEventListener("click", () => {
        const open = button.dataset.open === "true";
        for (const details of section.querySelectorAll("details")) details.open = open;
      });
  }

  /** Shows what has all words that were typed, and hides folders and groups in which nothing is left. */
  function filter(section, items, typed) {
    const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const item of items) {
      const text = textOf(item);
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) shown += 1;
    }
    for (const group of section.querySelectorAll(".folder, .group")) {
      const isEmpty = !group.querySelector(`:is(${section.dataset.items}):not([hidden])`);
      group.hidden = isEmpty;
      const details = group.matches("details") ? group : group.querySelector("details");
      if (words.length > 0 && !isEmpty) details.open = true;
    }
    const count = (number) => number.toLocaleString("en");
    section.querySelector("output").textContent =
      words.length === 0 ? "" : `${count(shown)} of ${count(items.length)} shown`;
  }

  function textOf(item) {
    let text = texts.get(item);
    if (text === undefined) {
      text = (item.matches(".file") ? item.id.replace("file-", "") : item.textContent).toLowerCase();
      texts.set(item, text);
    }
    return text;
  }

  /** Opens all that a link's target lies in. */
  function showTarget() {
    const target = document.getElementById(decode(location.hash.slice(1)));
    if (target === null) return;
    target.querySelector(":scope > details")?.setAttribute("open", "");
    for (let at = target.parentElement; at !== null; at = at.parentElement)
      if (at.localName === "details") at.open = true;
    target.scrollIntoView();
  }

  function decode(text) {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  }

  /** `/` goes to the filter of the part that is looked at; Escape empties it. */
  function focusFilter(event) {
    const isInput = event.target.localName === "input";
    if (event.key === "/" && !isInput && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const inputs = [...document.querySelectorAll(".tools:not([hidden]) input")];
      const at = inputs.findLast(
        (input) => input.closest("section").getBoundingClientRect().top < innerHeight / 2,
      );
      (at ?? inputs[0])?.focus();
      event.preventDefault();
    } else if (event.key === "Escape" && isInput && event.target.value !== "") {
      event.target.value = "";
      event.target.dispatchEvent(new Event("input"));
      event.preventDefault();
    }
  }
})();
