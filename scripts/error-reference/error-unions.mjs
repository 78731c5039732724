/** Reads the closed unions of error codes out of the source, with what their comments say about each code. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";

/** Every `…ErrorCode` union under a folder: class name, path, codes, and the meanings found in comments. */
export function readErrorUnions(sourceFolder) {
  return (
    readdirSync(sourceFolder, { recursive: true })
      .map(String)
      // The program's own errors are part of its manual.
      .filter((path) => path.endsWith(".ts") && !/^cli[\\/]/.test(path))
      .sort()
      .flatMap((path) => unionsOf(join(sourceFolder, path)))
  );
}

function unionsOf(path) {
  const text = readFileSync(path, "utf8");
  if (!text.includes("ErrorCode =")) return [];
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return source.statements
    .filter((statement) => ts.isTypeAliasDeclaration(statement) && statement.name.text.endsWith("ErrorCode"))
    .map((statement) => ({
      className: statement.name.text.replace(/Code$/, ""),
      path: path.replaceAll("\\", "/"),
      codes: membersOf(statement, text),
    }));
}

function membersOf(statement, text) {
  const listed = listedMeanings(text.slice(statement.getFullStart(), statement.getStart()));
  const members = ts.isUnionTypeNode(statement.type) ? statement.type.types : [statement.type];
  return members.map((member) => {
    const code = member.literal.text;
    // The comment of a member stands before its bar, which is not part of the member.
    const before = text.slice(0, member.getStart());
    const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*\|?\s*$/.exec(before)?.[1];
    const ownComment = comment !== undefined && before.lastIndexOf("/**") > statement.name.end;
    return { code, meaning: ownComment ? plain(comment) : listed.get(code) };
  });
}

/** Lines of the form "- `code`, `code`: meaning." in the comment of the union. */
function listedMeanings(comment) {
  const meanings = new Map();
  const lines = plain(comment.replace(/^\s*\/\*\*|\*\/\s*$/g, ""), "\n");
  for (const [, codes, meaning] of lines.matchAll(
    /^- ((?:`[a-z-]+`,? ?)+): ([\s\S]*?)(?=\n- |\n\n|$(?![\s\S]))/gm,
  )) {
    for (const [, code] of codes.matchAll(/`([a-z-]+)`/g))
      meanings.set(code, sentence(meaning.replaceAll("\n", " ")));
  }
  return meanings;
}

function plain(comment, separator = " ") {
  return comment
    .split("\n")
    .map((line) => line.replace(/^\s*\*? ?/, "").trim())
    .join(separator)
    .replace(/\{@link ([^}]+)\}/g, "`$1`")
    .trim();
}

function sentence(text) {
  const trimmed = text.trim();
  return `${trimmed[0].toUpperCase()}${trimmed.slice(1)}`;
}
