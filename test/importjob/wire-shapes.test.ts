/**
 * Everything both unmodified clients and the local Azure say to each other on a whole journey, held against the published
 * shapes of requests and answers.
 */
import type { PipelinePolicy } from "@azure/core-rest-pipeline";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Azurite, startAzurite } from "../../src/emulator/index.js";
import { DataBoxJobService, ImportExportJobService } from "../../src/importjob/index.js";
import { type JsonSchema, jsonSchemaProblems } from "../support/json-schema.js";
import { observe, openPostOffice, orderAndShip, parcelOf, stageScene } from "./support/seed-by-post.js";
import { errorBody, wireShapes } from "./support/wire-shapes.js";

let azurite: Azurite;
beforeAll(async () => {
  azurite = await startAzurite();
});
afterAll(() => azurite.close());

interface Exchange {
  readonly call: string;
  readonly problems: readonly string[];
}

/** Checks every request and its answer as they pass. */
function checkingPolicy(exchanges: Exchange[]): PipelinePolicy {
  return {
    name: "wire-shapes",
    async sendRequest(request, next) {
      const response = await next(request);
      const { pathname } = new URL(request.url);
      const shape = wireShapes.find(({ method, path }) => method === request.method && path.test(pathname));
      const call = `${request.method} ${pathname.replace(/.*\/providers\//, "").replaceAll(/job-\d+|[0-9a-f-]{36}/g, "*")}`;
      const against = (side: string, text: unknown, schema: JsonSchema | undefined): string[] => {
        if (typeof text !== "string" || text === "") {
          return schema && side === "request" ? ["nothing was sent"] : [];
        }
        if (schema === undefined) return side === "request" ? ["something was sent"] : [];
        return jsonSchemaProblems(JSON.parse(text), schema, side);
      };
      const isRefused = response.status >= 400;
      exchanges.push({
        call: `${call} ${response.status}`,
        problems: shape
          ? [
              ...against("request", request.body, shape.sends),
              ...against("answer", response.bodyAsText, isRefused ? errorBody : shape.brings),
            ]
          : ["no such operation is published"],
      });
      return response;
    },
  };
}

test.each(["import-export", "data-box"] as const)(
  "%s: requests and answers have the published shapes",
  async (kind) => {
    const office = await openPostOffice(azurite, kind);
    try {
      const { azure } = office;
      const exchanges: Exchange[] = [];
      const options = {
        endpoint: azure.armEndpoint,
        tlsOptions: { ca: azure.certificateAuthorityPem },
        retryOptions: { maxRetries: 0 },
        additionalPolicies: [{ policy: checkingPolicy(exchanges), position: "perRetry" as const }],
      };
      const service =
        kind === "import-export"
          ? new ImportExportJobService(azure.subscriptionId, azure.adminCredential, options)
          : new DataBoxJobService(azure.subscriptionId, azure.adminCredential, {
              ...options,
              pollingIntervalInMs: 1,
            });
      const scene = { ...(await stageScene(office, { driveCount: 2, logLevel: "verbose" })), service };
      scene.order = { ...scene.order, backUpDriveManifest: true, tags: { team: "backup" } };
      await orderAndShip(scene);
      for await (const _job of service.listImportJobs());
      await azure.datacentre.receivePackage(parcelOf(scene));
      expect((await observe(scene)).report.isProven).toBe(true);
      await service.listRecoveryKeys(scene.ref);

      const second = { ...(await stageScene(office)), service };
      await service.createImportJob(second.order);
      const { returnAddress, returnShipping } = second.order;
      const deliveryPackage = { carrierName: "FedEx", trackingNumber: scene.trackingNumber };
      await expect(
        service.enterShipping(second.ref, { deliveryPackage, returnAddress, returnShipping }),
      ).rejects.toMatchObject({ code: "tracking-number-in-use" });
      if (kind === "data-box") {
        await service.enterShipping(second.ref, {
          deliveryPackage: { carrierName: "FedEx", trackingNumber: "ANOTHER" },
          returnAddress,
          returnShipping,
        });
        await expect(service.cancelImportJob(second.ref)).rejects.toMatchObject({ statusCode: 409 });
      } else {
        await service.cancelImportJob(second.ref);
        await service.deleteImportJob(second.ref);
      }
      const third = { ...(await stageScene(office)), service };
      await service.createImportJob(third.order);
      await service.cancelImportJob(third.ref);
      await service.deleteImportJob(third.ref);
      await expect(service.getImportJob(third.ref)).rejects.toMatchObject({ code: "job-not-found" });

      expect(exchanges.filter(({ problems }) => problems.length > 0)).toEqual([]);
      const writes = exchanges.map(({ call }) => call.split(" ")[0]).filter((method) => method !== "GET");
      expect(new Set(writes)).toEqual(new Set(["PUT", "PATCH", "POST", "DELETE"]));
    } finally {
      await office.azure.close();
    }
  },
  60_000,
);
