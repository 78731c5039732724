/**
 * Writes docs/errors.md from the unions of error codes. `--check` writes nothing and fails when the page is out of date,
 * when a code has no text, or when a text has no code.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { errorTexts, roomsOfErrors } from "./error-reference/error-texts.mjs";
import { readErrorUnions } from "./error-reference/error-unions.mjs";

const page = "docs/errors.md";

/** The page, and what is missing or superfluous. */
export function makeErrorReference(sourceFolder = "src") {
  const unions = readErrorUnions(sourceFolder);
  const problems = [];
  const order = Object.keys(roomsOfErrors);
  for (const { className, path } of unions) {
    if (!order.includes(className)) problems.push(`${className} of ${path} has no texts`);
  }
  for (const className of order) {
    const codes = unions.find((union) => union.className === className)?.codes.map(({ code }) => code) ?? [];
    for (const code of Object.keys(errorTexts[className])) {
      if (!codes.includes(code)) problems.push(`${className} '${code}' has a text and does not exist`);
    }
  }
  const sections = order.flatMap((className) => {
    const union = unions.find((candidate) => candidate.className === className);
    return union ? [sectionOf(union, problems)] : [];
  });
  return { text: `${introduction}\n${sections.join("\n")}`, problems };
}

const introduction = `# Errors

Every failure of the library is an error of one class a room. What a program branches on is its \`code\`, which comes from
a closed union; \`details\` holds facts it may show; the message is for people and says what failed, on what, why, and what
to do. None of them holds a secret. The cause, where there is one, is in \`cause\`.

\`\`\`ts
import { isDriveError, prepareDrive } from "@offline-seed/core";

try {
  await prepareDrive(plan, catalog, device, options);
} catch (error) {
  if (isDriveError(error) && error.code === "not-confirmed") askAgain(error.details);
  else throw error;
}
\`\`\`

Each class has such a guard. They compare names, so they also work when ES module and CommonJS builds meet. Three kinds of
errors are not ours and pass through as they are: \`AbortError\` (you aborted), \`RestError\` of the Azure libraries (the
service refused; see its \`statusCode\` and \`code\`), and \`TypeError\`/\`RangeError\` for calls that no typed program can make.

The tables are made from the source by \`npm run docs\`; a test fails when they are out of date.
`;

function sectionOf({ className, codes }, problems) {
  const rows = codes.map(({ code, meaning }) => {
    const entry = errorTexts[className]?.[code];
    const [given, remedy] = Array.isArray(entry) ? entry : [undefined, entry];
    const text = given ?? meaning;
    if (remedy === undefined || text === undefined) {
      problems.push(`${className} '${code}' needs a text in scripts/error-reference/error-texts.mjs`);
    }
    return `| \`${code}\` | ${cell(text)} | ${cell(remedy)} |`;
  });
  return [
    `## ${className}`,
    "",
    `Room: ${roomsOfErrors[className]}.`,
    "",
    "| code | what it means | what to do |",
    "| --- | --- | --- |",
    ...rows,
    "",
  ].join("\n");
}

function cell(text) {
  return (text ?? "").replaceAll("|", "\\|").replaceAll("\n", " ");
}

if (process.argv[1]?.endsWith("make-error-reference.mjs")) {
  const { text, problems } = makeErrorReference();
  if (process.argv.includes("--check")) {
    if (readFileSync(page, "utf8") !== text) problems.push(`${page} is out of date: npm run docs`);
  } else {
    writeFileSync(page, text);
  }
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
