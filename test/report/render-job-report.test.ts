import { describe, expect, test } from "@jest/globals";
import { type JobReportInput, renderJobReport } from "../../src/report/index.js";
import { fullInput, hostileInput, hostileText, replaceTexts } from "./hostile-input.js";
import {
  completedReport,
  copyingReport,
  drives,
  job,
  recoveryPassword,
  seedReport,
  shippingReport,
  unorderedReport,
} from "./sample-report.js";

/** The words of a report without its markup. */
function wordsOf(input: JobReportInput): string {
  return renderJobReport(input)
    .replace(/<style>[\s\S]*?<\/style>/, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
}

describe("what a report says", () => {
  test("a job being copied: state, drives with their fill, findings, slip", () => {
    const words = wordsOf(copyingReport);
    for (const part of [
      "first-backup-2026",
      "The datacentre is copying the drives.",
      "12.98 TB in 454,011 blobs",
      "3.87 TB of 4.00 TB, 96.7 %; 120,000 blobs",
      "41 % copied",
      "The 4194304 bytes at 4194304 do not have the MD5 of the manifest.",
      "18 November 2026, 07:40 UTC",
      "Packing slip",
      "3 drives in this parcel",
      "JD014600000000000000",
      "Inbound id 000000 on the parcel",
      "Example Corporation Backup Team 1 Example Street 1000 AA Amsterdam Netherlands",
    ]) {
      expect(words).toContain(part);
    }
  });

  test("a parcel that is late: the deadline, what to do, what happens otherwise", () => {
    const words = wordsOf(shippingReport);
    expect(words).toContain("Due 27 November 2026 (in 3 days)");
    expect(words).toContain("Ask the carrier where the parcel is");
    expect(words).toContain("The service takes the drives for lost");
    const late = wordsOf({ ...shippingReport, reportedAt: new Date("2026-12-01T12:00:00Z") });
    expect(late).toContain("Passed: 27 November 2026 (4 days ago)");
  });

  test("a completed job whose seed is not proven does not look like a success", () => {
    const words = wordsOf(completedReport);
    expect(words).toContain("13 blobs not proven to have arrived");
    expect(words).toContain("453,998 of 454,011 blobs arrived and equal");
    expect(words).toContain("11 more findings not listed here.");
    const proven = {
      ...seedReport,
      isProven: true,
      arrivedEqual: seedReport.blobs,
      missing: 0,
      different: 0,
    };
    const success = wordsOf({
      ...completedReport,
      seedReport: { ...proven, findings: [], findingsOmitted: 0 },
    });
    expect(success).toContain("Every blob has arrived and is proven equal.");
    expect(success).not.toContain("not proven to have arrived");
  });

  test("before the order: drives and a slip to fill in by hand", () => {
    const words = wordsOf(unorderedReport);
    expect(words).toContain("Not ordered yet");
    expect(words).toContain("Tracking number to be filled in");
    expect(words).not.toContain("At the service");
  });

  test("only a name is enough", () => {
    expect(wordsOf({ reportedAt: new Date(0), job: { jobName: "a" } })).toContain("No drives are known yet.");
  });

  test("a drive that the job does not name is pointed out, and so is one that was never prepared", () => {
    const [first] = job.drives ?? [];
    if (!first) throw new Error("the sample has drives");
    const words = wordsOf({ ...copyingReport, job: { ...job, drives: [{ ...first, driveId: "OTHER" }] } });
    expect(words).toContain("ST8000-ZA1FAKE33: do not send them with this job");
    expect(words).toMatch(/OTHER not known/);
  });

  test("packages: a slip each with its own drives; a wrong count is pointed out", () => {
    const packages = [
      {
        deliveryPackage: { carrierName: "DHL", trackingNumber: "A1", driveCount: 9 },
        driveIds: ["ST8000-ZA1FAKE33"],
      },
      { driveIds: ["WDC-WX61A79FAKE1", "NOT-PREPARED"] },
    ];
    const words = wordsOf({ ...copyingReport, packages });
    expect(words).toContain("Packing slip 1 of 2");
    expect(words).toContain("The shipping details say 9 drives, this slip lists 1.");
    expect(words.slice(words.indexOf("Packing slip 2 of 2"))).toMatch(
      /1 WDC-WX61A79FAKE1 4.00 TB .*2 NOT-PREPARED –/,
    );
  });

  test("another site, another job's seed, more findings than asked for", () => {
    const { destination } = copyingReport;
    if (!destination) throw new Error("the sample has a destination");
    const input = {
      ...completedReport,
      destination: { ...destination, location: "North Europe" },
      seedReport: { ...seedReport, jobName: "other-job" },
    };
    const document = renderJobReport(input, { maximumFindings: 1 });
    expect(document).toContain("Drives for westeurope go to North Europe at present.");
    expect(document).toContain("made for the seed of job other-job");
    expect(document).toContain("12 more findings not listed here.");
  });

  test("dates in the reader's time zone; an unknown one is refused", () => {
    expect(renderJobReport(copyingReport, { timeZone: "Europe/Amsterdam" })).toContain(
      "18 November 2026, 08:40 CET",
    );
    expect(() => renderJobReport(copyingReport, { timeZone: "Mars/Olympus" })).toThrow(RangeError);
  });

  test("unreadable dates are said to be unknown, not thrown", () => {
    const words = wordsOf({ ...copyingReport, reportedAt: new Date(Number.NaN) });
    expect(words).toContain("Made unknown");
  });

  test("same input, same text; the input is left as it was", () => {
    const input = structuredClone(copyingReport);
    expect(renderJobReport(input)).toBe(renderJobReport(structuredClone(copyingReport)));
    expect(input).toEqual(copyingReport);
  });
});

describe("what a report must not do", () => {
  test("texts are escaped wherever they stand", () => {
    const document = renderJobReport(hostileInput());
    expect(document.match(/<(?:script|img|b|iframe|object)\b/g)).toBeNull();
    expect(document.match(/<style>/g)).toHaveLength(1);
    expect(document.match(/<\/style>/g)).toHaveLength(1);
    expect(document).not.toContain(hostileText);
    expect(document.split("&lt;script&gt;globalThis.stolen").length).toBeGreaterThan(20);
  });

  test("characters that hide or turn text are made visible", () => {
    const words = wordsOf({ ...unorderedReport, job: { jobName: "a\u202Ecba\u0000\u200B\uD800z" } });
    expect(words).toContain("a[U+202E]cba[U+0000][U+200B][U+D800]z");
  });

  test("one file: no script, no address, no inline style, a policy that forbids all requests", () => {
    const document = renderJobReport(fullInput);
    const withoutTexts = document.replace(/>[^<]*</g, "><");
    expect(withoutTexts).not.toMatch(/<script|<link|<img|\son\w+=|\sstyle=|https?:|url\(|@import/i);
    expect(document).toContain("default-src 'none'; style-src 'sha256-");
    expect(document).toMatch(/^<!doctype html>\n<html lang="en">/);
  });
});

const secretForms: Readonly<Record<string, string>> = {
  "recovery password": recoveryPassword,
  "recovery password with spaces": recoveryPassword.replaceAll("-", " "),
  "recovery password with other dashes": recoveryPassword.replaceAll("-", "\u2013"),
  "recovery password broken over lines": recoveryPassword.replaceAll("-", "-\r\n"),
  "recovery password in one piece": recoveryPassword.replaceAll("-", ""),
  "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIBOgIBAAJBAKj34Gky\n-----END RSA PRIVATE KEY-----",
  token: "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJvZmZsaW5lIn0.c2lnbmF0dXJl",
  "shared access signature": "https://x.blob.core.windows.net/c?sv=2024&sig=Zm9vYmFyYmF6cXV4%3D",
  "connection string": "AccountName=x;AccountKey=Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4==;EndpointSuffix=y",
  "account key": `${"Ab1+".repeat(21)}Zz==`,
};
/** The part of each form that must not be found. */
function tell(secret: string): string {
  if (/^\d{6}/.test(secret)) return "555555";
  if (secret.includes("PRIVATE")) return "MIIBOg";
  return secret.includes("AccountKey") ? "Zm9vYmFy" : secret.slice(-16);
}

describe("secrets", () => {
  test("the recovery passwords of prepared drives do not reach the output", () => {
    expect(drives[0]?.bitLockerKey).toBe(recoveryPassword);
    expect(renderJobReport(copyingReport)).not.toMatch(/111111|222222|088888/);
  });

  test.each(Object.keys(secretForms))(
    "%s: not in the output, whichever text of the input holds it",
    (form) => {
      const secret = secretForms[form] ?? "";
      const paths: string[] = [];
      replaceTexts(fullInput, (text, path) => {
        paths.push(path);
        return text;
      });
      expect(paths.length).toBeGreaterThan(100);
      for (const path of paths) {
        const input = replaceTexts(fullInput, (text, at) => (at === path ? `${text} x${secret}y` : text));
        const document = renderJobReport(input).replace(/sha256-[^']*/, "");
        if (document.includes(tell(secret))) throw new Error(`${form} in ${path} reaches the report`);
      }
    },
  );

  test("the value of a secret field is withheld wherever else it stands", () => {
    const input = {
      ...copyingReport,
      drives: drives.map((drive) => ({ ...drive, bitLockerKey: "correct-horse-battery" })),
      job: {
        ...job,
        errorMessage: "Drive refused the password correct-horse-battery.",
        tags: { token: "hunter22" },
      },
      containerName: "hunter22",
    };
    expect(renderJobReport(input)).not.toMatch(/correct-horse|hunter22/);
  });

  test("the number of the customer's carrier account is not printed", () => {
    expect(renderJobReport(copyingReport)).not.toContain("4711");
  });
});
