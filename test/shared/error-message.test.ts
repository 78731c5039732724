import { runInNewContext } from "node:vm";
import { expect, test } from "@jest/globals";
import { errorMessageOf } from "../../src/shared/error-message.js";

test("finds the text of anything that can be thrown", () => {
  const foreign: unknown = runInNewContext("new Error('from elsewhere')");
  expect([
    errorMessageOf(new TypeError("plain")),
    errorMessageOf(foreign),
    errorMessageOf({ message: 7 }),
    errorMessageOf("text"),
    errorMessageOf(undefined),
    errorMessageOf(null),
  ]).toEqual(["plain", "from elsewhere", "7", "text", "undefined", "null"]);
});
