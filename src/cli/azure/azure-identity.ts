/** Signing in with `@azure/identity`, an optional package that is loaded only when a token is needed. */
import type { TokenCredential } from "@azure/core-auth";
import type { AzureCloud } from "../../certs/index.js";
import { systemErrorCode } from "../../shared/index.js";
import { CliError } from "../cli-error.js";

/** Who signs in, for the option `--sign-in`. `auto`: the seed's certificate where it is at hand, otherwise `default`. */
export const signIns = ["auto", "certificate", "default", "browser", "device-code"] as const;

/** One of {@link signIns}. */
export type SignIn = (typeof signIns)[number];

/** The seed's application, which signs in with its certificate. */
export interface CertificateSignIn {
  readonly tenantId: string;
  readonly applicationId: string;
  /** SECRET: certificate and private key. */
  readonly pem: string;
}

/** How the sign-in service is reached. */
export interface SignInOptions {
  readonly cloud: AzureCloud;
  readonly clientOptions: { readonly tlsOptions?: { readonly ca: string } };
}

/** A credential; it asks for a token when it is first used. @throws CliError `package-missing` */
export async function signInWithAzureIdentity(
  how: SignIn | CertificateSignIn,
  { cloud, clientOptions }: SignInOptions,
): Promise<TokenCredential> {
  const identity = await loadAzureIdentity();
  const options = {
    authorityHost: cloud.authorityHost,
    // A cloud of one's own is unknown to the public instance discovery.
    ...(clientOptions.tlsOptions && { disableInstanceDiscovery: true }),
    ...clientOptions,
  };
  if (typeof how !== "string") {
    const { tenantId, applicationId, pem } = how;
    return new identity.ClientCertificateCredential(tenantId, applicationId, { certificate: pem }, options);
  }
  if (how === "browser") return new identity.InteractiveBrowserCredential(options);
  if (how === "device-code") return new identity.DeviceCodeCredential(options);
  return new identity.DefaultAzureCredential(options);
}

async function loadAzureIdentity(): Promise<typeof import("@azure/identity")> {
  try {
    return await import("@azure/identity");
  } catch (cause) {
    if (systemErrorCode(cause) !== "ERR_MODULE_NOT_FOUND") throw cause;
    throw new CliError(
      "package-missing",
      "Signing in to Azure needs the package '@azure/identity'. Install it beside this one: npm install @azure/identity",
      { cause },
    );
  }
}
