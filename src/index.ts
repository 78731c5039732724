export * from "./certs/index.js";
export * from "./diskprep/index.js";
export * from "./importjob/index.js";
export * from "./registry/index.js";
export * from "./report/index.js";
export * from "./shared/index.js";
export * from "./staging/index.js";
