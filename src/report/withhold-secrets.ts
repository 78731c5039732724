/**
 * Takes secrets out of a report's input before anything is rendered, so that no way of rendering can show one: fields
 * that hold secrets, their values wherever else they occur, and every text that has the form of a secret.
 */

const withheld = "(secret withheld)";

const secretFieldName =
  /bitlocker|recovery|password|passphrase|secret|private|token(?!s)|credential|pfx|account_?key|shared_?key|\bsas\b|signature/i;

/** Shorter values of secret fields are not searched for elsewhere: they would blot out ordinary words. */
const shortestSearchedSecret = 6;

const secretForms: readonly RegExp[] = [
  // A BitLocker recovery password: eight groups of six digits, whatever stands between the groups, or nothing.
  /\d{6}(?:[^\p{L}\p{N}]{1,4}\d{6}){7}/gu,
  /\d{48,}/gu,
  // PEM blocks, whole or cut off.
  /-----BEGIN [A-Z ]*(?:PRIVATE KEY|CERTIFICATE)-----[\s\S]*?(?:-----END [A-Z ]*-----|$)/gu,
  // Signed tokens (JWS): three parts in base64url.
  /eyJ[\w-]{5,}\.[\w-]+\.[\w-]*/gu,
  // Signatures of shared access addresses, and keys in connection strings.
  /(?<=\b(?:sig|AccountKey|SharedAccessKey|SharedAccessSignature)=)[^\s&;"'<>]+/giu,
  // A storage account key by itself: 64 bytes in base64.
  /[\w+/-]{86,}==/gu,
];

/** A deep copy of plain data without its secrets. Dates stay dates. Pure. */
export function withholdSecrets<T>(input: T): T {
  const secrets = new Set<string>();
  collectSecrets(input, false, secrets);
  const longestFirst = [...secrets].sort((left, right) => right.length - left.length);
  return copyWithout(input, (text) => withholdIn(text, longestFirst)) as T;
}

function collectSecrets(value: unknown, isSecret: boolean, secrets: Set<string>): void {
  if (typeof value === "string") {
    if (isSecret && value.length >= shortestSearchedSecret) secrets.add(value);
  } else if (Array.isArray(value)) {
    for (const item of value) collectSecrets(item, isSecret, secrets);
  } else if (isRecord(value)) {
    for (const [name, content] of Object.entries(value)) {
      collectSecrets(content, isSecret || secretFieldName.test(name), secrets);
    }
  }
}

function withholdIn(text: string, secrets: readonly string[]): string {
  let result = text;
  for (const secret of secrets) result = result.replaceAll(secret, withheld);
  for (const form of secretForms) result = result.replace(form, withheld);
  return result;
}

function copyWithout(value: unknown, withhold: (text: string) => string): unknown {
  if (typeof value === "string") return withhold(value);
  if (Array.isArray(value)) return value.map((item) => copyWithout(item, withhold));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [
      withhold(name),
      secretFieldName.test(name) && content !== undefined ? withheld : copyWithout(content, withhold),
    ]),
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" && value !== null && Object.prototype.toString.call(value) !== "[object Date]"
  );
}
