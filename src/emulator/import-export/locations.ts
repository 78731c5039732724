/**
 * Sites that take drives, in the shape of `Microsoft.ImportExport/locations`. The addresses are made up: a parcel must
 * never be sent to what an emulator answers.
 */

/** Postal address of a site. */
export interface ShippingAddress {
  readonly recipientName: string;
  readonly streetAddress1: string;
  readonly streetAddress2: string;
  readonly city: string;
  readonly stateOrProvince: string;
  readonly postalCode: string;
  readonly countryOrRegion: string;
  readonly phone: string;
  readonly additionalShippingInformation: string;
}

/** One location. */
export interface ImportExportLocation {
  /** Display name such as `West US`. */
  readonly name: string;
  readonly address: ShippingAddress;
  readonly supportedCarriers: readonly string[];
  /** Display names of the sites to use. A location that does not list itself is closed. */
  readonly alternates: readonly string[];
}

const site = (
  name: string,
  [street, city, state, postalCode, country]: readonly [string, string, string, string, string],
  carriers: readonly string[],
  rest: { readonly alternates?: readonly string[]; readonly additional?: string } = {},
): ImportExportLocation => ({
  name,
  address: {
    recipientName: "Local Azure Import/Export Service",
    streetAddress1: street,
    streetAddress2: "",
    city,
    stateOrProvince: state,
    postalCode,
    countryOrRegion: country,
    phone: "000 000 0000",
    additionalShippingInformation: rest.additional ?? "",
  },
  supportedCarriers: carriers,
  alternates: rest.alternates ?? [name],
});

/** All locations of the emulator. `North Europe` is closed and sends its customers to `West Europe`. */
export const importExportLocations: readonly ImportExportLocation[] = Object.freeze([
  site("West US", ["1 Emulated Way", "Sample City", "CA", "90001", "USA"], ["FedEx", "UPS", "DHL"]),
  site("East US", ["2 Emulated Way", "Sample City", "VA", "20101", "USA"], ["FedEx", "UPS", "DHL"]),
  site("North Central US", ["3 Emulated Way", "Sample City", "IL", "60001", "USA"], ["FedEx", "UPS"]),
  site("West Europe", ["4 Emulated Way", "Sample City", "NH", "1100 AA", "Netherlands"], ["DHL", "FedEx"]),
  site("North Europe", ["5 Emulated Way", "Sample City", "D", "D00 AA00", "Ireland"], ["DHL", "FedEx"], {
    alternates: ["West Europe"],
  }),
  site("UK South", ["6 Emulated Way", "Sample City", "LND", "EC1A 1AA", "United Kingdom"], ["DHL", "FedEx"], {
    additional: "Write the inbound id on the parcel.",
  }),
  site(
    "Germany West Central",
    ["7 Emulated Way", "Sample City", "HE", "60001", "Germany"],
    ["DHL", "FedEx"],
    {
      additional: "Write the inbound id on the parcel.",
    },
  ),
  site("Southeast Asia", ["8 Emulated Way", "Sample City", "SG", "000001", "Singapore"], ["DHL", "FedEx"]),
  site("Australia East", ["9 Emulated Way", "Sample City", "NSW", "2000", "Australia"], ["DHL"], {
    additional: "Write the inbound id on the parcel.",
  }),
]);

/** Region names compare without case and spaces: `West US` is `westus`. */
export function normalizeLocationName(name: string): string {
  return name.toLowerCase().replaceAll(" ", "");
}

/** The location a name stands for; undefined when there is none. */
export function findImportExportLocation(name: string): ImportExportLocation | undefined {
  const normalized = normalizeLocationName(name);
  return importExportLocations.find((location) => normalizeLocationName(location.name) === normalized);
}

/** The wire shape of a location. */
export function locationResource(location: ImportExportLocation): object {
  return {
    id: locationId(location.name),
    name: location.name,
    type: "Microsoft.ImportExport/locations",
    properties: {
      ...location.address,
      supportedCarriers: location.supportedCarriers,
      alternateLocations: location.alternates.map(locationId),
    },
  };
}

function locationId(name: string): string {
  return `/providers/Microsoft.ImportExport/locations/${normalizeLocationName(name)}`;
}
