// Texts of any language with places marked in them. Places are in code points, as the server counts; a text node counts
// in UTF-16 and a textarea has no carriage returns.
const texts = (() => {
  // Invisible, and able to turn around what stands after them: shown by name, as hub/pages/texts.py does.
  const NAMED = {0x202a: "LRE", 0x202b: "RLE", 0x202c: "PDF", 0x202d: "LRO", 0x202e: "RLO", 0x2066: "LRI", 0x2067: "RLI",
    0x2068: "FSI", 0x2069: "PDI"};
  const ODD = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]/u;
  const named = (one) => `[${NAMED[one.codePointAt(0)] || "U+" + one.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}]`;

  function element(tag, of = {}, ...inner) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(of)) {
      if (name === "on") for (const [event, run] of Object.entries(value)) made.addEventListener(event, run);
      else if (name === "labels") for (const [label, said] of Object.entries(value)) words.label(made, label, ...said);
      else if (name in made && name !== "lang") made[name] = value;
      else made.setAttribute(name, value);
    }
    made.append(...inner.filter((one) => one !== null && one !== undefined));
    return made;
  }

  // A piece of a text, its first code point being the whole text's `at`th.
  function plain(characters, at) {
    const parts = [];
    let run = [], from = at;
    const flush = (next) => {
      if (run.length) parts.push(element("span", {"data-start": from}, run.join("")));
      run = [];
      from = next;
    };
    characters.forEach((one, i) => {
      if (!ODD.test(one)) { run.push(one); return; }
      flush(at + i + 1);
      parts.push(element("span", {className: "odd", "data-start": at + i, "data-length": 1}, named(one)));
    });
    flush(at + characters.length);
    return parts;
  }

  // Fill a box with a text; of marks {start, end, kind, title: a word} several may lie over each other. What is "kept" (code, a
  // formula) has a direction of its own: in a line of Arabic its ends would stand at the wrong sides.
  function fill(box, text, marks = []) {
    const characters = Array.from(text);
    const edges = new Set([0, characters.length]);
    for (const {start, end} of marks) { edges.add(start); edges.add(end); }
    const sorted = [...edges].filter((edge) => edge <= characters.length).sort((a, b) => a - b);
    box.replaceChildren();
    let wrapped = null, wrapper = null;
    for (let i = 0; i + 1 < sorted.length; i++) {
      const [start, end] = [sorted[i], sorted[i + 1]];
      const over = marks.filter((mark) => mark.start <= start && mark.end >= end);
      const kept = over.find(({kind}) => kind === "kept") || null;
      if (kept && kept !== wrapped) {
        wrapper = element("bdi", {className: "kept", dir: "ltr"});
        box.append(wrapper);
      }
      wrapped = kept;
      const into = kept ? wrapper : box;
      const pieces = plain(characters.slice(start, end), start);
      const seen = over.filter((mark) => mark !== kept);
      if (!seen.length) { into.append(...pieces); continue; }
      const titles = seen.map((mark) => mark.title).filter(Boolean);
      const mark = element("mark", {className: [...new Set(seen.map(({kind}) => kind))].join(" ")}, ...pieces);
      if (titles.length) words.label(mark, "title", "page.text", {text: titles});
      into.append(mark);
    }
    return box;
  }

  // The place of a selection within a box, or null.
  function selected(box) {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    if (!box.contains(range.startContainer) || !box.contains(range.endContainer)) return null;
    const start = offset(box, range.startContainer, range.startOffset);
    const end = offset(box, range.endContainer, range.endOffset);
    return start < end ? [start, end] : null;
  }

  function offset(box, node, within) {
    const before = document.createRange();
    before.setStart(box, 0);
    before.setEnd(node, within);
    let count = 0;
    for (const span of box.querySelectorAll("[data-start]")) {
      if (!before.intersectsNode(span)) break;
      const whole = span.dataset.length ? Number(span.dataset.length) : Array.from(span.textContent).length;
      const here = span.contains(node) && !span.dataset.length && node.nodeType === Node.TEXT_NODE
        ? Array.from(node.data.slice(0, within)).length : whole;
      count = Number(span.dataset.start) + Math.min(whole, here);
      if (span.contains(node)) break;
    }
    return count;
  }

  // A textarea's offsets (UTF-16, line feeds only) for a text's (code points), and back.
  function inArea(text) {
    const places = [0];
    let units = 0;
    Array.from(text).forEach((one, i, all) => {
      units += one === "\r" && all[i + 1] === "\n" ? 0 : one.length;
      places.push(units);
    });
    return {
      toArea: (place) => places[place],
      fromArea: (unit) => places.findIndex((at) => at >= unit),
    };
  }

  // A text as a textarea gives it back, with the line ends of the text that it was made of.
  const likeBefore = (text, before) => /\r\n/.test(before) && !/(^|[^\r])\n/.test(before) ? text.replace(/\n/g, "\r\n") : text;

  return {element, fill, selected, inArea, likeBefore};
})();
