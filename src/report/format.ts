/** How the report writes dates, numbers and sizes. English and the same on every computer. */
import { type Html, html } from "./html.js";

const dayInMs = 86_400_000;

/** Writes values of one report. */
export interface ReportFormat {
  /** `23 November 2026, 14:05 UTC`, or `unknown`. */
  time(date: Date | undefined): Html;
  /** `23 November 2026`, or `unknown`. */
  day(date: Date | undefined): Html;
  /** `in 3 days`, `today`, `4 days ago`. */
  distance(date: Date): string;
}

/** @throws RangeError when the time zone is unknown */
export function createReportFormat(reportedAt: Date, timeZone: string): ReportFormat {
  const dayFormat = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    day: "numeric",
    month: "long",
    year: "numeric",
  });
  const hourFormat = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    timeZoneName: "short",
  });
  const element = (date: Date | undefined, text: (date: Date) => string): Html =>
    isDate(date) ? html`<time datetime="${date.toISOString()}">${text(date)}</time>` : html`unknown`;
  return {
    time: (date) => element(date, (known) => `${dayFormat.format(known)}, ${hourFormat.format(known)}`),
    day: (date) => element(date, (known) => dayFormat.format(known)),
    distance(date) {
      const days = Math.round((date.getTime() - reportedAt.getTime()) / dayInMs);
      if (days === 0) return "today";
      const count = `${Math.abs(days)} ${Math.abs(days) === 1 ? "day" : "days"}`;
      return days > 0 ? `in ${count}` : `${count} ago`;
    },
  };
}

/** Whether this is a date that names a time. */
export function isDate(date: Date | undefined): date is Date {
  return date !== undefined && !Number.isNaN(date.getTime());
}

/** `1,234,567` */
export function count(value: number): string {
  return Number.isFinite(value) ? value.toLocaleString("en-GB") : "unknown";
}

/** `1 drive`, `2 drives` */
export function counted(value: number, singular: string, plural: string = `${singular}s`): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

/** A part of a whole in percent between 0 and 100; never rounded up to 100 nor down to 0. */
export function percentOf(part: number, whole: number): number {
  if (!(whole > 0) || !(part > 0)) return 0;
  if (part >= whole) return 100;
  return Math.min(99.9, Math.max(0.1, Math.round((part / whole) * 1000) / 10));
}
