/** Questions about regions before an order: addresses, available SKUs, validation of inputs. */
import { armError, invalidBodyResponse } from "../arm/arm-error.js";
import type { ArmOperation, ArmRequest } from "../arm/arm-gateway.js";
import { type BodyChecker, createBodyChecker, isJsonObject, type JsonObject } from "../arm/body-checker.js";
import type { SubscriptionInventory } from "../arm/subscription-inventory.js";
import type { EmulatorResponse } from "../http.js";
import {
  findImportExportLocation,
  type ImportExportLocation,
  importExportLocations,
  normalizeLocationName,
} from "../import-export/locations.js";
import { customerDiskSku, readAccount, readAddress } from "./data-box-request.js";

/** Makes the operations below `Microsoft.DataBox/locations`. */
export function dataBoxRegionOperations(
  inventory: SubscriptionInventory,
  apiVersions: readonly string[],
): readonly ArmOperation[] {
  const post = (
    scope: string,
    name: string,
    handle: (request: ArmRequest, body: JsonObject) => EmulatorResponse,
  ): ArmOperation => ({
    method: "POST",
    path: `/subscriptions/{subscriptionId}${scope}/providers/Microsoft.DataBox/locations/{location}/${name}`,
    action: `Microsoft.DataBox/locations/${name}/action`,
    apiVersions,
    async handle(request) {
      const body = await request.json();
      return isJsonObject(body)
        ? handle(request, body)
        : armError(400, "InvalidRequestContent", "The request content must be a JSON object.");
    },
  });
  const group = "/resourceGroups/{resourceGroup}";
  return [
    post("", "regionConfiguration", (_request, body) => regionConfiguration(body)),
    post(group, "regionConfiguration", (_request, body) => regionConfiguration(body)),
    post(group, "availableSkus", (_request, body) => availableSkus(body)),
    post("", "validateInputs", (_request, body) => validateInputs(body, inventory)),
    post(group, "validateInputs", (_request, body) => validateInputs(body, inventory)),
  ];
}

function regionConfiguration(body: JsonObject): EmulatorResponse {
  const check = createBodyChecker();
  const wanted = check.object(body, "datacenterAddressRequest");
  if (wanted === undefined) return { status: 200, body: {} };
  const name = check.text(wanted, "datacenterAddressRequest.storageLocation", { required: true }) ?? "";
  check.text(wanted, "datacenterAddressRequest.skuName", { required: true, oneOf: [customerDiskSku] });
  const location = findImportExportLocation(name);
  if (name !== "" && location === undefined) {
    check.report(
      "LocationNotSupported",
      "datacenterAddressRequest.storageLocation",
      `The location '${name}' takes no customer disks.`,
    );
  }
  if (check.problems.length > 0 || location === undefined) return invalidBodyResponse(check.problems);
  return { status: 200, body: { datacenterAddressResponse: addressOf(openSiteOf(location)) } };
}

function openSiteOf(location: ImportExportLocation): ImportExportLocation {
  if (location.alternates.includes(location.name)) return location;
  return findImportExportLocation(location.alternates[0] ?? "") ?? location;
}

function addressOf(site: ImportExportLocation): object {
  const { address } = site;
  const common = {
    supportedCarriersForReturnShipment: site.supportedCarriers,
    dataCenterAzureLocation: normalizeLocationName(site.name),
  };
  // One site gives its address only on request, as some real ones do.
  if (site.name === "Australia East") {
    return {
      ...common,
      datacenterAddressType: "DatacenterAddressInstruction",
      communicationInstruction:
        "Ask the operators of this site for an inbound id and the shipping address before sending drives.",
    };
  }
  return {
    ...common,
    datacenterAddressType: "DatacenterAddressLocation",
    contactPersonName: "Local Azure receiving",
    company: address.recipientName,
    street1: address.streetAddress1,
    street2: address.streetAddress2,
    street3: "",
    city: address.city,
    state: address.stateOrProvince,
    zip: address.postalCode,
    country: address.countryOrRegion,
    phone: address.phone,
    phoneExtension: "",
    addressType: "Commercial",
    additionalShippingInformation: address.additionalShippingInformation,
  };
}

