/** The small pure parts: sizes, arguments, progress lines, the line that goes on, what a terminal shows. */
import { describe, expect, test } from "@jest/globals";
import { parseNameValueArguments, requiredValue } from "../../src/cli/original/name-value-arguments.js";
import { parseByteSize, parseDriveSize } from "../../src/cli/parse/byte-size.js";
import { parseSeconds, parseWholeNumber } from "../../src/cli/parse/numbers.js";
import { createProgressDisplay } from "../../src/cli/progress/progress-display.js";
import { formatDuration, formatProgressLine } from "../../src/cli/progress/progress-line.js";
import { resumingCommandLine } from "../../src/cli/resuming-command-line.js";
import type { Progress } from "../../src/shared/index.js";
import { terminalText } from "./support/terminal-text.js";

function progressOf(bytesDone: number, bytesTotal: number | undefined, phase = "writing"): Progress {
  return { phase, bytesDone, bytesTotal, itemsDone: 0, itemsTotal: undefined, item: undefined };
}

describe("sizes and numbers", () => {
  test.each([
    ["4TB", 4e12],
    ["1.5 gb", 1.5e9],
    ["512MiB", 536_870_912],
    ["4096", 4096],
  ])("%s", (text, bytes) => expect(parseByteSize(text)).toBe(bytes));
  test.each(["", "large", "-1GB", "0", "1PB", "1e3", "1.2.3GB"])("'%s' is refused", (text) => {
    expect(() => parseByteSize(text)).toThrow(RangeError);
  });
  test("drives are whole mebibytes", () => {
    expect(parseDriveSize("512MB")).toBe(488 * 1024 * 1024);
    expect(() => parseDriveSize("1kB")).toThrow(RangeError);
  });
  test("numbers stay in their range", () => {
    expect([parseWholeNumber(1, 64)("8"), parseSeconds("0.5")]).toEqual([8, 500]);
    for (const text of ["0", "65", "1.5", "x"])
      expect(() => parseWholeNumber(1, 64)(text)).toThrow(RangeError);
    for (const text of ["0", "-1", "x", "100000"]) expect(() => parseSeconds(text)).toThrow(RangeError);
  });
});

describe("original arguments", () => {
  test("values may hold colons, names any case and order", () => {
    const values = parseNameValueArguments(
      ["P:C:\\x.publishsettings", "s:\\\\server\\share", "U:"],
      ["s", "p", "u"],
    );
    expect([...values]).toEqual([
      ["p", "C:\\x.publishsettings"],
      ["s", "\\\\server\\share"],
      ["u", ""],
    ]);
  });
  test.each([[["x:1"]], [["s"]], [["s:1", "S:2"]], [[":1"]]])("%j is refused", (words) => {
    expect(() => parseNameValueArguments(words, ["s"])).toThrow(expect.objectContaining({ code: "usage" }));
  });
  test("what must be there is named", () => {
    expect(() => requiredValue(new Map([["s", ""]]), "s")).toThrow(/s:<value> is missing/);
  });
});

describe("progress", () => {
  test("a line has bar, amounts, rate and remaining time", () => {
    const progress = progressOf(25e9, 100e9);
    expect(formatProgressLine({ title: "WX1", progress, bytesPerSecond: 250e6 })).toBe(
      "WX1 writing  [#####---------------]   25 %  25.00 GB of 100.00 GB  250.00 MB/s  5 min left",
    );
    expect([5, 89.5, 91, 5401, 36_000].map(formatDuration)).toEqual([
      "5 s",
      "90 s",
      "2 min",
      "1 h 31 min",
      "10 h 00 min",
    ]);
  });

  test("on a terminal each drive has a bar that is drawn over itself and taken away", () => {
    let nowInMs = 0;
    let bytes = "";
    const screen = {
      isTerminal: true,
      columns: 100,
      write: (text: string) => (bytes += text.replaceAll("\n", "\r\n")),
    };
    const display = createProgressDisplay(screen, { nowInMs: () => nowInMs });
    for (let step = 0; step < 20; step += 1) {
      display.listener("A")(progressOf(step * 10, 200));
      display.listener("B")(progressOf(step, 200));
      nowInMs += 300;
    }
    expect(
      terminalText(bytes)
        .split("\n")
        .filter((line) => line !== ""),
    ).toEqual([
      expect.stringMatching(/^A writing .* 95 %.* 33 B\/s/),
      expect.stringMatching(/^B writing .* 9 %/),
    ]);
    display.end();
    expect(terminalText(bytes).trim()).toBe("");
  });

  test("elsewhere a line is written every ten seconds", () => {
    let nowInMs = 0;
    const lines: string[] = [];
    const screen = { isTerminal: false, columns: 100, write: (text: string) => lines.push(text) };
    const display = createProgressDisplay(screen, { nowInMs: () => nowInMs });
    for (; nowInMs < 35_000; nowInMs += 500) display.listener("A")(progressOf(nowInMs, 100_000));
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(/^A writing .*30 %.*1.00 kB\/s {2}70 s left\n$/);
  });
});

test("the command line that goes on is the same one, quoted, without what begins anew", () => {
  expect(resumingCommandLine(["prepare", "--image", "my drive's.img", "--overwrite", "--size", "1TB"])).toBe(
    "offline-seed prepare --image 'my drive'\\''s.img' --size 1TB",
  );
});
