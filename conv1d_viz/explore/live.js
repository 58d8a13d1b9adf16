// Live figures: draws what the attribute data-live of the element around it holds. It needs no kernel, no network and
// no library, and touches nothing outside that element: several figures can stand on one page.
(async () => {
  "use strict";
  const root = document.currentScript?.parentElement ?? document.querySelector(".conv1d-live:not([data-state])");
  if (!root || root.dataset.state) return;
  root.dataset.state = "starting";
  const FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
  let [ink, truth, accent, target, paper] = [];

  // The length of the facts, the facts as JSON, and arrays of 16 bits: all compressed by zlib.
  async function unpack(text) {
    const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const bytes = await new Response(stream).arrayBuffer();
    const length = new DataView(bytes).getUint32(0, true);
    const facts = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
    let place = 4 + length;
    const arrays = Object.entries(facts.arrays).map(([name, { shape, low, step }]) => {
      const integers = new Uint16Array(bytes, place, shape.reduce((a, b) => a * b, 1));
      place += 2 * integers.length;
      return [name, { shape, values: Float64Array.from(integers, (integer) => step * (low + integer)) }];
    });
    return { facts, arrays: Object.fromEntries(arrays) };
  }

  // The numbers of an array below some of its first indices.
  function row(array, ...index) {
    const size = array.shape.slice(index.length).reduce((a, b) => a * b, 1);
    const start = index.reduce((sum, i, axis) => sum * array.shape[axis] + i, 0) * size;
    return array.values.subarray(start, start + size);
  }
  const span = (...arrays) => [
    Math.min(...arrays.map((values) => values.reduce((a, b) => Math.min(a, b), Infinity))),
    Math.max(...arrays.map((values) => values.reduce((a, b) => Math.max(a, b), -Infinity))),
  ];
  const roomy = ([low, high], margin = 0.08 * (high - low) || 1) => [low - margin, high + margin];
  const argmax = (values) => values.reduce((best, value, k) => (value > values[best] ? k : best), 0);
  const clamp = (value, count) => Math.max(0, Math.min(count - 1, Math.round(value)));
  const range = (count) => Array.from({ length: count }, (_, k) => k);
  function number(value) {
    const short = Number(value.toPrecision(4));
    const far = short && (Math.abs(short) < 1e-3 || Math.abs(short) >= 1e5);
    return (far ? value.toExponential(3) : String(short)).replaceAll("-", "−");
  }
  const signed = (value) => (value > 0 ? "+" : "") + number(value);

  // Parts of the page. Words become text, never HTML.
  function make(name, options = {}, ...children) {
    const element = document.createElement(name);
    for (const key in options) {
      if (key in element) element[key] = options[key];
      else element.setAttribute(key, options[key]);
    }
    element.append(...children);
    return element;
  }
  function slider(name, count, changed, said = String) {
    const input = make("input", { type: "range", min: 0, oninput: () => changed(Number(input.value)) });
    const shown = make("span", { "aria-hidden": "true" });
    const set = (value, most = count) => {
      Object.assign(input, { max: most - 1, disabled: most === 1, value });
      shown.textContent = said(value);
      input.setAttribute("aria-valuetext", said(value));
    };
    return { element: make("label", {}, `${name} `, input, shown), set };
  }
  function chooser(name, words, changed) {
    const options = words.map((word, k) => make("option", { value: k }, word));
    const select = make("select", { onchange: () => changed(Number(select.value)) }, ...options);
    return { element: make("label", {}, `${name} `, select), select };
  }
  const button = (name, press, ...children) => make("button", { type: "button", onclick: press }, ...children, name);

  // Controls, a canvas as wide as there is room for, and what is said; `draw(context, width)` draws it anew.
  function assemble(title, height, controls, draw) {
    const label = `${title}. The sentences below say what is marked.`;
    const canvas = make("canvas", { role: "img", "aria-label": label, style: `height:${height}px` });
    const [context, said] = [canvas.getContext("2d"), make("output", { role: "status" })];
    root.querySelector("p").replaceWith(make("form", { onsubmit: () => false }, ...controls), canvas, said);
    let width = 0;
    const redraw = () => width && [context.clearRect(0, 0, width, height), draw(context, width)];
    new ResizeObserver(() => {
      const [room, scale] = [Math.floor(canvas.clientWidth), window.devicePixelRatio || 1];
      if (!room || room === width) return;
      width = room;
      Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
      context.setTransform(scale, 0, 0, scale, 0, 0);
      redraw();
    }).observe(root);
    return { canvas, redraw, say: (sentences) => (said.textContent = sentences.join(" ")) };
  }

  function write(c, text, x, y, { size = 11, bold = false, align = "left", color = ink, most } = {}) {
    Object.assign(c, { font: `${bold ? "bold " : ""}${size}px ${FONT}`, textAlign: align, fillStyle: color });
    while (most && text.length > 4 && c.measureText(text).width > most) text = `${text.slice(0, -2)}…`;
    c.fillText(text, x, y);
  }
  const heading = (c, p, text) => write(c, text, p.left, p.top - 7, { size: 13, bold: true, most: p.width });
  const footing = (c, p, text, below) => write(c, text, p.right, p.bottom + below, { align: "right" });
  function stroke(c, points, color, width = 1, dash = []) {
    c.beginPath();
    for (const [x, y] of points) c.lineTo(x, y);
    Object.assign(c, { strokeStyle: color, lineWidth: width, lineJoin: "round" }).setLineDash(dash);
    c.stroke();
  }
  function line(c, p, values, color, width, { from = 0, gap = 1, dash } = {}) {
    const every = Math.max(1, Math.floor(values.length / (2 * p.width))); // two points for each pixel will do
    const places = range(Math.ceil(values.length / every)).map((k) => k * every);
    stroke(c, places.map((k) => [p.x(from + k * gap), p.y(values[k])]), color, width, dash);
  }
  const rule = (c, p, x, color, dash = [3, 3]) => stroke(c, [[p.x(x), p.top], [p.x(x), p.bottom]], color, 1, dash);
  function fill(c, color, left, top, width, height, alpha = 1) {
    Object.assign(c, { fillStyle: color, globalAlpha: alpha });
    c.fillRect(left, top, width, height);
    c.globalAlpha = 1;
  }
  function ring(c, x, y, color) {
    c.beginPath();
    c.arc(x, y, 4, 0, 7);
    Object.assign(c, { fillStyle: "#fff", strokeStyle: color, lineWidth: 2 }).setLineDash([]);
    c.fill();
    c.stroke();
  }
  function clipped(c, left, top, width, height, draw) {
    c.save();
    c.beginPath();
    c.rect(left, top, Math.max(0, width), Math.max(0, height));
    c.clip();
    draw();
    c.restore();
  }
  function hatch(c, left, top, width, height, color) {
    const lines = range(Math.ceil((width + height) / 6)).map((k) => left - height + 6 * k);
    clipped(c, left, top, width, height, () =>
      lines.forEach((x) => stroke(c, [[x, top + height], [x + height, top]], color)));
  }

  // A rectangle with a scale for each direction; that of y may run downwards.
  function panel(left, top, width, height, [x0, x1], [y0, y1]) {
    const [right, bottom] = [left + width, top + height];
    return {
      left, top, width, height, right, bottom, xs: [x0, x1], ys: [y0, y1],
      x: (value) => left + ((value - x0) / (x1 - x0)) * width,
      y: (value) => bottom - ((value - y0) / (y1 - y0)) * height,
      atX: (x) => x0 + ((x - left) / width) * (x1 - x0),
      atY: (y) => y0 + ((bottom - y) / height) * (y1 - y0),
      holds: (x, y) => x >= left - 4 && x <= right + 4 && y >= top && y <= bottom,
    };
  }
  function ticks(limits, most) {
    const [low, high] = span(limits);
    const power = 10 ** Math.floor(Math.log10((high - low) / most));
    const step = [1, 2, 5, 10].find((factor) => factor * power * most >= high - low) * power;
    const first = Math.ceil(low / step - 1e-9);
    return range(Math.floor(high / step + 1e-9) - first + 1).map((k) => (first + k) * step);
  }
  function dress(c, p, title, labels, ylabel) {
    heading(c, p, title);
    stroke(c, [[p.left, p.top], [p.left, p.bottom], [p.right, p.bottom]], truth);
    const [left, middle] = [{ align: "right" }, { align: "center" }];
    for (const y of ticks(p.ys, Math.max(2, p.height / 36))) write(c, number(y), p.left - 5, p.y(y) + 4, left);
    const apart = labels.some((label) => label.length > 10) ? 130 : 90; // dates with hours are long
    for (const x of ticks(p.xs, p.width / apart)) write(c, labels[x] ?? "", p.x(x), p.bottom + 14, middle);
    c.save();
    c.translate(11, (p.top + p.bottom) / 2);
    c.rotate(-Math.PI / 2);
    write(c, ylabel, 0, 0, { align: "center", most: p.height + 20 });
    c.restore();
  }

  // One pixel for each number: `at(column, row)` gives it.
  function image(columns, rows, at, { limits: [low, high], shades }) {
    const [canvas, scale] = [new OffscreenCanvas(columns, rows), (shades.length - 1) / (high - low)];
    const shade = (_, k) => shades[clamp((at(k % columns, Math.floor(k / columns)) - low) * scale, shades.length)];
    const pixels = new Uint32Array(columns * rows).map(shade);
    canvas.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(pixels.buffer), columns), 0, 0);
    return canvas;
  }
  const edges = (width) => (width < 560 ? [50, width - 62] : [62, width - 74]); // of the panels: left, and how wide

  // Delete channels with buttons.
  function deletions({ facts, arrays }) {
    const { names, sets, losses, labels, replacements, bias } = facts;
    const [{ forecasts, summands, classes }, n] = [arrays, names.length];
    const place = new Map(sets.map((set, k) => [set.join(), k]));
    const done = { zero: "set to zero", mean: "set to the channel's mean", shuffle: "shuffled between windows" };
    const gone = new Set();
    let [how, at, now, widest, places] = [0, Math.floor(labels.length / 2), 0];
    const buttons = names.map((name, k) => {
      const press = () => show(gone.has(k) ? gone.delete(k) : gone.add(k));
      return button(name, press, make("i", { style: `background:${facts.channels[k]}` }));
    });
    const few = make("small", {}, `Of ${n} channels one or two can be deleted at a time; press one to bring it back.`);
    const whole = () => show(names.forEach((_, k) => gone.add(k)));
    const choice = chooser("Replacement", replacements, (k) => show((how = k)));
    const cursor = slider("Forecast of sample", labels.length || 1, (k) => show((at = k)), (k) => labels[k] ?? "");
    const bars = summands ? Math.max(70, Math.min(16 * (n + 1), 360)) : 0;
    const controls = [
      make("fieldset", {}, make("legend", {}, facts.title), ...buttons),
      button("Delete none", () => show(gone.clear())), facts.all ? button("Delete all", whole) : few, choice.element,
    ];
    if (!classes) controls.push(cursor.element);
    const height = classes ? 300 : bars + (summands ? 312 : 252);
    const { canvas, redraw, say } = assemble(facts.title, height, controls, classes ? drawClasses : draw);
    // The channels' summands of one forecast, at the step where the sum over those that are left is largest.
    function left(window) {
      const rows = names.map((_, k) => row(summands, k, window));
      const total = new Float64Array(rows[0].length).fill(bias);
      const kept = rows.filter((_, k) => !gone.has(k));
      for (const values of kept) for (let s = 0; s < total.length; s++) total[s] += values[s];
      const step = argmax(total);
      return { step, total: total[step], values: rows.map((values) => values[step]) };
    }
    const limits = classes ? [] : roomy(span(arrays.truth.values, forecasts.values));
    function draw(c, width) {
      const [[edge, wide], values] = [edges(width), row(forecasts, how, now)];
      const p = (places = panel(edge, 42, wide, 172, [-0.5, labels.length - 0.5], limits));
      dress(c, p, title(), labels, facts.unit);
      line(c, p, arrays.truth.values, truth, 4);
      line(c, p, row(forecasts, 0, 0), ink, 1.2, { dash: [4, 3] });
      line(c, p, values, accent, 2);
      rule(c, p, at, target);
      ring(c, p.x(at), p.y(values[at]), accent);
      [["truth", truth], ["all channels", ink], ["without the deleted", accent]].forEach(([word, color], k) => {
        fill(c, color, edge + [0, 56, 154][k], 12, 14, 4);
        write(c, word, edge + [0, 56, 154][k] + 18, 18);
      });
      footing(c, p, `sample${facts.every > 1 ? ` (one forecast of ${facts.every} is shown)` : ""}`, 28);
      if (summands) drawSummands(c, panel(edge, 282, wide, bars, [0, 1], [n + 0.5, -0.5]));
    }
    function drawSummands(c, whole) {
      if (how) return heading(c, whole, "What channels add: for zero only");
      const { step, total, values } = left(at);
      widest ??= Math.max(...labels.map((_, k) => Math.max(...span(left(k).values, [bias]).map(Math.abs))));
      const p = panel(whole.left + 75, whole.top, whole.width - 140, bars, [-widest, widest], whole.ys);
      heading(c, whole, `What each channel adds${summands.shape[2] > 1 ? `, at step ${step}` : ""}`);
      rule(c, p, 0, truth, []);
      const thick = (0.7 * bars) / (n + 1);
      [...values, bias].forEach((value, k) => {
        const [x, y, off] = [p.x(value), p.y(k), gone.has(k)];
        const look = { color: off ? truth : ink, align: value < 0 && !off ? "right" : "left" };
        if (!off) fill(c, facts.channels[k] ?? ink, Math.min(p.x(0), x), y - thick / 2, Math.abs(x - p.x(0)), thick);
        if (bars < 9 * (n + 1)) return; // no room for words
        write(c, names[k] ?? "bias", whole.left, y + 4, { color: look.color, most: 71 });
        write(c, off ? "deleted" : signed(value), off ? p.x(0) + 4 : x + (value < 0 ? -4 : 4), y + 4, look);
      });
      footing(c, whole, `sum ${signed(total)} → forecast ${number(row(forecasts, 0, now)[at])}`, 18);
    }
    function drawClasses(c, width) {
      const [columns, [least, most]] = [classes.shape[3], span(classes.values)];
      const [wide, high] = [Math.min(110, (width - 90) / columns), Math.min(44, 200 / facts.rows.length)];
      heading(c, { left: 12, top: 27, width: width - 20 }, title());
      write(c, "Mean output for each class (across), by true class (down)", 12, 42, { most: width - 20 });
      row(classes, how, now).forEach((value, k) => {
        const [r, i, part] = [Math.floor(k / columns), k % columns, (value - least) / (most - least || 1)];
        const [x, y, color] = [80 + i * wide, 78 + r * high, part > 0.8 ? "#fff" : ink];
        if (i === 0) write(c, facts.rows[r], 70, y + high / 2 + 3, { align: "right" });
        if (r === 0) write(c, String(i), x + wide / 2, 72, { align: "center" });
        fill(c, accent, x, y, wide - 2, high - 2, part);
        write(c, value.toFixed(2), x + wide / 2 - 1, y + high / 2 + 3, { align: "center", color });
      });
    }
    const sorted = () => [...gone].sort((a, b) => a - b);
    const list = () => sorted().map((k) => names[k]).join(", ");
    function title() {
      const what = !gone.size ? "Nothing deleted" : gone.size === n ? "All channels deleted" : `Without ${list()}`;
      return `${what}: ${facts.loss_name} ${number(losses[how][now])}`;
    }
    function sentences() {
      const [base, loss] = [losses[how][0], losses[how][now]];
      const words = [gone.size ? `Deleted: ${list()}, ${done[replacements[how]]}.` : `Deleted: none of ${n} channels.`];
      words.push(`${facts.loss_name} ${number(loss)}, baseline ${number(base)}, change ${signed(loss - base)}.`);
      if (gone.size > 1) {
        const alone = sorted().reduce((sum, k) => sum + losses[how][place.get(String(k))] - base, 0);
        const more = loss - base >= alone ? "more" : "less";
        words.push(`Interaction ${signed(loss - base - alone)}: so much ${more} do they cost than one by one.`);
      }
      if (classes) return words;
      const [full, rest] = [row(forecasts, 0, 0)[at], row(forecasts, how, now)[at]].map(number);
      const without = gone.size ? `, without the deleted ${rest}` : "";
      words.push(`Sample ${labels[at]}: truth ${number(arrays.truth.values[at])}, forecast ${full}${without}.`);
      if (!summands || how || gone.size === n) return words;
      const { step, total, values } = left(at);
      const most = argmax(values.map((value, k) => (gone.has(k) ? -1 : Math.abs(value))));
      const where = summands.shape[2] > 1 ? `At step ${step}, which the maximum picks, the` : "The";
      const part = `${signed(values[most])} from channel ${names[most]}`;
      return [...words, `${where} sum is ${number(total)}; its largest part is ${part}.`];
    }
    function show() {
      if (now !== (now = place.get(sorted().join()))) widest = null;
      buttons.forEach((button, k) => {
        button.setAttribute("aria-pressed", String(gone.has(k)));
        button.disabled = !facts.all && gone.size === 2 && !gone.has(k);
      });
      cursor.set(at);
      redraw();
      say(sentences());
    }
    canvas.onpointermove = canvas.onpointerdown = ({ offsetX: x, offsetY: y }) => {
      if (places?.holds(x, y)) show((at = clamp(places.atX(x), labels.length)));
    };
    show();
  }

  // Drag a window along the series.
  function channels({ facts, arrays }) {
    const { labels, window: size, every } = facts;
    const [series, forecast] = [arrays.series.values, arrays.forecast?.values];
    const layers = facts.layers.map((facts, k) => {
      const [acts, line, picked] = ["acts", "line", "picked"].map((name) => arrays[name + k]);
      const [count, , steps] = acts.shape;
      const high = Math.max(3, Math.min(22, Math.floor(190 / count))); // of a strip, in pixels
      return { ...facts, acts, line, count, steps, high, picked: facts.known && picked };
    });
    const n_windows = layers[0].acts.shape[1];
    const reading = layers.find((other) => other.picked);
    let [layer, at, playing, grip, places, backdrop, key] = [layers[0], Math.floor(n_windows / 3), 0, null];
    let channel = Math.floor(argmax(layer.acts.values.map(Math.abs)) / (n_windows * layer.steps)); // the strongest
    let step = Math.floor(layer.steps / 2);
    const choice = chooser("Layer", layers.map(({ path }) => path), (k) => show((layer = layers[k])));
    const sliders = [
      slider("Channel", 1, (k) => show((channel = k))), slider("Step", 1, (k) => show((step = k))),
      slider("Window", n_windows, (k) => show((at = k)), (k) => String(k * every)),
    ];
    const play = button("Play", () => {
      playing = playing ? clearInterval(playing) : setInterval(() => show((at = (at + 1) % n_windows)), 60);
      show((play.textContent = playing ? "Pause" : "Play"));
    });
    const tops = [206]; // of the strips of each layer, and of the map
    layers.forEach((other, k) => tops.push(tops[k] + other.count * other.high + 32));
    const controls = [choice, ...sliders].map(({ element }) => element);
    if (!matchMedia("(prefers-reduced-motion: reduce)").matches) controls.push(play);
    const { canvas, redraw, say } = assemble(facts.title, tops.at(-1) + 348, controls, draw);
    // What stays while the window moves is drawn once, and again when the layer, the channel or the width changes.
    function keep(width) {
      const [edge, wide] = edges(width);
      const across = (top, height, ys) => panel(edge, top, wide, height, [-0.5, series.length - 0.5], ys);
      const p = across(26, 130, roomy(span(series, forecast ?? [])));
      const strips = layers.map(({ count, high }, k) => across(tops[k], count * high, [count - 0.5, -0.5]));
      const map = across(tops.at(-1), 190, [layer.steps - 0.5, -0.5]);
      const q = across(tops.at(-1) + 240, 76, layer.line ? roomy(span(layer.line.values, [0])) : [0, 1]);
      places = { p, strips, map, q };
      const long = (count) => p.x(count * every) - p.x(0);
      backdrop = new OffscreenCanvas(canvas.width, canvas.height);
      const c = backdrop.getContext("2d");
      c.scale(canvas.width / width, canvas.width / width);
      c.imageSmoothingEnabled = false;
      dress(c, p, "Drag the window along the series", labels, facts.unit);
      line(c, p, series, ink, 1.5);
      if (forecast) line(c, p, forecast, target, 1.2, { from: size, gap: every, dash: [4, 3] });
      layers.forEach((other, k) => {
        const [s, columns] = [strips[k], other.line?.shape[1]];
        heading(c, s, `${other.path}: this window over the mean of all`);
        c.globalAlpha = 0.4;
        if (other.line) {
          const means = image(columns, other.count, (i, r) => other.line.values[r * columns + i], other);
          c.drawImage(means, s.x(other.centre - every / 2), s.top, long(columns), s.height);
        }
        c.globalAlpha = 1;
        for (let r = 0; r < other.count; r += Math.ceil(10 / other.high)) {
          write(c, String(r), s.left - 6, s.y(r) + 4, { align: "right", bold: other === layer && r === channel });
        }
      });
      const { acts, steps } = layer;
      const cells = image(n_windows, steps, (i, r) => acts.values[(channel * n_windows + i) * steps + r], layer);
      c.drawImage(cells, map.x(-every / 2), map.top, long(n_windows), map.height);
      for (const [a, b] of layer.padded) {
        hatch(c, map.left, map.y(a - 0.5), long(n_windows), map.y(b + 1) - map.y(a), truth);
      }
      dress(c, map, `Channel ${channel} of ${layer.path}: each window at its first sample`, labels, "step");
      dress(c, q, `Channel ${channel} on the time axis${layer.line ? "" : ": not known"}`, labels, "mean");
      if (layer.line) line(c, q, row(layer.line, channel), ink, 1.5, { from: layer.centre, gap: every });
      footing(c, q, "sample", 28);
    }
    function seen() {
      const [begin, first] = [at * every, at * every + layer.start + step * layer.stride];
      const last = first + layer.length - 1;
      return { begin, first, last, from: Math.max(first, begin), to: Math.min(last, begin + size - 1) };
    }
    function draw(c, width) {
      if (key !== (key = [width, layer.path, channel].join())) keep(width);
      const [begin, { p, map, strips }] = [at * every, places];
      const shade = (color, first, count) => clipped(c, p.left, p.top, p.width, p.height, () =>
        fill(c, color, p.x(first - 0.5), p.top, p.x(count) - p.x(0), p.height, 0.26));
      shade(truth, begin, size);
      if (reading) shade(target, begin + reading.start + reading.picked.values[at] * reading.stride, reading.length);
      c.imageSmoothingEnabled = false;
      c.drawImage(backdrop, 0, 0, width, (canvas.height / canvas.width) * width);
      layers.filter((other) => other.known).forEach((other) => {
        const [s, { acts, steps, count, stride }] = [strips[layers.indexOf(other)], other];
        const own = image(steps, count, (i, r) => acts.values[(r * n_windows + at) * steps + i], other);
        const place = [s.x(begin + other.centre - stride / 2), s.top, s.x(steps * stride) - s.x(0), s.height];
        const gap = other.high > 8 ? 2 : 0.5;
        clipped(c, s.left, s.top - 1, s.width, s.height + 2, () => {
          c.drawImage(own, ...place);
          for (let r = 1; r < count; r++) fill(c, "#fff", s.left, s.top + r * other.high - gap / 2, s.width, gap);
          box(c, ...place);
          if (other.picked) ring(c, s.x(begin + other.centre + other.picked.values[at] * stride), s.y(0), target);
        });
      });
      if (forecast) ring(c, p.x(begin + size), p.y(forecast[at]), target);
      box(c, map.x(begin - every / 2), map.top, Math.max(2, map.x(every) - map.x(0)), map.height);
      if (layer.known) mark(c);
      ring(c, map.x(begin), map.y(step), accent);
    }
    const box = (c, ...place) => {
      Object.assign(c, { strokeStyle: ink, lineWidth: 1.2 }).setLineDash([]);
      c.strokeRect(...place);
    };
    // The samples that the step sees, the cells of the same time, and that time.
    function mark(c) {
      const [{ p, map, q, strips }, { begin, first, last, from, to }] = [places, seen()];
      line(c, p, series.subarray(from, Math.max(from, to + 1)), accent, 3.5, { from });
      for (const [a, b] of [[first, Math.min(last, begin - 1)], [Math.max(first, begin + size), last]]) {
        const [left, right] = [Math.max(p.left, p.x(a - 0.5)), Math.min(p.right, p.x(b + 0.5))];
        if (a <= b) hatch(c, left, p.top, right - left, p.height, accent);
      }
      const time = begin + step * layer.stride;
      const cells = range(layer.steps).map((s) => [time - s * layer.stride, s]);
      const same = cells.filter(([b]) => b >= 0 && b < n_windows * every).map(([b, s]) => [map.x(b), map.y(s)]);
      stroke(c, same, "#fff", 4);
      stroke(c, same, accent, 2);
      const centre = time + layer.centre;
      if (centre < 0 || centre >= series.length) return;
      for (const place of [p, q]) rule(c, place, centre, accent);
      const s = strips[layers.indexOf(layer)];
      ring(c, s.x(centre), s.y(channel), accent);
      if (layer.line) ring(c, q.x(centre), q.y(mean()), accent);
    }
    const mean = () => row(layer.line, channel)[clamp(at + (step * layer.stride) / every, layer.line.shape[1])];
    function sentences() {
      const { begin, first, last, from, to } = seen();
      const name = (k) => labels[k] ?? (k < 0 ? `${-k} before the first` : `${k - labels.length + 1} after the last`);
      const padding = layer.length - Math.max(0, to - from + 1) || "none";
      const sight = `samples ${name(first)} to ${name(last)}, ${padding} of them padding.`;
      const words = [
        `Window ${begin} covers samples ${name(begin)} to ${name(begin + size - 1)}.`,
        `Step ${step} of ${layer.path} sees ${layer.known ? sight : `what is not known: ${layer.reason}`}`,
        `Channel ${channel} gives ${number(row(layer.acts, channel, at)[step])} there${layer.line ? "" : "."}`,
      ];
      const which = (step * layer.stride) % every ? "shown nearest to" : "of"; // of many times only some are kept
      if (layer.line) words[2] += `; the mean ${which} that time is ${number(mean())}.`;
      if (!forecast) return words;
      const read = reading ? `, read at step ${reading.picked.values[at]} of ${reading.path}` : "";
      const [when, real] = [labels[begin + size], number(series[begin + size])];
      return [...words, `Forecast of sample ${when}: ${number(forecast[at])}${read}; truth ${real}.`];
    }
    function show() {
      [channel, step] = [Math.min(channel, layer.count - 1), Math.min(step, layer.steps - 1)];
      choice.select.value = layers.indexOf(layer);
      [[channel, layer.count], [step, layer.steps], [at]].forEach((state, k) => sliders[k].set(...state));
      redraw();
      if (!playing) say(sentences());
    }
    // Drag the window by its series or strips; press a strip for its channel, the map for its cell.
    canvas.onpointermove = ({ offsetX: x, offsetY: y }) => {
      if (grip === null) return;
      at = clamp((grip === "cell" ? places.map.atX(x) : places.p.atX(x) - grip) / every, n_windows);
      show(grip === "cell" && (step = clamp(places.map.atY(y), layer.steps)));
    };
    canvas.onpointerdown = ({ offsetX: x, offsetY: y, pointerId }) => {
      const k = places.strips.findIndex((strip) => strip.holds(x, y));
      if (k >= 0) [layer, channel] = [layers[k], clamp(places.strips[k].atY(y), layers[k].count)];
      const from = places.p.atX(x) - at * every; // where the window is held, or its middle
      if (k >= 0 || places.p.holds(x, y)) grip = from >= 0 && from < size ? from : size / 2;
      else grip = places.map.holds(x, y) ? "cell" : null;
      canvas.setPointerCapture(pointerId);
      canvas.onpointermove({ offsetX: x, offsetY: y });
    };
    canvas.onpointerup = canvas.onpointercancel = () => (grip = null);
    show();
  }

  try {
    const data = await unpack(root.dataset.live);
    ({ ink, truth, accent, target, paper } = data.facts.colors);
    root.prepend(make("style", {}, `
      .conv1d-live { background: #fff; color: ${ink}; color-scheme: light; max-width: 900px; padding: 8px;
        border-radius: 4px; box-sizing: border-box; font: 14px/1.45 ${FONT}; }
      .conv1d-live :is(form, fieldset, label) { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px;
        margin: 0; padding: 0; border: 0; color: ${ink}; font-weight: normal; }
      .conv1d-live legend { font: bold 14px ${FONT}; color: ${ink}; padding: 0 0 4px; border: 0; }
      .conv1d-live input { width: 150px; margin: 0; accent-color: ${accent}; }
      .conv1d-live fieldset { min-width: 100%; } .conv1d-live span { min-width: 3.5em; }
      .conv1d-live :is(button, select) { font: inherit; color: ${ink}; background: ${paper}; min-height: 30px;
        border: 1px solid ${truth}; border-radius: 4px; padding: 3px 9px; cursor: pointer; }
      .conv1d-live button[aria-pressed=true] { background: ${ink}; color: #fff; text-decoration: line-through; }
      .conv1d-live button:disabled { opacity: 0.5; }
      .conv1d-live i { display: inline-block; width: 9px; height: 9px; border-radius: 50%; margin-right: 6px; }
      .conv1d-live :focus-visible { outline: 3px solid ${accent}; outline-offset: 2px; }
      .conv1d-live :is(canvas, output) { display: block; width: 100%; margin-top: 6px; touch-action: pan-y; }`));
    ({ deletions, channels })[data.facts.kind](data);
    root.dataset.state = "live";
  } catch (error) {
    root.dataset.state = "failed";
    root.append(make("p", {}, `This live figure does not work in this browser: ${error.message}`));
  }
})();
