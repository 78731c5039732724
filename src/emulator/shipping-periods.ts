/** Deadlines of jobs whose drives travel (public article "View status of Azure Import/Export jobs"). */

const oneDayInMs = 24 * 60 * 60 * 1000;

/** An unshipped job is deleted when it was not updated for this long. */
export const creatingPeriodInMs: number = 14 * oneDayInMs;
/** A package must arrive within this time. */
export const shippingPeriodInMs: number = 14 * oneDayInMs;
/** After the shipping period the operators wait this long for an answer. */
export const unansweredPeriodInMs: number = 30 * oneDayInMs;
/** A finished job is deleted after this time. */
export const finishedPeriodInMs: number = 90 * oneDayInMs;
