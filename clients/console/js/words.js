/** Numbers, sizes and times as people read them. */

const LANGUAGE = navigator.language || "en";
const whole = new Intl.NumberFormat(LANGUAGE);
const dayFormat = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium" });
const dateFormat = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeZone: "UTC" });
const momentFormat = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "medium", timeStyle: "short" });
const agoFormat = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
const DATE = /^\d{4}(-\d\d){0,2}$/;
const UNITS = ["B", "KB", "MB", "GB", "TB", "PB"];
const AGO = [["year", 31536000], ["month", 2592000], ["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

export const count = (number) => whole.format(number);

/** `1 file`, `3 files`. */
export const several = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

/** Bytes, in powers of 1000. */
export function size(bytes) {
  if (bytes === null || bytes === undefined) return "—";
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value.toFixed(power && value < 100 ? 1 : 0)} ${UNITS[power]}`;
}

/** A date is that day wherever it is read; what is neither that nor a time stays as it is written. */
export function day(time) {
  if (!time) return "—";
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  return (DATE.test(time) ? dateFormat : dayFormat).format(at);
}

export const moment = (time) => (time ? momentFormat.format(new Date(time)) : "—");

/** By the clock where it was, which is not the reader's. */
export function clock(text) {
  const [, date, time, offset = ""] = /^(\S+?)T(\d\d:\d\d)[^+Z-]*(.*)$/.exec(text) ?? [null, text, ""];
  return `${day(date)}, ${time}${offset && offset !== "Z" ? ` (UTC${offset})` : ""}`;
}

/** How long ago, in the largest unit that is at least one. */
export function ago(time, now = Date.now()) {
  const seconds = (new Date(time).getTime() - now) / 1000;
  const [unit, length] = AGO.find(([, each]) => Math.abs(seconds) >= each) ?? AGO.at(-1);
  return agoFormat.format(Math.round(seconds / length), unit);
}

/** A length of time, such as `0:07`, `12:30` or `1:02:03`. */
export function duration(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  const shown = parts[0] ? parts : parts.slice(1);
  return shown.map((part, at) => (at ? String(part).padStart(2, "0") : String(part))).join(":");
}

export const percent = (share) => `${Math.round(share * 100)} %`;
