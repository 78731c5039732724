import { describe, expect, test } from "@jest/globals";
import { adviseOnHardware, type Disk, listDisks } from "../../../src/diskprep/device/index.js";
import type { CommandResult, CommandRunner } from "../../../src/shared/command-runner.js";
import { isOracleMissing } from "../../support/required-programs.js";

/** A runner that answers by the program and its arguments, and notes what was asked. */
function answering(
  answers: Record<string, string | Partial<CommandResult>>,
): CommandRunner & { calls: string[] } {
  const calls: string[] = [];
  const runner: CommandRunner = async (program, programArguments) => {
    const call = [program, ...programArguments].join(" ");
    calls.push(call);
    const key = Object.keys(answers).find((start) => call.startsWith(start));
    if (key === undefined) throw Object.assign(new Error(`spawn ${program} ENOENT`), { code: "ENOENT" });
    const answer = answers[key]!;
    return {
      exitCode: 0,
      stdout: "",
      stderr: "",
      ...(typeof answer === "string" ? { stdout: answer } : answer),
    };
  };
  return Object.assign(runner, { calls });
}

const codesOf = (disks: readonly Disk[]) =>
  Object.fromEntries(disks.map((disk) => [disk.path, disk.reasonsNotUsable.map((reason) => reason.code)]));

/** util-linux 2.38, a workstation with a system SSD, a SATA data disk, a USB drive, a card reader and a RAID member. */
const lsblk238 = JSON.stringify({
  blockdevices: [
    {
      name: "loop0",
      path: "/dev/loop0",
      type: "loop",
      size: 65_142_784,
      model: null,
      serial: null,
      tran: null,
      rm: false,
      hotplug: false,
      ro: true,
      rota: false,
      "log-sec": 512,
      "phy-sec": 512,
      mountpoints: ["/snap/core/1"],
    },
    {
      name: "sda",
      path: "/dev/sda",
      type: "disk",
      size: 8_001_563_222_016,
      model: "ST8000VN004-2M2101",
      serial: "WSD 4KQ7T",
      tran: "sata",
      rm: false,
      hotplug: false,
      ro: false,
      rota: true,
      "log-sec": 512,
      "phy-sec": 4096,
      mountpoints: [null],
    },
    {
      name: "sdb",
      path: "/dev/sdb",
      type: "disk",
      size: 4_000_787_030_016,
      model: "My Passport 2627",
      serial: "575833324431",
      tran: "usb",
      rm: false,
      hotplug: true,
      ro: false,
      rota: true,
      "log-sec": 4096,
      "phy-sec": 4096,
      mountpoints: [null],
      children: [
        {
          name: "sdb1",
          path: "/dev/sdb1",
          type: "part",
          size: 4_000_784_056_320,
          mountpoints: ["/media/anna/backup", "/mnt/second"],
        },
      ],
    },
    {
      name: "sdc",
      path: "/dev/sdc",
      type: "disk",
      size: 0,
      model: "STORAGE DEVICE",
      serial: "000000000819",
      tran: "usb",
      rm: true,
      hotplug: true,
      ro: false,
      rota: true,
      "log-sec": 512,
      "phy-sec": 512,
      mountpoints: [null],
    },
    {
      name: "sdd",
      path: "/dev/sdd",
      type: "disk",
      size: 2_000_398_934_016,
      model: "WDC WD20EFRX",
      serial: "WD-1",
      tran: "sata",
      rm: false,
      hotplug: false,
      ro: false,
      rota: true,
      "log-sec": 512,
      "phy-sec": 4096,
      mountpoints: [null],
      children: [
        {
          name: "sdd1",
          type: "part",
          mountpoints: [null],
          children: [{ name: "md0", type: "raid1", mountpoints: [null] }],
        },
      ],
    },
    {
      name: "sr0",
      path: "/dev/sr0",
      type: "rom",
      size: 1_073_741_312,
      model: "DVD",
      serial: "X",
      tran: "sata",
      rm: true,
      ro: false,
      rota: true,
      "log-sec": 512,
      "phy-sec": 512,
      mountpoints: [null],
    },
    {
      name: "zram0",
      path: "/dev/zram0",
      type: "disk",
      size: 8_000_000_000,
      model: null,
      serial: null,
      tran: null,
      rm: false,
      ro: false,
      rota: false,
      "log-sec": 4096,
      "phy-sec": 4096,
      mountpoints: ["[SWAP]"],
    },
    {
      name: "nvme0n1",
      path: "/dev/nvme0n1",
      type: "disk",
      size: 512_110_190_592,
      model: "SAMSUNG MZVL2512HCJQ",
      serial: "S64KNX0T123456",
      tran: "nvme",
      rm: false,
      hotplug: false,
      ro: false,
      rota: false,
      "log-sec": 512,
      "phy-sec": 512,
      mountpoints: [null],
      children: [
        { name: "nvme0n1p1", type: "part", mountpoints: ["/boot/efi"] },
        {
          name: "nvme0n1p2",
          type: "part",
          mountpoints: [null],
          children: [
            {
              name: "luks",
              type: "crypt",
              mountpoints: [null],
              children: [
                { name: "vg-root", type: "lvm", mountpoints: ["/"] },
                { name: "vg-swap", type: "lvm", mountpoints: ["[SWAP]"] },
              ],
            },
          ],
        },
      ],
    },
  ],
});

