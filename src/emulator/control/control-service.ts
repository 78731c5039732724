/**
 * The control door of the emulator: what has no counterpart in Azure, for other processes on this computer. It signs the
 * administrator in and takes packages to the datacentre. Opened by a key that is made at start and never logged.
 */
import { createHash, timingSafeEqual } from "node:crypto";
import type { TokenCredential } from "@azure/core-auth";
import type { Datacentre, ShippedPackage } from "../datacentre/datacentre.js";
import { isEmulatorError } from "../emulator-error.js";
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "../http.js";
import { createRouter } from "../router.js";

/** What the door leads to. */
export interface ControlServiceOptions {
  readonly controlKey: string;
  readonly adminCredential: TokenCredential;
  readonly datacentre: Pick<Datacentre, "sendPackage">;
}

/** Paths of the door. */
export const controlPaths = Object.freeze({ tokens: "/control/tokens", packages: "/control/packages" });

/** Makes the handler. Requests without the key are answered with 401. */
export function createControlService(options: ControlServiceOptions): RequestHandler {
  const guarded =
    (handle: (body: Readonly<Record<string, unknown>>) => Promise<EmulatorResponse> | EmulatorResponse) =>
    async (request: EmulatorRequest): Promise<EmulatorResponse> => {
      if (!hasKey(request, options.controlKey))
        return refusal(401, "Unauthorized", "The control key is wrong.");
      const body = await request.json();
      if (typeof body !== "object" || body === null)
        return refusal(400, "InvalidRequest", "A body is needed.");
      return await handle(body as Readonly<Record<string, unknown>>);
    };
  return createRouter([
    {
      method: "POST",
      path: controlPaths.tokens,
      handle: guarded(async ({ scope }) => {
        if (typeof scope !== "string") return refusal(400, "InvalidRequest", "A scope is needed.");
        const token = await options.adminCredential.getToken(scope);
        return { status: 200, body: token };
      }),
    },
    {
      method: "POST",
      path: controlPaths.packages,
      handle: guarded((body) => {
        const shipped = packageOf(body);
        if (!shipped)
          return refusal(400, "InvalidRequest", "carrierName, trackingNumber and drives are needed.");
        try {
          options.datacentre.sendPackage(shipped);
          return { status: 202, body: {} };
        } catch (error) {
          if (!isEmulatorError(error)) throw error;
          return refusal(400, error.code, error.message);
        }
      }),
    },
  ]);
}

function packageOf(body: Readonly<Record<string, unknown>>): ShippedPackage | undefined {
  const { carrierName, trackingNumber, images } = body;
  if (typeof carrierName !== "string" || typeof trackingNumber !== "string") return undefined;
  if (!Array.isArray(images) || !images.every((image) => typeof image === "string")) return undefined;
  return { carrierName, trackingNumber, drives: images.map((image) => ({ image })) };
}

function hasKey(request: EmulatorRequest, controlKey: string): boolean {
  // Digests have one length, which the comparison in constant time needs.
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(request.headers["authorization"] ?? ""), digest(`Bearer ${controlKey}`));
}

function refusal(status: number, code: string, message: string): EmulatorResponse {
  return { status, body: { error: { code, message } } };
}
