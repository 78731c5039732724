export * from "./prepared-drive.js";
