import { constants } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { windowsDiskScript } from "../../../src/diskprep/device/disks/windows-commands.js";
import {
  type BlockTransport,
  blockDeviceConformance,
  createMemoryDevice,
  createOpenDeviceCounter,
  DeviceError,
  listDisks,
  openDisk,
  openWindowsDisk,
  runWindowsDiskCommand,
  type WindowsDiskCommand,
} from "../../../src/diskprep/device/index.js";
import type { CommandRunner } from "../../../src/shared/command-runner.js";

const sizeInBytes = 8_001_563_222_016;

/** A raw Windows disk in memory: takes whole sectors only, from aligned memory only. */
function windowsTransport(
  sectorSizeInBytes: number,
  size: number,
): { transport: BlockTransport; state: { isOpen: boolean } } {
  const memory = createMemoryDevice(size);
  const state = { isOpen: true };
  const check = (offset: number, view: Uint8Array): void => {
    const isAligned =
      offset % sectorSizeInBytes === 0 &&
      view.length % sectorSizeInBytes === 0 &&
      view.length > 0 &&
      view.byteOffset % sectorSizeInBytes === 0;
    if (!isAligned) throw Object.assign(new Error("The parameter is incorrect."), { code: "EINVAL" });
  };
  return {
    state,
    transport: {
      async read(offset, target) {
        check(offset, target);
        await memory.read(offset, target);
      },
      async write(offset, data) {
        check(offset, data);
        await memory.write(offset, data);
      },
      flush: () => memory.flush(),
      async close() {
        state.isOpen = false;
      },
    },
  };
}

describe.each([512, 4096] as const)("a raw Windows disk with %p-byte sectors", (sectorSizeInBytes) => {
  const options = { sizeInBytes: 2 ** 20, sectorSizeInBytes, canWrite: true };
  test.each(
    blockDeviceConformance({
      create: () =>
        openWindowsDisk(3, {
          ...options,
          openTransport: async () => windowsTransport(sectorSizeInBytes, 2 ** 20).transport,
        }),
    }),
  )("$name", (check) => check.run());

  test("is opened by number, unbuffered, with the listed sizes", async () => {
    const opened: [string, number][] = [];
    const openTransport = async (path: string, flags: number): Promise<BlockTransport> => {
      opened.push([path, flags]);
      return windowsTransport(sectorSizeInBytes, 2 ** 20).transport;
    };
    await using disk = await openWindowsDisk(3, { ...options, openTransport });
    await using reader = await openWindowsDisk(12, { ...options, canWrite: false, openTransport });
    expect(disk).toMatchObject({
      name: "\\\\.\\PhysicalDrive3",
      sizeInBytes: 2 ** 20,
      sectorSizeInBytes,
      bypassesCache: true,
    });
    expect(reader.canWrite).toBe(false);
    expect(opened).toEqual([
      ["\\\\.\\PhysicalDrive3", constants.O_RDWR | 0x02000000],
      ["\\\\.\\PhysicalDrive12", constants.O_RDONLY | 0x02000000],
    ]);
  });
});

test.each([
  ["EPERM", "access-denied"],
  ["EBUSY", "busy"],
  ["ENOENT", "not-found"],
])("a Windows disk that cannot be opened (%s)", async (systemCode, code) => {
  const openTransport = async (): Promise<BlockTransport> => {
    throw Object.assign(new Error(systemCode), { code: systemCode });
  };
  await expect(
    openWindowsDisk(1, { sizeInBytes: 2 ** 20, sectorSizeInBytes: 512, openTransport }),
  ).rejects.toMatchObject({ name: "DeviceError", code });
});

const identity = { diskNumber: 3, serialNumber: "WSD'4K", sizeInBytes };

