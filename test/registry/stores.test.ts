import { createMemoryRegistry, createRegFileRegistry } from "../../src/registry/index.js";
import { runRegistryStoreSuite } from "../conformance/registry-store-suite.js";

runRegistryStoreSuite("the memory registry", "HKLM\\SOFTWARE\\Seed Test", async () => createMemoryRegistry());
runRegistryStoreSuite("a .reg file", "HKLM\\SOFTWARE\\Seed Test", () => createRegFileRegistry());
