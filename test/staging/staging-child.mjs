/**
 * Stages blobs and a tree in a process of its own and kills itself at the n-th call that changes the disk: before the call, or, for
 * writes, after half of it. Prints the name of every blob it was told is staged. Started by kill-and-resume.test.ts.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { modulePath, folder, source, settings, treeOptions, killAt, halfWrite } = JSON.parse(process.argv[2]);
let calls = 0;

function countCall(halfOf) {
  calls += 1;
  if (calls !== killAt) return;
  halfOf?.();
  process.kill(process.pid, "SIGKILL");
}

const { write } = fs;
fs.write = (fd, buffer, offset, length, position, done) => {
  // Direct writes tear between sectors only.
  const half = length > 8192 ? Math.floor(length / 8192) * 4096 : Math.floor(length / 2);
  countCall(() => halfWrite && half > 0 && fs.writeSync(fd, buffer, offset, half, position));
  return write(fd, buffer, offset, length, position, done);
};
fs.write[Symbol.for("nodejs.util.promisify.custom")] = (fd, buffer, offset, length, position) =>
  new Promise((resolve, reject) => {
    fs.write(fd, buffer, offset, length, position, (error, bytesWritten) =>
      error ? reject(error) : resolve({ bytesWritten, buffer }),
    );
  });
for (const name of ["rename", "mkdir", "writeFile", "link"]) {
  const original = fs.promises[name];
  fs.promises[name] = (...parameters) => {
    countCall();
    return original(...parameters);
  };
}
const handle = await fs.promises.open(new URL(import.meta.url));
const prototype = Object.getPrototypeOf(handle);
await handle.close();
for (const name of ["datasync", "sync", "truncate", "writeFile"]) {
  const original = prototype[name];
  prototype[name] = function counted(...parameters) {
    countCall();
    return original.apply(this, parameters);
  };
}
syncBuiltinESMExports();

const { openStagingLocation, stageDirectory } = await import(modulePath);
const say = (text) => fs.writeSync(1, `${text}\n`);
const location = await openStagingLocation(folder);
const writer = await location.createSeed(settings);
const sizes = [0, 10, 1000, 300_000, 1_200_000];
await Promise.all(
  [0, 1, 2].map(async (lane) => {
    for (let at = 0; at < 8; at += 1) {
      const name = `blob-${lane}-${at}`;
      await writer.writeBlob(name, Buffer.alloc(sizes[(lane + at) % sizes.length], name), {
        modifiedAtInMs: 1000,
      });
      say(name);
    }
  }),
);
await stageDirectory(writer, source, treeOptions);
await (await writer.seal()).close();
say(`calls ${calls}`);
