/** Checks of this computer: program, folders, tools, disks, and whether it can be the copy machine. */
import { dirname } from "node:path";
import { adviseOnHardware, formatBytes } from "../../diskprep/index.js";
import { systemErrorCode } from "../../shared/index.js";
import { describeDisk } from "../drives/chosen-drive.js";
import { type Check, found } from "./check.js";
import type { DoctorContext } from "./doctor-context.js";

const leastNodeVersion = [20, 19] as const;
/** Catalog, hashes and rounding up of pages beside the data. */
const stagingOverhead = 1.02;
const comfortableOverhead = 1.1;

const nodeVersion: Check = {
  code: "node-version",
  async ask({ nodeVersion: version }) {
    const [major = 0, minor = 0] = version.split(".").map(Number);
    const [leastMajor, leastMinor] = leastNodeVersion;
    if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) {
      return found.ok(`Node.js ${version}`);
    }
    return found.failed(
      `Node.js ${version} is too old.`,
      `Install Node.js ${leastMajor}.${leastMinor} or newer.`,
    );
  },
};

const sourceFolder: Check = {
  code: "source-folder",
  async ask(context) {
    const { sourceFolder: folder } = context.settings;
    const { files, bytes, unreadable } = await context.folderSize(folder);
    if (files === 0) {
      return found.failed(
        `${folder} holds nothing that can be read.`,
        "Check the path and whose rights the program runs with.",
      );
    }
    if (unreadable > 0) {
      return found.warning(
        `${unreadable} files or folders of ${folder} cannot be read.`,
        "Run as somebody who may read them, or stage from a snapshot.",
      );
    }
    return found.ok(`${files} files, ${formatBytes(bytes)} in ${folder}`);
  },
};

const stagingSpace: Check = {
  code: "staging-space",
  needs: ["source-folder"],
  async ask(context) {
    const { stagingFolder, sourceFolder: source } = context.settings;
    const freeBytes = await freeBytesNear(context, stagingFolder);
    const { bytes } = await context.folderSize(source);
    const text = `${formatBytes(freeBytes)} free at ${stagingFolder} for ${formatBytes(bytes)} of data`;
    if (freeBytes < bytes * stagingOverhead) {
      return found.failed(
        `Only ${text}.`,
        "Choose a larger staging location, stage with --compression, or use 'offline-seed adopt', which copies nothing.",
      );
    }
    if (freeBytes < bytes * comfortableOverhead) {
      return found.warning(`Just ${text}.`, "Make room, in case the source grows before it is staged.");
    }
    return found.ok(text);
  },
};

/** The folder may not be there yet; then the one it will be made in counts. */
async function freeBytesNear(context: DoctorContext, folder: string): Promise<number> {
  for (let path = folder; ; path = dirname(path)) {
    try {
      return await context.freeBytes(path);
    } catch (error) {
      if (systemErrorCode(error) !== "ENOENT" || dirname(path) === path) throw error;
    }
  }
}

const tools: Check = {
  code: "tools",
  async ask({ computer }) {
    const needed: Partial<Record<NodeJS.Platform, readonly [string, ...string[]]>> = {
      linux: ["lsblk", "--version"],
      win32: ["powershell.exe", "-NoProfile", "-Command", "exit 0"],
      darwin: ["diskutil", "list"],
    };
    const command = needed[computer.platform];
    if (!command) {
      return found.warning(
        `Disks cannot be listed on '${computer.platform}'.`,
        "Make images here and write them to drives with another program.",
      );
    }
    const [program, ...programArguments] = command;
    const exitCode = await computer
      .runCommand(program, programArguments)
      .then((result) => result.exitCode)
      .catch(() => undefined);
    if (exitCode === 0) return found.ok(`${program} is there`);
    const advice =
      computer.platform === "linux" ? "Install it (Debian package util-linux)." : "Put it on the path.";
    return found.failed(`${program} cannot be run; it is needed to list disks.`, advice);
  },
};

