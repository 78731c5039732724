/** The report as Chromium shows and prints it. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type JobReportInput, renderJobReport } from "../../src/report/index.js";
import { type Chromium, type ChromiumPage, isChromiumMissing, startChromium } from "../support/chromium.js";
import { hostileInput, hostileText } from "./hostile-input.js";
import { completedReport, copyingReport, shippingReport, unorderedReport } from "./sample-report.js";

/** Set to write the pictures of docs/pictures anew. */
const pictureFolder = process.env["OFFLINE_SEED_PICTURES"];

/** Texts whose contrast with the colour behind them is below 4.5 to 1. */
const weakTexts = `(() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b].map((value) => value / 255)
    .map((value) => value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4)
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const groundOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = channels(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const weak = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.textContent.trim()) continue;
    const [a, b] = [channels(getComputedStyle(node.parentElement).color), groundOf(node.parentElement)]
      .map(luminance).sort((left, right) => right - left);
    if ((a + 0.05) / (b + 0.05) < 4.5) weak.push(node.textContent);
  }
  return weak;
})()`;

const samples = { copyingReport, shippingReport, completedReport, unorderedReport } as const;

(isChromiumMissing() ? describe.skip : describe)("the report in Chromium", () => {
  let folder: string;
  let browser: Chromium;
  let page: ChromiumPage;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-pictures-"));
    browser = await startChromium();
    page = browser.page;
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function show(name: string, input: JobReportInput, widthInPixels = 1100): Promise<void> {
    const path = join(folder, `${name}.html`);
    await writeFile(path, renderJobReport(input));
    await page.send("Emulation.setDeviceMetricsOverride", {
      width: widthInPixels,
      height: 900,
      deviceScaleFactor: 1,
      mobile: false,
    });
    await page.open(pathToFileURL(path).href);
  }
  const colours = (scheme: "light" | "dark") =>
    page.send("Emulation.setEmulatedMedia", {
      media: "screen",
      features: [{ name: "prefers-color-scheme", value: scheme }],
    });
  async function screenshot(name: string): Promise<Buffer> {
    const answer = await page.send("Page.captureScreenshot", { format: "png", captureBeyondViewport: true });
    const picture = Buffer.from(answer["data"] as string, "base64");
    if (pictureFolder !== undefined) {
      await mkdir(pictureFolder, { recursive: true });
      await writeFile(join(pictureFolder, `${name}.png`), picture);
    }
    return picture;
  }
  async function print(): Promise<{ readonly pages: number; readonly length: number }> {
    const answer = await page.send("Page.printToPDF", { printBackground: false, preferCSSPageSize: true });
    const pdf = Buffer.from(answer["data"] as string, "base64").toString("latin1");
    return { pages: (pdf.match(/\/Type\s*\/Page\b/g) ?? []).length, length: pdf.length };
  }

  test.each(Object.keys(samples) as (keyof typeof samples)[])(
    "%s: light and dark are readable, different pictures",
    async (name) => {
      const pictures: Buffer[] = [];
      for (const scheme of ["light", "dark"] as const) {
        await colours(scheme);
        await show(name, samples[name]);
        pictures.push(await screenshot(`${name}-${scheme}`));
        expect(await page.evaluate(weakTexts)).toEqual([]);
      }
      // An empty page of this size is a picture of less than 10 kB.
      expect(pictures.map((picture) => picture.length > 25_000)).toEqual([true, true]);
      expect(pictures[0]?.equals(pictures[1] ?? Buffer.alloc(0))).toBe(false);
    },
  );

  test("a narrow window needs no sideways scrolling of the page", async () => {
    await colours("light");
    await show("narrow", completedReport, 360);
    await screenshot("completedReport-narrow");
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
  });

  test("each parcel has a printed page of its own, in ink on white", async () => {
    await colours("dark");
    await show("one", completedReport);
    const one = await print();
    const drives = completedReport.drives?.map((drive) => drive.driveId) ?? [];
    const packages = drives.map((driveId) => ({ driveIds: [driveId] }));
    await show("three", { ...completedReport, packages });
    const three = await print();
    expect(three.pages - one.pages).toBe(2);
    expect(one.length).toBeGreaterThan(25_000);
    await page.send("Emulation.setEmulatedMedia", {
      media: "print",
      features: [{ name: "prefers-color-scheme", value: "dark" }],
    });
    expect(await page.evaluate("getComputedStyle(document.body).backgroundColor")).toBe("rgb(255, 255, 255)");
    expect(await page.evaluate(weakTexts)).toEqual([]);
  });

  test("the tree for screen readers has its landmarks, headings and tables", async () => {
    await show("tree", completedReport);
    const { nodes } = (await page.send("Accessibility.getFullAXTree")) as {
      nodes: { role?: { value: string }; name?: { value: string }; ignored?: boolean }[];
    };
    const roles = nodes.filter((node) => !node.ignored).map((node) => node.role?.value ?? "");
    const count = (role: string): number => roles.filter((candidate) => candidate === role).length;
    const images = nodes.filter((node) => node.role?.value === "image" || node.role?.value === "img");
    expect({
      main: count("main"),
      tables: count("table"),
      isTitled: nodes.some((node) => node.name?.value === "Import job first-backup-2026"),
      namelessImages: images.filter((node) => !node.ignored && !node.name?.value).length,
    }).toEqual({ main: 1, tables: 4, isTitled: true, namelessImages: 0 });
    expect(
      await page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].map((heading) => heading.tagName).join(' ')",
      ),
    ).toMatch(/^H1( H2( H3)*)+$/);
    expect(
      await page.evaluate("[...document.querySelectorAll('th')].every((cell) => cell.scope !== '')"),
    ).toBe(true);
  });

  test("hostile names stay text", async () => {
    await show("hostile", hostileInput());
    expect(
      await page.evaluate(
        "({ strange: document.querySelectorAll('script,img,iframe,b,object,meta[http-equiv=refresh],[onerror],[onload],[style]').length, isRun: 'stolen' in globalThis })",
      ),
    ).toEqual({ strange: 0, isRun: false });
    const text = await page.evaluate<string>("document.body.textContent");
    expect(text.split(hostileText).length).toBeGreaterThan(20);
  });

  test("nothing was fetched and nobody complained", () => {
    expect(page.requests.filter((address) => !address.startsWith("file:"))).toEqual([]);
    expect(page.complaints).toEqual([]);
  });
});