describe("what Windows is told", () => {
  test.each(["take-offline", "bring-online", "clear"] as const)("%s: checks the disk first", (kind) => {
    const script = windowsDiskScript({ kind, disk: identity });
    expect(script).toMatchSnapshot();
    const check = script.indexOf("-cne 'WSD''4K'");
    expect(check).toBeGreaterThan(0);
    expect(check).toBeLessThan(script.search(/Set-Disk|Clear-Disk/));
    expect(script.includes("Clear-Disk")).toBe(kind === "clear");
  });

  test.each([
    { ...identity, serialNumber: "A B" },
    { ...identity, serialNumber: "" },
    { ...identity, diskNumber: -1 },
    { ...identity, diskNumber: 1.5 },
    { ...identity, diskNumber: "1; Clear-Disk 0" as unknown as number },
    { ...identity, sizeInBytes: Number.NaN },
  ])("refuses to name a disk by %p", (disk) => {
    expect(() => windowsDiskScript({ kind: "clear", disk })).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });

  test("no serial number can leave its quotes", () => {
    const script = windowsDiskScript({
      kind: "take-offline",
      disk: { ...identity, serialNumber: "a'b\u2019c$(x)`\"" },
    });
    expect(script).toContain("-cne 'a''b\u2019\u2019c$(x)`\"'");
  });

  const command: WindowsDiskCommand = { kind: "take-offline", disk: identity };
  test.each([
    ['{"result":"done","message":""}', undefined],
    ['{"result":"changed","message":"OTHER"}', "not-usable"],
    ['{"result":"system","message":""}', "not-usable"],
    ['{"result":"failed","message":"Not supported on removable media"}', "command-failed"],
    ["", "command-failed"],
    ["<Objs>", "bad-format"],
  ])("answer %s", async (stdout, code) => {
    const run = runWindowsDiskCommand(command, {
      runCommand: async () => ({ exitCode: 0, stdout, stderr: "" }),
    });
    if (code === undefined) await run;
    else await expect(run).rejects.toMatchObject({ name: "DeviceError", code });
  });
});

const lsblk = (change: object = {}): string =>
  JSON.stringify({
    blockdevices: [
      {
        name: "sdb",
        path: "/dev/sdb",
        type: "disk",
        size: sizeInBytes,
        model: "M",
        serial: "S1",
        tran: "sata",
        rm: false,
        ro: false,
        rota: true,
        "log-sec": 512,
        "phy-sec": 512,
        mountpoints: [null],
        ...change,
      },
    ],
  });