const disks: Check = {
  code: "disks",
  needs: ["tools"],
  async ask({ computer, isEmulator }) {
    if (isEmulator) return found.skipped("The local Azure takes images; no disk is needed.");
    if (computer.platform === "darwin") {
      return found.warning(
        "Disks cannot be written on macOS.",
        "Make images here and write them to drives with another program.",
      );
    }
    const listed = await computer.listDisks();
    const usable = listed.filter(({ reasonsNotUsable }) => reasonsNotUsable.length === 0);
    if (usable.length === 0) {
      const reasons = listed.flatMap((disk) =>
        disk.reasonsNotUsable.map(({ message }) => `${describeDisk(disk)}: ${message}`),
      );
      return found.failed(
        ["There is no disk that may be written.", ...reasons].join(" "),
        "Attach an empty internal SATA drive, directly or through a plain adapter.",
      );
    }
    const advice = usable.flatMap((disk) =>
      adviseOnHardware(disk).map(({ message }) => `${describeDisk(disk)}: ${message}`),
    );
    const names = usable.map(describeDisk).join("; ");
    return advice.length > 0
      ? found.warning(`Disks that may be written: ${names}.`, advice.join(" "))
      : found.ok(`Disks that may be written: ${names}`);
  },
};

const elevation: Check = {
  code: "elevation",
  async ask({ isElevated, isEmulator, computer }) {
    if (isEmulator) return found.skipped("Images need no special rights.");
    if (isElevated === undefined) return found.skipped("It cannot be told on this system.");
    if (isElevated) return found.ok("Disks may be written");
    const how = computer.platform === "win32" ? "an elevated prompt" : "sudo";
    return found.warning(
      "Writing to disks needs the rights of an administrator.",
      `Run 'prepare' with ${how}.`,
    );
  },
};

const copyMachine: Check = {
  code: "copy-machine",
  async ask(context) {
    if (context.isEmulator) return found.skipped("Images can be made on any machine.");
    const machine = await virtualMachineOf(context);
    if (machine === undefined) return found.skipped("It cannot be told whether this is a virtual machine.");
    if (machine === "") return found.ok("This is a physical machine");
    return found.warning(
      `This is a virtual machine (${machine}); drives must be written by a physical one.`,
      "Put the staging location on a share, and run 'prepare' and everything after it on a physical machine.",
    );
  },
};

const virtualNames =
  /vmware|virtualbox|kvm|qemu|virtual machine|xen|hvm|bochs|parallels|google compute|amazon ec2/i;

/** What the machine calls itself when it is virtual, "" when it is not, undefined when nobody says. */
async function virtualMachineOf({ computer, systemText }: DoctorContext): Promise<string | undefined> {
  const outputOf = (program: string, ...programArguments: string[]): Promise<string | undefined> =>
    computer
      .runCommand(program, programArguments)
      .then(({ stdout }) => stdout.trim())
      .catch(() => undefined);
  if (computer.platform === "win32") {
    const script = "$c = Get-CimInstance Win32_ComputerSystem; $c.Manufacturer + ' ' + $c.Model";
    const model = await outputOf("powershell.exe", "-NoProfile", "-NonInteractive", "-Command", script);
    return model === undefined || model === "" ? undefined : virtualNames.test(model) ? model : "";
  }
  if (computer.platform === "darwin") {
    const isVirtual = await outputOf("sysctl", "-n", "kern.hv_vmm_present");
    return isVirtual === undefined ? undefined : isVirtual === "1" ? "macOS guest" : "";
  }
  const detected = await outputOf("systemd-detect-virt", "--vm");
  if (detected !== undefined && detected !== "") return detected === "none" ? "" : detected;
  const names = [
    await systemText("/sys/class/dmi/id/sys_vendor"),
    await systemText("/sys/class/dmi/id/product_name"),
  ].filter((text) => text !== undefined);
  if (names.length === 0) return undefined;
  const name = names.map((text) => text.trim()).join(" ");
  return virtualNames.test(name) ? name : "";
}

const returnAddress: Check = {
  code: "return-address",
  async ask({ settings }) {
    if (settings.returnAddress && settings.returnShipping) {
      const { recipientName, city, countryOrRegion } = settings.returnAddress;
      return found.ok(
        `${recipientName}, ${city}, ${countryOrRegion}, back with ${settings.returnShipping.carrierName}`,
      );
    }
    return found.warning(
      "Return address or return carrier is missing; no import job can be ordered without them.",
      "'offline-seed job create' asks for them.",
    );
  },
};

/** In the order in which they are asked. */
export const computerChecks: readonly Check[] = [
  nodeVersion,
  sourceFolder,
  stagingSpace,
  tools,
  disks,
  elevation,
  copyMachine,
  returnAddress,
];
