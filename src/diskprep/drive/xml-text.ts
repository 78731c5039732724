/**
 * Escaping for the XML files on the drive. They are streamed piece by piece, so that a manifest of hundreds of
 * megabytes is never held whole; that is why they do not go through the document builder.
 */

const notXmlCharacters = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

/** Whether every character of the text may stand in an XML 1.0 document (section 2.2, production Char). */
export function isXmlText(text: string): boolean {
  return !notXmlCharacters.test(text);
}

/** Escapes text for element content and double-quoted attributes; line breaks and tabs survive as references. */
export function escapeXml(text: string): string {
  if (!/[&<>"'\t\n\r]/.test(text)) return text;
  return text.replace(/[&<>"'\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}
