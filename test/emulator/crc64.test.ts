import { expect, test } from "@jest/globals";
import { createCrc64 } from "../../src/emulator/datacentre/crc64.js";
import { crc64nvmeOf } from "./support/crc64-reference.js";

test("CRC-64 has the published check value, in one piece and in many", () => {
  const bytes = Buffer.from("123456789");
  const whole = createCrc64();
  whole.update(bytes);
  const pieces = createCrc64();
  for (const byte of bytes) pieces.update(Uint8Array.of(byte));
  expect([whole.value(), pieces.value(), crc64nvmeOf(bytes)]).toEqual(
    Array.from({ length: 3 }, () => 0xae8b14860a799888n),
  );
});
