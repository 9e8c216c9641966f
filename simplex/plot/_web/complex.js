"use strict";
// The complex, as Python wrote it: its simplices by dimension, and what is known of each.

const DATA = JSON.parse(document.getElementById("data").textContent);
const COUNTS = DATA.counts; // of each dimension on this page
const TOP = COUNTS.length - 1;
const SPATIAL = DATA.axes === 3;
const NOUNS = ["vertex", "edge", "triangle", "tetrahedron"];
const PLURALS = ["vertices", "edges", "triangles", "tetrahedra"];

const nounOf = (k) => NOUNS[k] ?? `${k}-simplex`;
const pluralOf = (k) => PLURALS[k] ?? `${k}-simplices`;

/** Numbers with what JSON has no word for: null is none, and infinities are strings. */
function numbers(values) {
  const read = { inf: Infinity, "-inf": -Infinity };
  return Float64Array.from(values, (v) => (v === null ? NaN : read[v] ?? v));
}

// Vertices of the k-simplices one after the other, k + 1 each; facets likewise, or null.
const SIMPLICES = COUNTS.map((n, k) =>
  k === 0 ? Uint32Array.from({ length: n }, (_, v) => v) : Uint32Array.from(DATA.simplices[k]));
const FACETS = DATA.facets.map((ids) => (ids === null ? null : Uint32Array.from(ids)));
const FILTRATION = DATA.filtration && DATA.filtration.map(numbers);
// A cochain by its name: for each dimension its values or null; `words` where they are categories;
// `flow` where a positive value runs from the first end of an edge to the second.
const COCHAINS = DATA.cochains.map(({ name, words, flow, values }) =>
  ({ name, words, flow, values: values.map((v) => v && numbers(v)) }));

const verticesOf = (k, s) => SIMPLICES[k].subarray(s * (k + 1), (s + 1) * (k + 1));
const vertexName = (v) => (DATA.labels ? DATA.labels[v] : String(v));

/** The names of its vertices; of a directed complex in the order of the simplex. */
function nameOf(k, s) {
  return Array.from(verticesOf(k, s), vertexName).join(DATA.directed ? " → " : ", ");
}

/** A number in few digits. */
function written(x) {
  if (Number.isNaN(x)) return "none";
  if (!Number.isFinite(x)) return x > 0 ? "∞" : "−∞";
  return String(Number(x.toPrecision(5))).replace("-", "−");
}

function valueOf(cochain, k, s) {
  const x = cochain.values[k][s];
  return cochain.words && !Number.isNaN(x) ? cochain.words[x] : written(x);
}

/** What is said of a simplex where the pointer is. */
function describe(k, s) {
  const lines = [`${nounOf(k)} ${k === 0 && !DATA.labels ? "" : `${s}: `}${nameOf(k, s)}`];
  for (const cochain of COCHAINS) {
    if (cochain.values[k]) lines.push(`${cochain.name}: ${valueOf(cochain, k, s)}`);
  }
  if (k === 1 && DATA.turned && DATA.turned[s]) lines.push("turned: a positive flow runs from the second end to the first");
  return lines.join("\n");
}
