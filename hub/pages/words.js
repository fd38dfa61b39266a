"use strict";
// The page's own words, in the language that the reader chose, as words.py has them: by attributes of each element.
const words = (() => {
  const {given, languages} = JSON.parse(document.getElementById("words-data").textContent);
  // Of each language that was asked for on the command line, so that asking for another one has an effect.
  const KEPT = `smolkalam:language:${given}`;
  const number = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
  let language = "en", texts = languages.en, plurals = null;

  const known = (key) => key in texts;
  const word = (key, args = {}) => ({word: key, args});
  // The word for a name that others give (a check, a role), or the name itself.
  const named = (prefix, name) => known(`${prefix}.${name}`) ? word(`${prefix}.${name}`) : name;

  // Pieces of a text: what it is, whether it is isolated from its neighbours, whether it is code.
  function pieces(key, args = {}) {
    let text = texts[key];
    if (typeof text !== "string") text = text[plurals.select(args.n)] || text.other;
    return text.split("`").flatMap((part, at) => part.split(/\{([a-z_]+)\}/).flatMap((one, place) => {
      if (place % 2 === 0) return one ? [{text: one, isolated: false, code: at % 2 === 1}] : [];
      return value(args[one]).map((piece) => ({...piece, code: piece.code || at % 2 === 1}));
    }));
  }

  function value(one) {
    if (typeof one === "number") return [{text: number.format(one), isolated: false, code: false}];
    if (typeof one === "string") return [{text: one, isolated: true, code: false}];
    if (!Array.isArray(one)) return pieces(one.word, one.args);
    const and = {text: texts["page.and"], isolated: false, code: false};
    return one.flatMap((each, at) => at ? [and, ...value(each)] : value(each));
  }

  const right_to_left = () => texts["page.direction"] === "rtl";
  const text = (key, args) => pieces(key, args).map((piece) =>
    piece.isolated && !piece.code && right_to_left() ? `\u2068${piece.text}\u2069` : piece.text).join("");

  function nodes(key, args) {
    return pieces(key, args).map((piece) => {
      if (!piece.code && !piece.isolated) return piece.text;
      const made = document.createElement(piece.code ? "code" : "bdi");
      if (piece.code) made.dir = "ltr";
      made.textContent = piece.text;
      return made;
    });
  }

  function write(element) {
    const args = JSON.parse(element.dataset.args || "{}");
    if (element.matches("option, title")) element.textContent = text(element.dataset.word, args);
    else element.replaceChildren(...nodes(element.dataset.word, args));
  }

  function writeLabels(element) {
    for (const [name, one] of Object.entries(JSON.parse(element.dataset.labels))) element.setAttribute(name, text(one.word, one.args));
  }

  // Let an element say this, and go on saying it in whatever language is chosen.
  function on(element, key, args = {}) {
    element.dataset.word = key;
    element.dataset.args = JSON.stringify(args);
    write(element);
    return element;
  }

  const span = (key, args) => on(document.createElement("span"), key, args);

  function label(element, attribute, key, args = {}) {
    element.dataset.labels = JSON.stringify({...JSON.parse(element.dataset.labels || "{}"), [attribute]: word(key, args)});
    writeLabels(element);
    return element;
  }

  function speak(wanted) {
    language = wanted;
    texts = languages[language];
    plurals = new Intl.PluralRules(language);
    document.documentElement.lang = language;
    document.documentElement.dir = texts["page.direction"];
    document.querySelectorAll("[data-word]").forEach(write);
    document.querySelectorAll("[data-labels]").forEach(writeLabels);
    const other = Object.keys(languages).find((one) => one !== language), button = document.getElementById("language");
    button.lang = other;
    button.textContent = languages[other]["page.language"];
    button.value = other;
    button.hidden = false;
  }

  const kept = () => { try { return localStorage.getItem(KEPT); } catch { return null; } };
  const theirs = navigator.languages.map((one) => one.toLowerCase().split("-")[0]);
  speak([kept(), given, ...theirs].find((one) => Object.hasOwn(languages, one)) || "en");
  document.getElementById("language").addEventListener("click", ({currentTarget}) => {
    speak(currentTarget.value);
    try { localStorage.setItem(KEPT, language); } catch { /* full or forbidden */ }
  });
  return {known, word, named, text, on, span, label, speak, get language() { return language; }};
})();
