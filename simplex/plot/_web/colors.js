// Colours of simplices: plain ones, or by the values of a cochain.

const PLAIN = ["#222222", "#555555", "#4c72b0", "#937860"];
const HIGHLIGHT = "#e8710a";
// Few points of each scale; what is between is mixed.
const RISING = ["#440154", "#414487", "#2a788e", "#22a884", "#7ad151", "#fde725"];
const AROUND_ZERO = ["#2166ac", "#67a9cf", "#d8dadd", "#ef8a62", "#b2182b"];
const STRENGTH = ["#d8dadd", "#ef8a62", "#b2182b"]; // of flows; arrows show which way they run
const WORDS = ["#4c72b0", "#dd8452", "#55a868", "#c44e52", "#8172b3", "#937860", "#da8bc3",
  "#8c8c8c", "#ccb974", "#64b5cd"];
const STEPS = 256;

const rgbOf = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const cssOf = (rgb) => `rgb(${rgb.map(Math.round).join(",")})`;

function mixed(points) {
  const known = points.map(rgbOf);
  return Array.from({ length: STEPS }, (_, i) => {
    const at = (i / (STEPS - 1)) * (known.length - 1);
    const left = Math.min(Math.floor(at), known.length - 2);
    return known[left].map((c, j) => c + (at - left) * (known[left + 1][j] - c));
  });
}

/** The scale of a cochain: from a value to a row of the palette, and what the legend shows. */
function scaleOf(cochain) {
  if (cochain.words) {
    return { palette: WORDS.map(rgbOf), row: (x) => x % WORDS.length };
  }
  let least = Infinity, most = -Infinity;
  for (const values of cochain.values) {
    for (const value of values ?? []) {
      const x = cochain.flow ? Math.abs(value) : value;
      if (Number.isFinite(x)) { least = Math.min(least, x); most = Math.max(most, x); }
    }
  }
  if (least > most) least = most = 0;
  if (cochain.flow) least = 0;
  const signed = least < 0 && most > 0;
  if (signed) { most = Math.max(most, -least); least = -most; }
  const row = (x) => {
    const at = most > least ? (x - least) / (most - least) : 0.5;
    return Math.round(Math.min(1, Math.max(0, at)) * (STEPS - 1));
  };
  const points = cochain.flow ? STRENGTH : signed ? AROUND_ZERO : RISING;
  return { palette: mixed(points), row, least, most };
}

const PLAIN_RGB = PLAIN.map(rgbOf);
let scale = null; // of the cochain that is shown
let paint = null; // that cochain, or null for plain colours

function colorBy(cochain) {
  paint = cochain;
  scale = cochain && scaleOf(cochain);
}

/** On a surface, whose vertices are not seen, its triangles show the mean of their vertices. */
const spreads = () => Boolean(DATA.solid && paint && !paint.words && paint.values[0] && !paint.values[2]);

function spreadValue(k, s) {
  let sum = 0;
  for (const v of verticesOf(k, s)) sum += paint.values[0][v];
  return sum / (k + 1);
}

/** Red, green and blue of a simplex; grey where the cochain has no value. */
function rgbOfSimplex(k, s) {
  const values = paint && paint.values[k], spread = k === 2 && spreads();
  if (!values && !spread) return PLAIN_RGB[Math.min(k, PLAIN.length - 1)];
  const value = spread ? spreadValue(k, s) : values[s];
  const x = paint.flow ? Math.abs(value) : value;
  return Number.isNaN(x) ? [190, 190, 190] : scale.palette[scale.row(x)];
}
