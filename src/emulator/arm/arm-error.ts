/**
 * Refusals in the form every Azure Resource Manager provider uses:
 * `{"error":{"code","message","target","details":[{"code","target","message"}]}}`.
 */
import type { EmulatorResponse } from "../http.js";

/** One thing that is wrong with a request. */
export interface ArmErrorDetail {
  readonly code: string;
  readonly message: string;
  /** JSON path of the property concerned. */
  readonly target?: string;
}

/** Parts of a refusal beside its code and message. */
export interface ArmErrorExtras {
  readonly target?: string;
  readonly details?: readonly ArmErrorDetail[];
  readonly headers?: Readonly<Record<string, string>>;
}

/** Makes the response of a refused request. */
export function armError(
  status: number,
  code: string,
  message: string,
  extras: ArmErrorExtras = {},
): EmulatorResponse {
  return {
    status,
    headers: { ...extras.headers, "x-ms-failure-cause": "service" },
    body: {
      error: {
        code,
        message,
        ...(extras.target === undefined ? {} : { target: extras.target }),
        ...(extras.details === undefined ? {} : { details: extras.details }),
      },
    },
  };
}

/** The refusal of a body with one or more wrong values; the first one gives the message and the target. */
export function invalidBodyResponse(problems: readonly ArmErrorDetail[]): EmulatorResponse {
  const [first] = problems;
  return armError(400, "InvalidArgument", first?.message ?? "The request content is not valid.", {
    ...(first?.target === undefined ? {} : { target: first.target }),
    details: problems,
  });
}

/** 404 for a resource that does not exist, in Resource Manager's words. */
export function resourceNotFound(
  resourceType: string,
  name: string,
  resourceGroup: string,
): EmulatorResponse {
  return armError(
    404,
    "ResourceNotFound",
    `The Resource '${resourceType}/${name}' under resource group '${resourceGroup}' was not found.`,
  );
}