describe("opening a listed disk", () => {
  function linux(outputs: string[]) {
    const counter = createOpenDeviceCounter();
    const calls: string[] = [];
    const runCommand: CommandRunner = async (program, programArguments) => {
      calls.push([program, ...programArguments.slice(0, 2)].join(" "));
      return { exitCode: 0, stdout: program === "lsblk" ? (outputs.shift() ?? "") : "", stderr: "" };
    };
    const openers = {
      linux: async () => counter.track(createMemoryDevice(2 ** 20)),
      windows: async () => counter.track(createMemoryDevice(2 ** 20)),
    };
    return { counter, calls, options: { platform: "linux" as const, runCommand, openers } };
  }

  test("on Linux: lists again, opens, and lets the partition table be read again once", async () => {
    const { counter, calls, options } = linux([lsblk(), lsblk(), lsblk()]);
    const [disk] = await listDisks(options);
    {
      await using opened = await openDisk(disk!, { ...options, canWrite: true });
      expect(counter.openCount).toBe(1);
      expect(await opened.release()).toBe(true);
      expect(await opened.release()).toBe(true);
    }
    expect(counter.openCount).toBe(0);
    expect(calls).toEqual([
      ...Array.from({ length: 3 }, () => "lsblk --json --bytes"),
      "blockdev --rereadpt /dev/sdb",
    ]);
  });

  test("opened for reading, it may be mounted and nothing is handed back", async () => {
    const mounted = lsblk({ mountpoints: ["/mnt"] });
    const { counter, calls, options } = linux([mounted, mounted, mounted]);
    const [disk] = await listDisks(options);
    await (await openDisk(disk!, options)).release();
    expect([counter.openCount, calls.length]).toEqual([0, 3]);
  });

  test.each([
    ["another serial number", { serial: "S2" }],
    ["another size", { size: sizeInBytes - 512 }],
    ["another sector size", { "log-sec": 4096 }],
    ["another path", { path: "/dev/sdc" }],
    ["a mounted partition by now", { mountpoints: ["/mnt"] }],
    ["a write lock by now", { ro: true }],
  ])("with %s is refused and nothing is opened", async (_, change) => {
    const { counter, options } = linux([lsblk(), lsblk(change)]);
    const [disk] = await listDisks(options);
    await expect(openDisk(disk!, { ...options, canWrite: true })).rejects.toMatchObject({
      name: "DeviceError",
      code: "not-usable",
    });
    expect(counter.openCount).toBe(0);
  });

  test("that changed between listing and opening is closed again", async () => {
    const { counter, options } = linux([lsblk(), lsblk(), lsblk({ serial: "S2" })]);
    const [disk] = await listDisks(options);
    await expect(openDisk(disk!, { ...options, canWrite: true })).rejects.toMatchObject({
      code: "not-usable",
    });
    expect(counter.openCount).toBe(0);
  });

  const windowsDisk = JSON.stringify([
    {
      Number: 3,
      FriendlyName: "M",
      SerialNumber: "S1",
      Size: String(sizeInBytes),
      LogicalSectorSize: 512,
      PhysicalSectorSize: 512,
      BusType: "SATA",
      MountPoints: [],
    },
  ]);
  function windows(answers: readonly string[], openers?: Parameters<typeof openDisk>[1]) {
    const scripts: string[] = [];
    const remaining = [...answers];
    const runCommand: CommandRunner = async (_, programArguments) => {
      const script = Buffer.from(programArguments.at(-1)!, "base64").toString("utf16le");
      scripts.push(/IsOffline \$(true|false)/.exec(script)?.[0] ?? "list");
      return { exitCode: 0, stdout: remaining.shift() ?? '{"result":"done"}', stderr: "" };
    };
    return { scripts, options: { platform: "win32" as const, runCommand, ...openers } };
  }

  test("on Windows: takes it offline and brings it online again", async () => {
    const device = createMemoryDevice(2 ** 20);
    const { scripts, options } = windows([windowsDisk, windowsDisk, '{"result":"done"}', windowsDisk], {
      openers: { linux: async () => device, windows: async () => device },
    });
    const [disk] = await listDisks(options);
    await (await openDisk(disk!, { ...options, canWrite: true })).release();
    expect(scripts).toEqual(["list", "list", "IsOffline $true", "list", "IsOffline $false"]);
  });

  test("on Windows: a disk that cannot be opened is brought online again", async () => {
    const refuse = async () => {
      throw new DeviceError("access-denied", "no");
    };
    const { scripts, options } = windows([windowsDisk, windowsDisk], {
      openers: { linux: refuse, windows: refuse },
    });
    const [disk] = await listDisks(options);
    await expect(openDisk(disk!, { ...options, canWrite: true })).rejects.toMatchObject({
      code: "access-denied",
    });
    expect(scripts).toEqual(["list", "list", "IsOffline $true", "IsOffline $false"]);
  });

  test("on macOS disks are only listed", async () => {
    const plist = (body: string): string => `<plist><dict>${body}</dict></plist>`;
    const runCommand: CommandRunner = async (program, programArguments) => ({
      exitCode: 0,
      stderr: "",
      stdout:
        program === "system_profiler"
          ? '{"SPUSBDataType":[{"serial_num":"S1","bsd_name":"disk4"}]}'
          : programArguments[0] === "list"
            ? plist("<key>WholeDisks</key><array><string>disk4</string></array>")
            : plist(
                "<key>DeviceIdentifier</key><string>disk4</string><key>Size</key><integer>8000000000</integer>",
              ),
    });
    const [disk] = await listDisks({ platform: "darwin", runCommand });
    expect(disk).toMatchObject({ path: "/dev/disk4", reasonsNotUsable: [] });
    await expect(openDisk(disk!, { platform: "darwin", runCommand })).rejects.toMatchObject({
      name: "DeviceError",
      code: "unsupported",
    });
  });
});