describe("Linux", () => {
  test("lists disks with reasons and leaves out what is none", async () => {
    const runCommand = answering({ lsblk: lsblk238 });
    const disks = await listDisks({ platform: "linux", runCommand });
    expect(codesOf(disks)).toEqual({
      "/dev/sda": [],
      "/dev/sdb": ["mounted"],
      "/dev/sdc": ["no-medium"],
      "/dev/sdd": ["in-use"],
      "/dev/nvme0n1": ["system", "mounted", "in-use"],
    });
    expect(disks[0]).toEqual({
      path: "/dev/sda",
      model: "ST8000VN004-2M2101",
      serialNumber: "WSD4KQ7T",
      sizeInBytes: 8_001_563_222_016,
      logicalSectorSizeInBytes: 512,
      physicalSectorSizeInBytes: 4096,
      bus: "sata",
      medium: "hdd",
      isRemovable: false,
      isReadOnly: false,
      isSystem: false,
      mountPoints: [],
      reasonsNotUsable: [],
    });
    expect(disks[1]).toMatchObject({
      bus: "usb",
      isRemovable: true,
      mountPoints: ["/media/anna/backup", "/mnt/second"],
    });
    expect(disks[1]!.reasonsNotUsable[0]!.message).toContain("/media/anna/backup, /mnt/second");
    expect(Object.isFrozen(disks[0]) && Object.isFrozen(disks[0]!.reasonsNotUsable)).toBe(true);
    expect(runCommand.calls).toEqual([
      "lsblk --json --bytes --output NAME,PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RM,HOTPLUG,RO,ROTA,LOG-SEC,PHY-SEC,MOUNTPOINTS",
    ]);
  });

  test("understands an older lsblk, which writes numbers as text and knows one mount point", async () => {
    const old = JSON.stringify({
      blockdevices: [
        {
          name: "vda",
          path: "/dev/vda",
          type: "disk",
          size: "21474836480",
          model: null,
          serial: null,
          tran: null,
          rm: "0",
          hotplug: "0",
          ro: "0",
          rota: "1",
          "log-sec": "512",
          "phy-sec": "512",
          mountpoint: null,
          children: [{ name: "vda1", type: "part", mountpoint: "/" }],
        },
        {
          name: "sda",
          path: "/dev/sda",
          type: "disk",
          size: "1000",
          model: "Tiny ",
          serial: " 0 1 ",
          tran: "sas",
          rm: "1",
          hotplug: "0",
          ro: "1",
          rota: "0",
          "log-sec": "520",
          "phy-sec": "520",
          mountpoint: null,
        },
      ],
    });
    const runCommand = answering({
      "lsblk --json --bytes --output NAME,PATH,TYPE,SIZE,MODEL,SERIAL,TRAN,RM,HOTPLUG,RO,ROTA,LOG-SEC,PHY-SEC,MOUNTPOINTS":
        {
          exitCode: 1,
          stderr: "lsblk: unknown column: MOUNTPOINTS",
        },
      lsblk: old,
    });
    const disks = await listDisks({ platform: "linux", runCommand });
    expect(codesOf(disks)).toEqual({
      "/dev/vda": ["system", "mounted", "no-serial-number"],
      "/dev/sda": ["read-only", "too-small", "unsupported-sector-size"],
    });
    expect(disks[0]).toMatchObject({ bus: "virtual", sizeInBytes: 21_474_836_480, model: "" });
    expect(disks[1]).toMatchObject({ bus: "sas", serialNumber: "01", model: "Tiny", medium: "ssd" });
  });

  (process.platform !== "linux" || isOracleMissing("lsblk") ? test.skip : test)(
    "this computer's disks can be listed",
    async () => {
      for (const disk of await listDisks()) {
        expect(disk).toMatchObject({
          path: expect.stringMatching(/^\/dev\//),
          sizeInBytes: expect.any(Number),
        });
      }
    },
  );
});

/** PowerShell 5.1 on Windows 11, from the listing script. */
const windowsDisks = JSON.stringify([
  {
    Number: 0,
    FriendlyName: "SAMSUNG MZVL2512HCJQ-00B00",
    SerialNumber: "0025_3855_11B0_1234.",
    Size: "512110190592",
    LogicalSectorSize: 512,
    PhysicalSectorSize: 4096,
    BusType: "NVMe",
    MediaType: "SSD",
    IsBoot: true,
    IsSystem: true,
    IsReadOnly: false,
    IsOffline: false,
    IsClustered: false,
    MountPoints: ["C:\\"],
  },
  {
    Number: 1,
    FriendlyName: "ST8000VN004-2M2101",
    SerialNumber: "            WSD4KQ7T",
    Size: "8001563222016",
    LogicalSectorSize: 512,
    PhysicalSectorSize: 4096,
    BusType: "SATA",
    MediaType: "HDD",
    IsBoot: false,
    IsSystem: false,
    IsReadOnly: true,
    IsOffline: true,
    IsClustered: false,
    MountPoints: [],
  },
  {
    Number: 2,
    FriendlyName: "WD My Passport 2627",
    SerialNumber: "WX32D4123456",
    Size: "4000786153472",
    LogicalSectorSize: 512,
    PhysicalSectorSize: 4096,
    BusType: "USB",
    MediaType: "Unspecified",
    IsBoot: false,
    IsSystem: false,
    IsReadOnly: false,
    IsOffline: false,
    IsClustered: false,
    MountPoints: "E:\\",
  },
  {
    Number: 3,
    FriendlyName: "Msft Virtual Disk",
    SerialNumber: null,
    Size: "1073741824",
    LogicalSectorSize: 512,
    PhysicalSectorSize: 512,
    BusType: "File Backed Virtual",
    MediaType: null,
    IsBoot: false,
    IsSystem: false,
    IsReadOnly: true,
    IsOffline: false,
    IsClustered: false,
    MountPoints: [],
  },
]);

describe("Windows", () => {
  test("lists disks with reasons", async () => {
    const runCommand = answering({ "powershell.exe": `\ufeff${windowsDisks}\r\n` });
    const disks = await listDisks({ platform: "win32", runCommand });
    expect(codesOf(disks)).toEqual({
      "\\\\.\\PhysicalDrive0": ["system", "mounted"],
      "\\\\.\\PhysicalDrive1": [],
      "\\\\.\\PhysicalDrive2": ["mounted"],
      "\\\\.\\PhysicalDrive3": ["read-only", "no-serial-number"],
    });
    expect(disks[1]).toMatchObject({
      serialNumber: "WSD4KQ7T",
      sizeInBytes: 8_001_563_222_016,
      medium: "hdd",
      bus: "sata",
    });
    expect(disks[2]).toMatchObject({ mountPoints: ["E:\\"], medium: "unknown", isRemovable: true });
    const [program, ...rest] = runCommand.calls[0]!.split(" ");
    expect([program, ...rest.slice(0, -1)]).toEqual([
      "powershell.exe",
      "-NoLogo",
      "-NoProfile",
      "-NonInteractive",
      "-OutputFormat",
      "Text",
      "-EncodedCommand",
    ]);
    const script = Buffer.from(rest.at(-1)!, "base64").toString("utf16le");
    expect(script).toMatch(/Get-Disk \| ForEach-Object/);
    expect(script).toContain("StartsWith('\\\\?\\')");
    expect(script).not.toMatch(/Set-Disk|Clear-Disk|Initialize|Format/);
  });

  test("a computer without disks prints nothing", async () => {
    expect(await listDisks({ platform: "win32", runCommand: answering({ "powershell.exe": "" }) })).toEqual(
      [],
    );
  });
});

const plist = (body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0">\n${body}\n</plist>\n`;
const dict = (entries: Record<string, string>): string =>
  `<dict>${Object.entries(entries)
    .map(([key, value]) => `<key>${key}</key>${value}`)
    .join("\n")}</dict>`;
const text = (value: string): string => `<string>${value}</string>`;
const array = (...values: string[]): string => `<array>${values.join("")}</array>`;

/** macOS 14: the internal disk with its APFS container, and an external drive with one mounted volume. */
const diskutilList = plist(
  dict({
    AllDisks: array(
      text("disk0"),
      text("disk0s2"),
      text("disk3"),
      text("disk3s1"),
      text("disk4"),
      text("disk4s1"),
    ),
    AllDisksAndPartitions: array(
      dict({
        DeviceIdentifier: text("disk0"),
        Size: "<integer>500277792768</integer>",
        Partitions: array(dict({ DeviceIdentifier: text("disk0s2") })),
      }),
      dict({
        DeviceIdentifier: text("disk3"),
        APFSPhysicalStores: array(dict({ DeviceIdentifier: text("disk0s2") })),
        APFSVolumes: array(
          dict({
            DeviceIdentifier: text("disk3s1"),
            MountedSnapshots: array(dict({ SnapshotMountPoint: text("/") })),
          }),
          dict({ DeviceIdentifier: text("disk3s5"), MountPoint: text("/System/Volumes/Data") }),
        ),
      }),
      dict({
        DeviceIdentifier: text("disk4"),
        Partitions: array(
          dict({ DeviceIdentifier: text("disk4s1"), MountPoint: text("/Volumes/Backup &amp; Co") }),
        ),
      }),
    ),
    WholeDisks: array(text("disk0"), text("disk3"), text("disk4")),
  }),
);
const diskutilInfo: Record<string, string> = {
  disk0: plist(
    dict({
      DeviceIdentifier: text("disk0"),
      DeviceNode: text("/dev/disk0"),
      MediaName: text("APPLE SSD AP0512Q"),
      BusProtocol: text("Apple Fabric"),
      Size: "<integer>500277792768</integer>",
      DeviceBlockSize: "<integer>4096</integer>",
      SolidState: "<true/>",
      WritableMedia: "<true/>",
      VirtualOrPhysical: text("Physical"),
    }),
  ),
  disk3: plist(
    dict({
      DeviceIdentifier: text("disk3"),
      DeviceNode: text("/dev/disk3"),
      BusProtocol: text("Apple Fabric"),
      VirtualOrPhysical: text("Virtual"),
    }),
  ),
  disk4: plist(
    dict({
      DeviceIdentifier: text("disk4"),
      DeviceNode: text("/dev/disk4"),
      MediaName: text("Elements 25A3"),
      BusProtocol: text("USB"),
      Size: "<integer>8001529315328</integer>",
      DeviceBlockSize: "<integer>512</integer>",
      RemovableMediaOrExternalDevice: "<true/>",
      WritableMedia: "<true/>",
      VirtualOrPhysical: text("Physical"),
    }),
  ),
};
const systemProfiler = JSON.stringify({
  SPNVMeDataType: [{ _items: [{ _name: "APPLE SSD", bsd_name: "disk0", device_serial: "0ba01234c5678" }] }],
  SPUSBDataType: [
    {
      _items: [
        {
          _name: "Elements 25A3",
          serial_num: "3756 4853",
          Media: [{ bsd_name: "disk4", volumes: [{ bsd_name: "disk4s1" }] }],
        },
      ],
    },
  ],
});

describe("macOS", () => {
  test("lists physical disks with what is mounted from their containers", async () => {
    const runCommand = answering({
      "diskutil list -plist": diskutilList,
      ...Object.fromEntries(
        Object.entries(diskutilInfo).map(([name, info]) => [`diskutil info -plist ${name}`, info]),
      ),
      system_profiler: systemProfiler,
    });
    const disks = await listDisks({ platform: "darwin", runCommand });
    expect(codesOf(disks)).toEqual({ "/dev/disk0": ["system", "mounted"], "/dev/disk4": ["mounted"] });
    expect(disks[0]).toMatchObject({
      mountPoints: ["/", "/System/Volumes/Data"],
      medium: "ssd",
      serialNumber: "0ba01234c5678",
    });
    expect(disks[1]).toMatchObject({
      model: "Elements 25A3",
      serialNumber: "37564853",
      bus: "usb",
      medium: "unknown",
      sizeInBytes: 8_001_529_315_328,
      mountPoints: ["/Volumes/Backup & Co"],
    });
  });

  test.each([
    ["an entity of its own", plist("<string>&evil;</string>")],
    ["a value without a key", plist("<dict><string>a</string></dict>")],
    ["something unknown", plist("<oops/>")],
    ["no value", plist("")],
    ["not closed", plist("<dict>")],
    ["nested without end", plist("<array>".repeat(100) + "</array>".repeat(100))],
    ["not XML", "diskutil: unrecognized option"],
  ])("a property list with %s is refused", async (_, output) => {
    const runCommand = answering({ "diskutil list": output, system_profiler: "{}" });
    await expect(listDisks({ platform: "darwin", runCommand })).rejects.toMatchObject({
      name: "DeviceError",
      code: "bad-format",
    });
  });
});

describe("failures", () => {
  test.each([
    ["a missing program", answering({}), "linux", "command-failed"],
    [
      "a failing program",
      answering({ lsblk: { exitCode: 32, stderr: "lsblk: failed" } }),
      "linux",
      "command-failed",
    ],
    ["nonsense", answering({ lsblk: "no JSON" }), "linux", "bad-format"],
    ["nonsense", answering({ "powershell.exe": "Get-Disk : access denied" }), "win32", "bad-format"],
    ["another system", answering({}), "aix", "unsupported"],
  ] as const)("%s", async (_, runCommand, platform, code) => {
    await expect(listDisks({ platform, runCommand })).rejects.toMatchObject({ name: "DeviceError", code });
  });

  test.each(["{}", "[]", "null", '{"blockdevices":null}', '{"blockdevices":[null,3,"x",{"type":"disk"}]}'])(
    "odd but valid JSON lists what can be listed: %s",
    async (output) => {
      const disks = await listDisks({ platform: "linux", runCommand: answering({ lsblk: output }) });
      expect(disks.every((disk) => disk.reasonsNotUsable.length > 0)).toBe(true);
    },
  );
});

describe("hardware advice", () => {
  const disk: Disk = {
    path: "/dev/sda",
    model: "X",
    serialNumber: "1",
    sizeInBytes: 8e12,
    logicalSectorSizeInBytes: 512,
    physicalSectorSizeInBytes: 4096,
    bus: "sata",
    medium: "hdd",
    isRemovable: false,
    isReadOnly: false,
    isSystem: false,
    mountPoints: [],
    reasonsNotUsable: [],
  };
  test.each<[Partial<Disk>, readonly string[]]>([
    [{}, []],
    [{ sizeInBytes: 10_000_831_348_736 }, []],
    [{ sizeInBytes: 12_000_138_625_024 }, ["larger-than-10-tb"]],
    [{ bus: "usb" }, ["usb-attached"]],
    [{ bus: "usb", logicalSectorSizeInBytes: 4096 }, ["usb-attached", "sector-size-changed"]],
    [{ bus: "nvme" }, ["not-sata"]],
    [{ bus: "sas", logicalSectorSizeInBytes: 4096 }, ["not-sata", "sector-size-4096"]],
    [{ bus: "virtual" }, ["virtual-disk"]],
    [{ bus: "unknown" }, []],
  ])("%p", (change, codes) => {
    expect(adviseOnHardware({ ...disk, ...change }).map((advice) => advice.code)).toEqual(codes);
  });
});
