/** The return address and carrier as options of `init`, and as questions of its wizard and of the original conversation. */
import type { ReturnAddress, ReturnShipping } from "../../importjob/index.js";
import type { OptionDefinition } from "../command-frame.js";
import type { Prompter } from "../prompts/prompter.js";

/** Options of the command line. */
export interface AddressOptions {
  readonly recipient?: string;
  readonly company?: string;
  readonly street?: string;
  readonly street2?: string;
  readonly city?: string;
  readonly state?: string;
  readonly postalCode?: string;
  readonly country?: string;
  readonly phone?: string;
  readonly email?: string;
  readonly returnCarrier?: string;
  readonly returnAccount?: string;
}

interface AddressField {
  readonly option: keyof AddressOptions;
  readonly setting: keyof ReturnAddress | keyof ReturnShipping;
  readonly flags: string;
  readonly question: string;
  readonly isNeeded: boolean;
}

function field(
  option: keyof AddressOptions,
  setting: AddressField["setting"],
  flags: string,
  question: string,
  isNeeded = true,
): AddressField {
  return { option, setting, flags, question, isNeeded };
}

const addressFields: readonly AddressField[] = [
  field("recipient", "recipientName", "--recipient <name>", "Contact name"),
  field("company", "companyName", "--company <name>", "Company", false),
  field("phone", "phone", "--phone <number>", "Phone"),
  field("email", "email", "--email <address>", "Email"),
  field("street", "streetAddress1", "--street <line>", "Street and number"),
  field("street2", "streetAddress2", "--street2 <line>", "Second address line", false),
  field("city", "city", "--city <name>", "City"),
  field("state", "stateOrProvince", "--state <name>", "State or province", false),
  field("postalCode", "postalCode", "--postal-code <code>", "Postal code"),
  field("country", "countryOrRegion", "--country <name>", "Country or region"),
];
const carrierFields: readonly AddressField[] = [
  field("returnCarrier", "carrierName", "--return-carrier <name>", "Carrier for the way back"),
  field(
    "returnAccount",
    "carrierAccountNumber",
    "--return-account <number>",
    "Your account number with that carrier",
  ),
];

/** The options for the command line. */
export const addressOptions: readonly OptionDefinition[] = [...addressFields, ...carrierFields].map(
  ({ flags, question }) => ({
    flags,
    explanation: `return shipping: ${question.charAt(0).toLowerCase()}${question.slice(1)}`,
  }),
);

/** What the options say; undefined where they say nothing. */
export function addressFromOptions(options: AddressOptions): {
  readonly returnAddress: ReturnAddress | undefined;
  readonly returnShipping: ReturnShipping | undefined;
} {
  return {
    returnAddress: fromOptions<ReturnAddress>(addressFields, options),
    returnShipping: fromOptions<ReturnShipping>(carrierFields, options),
  };
}

/** Asks for the return address; `known` is offered as the answer. */
export async function askReturnAddress(prompter: Prompter, known?: ReturnAddress): Promise<ReturnAddress> {
  return await askFields<ReturnAddress>(prompter, addressFields, known);
}

/** Asks who carries the drives back. */
export async function askReturnShipping(prompter: Prompter, known?: ReturnShipping): Promise<ReturnShipping> {
  return await askFields<ReturnShipping>(prompter, carrierFields, known);
}

function fromOptions<Values>(fields: readonly AddressField[], options: AddressOptions): Values | undefined {
  const given = fields.filter(({ option }) => options[option] !== undefined);
  if (given.length === 0) return undefined;
  // A field that is needed and missing stays empty; checking the settings then names it.
  const values = fields
    .filter(({ option, isNeeded }) => isNeeded || options[option] !== undefined)
    .map(({ option, setting }) => [setting, options[option] ?? ""]);
  return Object.fromEntries(values) as Values;
}

async function askFields<Values extends object>(
  prompter: Prompter,
  fields: readonly AddressField[],
  known: Values | undefined,
): Promise<Values> {
  const answers: Record<string, string> = {};
  for (const { setting, question, isNeeded } of fields) {
    const before = (known as Readonly<Record<string, string>> | undefined)?.[setting];
    const answer = await prompter.text({
      question: isNeeded ? question : `${question} (may be empty)`,
      initial: before,
      problemOf: (typed) => (isNeeded && typed === "" ? "This is needed." : undefined),
    });
    if (answer !== "") answers[setting] = answer;
  }
  return answers as Values;
}
