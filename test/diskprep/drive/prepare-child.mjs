/**
 * Prepares a drive image in a process of its own and kills itself at the n-th call that changes the disk: before the
 * call, or, for writes, after half of it. Started by kill-and-resume.test.ts; prints the number of calls at the end.
 */
import fs from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const {
  modulePath,
  imagePath,
  journalPath,
  staged,
  plan,
  keySeed,
  killAt,
  halfWrite,
  checkpointIntervalInBytes,
} = JSON.parse(process.argv[2]);
let calls = 0;

function countCall(halfOf) {
  calls += 1;
  if (calls !== killAt) return;
  halfOf?.();
  process.kill(process.pid, "SIGKILL");
}

const handle = await open(new URL(import.meta.url));
const prototype = Object.getPrototypeOf(handle);
const { write } = prototype;
prototype.write = function counted(buffer, offset, length, position, ...rest) {
  countCall(() => {
    const half = Math.floor((length ?? buffer.length) / 2);
    if (halfWrite && half > 0) fs.writeSync(this.fd, buffer, offset ?? 0, half, position);
  });
  return write.call(this, buffer, offset, length, position, ...rest);
};
for (const name of ["datasync", "sync", "truncate", "writeFile", "appendFile", "writev"]) {
  const original = prototype[name];
  prototype[name] = function counted(...parameters) {
    countCall(() => {
      const [data] = parameters;
      if (halfWrite && typeof data === "string") fs.writeSync(this.fd, data.slice(0, data.length / 2));
    });
    return original.apply(this, parameters);
  };
}
await handle.close();
for (const name of ["rename", "truncate"]) {
  const original = fs.promises[name];
  fs.promises[name] = (...parameters) => {
    countCall();
    return original(...parameters);
  };
}
syncBuiltinESMExports();

const { openImageFile, prepareDrive, repeatableRandom, stageTestSeed, testBlobs } = await import(modulePath);
const catalog = await stageTestSeed(staged, testBlobs());
const device = await openImageFile(imagePath, { canWrite: true });
calls = 0;
await prepareDrive(plan, catalog, device, {
  confirm: { driveId: plan.driveId, sizeInBytes: plan.sizeInBytes },
  journalPath,
  random: repeatableRandom(keySeed),
  resume: true,
  checkpointIntervalInBytes,
});
await device.close();
fs.writeSync(1, `calls ${calls}\n`);
