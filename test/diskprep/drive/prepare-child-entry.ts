/** What prepare-child.mjs needs of the library and the tests, for its bundle. */
export { openImageFile } from "../../../src/diskprep/device/index.js";
export { prepareDrive } from "../../../src/diskprep/drive/index.js";
export { repeatableRandom, stageTestSeed } from "../../support/memory-catalog.js";
export { testBlobs } from "./small-drive.js";
