/** Closing a file that holds secrets to everybody but its owner where permission bits do not do it: on Windows. */
import { type CommandRunner, systemCommandRunner } from "./command-runner.js";

/** What {@link closeToOthers} stands on; exchanged in tests. */
export interface CloseToOthersOptions {
  /** Default: that of this process. */
  readonly platform?: NodeJS.Platform;
  /** Starts `icacls.exe`. Default: as a child process, without a shell. */
  readonly runCommand?: CommandRunner;
}

/**
 * Who may open the file afterwards, by well-known security identifiers because names of accounts are translated:
 * OWNER RIGHTS, SYSTEM (the backup agent's account), Administrators.
 */
const allowed = ["*S-1-3-4:F", "*S-1-5-18:F", "*S-1-5-32-544:F"] as const;

/**
 * Replaces the access list of a file on Windows; elsewhere does nothing, as the mode given at creation is enough.
 * May be repeated.
 *
 * @throws Error with code `EPERM` when the file cannot be closed, for example because its volume keeps no access lists
 */
export async function closeToOthers(path: string, options: CloseToOthersOptions = {}): Promise<void> {
  const { platform = process.platform, runCommand = systemCommandRunner } = options;
  if (platform !== "win32") return;
  const program = `${process.env["SystemRoot"] ?? "C:\\Windows"}\\System32\\icacls.exe`;
  const result = await runCommand(program, [path, "/inheritance:r", "/grant:r", ...allowed]);
  if (result.exitCode === 0) return;
  const text = `${result.stderr} ${result.stdout}`.replace(/\s+/g, " ").trim();
  throw Object.assign(
    new Error(
      `${path} cannot be closed to other users, and secrets are not written where others could read them. Choose a folder on an NTFS volume. (icacls ended with ${result.exitCode}: ${text})`,
    ),
    { code: "EPERM" },
  );
}
