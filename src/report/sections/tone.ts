/** A word with its sign and colour. */
import { type Html, type HtmlValue, html } from "../html.js";
import { type Tone, toneSigns } from "../wording.js";

/** A badge: sign and words. The sign is for the eye only; the words say the same. */
export function badge(tone: Tone, words: HtmlValue): Html {
  return html`<span class="badge ${tone}"><span aria-hidden="true">${toneSigns[tone]}</span> ${words}</span>`;
}

/** A paragraph that must not be overlooked. */
export function notice(tone: Tone, title: HtmlValue, text: HtmlValue): Html {
  return html`<div class="notice ${tone}"><p class="notice-title"><span aria-hidden="true">${toneSigns[tone]}</span> ${title}</p><p>${text}</p></div>`;
}
