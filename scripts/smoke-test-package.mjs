/**
 * Installs the packed library as a user would and tries it under every supported Node: each entry as ES module and as
 * CommonJS, a drive made and verified, and the program. `--node 20,22` names the majors; default: all supported.
 *
 * The other Nodes come from the npm registry (packages `node-<platform>-<architecture>`). Nothing in the tree may have
 * an install script: everything is installed with scripts switched off.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const supportedMajors = [20, 22, 24];
const nodeOption = process.argv.indexOf("--node");
const majors = nodeOption < 0 ? supportedMajors : process.argv[nodeOption + 1].split(",").map(Number);
const { name, exports } = JSON.parse(readFileSync("package.json", "utf8"));
const entries = Object.keys(exports)
  .filter((entry) => entry !== "./package.json")
  .map((entry) => entry.replace(/^\./, name));
const scratchFolder = mkdtempSync(join(tmpdir(), "offline-seed-smoke-"));

function run(command, commandArguments, options = {}) {
  const result = spawnSync(command, commandArguments, {
    encoding: "utf8",
    cwd: scratchFolder,
    shell: process.platform === "win32" && command === "npm",
    ...options,
  });
  if (result.status !== 0) {
    throw new Error(
      `${command} ${commandArguments.join(" ")}\n${result.error ?? ""}${result.stdout}${result.stderr}`,
    );
  }
  return result.stdout.trim();
}

function install(...packages) {
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-save", ...packages]);
}

/** Path of a Node of this major: this very one, or one from the registry. */
function nodeOf(major) {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const system = process.platform === "win32" ? "win" : process.platform;
  const packageName = `node-${system}-${process.arch}`;
  const folder = mkdtempSync(join(scratchFolder, `node-${major}-`));
  writeFileSync(join(folder, "package.json"), "{}");
  run("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", `${packageName}@${major}`], {
    cwd: folder,
  });
  return join(folder, "node_modules", packageName, "bin", process.platform === "win32" ? "node.exe" : "node");
}

const work = `
async function makeDrive(seed, assert, folder) {
  const staging = await seed.openStagingLocation(folder + "/staging", { create: true });
  const writer = await staging.createSeed({
    jobName: "smoke-test", subscriptionId: "11111111-2222-4333-8444-555555555555",
    storageAccountName: "seedaccount", containerName: "seed",
  });
  await writer.writeBlob("hello.txt", Buffer.from("hello"));
  const catalog = await writer.seal();
  const target = { driveId: "SMOKE-1", sizeInBytes: 128 * 1024 * 1024 };
  const { drives } = await seed.planDrives(catalog, [target]);
  const image = await seed.createImageFile(folder + "/drive.img", target);
  const drive = await seed.prepareDrive(drives[0], catalog, image, { confirm: target, journalPath: folder + "/journal" });
  const report = await seed.verifyDrive(image, drive);
  assert.strictEqual(report.passed, true);
  await image.close();
  await catalog.close();
  const page = seed.renderJobReport({ reportedAt: new Date(0), job: { jobName: "smoke-test" }, drives: [drive] });
  assert.ok(page.includes("SMOKE-1") && !page.includes(drive.bitLockerKey));
  await assert.rejects(staging.openSeed("absent"), (error) => seed.isStagingError(error));
}
`;
const programs = {
  "smoke.mjs": `${entries.map((entry, index) => `import * as entry${index} from "${entry}";`).join("\n")}
import assert from "node:assert";
${work}
const entries = [${entries.map((_entry, index) => `entry${index}`).join(", ")}];
for (const entry of entries) assert.ok(Object.keys(entry).length > 0);
// One class, whichever entry it comes from.
const root = entries[0];
for (const entry of entries.slice(1))
  for (const [name, value] of Object.entries(entry)) if (name in root) assert.strictEqual(value, root[name], name);
await makeDrive(root, assert, process.argv[2]);
console.log("ES module", Object.keys(root).length);
`,
  "smoke.cjs": `const assert = require("node:assert");
${work}
const entries = ${JSON.stringify(entries)}.map((entry) => require(entry));
for (const entry of entries) assert.ok(Object.keys(entry).length > 0);
const root = entries[0];
for (const entry of entries.slice(1))
  for (const [name, value] of Object.entries(entry)) if (name in root) assert.strictEqual(value, root[name], name);
makeDrive(root, assert, process.argv[2]).then(
  () => console.log("CommonJS", Object.keys(root).length),
  (error) => { console.error(error); process.exitCode = 1; },
);
`,
};

try {
  const [{ filename }] = JSON.parse(
    run("npm", ["pack", "--json", "--pack-destination", scratchFolder], { cwd: resolve(".") }),
  );
  writeFileSync(join(scratchFolder, "package.json"), JSON.stringify({ private: true }));
  install(join(scratchFolder, filename));
  for (const [file, text] of Object.entries(programs)) writeFileSync(join(scratchFolder, file), text);
  for (const major of majors) {
    const node = nodeOf(major);
    const version = run(node, ["--version"]);
    if (!version.startsWith(`v${major}.`)) throw new Error(`asked for Node ${major}, got ${version}`);
    const lines = Object.keys(programs).map((file) =>
      run(node, ["--no-deprecation", file, mkdtempSync(join(scratchFolder, "work-"))]),
    );
    const help = run(node, [join("node_modules", name, "dist", "cli", "main.js"), "--help"]);
    if (!help.includes("offline-seed")) throw new Error(`the program's help is strange: ${help}`);
    console.log(`Node ${version}: ${lines.join(", ")} exports, program`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
} finally {
  rmSync(scratchFolder, { recursive: true, force: true });
}