function availableSkus(body: JsonObject): EmulatorResponse {
  const check = createBodyChecker();
  const transferType = check.text(body, "transferType", {
    required: true,
    oneOf: ["ImportToAzure", "ExportFromAzure"],
  });
  check.text(body, "country", { required: true });
  const name = check.text(body, "location", { required: true }) ?? "";
  if (check.problems.length > 0) return invalidBodyResponse(check.problems);
  const wanted = body["skuNames"];
  const isWanted = !Array.isArray(wanted) || wanted.includes(customerDiskSku);
  const location = findImportExportLocation(name);
  const isEnabled = location !== undefined && transferType === "ImportToAzure";
  const sku = {
    sku: { name: customerDiskSku },
    enabled: isEnabled,
    properties: {
      dataLocationToServiceLocationMap: importExportLocations.map((site) => ({
        dataLocation: normalizeLocationName(site.name),
        serviceLocation: normalizeLocationName(openSiteOf(site).name),
      })),
      capacity: { usable: "0", maximum: "0" },
      costs: [],
      apiVersions: ["2022-12-01"],
      disabledReason: isEnabled ? "None" : "Region",
      ...(isEnabled ? {} : { disabledReasonMessage: `Not offered in '${name}'.` }),
      countriesWithinCommerceBoundary: [],
    },
  };
  return { status: 200, body: { value: isWanted ? [sku] : [] } };
}

const validators: Readonly<
  Record<string, (check: BodyChecker, item: JsonObject, inventory: SubscriptionInventory) => void>
> = {
  ValidateAddress(check, item) {
    readAddress(check, item, "shippingAddress");
    if (item["shippingAddress"] === undefined) check.object(item, "shippingAddress", { required: true });
  },
  ValidateCreateOrderLimit: checkDeviceType,
  ValidateDataTransferDetails(check, item, inventory) {
    checkDeviceType(check, item);
    const imports = check.objects(item, "dataImportDetails", { required: true, atLeast: 1 });
    const { storageAccount } = readAccount(check, imports?.[0], inventory);
    if (storageAccount?.kind === "FileStorage") {
      check.report("UnsupportedAccountKind", "dataImportDetails", "The account cannot hold blobs.");
    }
  },
  ValidatePreferences: checkDeviceType,
  ValidateSkuAvailability(check, item) {
    checkDeviceType(check, item);
    check.text(item, "transferType", { required: true, oneOf: ["ImportToAzure"] });
    const name = check.text(item, "location", { required: true });
    if (name !== undefined && findImportExportLocation(name) === undefined) {
      check.report("SkuNotAvailable", "location", `The SKU is not available in '${name}'.`);
    }
  },
  ValidateSubscriptionIsAllowedToCreateJob(check, _item, inventory) {
    if (!inventory.isRegistered("Microsoft.DataBox")) {
      check.report(
        "MissingSubscriptionRegistration",
        "Microsoft.DataBox",
        "The subscription is not registered to use namespace 'Microsoft.DataBox'.",
      );
    }
  },
};

function checkDeviceType(check: BodyChecker, item: JsonObject): void {
  check.text(item, "deviceType", { required: true, oneOf: [customerDiskSku] });
}

function validateInputs(body: JsonObject, inventory: SubscriptionInventory): EmulatorResponse {
  const outer = createBodyChecker();
  outer.text(body, "validationCategory", { required: true, oneOf: ["JobCreationValidation"] });
  const items = outer.objects(body, "individualRequestDetails", { required: true, atLeast: 1 });
  for (const [index, item] of (items ?? []).entries()) {
    outer.text(item, `individualRequestDetails[${index}].validationType`, {
      required: true,
      oneOf: Object.keys(validators),
    });
  }
  if (outer.problems.length > 0 || items === undefined) return invalidBodyResponse(outer.problems);
  let isAllValid = true;
  const individualResponseDetails = items.map((item) => {
    const validationType = String(item["validationType"]);
    const check = createBodyChecker();
    validators[validationType]!(check, item, inventory);
    const isValid = check.problems.length === 0;
    isAllValid &&= isValid;
    const status = isValid ? "Valid" : "Invalid";
    return {
      validationType,
      ...(validationType === "ValidateAddress"
        ? { validationStatus: status, alternateAddresses: [] }
        : { status }),
      error: isValid
        ? { code: "Success", details: [], additionalInfo: [] }
        : { ...check.problems[0], details: check.problems },
    };
  });
  return {
    status: 200,
    body: {
      properties: {
        status: isAllValid ? "AllValidToProceed" : "InputsRevisitRequired",
        individualResponseDetails,
      },
    },
  };
}
