/** Maps methods and path templates such as `/subscriptions/{subscriptionId}` to functions. */
import type { EmulatorRequest, EmulatorResponse, RequestHandler } from "./http.js";

/** A request whose path matched a template. */
export interface RoutedRequest extends EmulatorRequest {
  /** Decoded values of the template's `{names}`. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** Answers requests that matched one template. */
export type RouteHandler = (request: RoutedRequest) => Promise<EmulatorResponse> | EmulatorResponse;

/** One line of a service's table of paths. */
export interface Route {
  readonly method: "DELETE" | "GET" | "HEAD" | "PATCH" | "POST" | "PUT";
  /** Fixed segments match in any case, as resource ids do; `{name}` matches one segment that is not empty. */
  readonly path: string;
  readonly handle: RouteHandler;
}

/**
 * Makes one handler of a table of routes. The first template that matches wins.
 *
 * A path that matches a template under another method only is answered with 405; an unknown path is left to others.
 */
export function createRouter(routes: readonly Route[]): RequestHandler {
  const compiled = routes.map((route) => ({ route, segments: segmentsOf(route.path) }));
  return async (request) => {
    const segments = segmentsOf(request.path);
    const allowedMethods: string[] = [];
    for (const { route, segments: template } of compiled) {
      const parameters = matchSegments(template, segments);
      if (parameters === undefined) continue;
      if (route.method === request.method) return route.handle({ ...request, parameters });
      allowedMethods.push(route.method);
    }
    if (allowedMethods.length === 0) return undefined;
    return {
      status: 405,
      headers: { Allow: allowedMethods.join(", ") },
      body: {
        error: {
          code: "MethodNotAllowed",
          message: `The method ${request.method} is not allowed here; allowed: ${allowedMethods.join(", ")}.`,
        },
      },
    };
  };
}

function segmentsOf(path: string): readonly string[] {
  return path.replace(/^\//, "").replace(/\/$/, "").split("/");
}

function matchSegments(
  template: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  if (template.length !== segments.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, expected] of template.entries()) {
    const segment = decodeSegment(segments[index]!);
    if (segment === undefined || segment === "") return undefined;
    const name = /^\{(\w+)\}$/.exec(expected)?.[1];
    if (name !== undefined) parameters[name] = segment;
    else if (segment.toLowerCase() !== expected.toLowerCase()) return undefined;
  }
  return Object.freeze(parameters);
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
