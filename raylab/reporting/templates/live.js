"use strict";
// Texts from data are set as text, never as HTML.
const byId = (id) => document.getElementById(id);
const make = (tag, text, style) => {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (style) element.className = style;
  return element;
};
const SVG = "http://www.w3.org/2000/svg";
const shape = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
};
const scale = (low, high, from, to) => (value) =>
  high > low ? from + ((value - low) / (high - low)) * (to - from) : (from + to) / 2;

function curve(values) {
  const svg = shape("svg", { viewBox: "0 0 140 28", preserveAspectRatio: "none" });
  if (!values.length) return svg;
  const x = scale(0, values.length - 1, 2, 138);
  const y = scale(Math.min(...values), Math.max(...values), 25, 3);
  const points = values.map((value, place) => `${x(place)},${y(value)}`).join(" ");
  svg.append(values.length > 1 ? shape("polyline", { points })
    : shape("circle", { cx: 70, cy: 14, r: 2.5, fill: "#2563eb" }));
  return svg;
}

function chart(values) {
  const svg = shape("svg", { viewBox: "0 0 1000 260" });
  const scores = values.scores.map((pair) => pair[1]);
  const levels = values.baseline === null ? scores : [...scores, values.baseline];
  const times = values.scores.map((pair) => pair[0]);
  const low = Math.min(...levels), high = Math.max(...levels);
  const x = scale(Math.min(...times), Math.max(...times), 70, 985), y = scale(low, high, 235, 15);
  for (const level of high > low ? [low, (low + high) / 2, high] : [low]) {
    svg.append(shape("line", { x1: 70, x2: 985, y1: y(level), y2: y(level), stroke: "#e5e7eb" }));
    const text = shape("text", { x: 60, y: y(level) + 4, "text-anchor": "end", "font-size": 13, fill: "#6b7280" });
    text.textContent = level.toPrecision(3);
    svg.append(text);
  }
  if (values.baseline !== null) {
    const at = y(values.baseline);
    svg.append(shape("line", { x1: 70, x2: 985, y1: at, y2: at, stroke: "#d97706", "stroke-dasharray": "6 4" }));
  }
  for (const [time, score] of values.scores)
    svg.append(shape("circle", { cx: x(time), cy: y(score), r: 4, fill: "#2563eb", "fill-opacity": 0.65 }));
  return svg;
}

function small(share) {
  const bar = make("div", undefined, "bar small"), inner = make("div");
  inner.style.width = `${100 * share}%`;
  bar.append(inner);
  return bar;
}

function running(values) {
  const [head, body] = [document.querySelector("#running thead tr"), document.querySelector("#running tbody")];
  head.replaceChildren(...values.heads.map((text) => make("th", text)));
  body.replaceChildren(...values.rows.map((row) => {
    const line = make("tr");
    row.cells.forEach((text, place) => {
      const cell = make("td", text);
      if (place === 1 && row.share !== null) cell.append(small(row.share));
      line.append(cell);
    });
    const drawn = make("td");
    drawn.append(curve(row.curve));
    line.append(drawn, ...row.more.map((text) => make("td", text)));
    return line;
  }));
  byId("running").hidden = !values.rows.length;
}

function latest(values) {
  document.querySelector("#latest tbody").replaceChildren(...values.latest.map((trial) => {
    const line = make("tr"), state = make("td");
    state.append(make("span", trial.state, `state ${trial.state}`));
    line.append(make("td", new Date(1000 * trial.time).toLocaleTimeString()), state, make("td", trial.text));
    return line;
  }));
  byId("latest").hidden = !values.latest.length;
}

function show(values) {
  byId("state").textContent = values.state;
  byId("state").className = `state ${values.state}`;
  byId("phase").textContent = values.state === "ended" ? "" : values.phase;
  if (values.cards === undefined) return;  // no study yet
  byId("study").textContent = values.study;
  document.title = `${values.share === null ? "" : Math.round(100 * values.share) + " % "}${values.study} – raylab live`;
  byId("bar").hidden = values.share === null;
  byId("bar").firstElementChild.style.width = `${100 * (values.share ?? 0)}%`;
  byId("cards").replaceChildren(...values.cards.map(([what, text]) => {
    const card = make("div", undefined, "card");
    card.append(make("b", text), make("span", what));
    return card;
  }));
  byId("left").textContent = values.left_from ? `Time left: from ${values.left_from}.` : "";
  byId("report").hidden = values.state !== "ended";
  running(values);
  latest(values);
  byId("chart").hidden = !values.scores.length;
  document.querySelector("#chart div").replaceChildren(...(values.scores.length ? [chart(values)] : []));
  document.querySelector("#chart p").textContent =
    `${values.metric} by time${values.baseline === null ? "" : "; the broken line is the best baseline"}`;
}

async function poll() {
  let pause = Number(document.body.dataset.poll);
  try {
    const answer = await fetch("progress.json", { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const values = await answer.json();
    show(values);
    byId("gone").textContent = values.error;
  } catch {
    byId("gone").textContent = "raylab report --live has ended; this is the last state.";
  }
  if (document.hidden) pause *= 5;
  setTimeout(poll, pause);
}
poll();
