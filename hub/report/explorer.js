// Chooses a candidate for each row as processors/ranking/policy.py and votes_decide.py do, and adds up what comes of it.
const explorer = (() => {
  const data = JSON.parse(document.getElementById("explorer-data").textContent);
  const $ = (id) => document.getElementById(id);
  const rows = data.splits.reduce((sum, split) => sum + split.sampled, 0);
  const NONE = 65535;
  const columns = [];

  async function unpack() {
    const packed = Uint8Array.from(atob(data.data), (c) => c.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
    const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
    let at = 0;
    const take = (size) => {
      const plain = new Uint8Array(rows * size);
      for (let b = 0; b < size; b++) for (let i = 0; i < rows; i++) plain[i * size + b] = bytes[at++];
      return new DataView(plain.buffer);
    };
    for (const translator of data.translators) {
      const scores = {};
      for (const score of data.scores) {
        const view = take(score.bytes);
        scores[score.name] = score.bytes === 2
          ? Float64Array.from({length: rows}, (_, i) => { const q = view.getUint16(2 * i, true); return q === NONE ? NaN : q / 10000; })
          : Float64Array.from({length: rows}, (_, i) => view.getFloat64(8 * i, true));
      }
      scores.rank_score = Float64Array.from({length: rows}, (_, i) => (scores.LR[i] + scores.SCR[i]) / 2);
      const tokens = take(4), sets = take(2);
      columns.push({
        scores,
        tokens: Float64Array.from({length: rows}, (_, i) => tokens.getUint32(4 * i, true)),
        set: Uint16Array.from({length: rows}, (_, i) => sets.getUint16(2 * i, true)),
      });
    }
  }

  // What the controls say: the least of each score (null: none), and of checks what is not as their verdicts say.
  function settings() {
    const limits = {}, veto = {...data.veto};
    for (const score of data.scores) {
      const value = $("least-" + score.name).value.trim();
      const least = value === "" ? NaN : Number(value);
      limits[score.name] = Number.isNaN(least) || (score.none === 0 && least === 0) ? null : least;
    }
    for (const select of document.querySelectorAll("[data-check]")) {
      if (select.value === "hard") delete veto[select.dataset.check];
      else veto[select.dataset.check] = select.value === "all";
    }
    return {limits, veto};
  }

  const known = (value) => !Number.isNaN(value);
  const orderKey = (value) => known(value) ? value : -Infinity;

  // The candidate of each row for one primary translator: its number, or -1.
  function choose(primary, {limits, veto}) {
    const vetoed = data.sets.map((set) => set.some(([check, hard]) => check in veto ? veto[check] : hard));
    const chosen = new Int16Array(rows).fill(-1);
    const usable = new Array(columns.length);
    let row = 0;
    for (const split of data.splits) {
      const least = {...limits, ...split.limits};
      const limited = data.scores.filter((score) => least[score.name] !== null);
      const keys = [...new Set([split.order, "quality", "rank_score"])].filter((name) => columns[0].scores[name]);
      const order = columns.map((column) => column.scores[split.order] || null);
      const better = (a, b, i) => {
        if (!order[a]) return false;
        const x = order[a][i], y = order[b][i];
        if (!known(x) || !known(y)) return false;
        return split.relative ? x > y && x / (x + y) - 0.5 > split.by : x - y > split.by;
      };
      const above = (a, b, i) => {
        for (const name of keys) {
          const x = orderKey(columns[a].scores[name][i]), y = orderKey(columns[b].scores[name][i]);
          if (x !== y) return x > y;
        }
        return a === primary && b !== primary;
      };
      for (const end = row + split.sampled; row < end; row++) {
        let best = -1;
        for (let c = 0; c < columns.length; c++) {
          const {set, scores} = columns[c];
          usable[c] = set[row] !== NONE && !vetoed[set[row]] && !limited.some(({name, vetoesNull}) => {
            const value = scores[name][row];
            return known(value) ? value < least[name] : vetoesNull;
          });
          if (usable[c] && (best < 0 || above(c, best, row))) best = c;
        }
        let taken = -1;
        if (best >= 0 && usable[primary]) taken = split.compares && better(best, primary, row) ? best : primary;
        else if (split.replaces) taken = best;
        chosen[row] = settled(taken, primary, usable, split, row);
      }
    }
    return chosen;
  }

  function settled(held, primary, usable, split, row) {
    const votes = data.votes[row];
    if (!votes || held < 0 || !split.replaces || (!split.settles && held === primary)) return held;
    let best = held, most = 0;
    for (let c = 0; c < columns.length; c++) {
      if (c === held || !usable[c]) continue;
      for (const [a, b, difference] of votes) {
        const found = a === c && b === held ? difference : b === c && a === held ? -difference : null;
        if (found !== null && found > most) [best, most] = [c, found];
      }
    }
    return best;
  }

  // Sums over strata of values that are null where a row has none: an estimate of the mean or total, and half of its
  // 95 % interval (stratified sampling without replacement; of a mean, by linearisation of the ratio).
  function estimate(strata, value, total) {
    let sum = 0, count = 0;
    for (const {from, to, weight} of strata) for (let i = from; i < to; i++) {
      const v = value(i);
      if (v !== null) { sum += weight * v; count += weight; }
    }
    const result = total ? sum : count ? sum / count : NaN;
    let variance = 0;
    for (const {from, to, weight} of strata) {
      const n = to - from, share = 1 - 1 / weight;
      if (share <= 0 || n < 2) continue;
      let s = 0, q = 0;
      for (let i = from; i < to; i++) {
        const v = value(i), e = v === null ? 0 : total ? v : v - result;
        s += e; q += e * e;
      }
      variance += (n * weight) ** 2 * share / n * Math.max(0, (q - s * s / n) / (n - 1));
    }
    const half = 1.96 * Math.sqrt(variance) / (total ? 1 : count || NaN);
    return {value: result, half: data.exact ? 0 : half};
  }

  const MEANS = [...data.scores.filter(({name}) => name === "LR" || name === "SCR"), {name: "rank_score", decimals: 3},
    ...data.scores.filter(({name}) => name !== "LR" && name !== "SCR")];

  // By split, and "" for all: rows, tokens and means of what the config of `primary` holds with these settings.
  function figures(primary, wanted = settings()) {
    const chosen = choose(primary, wanted), found = {};
    const strata = [];
    let at = 0;
    for (const {name, rows: all, sampled} of data.splits) {
      strata.push({name, from: at, to: at + sampled, weight: all / sampled, all});
      at += sampled;
    }
    for (const [name, part] of [["", strata], ...strata.map((one) => [one.name, [one]])]) {
      const of = (get) => (i) => chosen[i] < 0 ? null : get(columns[chosen[i]], i);
      const of_known = (score) => of(({scores}, i) => known(scores[score][i]) ? scores[score][i] : null);
      found[name] = {
        all: part.reduce((sum, one) => sum + one.all, 0),
        rows: estimate(part, of(() => 1), true),
        tokens: estimate(part, of(({tokens}, i) => tokens[i]), true),
      };
      for (const score of MEANS) found[name][score.name] = estimate(part, of_known(score.name), false);
    }
    return found;
  }

  function bdi(text) {
    const made = document.createElement("bdi");
    made.textContent = text;
    return made;
  }

  const number = new Intl.NumberFormat("en", {maximumFractionDigits: 0});
  function cell(row, {value, half}, decimals, before) {
    const td = row.insertCell();
    td.className = "n";
    td.dataset.value = value;
    td.dataset.half = half;
    const shown = (v) => decimals === 0 ? number.format(v) : v.toFixed(decimals);
    td.textContent = Number.isNaN(value) ? "–" : shown(value) + (half ? " ± " + shown(half) : "");
    const change = before === null || before === undefined ? 0 : value - before;
    if (Math.abs(change) * 10 ** decimals >= 0.5 && Math.abs(change) > half) {
      const span = document.createElement("span");
      span.className = "change";
      span.textContent = ` ${change > 0 ? "+" : "−"}${shown(Math.abs(change))}`;
      td.append(span);
    }
  }

  function recipe({limits, veto}) {
    const lines = ["ranking:"];
    for (const {name, key, none} of data.scores) lines.push(`  ${key}: ${limits[name] ?? none}`);
    const named = Object.entries(veto).map(([check, all]) => `${check}: ${all}`);
    lines.push(`  veto: {${named.join(", ")}}`);
    return lines.join("\n");
  }

  function show() {
    const wanted = settings(), primary = Number($("config").value), {config} = data.translators[primary];
    const found = figures(primary, wanted), built = data.built[config] || {};
    const body = $("figures").tBodies[0];
    body.replaceChildren();
    for (const [name, one] of Object.entries(found)) {
      const row = body.insertRow(), head = document.createElement("th"), before = built[name];
      head.scope = "row";
      if (name) head.append(bdi(name)); else words.on(head, "report.explorer.all_splits");
      row.dataset.split = name;
      if (!name) row.className = "all";
      row.append(head);
      cell(row, {value: one.all, half: 0}, 0);
      cell(row, one.rows, 0, before ? before.rows : 0);
      cell(row, one.tokens, 0, before ? before.total_tokens : 0);
      for (const {name: score, decimals} of MEANS) {
        const mean = score === "rank_score" ? before && (before.LR + before.SCR) / 2 : before && before[score];
        cell(row, one[score], decimals, mean);
      }
    }
    const all = found[""], share = all.all ? 100 * all.rows.value / all.all : 0;
    words.on($("told"), "report.explorer.told", {config, rows: all.rows.value, n: all.all, share: share.toFixed(1)});
    $("block").textContent = recipe(wanted);
  }

  function wire() {
    for (const {name} of data.scores) {
      const box = $("least-" + name), slider = $("slide-" + name);
      slider.addEventListener("input", () => { box.value = slider.value; show(); });
      box.addEventListener("input", () => { if (box.value !== "") slider.value = box.value; show(); });
    }
    for (const select of document.querySelectorAll("[data-check], #config")) select.addEventListener("change", show);
    $("as-built").addEventListener("click", () => {
      for (const control of document.querySelectorAll("#explorer [data-now]")) control.value = control.dataset.now;
      show();
    });
    $("copy").addEventListener("click", async () => {
      try { await navigator.clipboard.writeText($("block").textContent); words.on($("copied"), "report.explorer.copied"); }
      catch { getSelection().selectAllChildren($("block")); words.on($("copied"), "report.explorer.selected"); }
    });
  }

  const ready = unpack().then(() => { wire(); show(); document.body.dataset.ready = "true"; }, (error) => {
    words.on($("told"), "report.explorer.old_browser", {error: String(error)});
  });
  return {ready, choose: (primary) => Array.from(choose(primary, settings())), figures, settings, data};
})();

// A link to examples opens them.
addEventListener("hashchange", () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target && target.tagName === "DETAILS") target.open = true;
});
