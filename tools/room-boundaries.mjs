/**
 * Lint rule: which room may import which (docs/rooms.md).
 *
 * A room is a folder under src; diskprep is seven rooms of its own. Files of one room import each other freely;
 * another room is reached only through its index.ts, and only in the direction of the data flow.
 */
import { dirname, relative, resolve, sep } from "node:path";

const allowedRooms = {
  shared: [],
  certs: ["shared"],
  registry: ["shared", "certs"],
  staging: ["shared", "diskprep/kernels"],
  "diskprep/device": ["shared"],
  "diskprep/kernels": ["shared"],
  "diskprep/partition": ["shared", "diskprep/device"],
  "diskprep/bitlocker": ["shared", "diskprep/device", "diskprep/kernels"],
  "diskprep/ntfs": ["shared", "diskprep/device"],
  "diskprep/pipeline": ["shared", "diskprep/kernels"],
  "diskprep/drive": [
    "shared",
    "staging",
    "diskprep/device",
    "diskprep/kernels",
    "diskprep/partition",
    "diskprep/bitlocker",
    "diskprep/ntfs",
    "diskprep/pipeline",
  ],
  diskprep: [
    "diskprep/device",
    "diskprep/kernels",
    "diskprep/partition",
    "diskprep/bitlocker",
    "diskprep/ntfs",
    "diskprep/drive",
  ],
  importjob: ["shared", "certs", "staging", "diskprep"],
  report: ["shared", "diskprep", "importjob"],
  emulator: ["shared", "certs", "staging", "diskprep", "importjob"],
  cli: ["shared", "certs", "registry", "staging", "diskprep", "importjob", "report", "emulator"],
  "": ["shared", "certs", "registry", "staging", "diskprep", "importjob", "report"],
};

/** Name of the room a path under src belongs to; "" for files directly in src. */
function roomOf(pathInSource) {
  const folders = pathInSource.split(sep).slice(0, -1);
  if (folders[0] === "diskprep" && folders.length > 1) return `diskprep/${folders[1]}`;
  return folders[0] ?? "";
}

export default {
  meta: { type: "problem", schema: [], docs: { description: "rooms meet only through their index.ts" } },
  create(context) {
    const sourceRoot = resolve(context.cwd, "src");
    const from = relative(sourceRoot, context.filename);
    if (from.startsWith("..")) return {};
    const fromRoom = roomOf(from);

    const check = (node) => {
      const specifier = node.source?.value;
      if (typeof specifier !== "string" || !specifier.startsWith(".")) return;
      const target = relative(sourceRoot, resolve(dirname(context.filename), specifier));
      const toRoom = roomOf(target);
      if (target.startsWith("..")) {
        context.report({ node, message: `src must not import ${specifier}, which lies outside src` });
      } else if (toRoom !== fromRoom) {
        if (!(allowedRooms[fromRoom] ?? []).includes(toRoom)) {
          context.report({ node, message: `room '${fromRoom}' must not import room '${toRoom}'` });
        } else if (toRoom !== "shared" && !/(^|[\\/])index\.js$/.test(target)) {
          context.report({ node, message: `import '${toRoom}' only through its index.js` });
        }
      }
    };
    return {
      ImportDeclaration: check,
      ExportNamedDeclaration: check,
      ExportAllDeclaration: check,
      ImportExpression: check,
    };
  },
};
