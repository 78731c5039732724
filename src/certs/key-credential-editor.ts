/**
 * Changing the certificates of an application without losing anybody's.
 *
 * Graph replaces the whole collection at once and has no conditional update. The collection is therefore read with its
 * keys, changed, written back, and read again until the change is there to stay.
 */
import type { AbortOptions, Clock } from "../shared/index.js";
import { type AzureJsonClient, type JsonObject, serviceErrorOf } from "./azure-json-client.js";
import { CertsError } from "./certs-error.js";
import { keyCredentialsOf } from "./graph-applications.js";
import { managePermission, readPermission } from "./graph-permissions.js";
import { requireGuid } from "./names.js";
import { repeatUntilDefined } from "./patience.js";

type AbortSignalOption = AbortOptions["abortSignal"];

/** Reads and changes the key credentials of applications. */
export interface KeyCredentialEditor {
  /** Key credentials with their keys, as sent. An application that is not visible yet is waited for. */
  read(objectId: string, abortSignal: AbortSignalOption): Promise<readonly JsonObject[]>;
  /**
   * Lets `change` make the new collection from the present one until it wants nothing more (undefined).
   *
   * @throws CertsError `concurrent-change`, `replication-timeout`, `permission-missing`, `unexpected-answer`.
   */
  change(
    objectId: string,
    abortSignal: AbortSignalOption,
    change: (credentials: readonly JsonObject[]) => readonly JsonObject[] | undefined,
  ): Promise<void>;
}

const maxWrites = 6;

/** An editor that waits `settlingTimeInMs`, doubling, before it looks whether a write has lasted. */
export function createKeyCredentialEditor(
  graph: AzureJsonClient,
  clock: Clock,
  settlingTimeInMs: number,
): KeyCredentialEditor {
  const read: KeyCredentialEditor["read"] = (objectId, abortSignal) => {
    const path = `/v1.0/applications/${requireGuid(objectId)}`;
    return repeatUntilDefined(
      async () => {
        const answer = await graph.send("GET", path, {
          abortSignal,
          query: { $select: "keyCredentials" },
          permission: readPermission,
          alsoAccept: [404],
        });
        return answer.status === 404 ? undefined : keyCredentialsOf(answer.body);
      },
      { clock, awaited: `The application ${objectId}`, abortSignal },
    );
  };

  /** Writes the collection; refusals that others caused are left to the next reading. */
  const write = async (
    objectId: string,
    keyCredentials: readonly JsonObject[],
    abortSignal: AbortSignalOption,
  ): Promise<void> => {
    const answer = await graph.send("PATCH", `/v1.0/applications/${requireGuid(objectId)}`, {
      abortSignal,
      permission: managePermission,
      body: { keyCredentials },
      alsoAccept: [400, 404, 409, 412],
    });
    const { code, message } = serviceErrorOf(answer.body);
    // "Update to existing credential with KeyId … is not allowed": an entry is no longer what was read.
    if (answer.status === 400 && !message.includes("is not allowed")) {
      throw new CertsError(
        "unexpected-answer",
        `Microsoft Graph refused the certificates of application ${objectId}: ${code}: ${message}`,
        { details: { objectId, serviceCode: code } },
      );
    }
  };

  return {
    read,
    async change(objectId, abortSignal, change) {
      for (let writes = 0; ; writes += 1) {
        const wanted = change(await read(objectId, abortSignal));
        if (wanted === undefined) return;
        if (writes === maxWrites) {
          throw new CertsError(
            "concurrent-change",
            `The certificates of application ${objectId} are being changed by somebody else at the same time; ${maxWrites} attempts did not last. Try again later.`,
            { details: { objectId, writes } },
          );
        }
        await write(objectId, wanted, abortSignal);
        await clock.sleep(settlingTimeInMs * 2 ** Math.min(writes, 3), abortSignal);
      }
    },
  };
}
