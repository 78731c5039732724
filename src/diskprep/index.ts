export * from "./bitlocker/index.js";
export * from "./device/index.js";
export * from "./drive/index.js";
export * from "./ntfs/index.js";
export * from "./partition/index.js";
