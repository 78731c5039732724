/** What is wrong with settings, all of it at once. */
import { azureClouds } from "../../certs/index.js";
import { type ImportOrder, validateImportOrder } from "../../importjob/index.js";
import type { SeedSettings } from "./seed-settings.js";

const services: readonly SeedSettings["service"][] = ["auto", "data-box", "import-export"];

/** One line for each problem; empty when the settings can be used. Pure. Addresses are looked at when they are given. */
export function problemsOfSettings(settings: SeedSettings): readonly string[] {
  const problems: string[] = [];
  if (settings.cloud !== "emulator" && !Object.hasOwn(azureClouds, settings.cloud)) {
    problems.push(
      `cloud: '${settings.cloud}' is not one of ${[...Object.keys(azureClouds), "emulator"].join(", ")}.`,
    );
  }
  if (settings.cloud === "emulator" && settings.emulatorFile === undefined) {
    problems.push("emulatorFile: the file that 'offline-seed emulator --save FILE' wrote is not named.");
  }
  if (!services.includes(settings.service)) {
    problems.push(`service: '${settings.service}' is not one of ${services.join(", ")}.`);
  }
  for (const problem of validateImportOrder(orderWithoutDrives(settings))) {
    if (problem.severity !== "error" || !isLookedAt(problem.field, settings)) continue;
    problems.push(`${problem.field}: ${problem.message}`);
  }
  return problems;
}

/** Drives come later, and addresses may. */
function isLookedAt(field: string, settings: SeedSettings): boolean {
  const [head] = field.split(/[.[]/);
  if (head === "drives") return false;
  if (head === "returnAddress") return settings.returnAddress !== undefined;
  if (head === "returnShipping") return settings.returnShipping !== undefined;
  if (head === "contact") return settings.contact !== undefined || settings.returnAddress !== undefined;
  return true;
}

const noAddress: ImportOrder["returnAddress"] = {
  recipientName: "",
  streetAddress1: "",
  city: "",
  postalCode: "",
  countryOrRegion: "",
  phone: "",
  email: "",
};

function orderWithoutDrives(settings: SeedSettings): ImportOrder {
  return {
    jobName: settings.jobName,
    subscriptionId: settings.subscriptionId,
    resourceGroupName: settings.resourceGroup,
    location: settings.location,
    storageAccountId: settings.storageAccountId,
    containerName: settings.containerName,
    drives: [],
    returnAddress: settings.returnAddress ?? noAddress,
    returnShipping: settings.returnShipping ?? { carrierName: "", carrierAccountNumber: "" },
    ...(settings.contact && { contact: settings.contact }),
  };
}
