// The review: one item at a time, and each thing that is said is on the server's disk before the page goes on.
const review = (() => {
  const {element} = texts;
  const $ = (id) => document.getElementById(id);
  const said = words.span;
  const TIE = "tie";
  let start = null, items = [], at = -1, item = null, saving = false, opening = false, editing = null, marking = null;

  // What is kept in this browser: the name, choices, and what was typed and not saved. Without storage all else works.
  const kept = {
    here: new Map(),
    get: (key) => { try { return localStorage.getItem("review:" + key) ?? kept.here.get(key) ?? null; } catch { return kept.here.get(key) ?? null; } },
    set: (key, value) => {
      value === null ? kept.here.delete(key) : kept.here.set(key, value);
      try { value === null ? localStorage.removeItem("review:" + key) : localStorage.setItem("review:" + key, value); } catch { /* full or forbidden */ }
    },
  };
  const annotator = () => kept.get("name") || $("name").value;

  async function ask(path, sent = null) {
    const options = sent ? {method: "POST", headers: {"Content-Type": "application/json"}, body: JSON.stringify(sent)} : {};
    let answer;
    try { answer = await fetch("/api/" + path, options); } catch { throw failure(words.word("review.error.gone")); }
    const text = await answer.text();
    if (answer.ok) return JSON.parse(text);
    if (answer.status === 403) throw failure(words.word("review.error.address"));
    let why = {error: text};
    try { why = JSON.parse(text); } catch { /* plain text */ }
    throw failure(why.said || words.word("page.text", {text: why.error}));
  }

  // An error that is told by a word.
  const failure = (why) => Object.assign(new Error(why.word), {why});
  const whyOf = (error) => error.why || words.word("page.text", {text: String(error)});

  function tell(key, args = {}, bad = false) {
    words.on($("told"), key, args);
    $("told").className = bad ? "bad" : "good";
  }

  const tellWhy = (error) => { const {word, args} = whyOf(error); tell(word, args, true); };

  // Say something of the item that is open; true once it is saved.
  async function say(path, what, told) {
    // What comes while the next item is on its way is not meant for the one that was judged.
    if (saving || opening || !item) return false;
    saving = true;
    tell("review.told.saving");
    try {
      item = await ask(path, {annotator: annotator(), key: item.key, ...what});
      items[at].done = items[at].done || item.choice !== null || item.sides.length < 2;
      tell(told);
      return true;
    } catch (error) {
      tell("review.told.not_saved", {why: whyOf(error)}, true);
      return false;
    } finally {
      saving = false;
    }
  }

  // Choosing what to judge.

  async function openQueue(key = null) {
    const query = new URLSearchParams({annotator: annotator(), kind: $("kind").value, split: $("split").value});
    try { items = (await ask("queue?" + query)).items; } catch (error) { tellWhy(error); return; }
    const first = items.findIndex((one) => one.key === key);
    const todo = items.findIndex((one) => !one.done);
    await open(first >= 0 ? first : Math.max(0, todo));
  }

  async function open(place) {
    if (!items.length) {
      at = -1;
      item = null;
      $("item").replaceChildren(element("p", {className: "quiet"}, said("review.nothing")));
      $("comments").hidden = true;
      showBar();
      return;
    }
    if (place < 0 || place >= items.length) { tell(place < 0 ? "review.told.first" : "review.told.last"); return; }
    const query = new URLSearchParams({annotator: annotator(), key: items[place].key});
    opening = true;
    try { item = await ask("item?" + query); } catch (error) { tellWhy(error); return; } finally { opening = false; }
    at = place;
    editing = null;
    $("comment").value = kept.get(commentKey()) || "";
    history.replaceState(null, "", "#" + item.key);
    show();
    scrollTo(0, 0);
    $("item").focus({preventScroll: true});
    restoreDrafts();
  }

  const nextTodo = () => {
    const later = items.findIndex((one, i) => i > at && !one.done);
    return later >= 0 ? later : items.findIndex((one) => !one.done);
  };

  // Showing it.

  function show() {
    const single = item.sides.length < 2;
    const main = $("item");
    main.className = single ? "single" : "";
    main.replaceChildren(heads(), ...item.messages.map(messageRow));
    $("comments").hidden = false;
    $("comments").querySelector("ul").replaceChildren(
      ...item.comments.map((text) => element("li", {dir: "auto"}, text)),
      ...item.others.map(({annotator: who, comment}) => element("li", {}, element("bdi", {}, who), ": ", element("bdi", {}, comment))),
    );
    showBar();
    document.body.dataset.ready = item.key;
  }

  function showBar() {
    const done = items.filter((one) => one.done).length;
    $("bar").max = Math.max(1, items.length);
    $("bar").value = done;
    words.on($("count"), "review.done", {done, n: items.length});
    $("place").textContent = item ? `${at + 1}. ${item.row}` : "";
    document.querySelector(".verdicts").hidden = !item || item.sides.length < 2;
    for (const [id, choice] of [["better-0", 0], ["better-1", 1], ["tie", TIE]]) {
      $(id).setAttribute("aria-pressed", String(Boolean(item) && item.choice === choice));
    }
  }

  function heads() {
    const cells = item.sides.map((side, i) => element("div", {className: "head"},
      element("h2", {}, said(sideOf(i)), side.name ? element("bdi", {className: "name"}, side.name) : null),
      item.choice === i ? element("span", {className: "good"}, said("review.preferred")) : null,
      element("button", {type: "button", className: side.approved ? "" : "plain", "aria-pressed": String(side.approved),
        id: `approve-${i}`, on: {click: () => approve(i)}}, said(side.approved ? "review.approved" : "review.approve"), element("kbd", {}, "QW"[i])),
      ...side.verdicts.map(verdictLine)));
    return element("div", {className: "row heads"}, element("div", {className: "head"}, element("h2", {}, said("review.source"))), ...cells);
  }

  const sideOf = (side) => item.sides.length < 2 ? "review.translation" : `review.side.${side}`;

  const verdictLine = ({check, hard, detail}) => element("p", {className: `found${hard ? " hard" : ""}`},
    element("strong", {}, said("page.text", {text: words.named("page.check", check)})), hard ? " (" : null, hard ? said("review.hard") : null,
    hard ? ") " : " ", element("bdi", {lang: "en"}, detail));

  function messageRow(message) {
    const role = words.named("review.role", message.role);
    const source = element("div", {className: "cell source"}, element("h4", {}, said("review.source")),
      texts.fill(element("div", {className: "text", dir: "auto", lang: start.source_language}), message.source.text,
        [...message.source.kept.map(([from, to]) => ({start: from, end: to, kind: "kept"})),
          ...message.source.places.map(([from, to]) => ({start: from, end: to, kind: "finding"}))]));
    const cells = message.sides.map((one, side) => one ? cell(message, one, side) : element("div", {className: "cell"}, said("review.none")));
    return element("section", {className: "row", labels: {"aria-label": ["page.text", {text: role}]}}, element("h3", {}, said("page.text", {text: role})), source, ...cells);
  }

  function cell(message, one, side) {
    const marks = [
      ...one.kept.map(([from, to]) => ({start: from, end: to, kind: "kept"})),
      ...one.differs.map(([from, to]) => ({start: from, end: to, kind: "differs"})),
      ...one.verdicts.flatMap(({check, detail, places}) => places.map(([from, to]) => ({start: from, end: to, kind: "finding", title: [words.named("page.check", check), detail]}))),
      ...one.errors.map((error) => ({...error, kind: `error ${error.severity}`, title: kindOf(error)})),
    ];
    const text = texts.fill(element("div", {className: "text", dir: "auto", lang: start.language}), one.text, marks);
    const label = {side: words.word(sideOf(side)), role: words.named("review.role", message.role)};
    const box = element("div", {className: "cell target", tabIndex: 0, role: "group", labels: {"aria-label": ["review.cell", label]},
      "data-side": side, "data-message": message.number}, element("h4", {}, said(sideOf(side))), text);
    if (one.edit !== null) {
      box.append(element("h5", {}, said("review.edited")), texts.fill(element("div", {className: "text edited", dir: "auto", lang: start.language}), one.edit));
    }
    box.append(...one.verdicts.map(verdictLine));
    box.append(element("p", {className: "tools"},
      element("button", {type: "button", className: "plain edit", on: {click: () => edit(box)}}, said("review.edit"), element("kbd", {}, "AS"[side])),
      element("button", {type: "button", className: "plain mark", on: {mousedown: (event) => event.preventDefault(), click: () => mark(box)}}, said("review.mark"), element("kbd", {}, "ZX"[side]))));
    if (one.errors.length) box.append(element("ul", {className: "errors"}, ...one.errors.map((error) => errorLine(message, side, error))));
    return box;
  }

  const kindOf = ({category, severity}) => words.word("review.mark.both",
    {category: words.word(`review.category.${category}`), severity: words.word(`review.severity.${severity}`)});

  const errorLine = (message, side, error) => element("li", {}, element("span", {className: `badge ${error.severity}`}, said("page.text", {text: kindOf(error)})),
    " ", element("bdi", {}, error.text), " ",
    element("button", {type: "button", className: "plain", labels: {"aria-label": ["review.mark.away", {text: error.text}]}, on: {click: async () => {
      const {start: from, end, category, severity} = error;
      if (await say("mark", {side, message: message.number, start: from, end, category, severity, removed: true}, "review.told.unmarked")) refresh(side, message.number);
    }}}, "×"));

  // Show the item again and put the focus where it was.
  function refresh(side, number) {
    show();
    const box = boxOf(side, number);
    if (box) box.focus({preventScroll: true});
  }

  const boxOf = (side, number) => document.querySelector(`[data-side="${side}"][data-message="${number}"]`);

  // The cell of a side that is meant: the one with the focus, or the first in which something was found, or that differs.
  function meant(side) {
    if (!item || side >= item.sides.length) return null;
    const focused = document.activeElement && document.activeElement.closest(".target");
    if (focused && focused.dataset.side === String(side)) return focused;
    if (focused) return boxOf(side, focused.dataset.message);
    const has = (what) => item.messages.find((message) => message.sides[side] && message.sides[side][what].length);
    const message = has("verdicts") || has("differs") || item.messages.find((one) => one.sides[side]);
    return message ? boxOf(side, message.number) : null;
  }

  // Saying things.

  async function judge(choice) {
    if (!item || item.sides.length < 2) return;
    if (!await say("verdict", {choice}, "review.told.saved")) return;
    const todo = $("onwards").checked ? nextTodo() : -1;
    if (todo >= 0) await open(todo);
    else {
      show();
      if ($("onwards").checked) tell("review.told.all_done");
    }
  }

  async function approve(side) {
    if (!item || side >= item.sides.length) return;
    const approved = !item.sides[side].approved;
    if (await say("approve", {side, approved}, approved ? "review.told.approved" : "review.told.unapproved")) { show(); $(`approve-${side}`).focus({preventScroll: true}); }
  }

  const draftKey = (side, number) => `draft:${annotator()}:${item.key}:${side}:${number}`;

  function edit(box, draft = null) {
    if (!box || editing) return;
    const side = Number(box.dataset.side), number = Number(box.dataset.message);
    const one = item.messages.find((message) => message.number === number).sides[side];
    const saved = one.edit === null ? one.text : one.edit;
    const area = element("textarea", {dir: "auto", lang: start.language, value: draft === null ? saved : draft, labels: {"aria-label": ["review.edit.label"]}});
    const told = element("div", {className: "live", role: "status", "aria-live": "polite"});
    const form = element("div", {className: "editor"}, area, told, element("p", {className: "tools"},
      element("button", {type: "button", className: "save", on: {click: () => save()}}, said("review.save"), element("kbd", {}, "Ctrl+Enter")),
      element("button", {type: "button", className: "plain", on: {click: () => leave()}}, said("review.cancel"), element("kbd", {}, "Esc")),
      element("button", {type: "button", className: "plain", on: {click: () => { area.value = one.text; area.dispatchEvent(new Event("input")); area.focus(); }}}, said("review.as_it_was"))));
    let timer = 0, checking = false, again = false;
    const grow = () => { area.style.height = "auto"; area.style.height = `${area.scrollHeight + 4}px`; };
    const text = () => texts.likeBefore(area.value, one.text);
    // One at a time: of a very long text a check takes seconds, and only what is there at last matters.
    async function check() {
      again = checking;
      if (checking) return;
      checking = true;
      try {
        const found = await ask("check", {annotator: annotator(), key: item.key, side, message: number, text: text()});
        if (again || editing !== form) return;
        told.replaceChildren(...(found.verdicts.length ? found.verdicts.map(verdictLine) : [element("p", {className: "good"}, said("review.told.clean"))]));
        if (found.verdicts.some(({hard}) => hard)) told.append(element("p", {className: "quiet"}, said("review.told.refused")));
      } catch (error) {
        const {word, args} = whyOf(error);
        told.replaceChildren(said(word, args));
      } finally {
        checking = false;
        if (again && editing === form) check();
      }
    }
    async function save() {
      if (!area.value.trim()) { tell("review.error.empty", {}, true); return; }
      const key = draftKey(side, number);
      if (await say("edit", {side, message: number, text: text()}, "review.told.edited")) { kept.set(key, null); editing = null; refresh(side, number); }
    }
    function leave() {
      kept.set(draftKey(side, number), null);
      editing = null;
      refresh(side, number);
    }
    area.addEventListener("input", () => {
      grow();
      kept.set(draftKey(side, number), area.value);
      clearTimeout(timer);
      timer = setTimeout(check, 250);
    });
    form.save = save;
    form.leave = leave;
    editing = form;
    box.querySelectorAll(".tools, .edited, h5, .found").forEach((part) => { part.hidden = true; });
    box.querySelector(".text").after(form);
    grow();
    area.focus();
    check();
  }

  // What was typed before the tab was closed, or the server lost.
  function restoreDrafts() {
    for (const message of item.messages) for (const side of item.sides.keys()) {
      const draft = kept.get(draftKey(side, message.number));
      const one = message.sides[side];
      if (draft !== null && one && draft !== (one.edit === null ? one.text : one.edit)) {
        edit(boxOf(side, message.number), draft);
        tell("review.told.draft");
        return;
      }
    }
  }

  function mark(box) {
    if (!box || editing) return;
    const side = Number(box.dataset.side), number = Number(box.dataset.message);
    const {text} = item.messages.find((message) => message.number === number).sides[side];
    const place = texts.selected(box.querySelector(".text"));
    const area = $("marks-text"), map = texts.inArea(text);
    area.value = text;
    area.lang = start.language;
    marking = {side, number, map};
    $("marks-told").replaceChildren();
    $("marks").showModal();
    area.focus();
    area.setSelectionRange(...(place ? place.map(map.toArea) : [0, 0]));
    const size = parseFloat(getComputedStyle(area).lineHeight) || 24;
    area.style.height = "auto";
    area.style.height = `${Math.min(area.scrollHeight + 4, 14 * size)}px`;
  }

  async function markIt() {
    const area = $("marks-text"), {side, number, map} = marking;
    const [from, to] = [area.selectionStart, area.selectionEnd];
    if (from === to) { $("marks-told").replaceChildren(said("review.mark.first")); area.focus(); return; }
    const what = {side, message: number, start: map.fromArea(from), end: map.fromArea(to), category: $("category").value, severity: $("severity").value};
    if (await say("mark", what, "review.told.marked")) { $("marks").close(); refresh(side, number); }
    else $("marks-told").replaceChildren(said($("told").dataset.word, JSON.parse($("told").dataset.args)));
  }

  const commentKey = () => `comment:${annotator()}:${item.row}`;

  async function comment() {
    const text = $("comment").value, key = item && commentKey();
    if (text.trim() && await say("comment", {text}, "review.told.comment")) { kept.set(key, null); $("comment").value = ""; show(); $("item").focus({preventScroll: true}); }
  }

  async function showProgress() {
    const box = $("progress").querySelector("div");
    let found;
    try { found = await ask("progress"); } catch (error) { const {word, args} = whyOf(error); box.replaceChildren(said(word, args)); return; }
    const {alpha, pairs, same} = found.agreement;
    const columns = ["annotator", "verdicts", "ties", "approved", "edited", "errors", "comments"];
    const table = element("table", {}, element("thead", {}, element("tr", {}, ...columns.map((name) => element("th", {scope: "col", className: name === "annotator" ? "" : "n"}, said(`review.count.${name}`))))),
      element("tbody", {}, ...found.annotators.map((one) => element("tr", {}, ...columns.map((name, i) => element(i ? "td" : "th", i ? {className: "n"} : {scope: "row"}, i ? String(one[name]) : element("bdi", {}, one[name])))))));
    const told = alpha === null ? words.word("review.alpha.none") : alpha.toFixed(3);
    box.replaceChildren(element("div", {className: "scroll"}, table), element("p", {id: "agreement"},
      pairs ? said("review.agreement", {n: pairs, same, alpha: told}) : said("review.agreement.none")));
  }

  // Keys, by their letters; where a keyboard has other ones (Arabic), by their places on it.
  const keyOf = (event) => /^[a-z0-9?]$/i.test(event.key) ? event.key.toLowerCase() : event.key === "؟" ? "?" : event.code.replace(/^(Key|Digit|Numpad)/, "").toLowerCase();
  const KEYS = {
    1: () => judge(0), 2: () => judge(1), 0: () => judge(TIE),
    q: () => approve(0), w: () => approve(1),
    a: () => edit(meant(0)), s: () => edit(meant(1)),
    z: () => mark(meant(0)), x: () => mark(meant(1)),
    c: () => $("comment").focus(),
    n: () => open(at + 1), p: () => open(at - 1),
    "?": () => $("shows-keys").showModal(),
  };

  function pressed(event) {
    if (event.isComposing) return;
    if (editing && editing.contains(event.target)) {
      if (event.key === "Escape") { event.preventDefault(); editing.leave(); }
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); editing.save(); }
      return;
    }
    if (event.target.id === "comment") {
      if (event.key === "Escape") $("item").focus({preventScroll: true});
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); comment(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    if (event.target.matches("input:not([type=checkbox]), textarea, select")) return;
    const run = KEYS[keyOf(event)];
    if (run && !editing) { event.preventDefault(); if (!event.repeat) run(); }
  }

  function askName() {
    $("name").value = kept.get("name") || "";
    $("asks-name").showModal();
    $("name").select();
  }

  async function named() {
    const name = $("name").value.replace(/\s+/g, " ").trim();
    if (!name) { if (!kept.get("name")) askName(); return; }
    kept.set("name", name);
    $("who").textContent = name;
    // A page that is loaded again is where it was; another annotator begins with what is to be done.
    const key = item ? null : location.hash.slice(1) || null;
    await openQueue(key);
  }

  // Values with their texts: words, or names as they are.
  function options(select, all) {
    select.replaceChildren(...all.map(([value, text]) => words.on(element("option", {value}), "page.text", {text})));
  }

  const titleOf = (kind) => kind.startsWith("check:")
    ? words.word("review.queue.check", {check: words.named("page.check", kind.slice("check:".length))}) : words.word(`review.queue.${kind}`);

  async function begin() {
    // The secret need not stand in the address any longer: the cookie has it.
    history.replaceState(null, "", location.pathname + location.hash);
    try { start = await ask("start"); } catch (error) { tellWhy(error); return; }
    options($("kind"), start.queues.map(({kind}) => [kind, titleOf(kind)]));
    options($("split"), [["", words.word("review.split.all")], ...start.splits.map((name) => [name, name])]);
    options($("category"), start.categories.map((name) => [name, words.word(`review.category.${name}`)]));
    options($("severity"), start.severities.map((name) => [name, words.word(`review.severity.${name}`)]));
    $("onwards").checked = kept.get("onwards") !== "false";
    for (const id of ["kind", "split"]) {
      const before = kept.get(id);
      if ([...$(id).options].some(({value}) => value === before)) $(id).value = before;
      $(id).addEventListener("change", () => { kept.set(id, $(id).value); openQueue(); });
    }
    $("onwards").addEventListener("change", () => kept.set("onwards", String($("onwards").checked)));
    $("who").addEventListener("click", askName);
    $("keys").addEventListener("click", () => $("shows-keys").showModal());
    $("asks-name").addEventListener("close", named);
    $("better-0").addEventListener("click", () => judge(0));
    $("better-1").addEventListener("click", () => judge(1));
    $("tie").addEventListener("click", () => judge(TIE));
    $("back").addEventListener("click", () => open(at - 1));
    $("next").addEventListener("click", () => open(at + 1));
    $("say").addEventListener("click", comment);
    $("comment").addEventListener("input", () => { if (item) kept.set(commentKey(), $("comment").value || null); });
    $("marks-it").addEventListener("click", markIt);
    // It is there to select in; a textarea that is read-only has no caret for the keyboard.
    $("marks-text").addEventListener("beforeinput", (event) => event.preventDefault());
    $("progress").addEventListener("toggle", () => { if ($("progress").open) showProgress(); });
    document.addEventListener("keydown", pressed);
    if (kept.get("name")) { $("name").value = kept.get("name"); await named(); } else askName();
  }

  begin();
  return {};
})();
