/** The library's only log: silent unless the host switches `@azure/logger` on. Never given keys, passwords or tokens. */
import { type AzureLogger, createClientLogger } from "@azure/logger";

/** Logger of one room, named `azure:offline-seed:<room>`. */
export function createRoomLogger(room: string): AzureLogger {
  return createClientLogger(`offline-seed:${room}`);
}
