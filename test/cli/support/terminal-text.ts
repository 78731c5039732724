/** What a terminal shows in the end of the bytes it got: enough of ECMA-48 for line editing and bars drawn over themselves. */

/** The lines of the screen with everything that was erased left out. */
export function terminalText(bytes: string): string {
  const lines: string[] = [""];
  let row = 0;
  let column = 0;
  const put = (character: string): void => {
    const line = (lines[row] ?? "").padEnd(column);
    lines[row] = line.slice(0, column) + character + line.slice(column + 1);
    column += 1;
  };
  const move = (toRow: number): void => {
    row = Math.max(0, toRow);
    while (lines.length <= row) lines.push("");
  };
  const control = (parameters: string, command: string): void => {
    const count = Number(parameters || "1");
    if (command === "A") move(row - count);
    if (command === "B") move(row + count);
    if (command === "C") column += count;
    if (command === "D") column = Math.max(0, column - count);
    if (command === "G") column = count - 1;
    if (command === "K") lines[row] = parameters === "2" ? "" : (lines[row] ?? "").slice(0, column);
    if (command === "J") {
      lines[row] = (lines[row] ?? "").slice(0, column);
      lines.length = row + 1;
    }
  };
  const pattern = /\u001b\[([0-9;?]*)([A-Za-z])|([\s\S])/g;
  for (const [, parameters, command, character] of bytes.matchAll(pattern)) {
    if (command !== undefined) control(parameters ?? "", command);
    else if (character === "\r") column = 0;
    else if (character === "\n") move(row + 1);
    else if (character !== undefined && character >= " ") put(character);
  }
  return lines.map((line) => line.trimEnd()).join("\n");
}
