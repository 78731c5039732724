/** Bars drawn as SVG, so that they need no script, no inline style, and survive printing without backgrounds. */
import { type Html, html } from "../html.js";

/** A stretch of a bar. */
export interface BarPart {
  /** Part of the whole, 0 to 100. */
  readonly percent: number;
  /** Class that gives the colour. */
  readonly kind: string;
}

/** Narrowest part that is drawn: a single bad blob among millions must not vanish. */
const narrowestInPercent = 1.5;

/** A bar of several parts, with the words a screen reader says. The widest part gives way to very narrow ones. */
export function bar(parts: readonly BarPart[], description: string): Html {
  let start = 0;
  const rectangles = widened(parts).map(({ percent, kind }) => {
    const rectangle = html`<rect class="part-${kind}" x="${start}%" y="0" width="${percent}%" height="100%"/>`;
    start = Math.round((start + percent) * 100) / 100;
    return rectangle;
  });
  return html`<svg class="bar" role="img" aria-label="${description}" width="100%" height="12"><rect class="part-rest" x="0" y="0" width="100%" height="100%"/>${rectangles}</svg>`;
}

function widened(parts: readonly BarPart[]): readonly BarPart[] {
  const drawn = parts
    .filter(({ percent }) => percent > 0)
    .map((part) => ({ ...part, percent: Math.max(part.percent, narrowestInPercent) }));
  const excess = drawn.reduce((sum, { percent }) => sum + percent, 0) - 100;
  if (excess <= 0) return drawn;
  const widest = Math.max(...drawn.map(({ percent }) => percent));
  const giving = drawn.findIndex(({ percent }) => percent === widest);
  return drawn.map((part, index) =>
    index === giving ? { ...part, percent: Math.round((part.percent - excess) * 100) / 100 } : part,
  );
}
