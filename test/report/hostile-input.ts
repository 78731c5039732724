/** Inputs in which every text is replaced, to see what a report does with whatever may come. */
import type { JobReportInput } from "../../src/report/index.js";
import { completedReport, copyingReport, recoveryPassword } from "./sample-report.js";

export const hostileText = `"><script>globalThis.stolen=1</script><img src=x onerror=alert(1)>'\`--></style></title><b>&lt;\${1}`;

/** The given data with every text replaced; `keep` says which fields, by their path, stay as they are. */
export function replaceTexts<T>(value: T, replace: (text: string, path: string) => string, path = ""): T {
  if (typeof value === "string") return replace(value, path) as T;
  if (Array.isArray(value))
    return value.map((item, index) => replaceTexts(item, replace, `${path}.${index}`)) as T;
  if (typeof value !== "object" || value === null || value instanceof Date) return value;
  if (Object.prototype.toString.call(value) === "[object Date]") return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, content]) => [name, replaceTexts(content, replace, `${path}.${name}`)]),
  ) as T;
}

/** Everything the report can show, with as many fields filled as there are. */
export const fullInput: JobReportInput = {
  ...completedReport,
  driveReports: copyingReport.driveReports,
  job: {
    ...completedReport.job,
    errorMessage: "The drive could not be read.",
    cancelRequested: true,
    tags: { owner: "backup team" },
    drives: completedReport.job.drives?.map((drive) => ({
      ...drive,
      copyStatus: "Copying",
      errorLogUri: "https://contososeed.blob.core.windows.net/waimportexport/error.xml?sv=1&sig=abc%2Fdef",
    })),
  },
};

/** {@link fullInput} with markup in every text; numbers make serial numbers differ. */
export function hostileInput(): JobReportInput {
  return replaceTexts(fullInput, (_text, path) => {
    if (/driveId$/.test(path)) return `${path.match(/\d+/)?.[0]} ${hostileText}`;
    if (/bitLockerKey$/.test(path)) return recoveryPassword;
    return /shipDate$/.test(path) ? "2026-11-27" : hostileText;
  });
}
