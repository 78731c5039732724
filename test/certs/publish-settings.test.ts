import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  azureClouds,
  createSeedCertificate,
  parsePublishSettings,
  type SeedCertificate,
} from "../../src/certs/index.js";

let certificate: SeedCertificate;
let pfx: string;
beforeAll(async () => {
  certificate = await createSeedCertificate({ resourceId: "management" });
  pfx = Buffer.from(certificate.exportPfx("", { allowEmptyPassword: true })).toString("base64");
});

const ids = ["11111111-2222-4333-8444-555555555555", "AAAAAAAA-2222-4333-8444-555555555555"];
const schema1 = (): string => `<?xml version="1.0" encoding="utf-8"?>
<PublishData>
  <PublishProfile PublishMethod="AzureServiceManagementAPI" Url="https://management.core.usgovcloudapi.net/" ManagementCertificate="${pfx}">
    <Subscription Id="${ids[0]}" Name="One &amp; only" />
    <Subscription Id="${ids[1]}" Name="Two" />
  </PublishProfile>
</PublishData>`;
const schema2 = (): string => `<?xml version="1.0" encoding="utf-8"?>
<PublishData>
  <PublishProfile SchemaVersion="2.0" PublishMethod="AzureServiceManagementAPI">
    <Subscription ServiceManagementUrl="https://management.core.windows.net" Id="${ids[0]}" Name="One" ManagementCertificate="${pfx}" />
    <Subscription ServiceManagementUrl="https://elsewhere.example" Id="${ids[1]}" Name="Two" ManagementCertificate="" />
  </PublishProfile>
</PublishData>`;

describe("publish settings", () => {
  test("of schema 1: certificate and address at the profile", () => {
    const { schemaVersion, subscriptions } = parsePublishSettings(schema1());
    expect([
      schemaVersion,
      subscriptions.map(({ managementCertificate, ...rest }) => ({
        ...rest,
        thumbprint: managementCertificate?.thumbprint,
      })),
    ]).toEqual([
      1,
      ["One & only", "Two"].map((name, index) => ({
        subscriptionId: ids[index]!.toLowerCase(),
        name,
        serviceManagementUrl: "https://management.core.usgovcloudapi.net/",
        cloud: azureClouds["us-government"],
        thumbprint: certificate.thumbprint,
      })),
    ]);
  });

  test("of schema 2: at each subscription; an unknown cloud and a missing certificate stay undefined", () => {
    const { schemaVersion, subscriptions } = parsePublishSettings(Buffer.from(`\uFEFF${schema2()}`));
    expect([
      schemaVersion,
      subscriptions.map(({ cloud, managementCertificate }) => [
        cloud?.name,
        managementCertificate?.hasPrivateKey,
      ]),
    ]).toEqual([
      2,
      [
        ["public", true],
        [undefined, undefined],
      ],
    ]);
  });

  test.each([
    [
      "web deployment",
      () => '<publishData><publishProfile publishMethod="MSDeploy" userPWD="secret"/></publishData>',
      /deploying a web site/,
    ],
    ["another root", () => "<Other/>", /<PublishData>/],
    [
      "lower-case profile",
      () => schema2().replaceAll("PublishProfile", "publishProfile"),
      /exactly one <PublishProfile>/,
    ],
    [
      "another method",
      () => schema2().replace("AzureServiceManagementAPI", "MSDeploy"),
      /PublishMethod is 'MSDeploy'/,
    ],
    ["another version", () => schema2().replace("2.0", "3.0"), /SchemaVersion is '3.0'/],
    ["no subscription", () => schema2().replaceAll(/<Subscription .*\/>/g, ""), /no subscription/],
    ["a foreign element", () => schema2().replace(/<Subscription /, "<Foreign "), /<Foreign>/],
    ["an id that is none", () => schema2().replace(ids[0]!, "contoso"), /'contoso'/],
    [
      "no address",
      () => schema2().replace(/ServiceManagementUrl="[^"]*"/, ""),
      /no attribute 'ServiceManagementUrl'/,
    ],
    [
      "a damaged certificate",
      () => schema2().replace(/ManagementCertificate="..../, 'ManagementCertificate="AAAA'),
      /management certificate of subscription/,
    ],
    ["a document type", () => `<!DOCTYPE x>${schema1().replace(/<\?.*\?>/, "")}`, /DOCTYPE/],
  ])("refuses %s, without quoting secrets", (_, text, message) => {
    let caught: { code?: unknown; message?: string } = {};
    try {
      parsePublishSettings(text());
    } catch (error) {
      caught = error as typeof caught;
    }
    expect(caught).toMatchObject({
      code: "publish-settings-invalid",
      message: expect.stringMatching(message),
    });
    expect(caught.message).not.toContain(pfx.slice(10, 60));
    expect(caught.message).not.toContain("secret");
  });
});
