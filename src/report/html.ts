/**
 * HTML that is safe by construction: everything put into the template is escaped unless it came out of the template
 * itself, and characters that could hide or reorder text are made visible.
 */

const markupOf: unique symbol = Symbol("markup");

/** Markup made by {@link html}. Nothing else is taken for markup. */
export interface Html {
  readonly [markupOf]: string;
}

/** What may stand in a template. Lists are joined; `undefined` and `false` are nothing. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/** A piece of HTML; values are escaped. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += markup(value) + (strings[index + 1] ?? "");
  });
  return Object.freeze({ [markupOf]: text });
}

/** The text of a piece of HTML. */
export function markup(value: HtmlValue): string {
  if (value === undefined || value === false) return "";
  if (typeof value === "string") return escapeText(value);
  if (typeof value === "number") return String(value);
  if (isList(value)) return value.map(markup).join("");
  return value[markupOf] ?? escapeText(String(value));
}

/** Text that is known to be markup, for the style sheet only. */
export function trustedMarkup(text: string): Html {
  return Object.freeze({ [markupOf]: text });
}

function isList(value: Html | readonly HtmlValue[]): value is readonly HtmlValue[] {
  return Array.isArray(value);
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

/** Controls, line and direction marks, invisible characters and halves of surrogate pairs. */
const treacherous =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]|\p{Cs}/gu;

/** Text as it may stand in an element or in a quoted attribute. */
export function escapeText(text: string): string {
  return text
    .replace(
      treacherous,
      (character) => `[U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`,
    )
    .replace(/[&<>"'`]/g, (character) => entities[character] ?? character);
}
