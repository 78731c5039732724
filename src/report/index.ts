export type {
  JobReportInput,
  JobReportOptions,
  ReportedDrive,
  ReportedJob,
  ReportedPackage,
} from "./job-report.js";
export { renderJobReport } from "./render-job-report.js";
