const LOCALE = 'en-GB'

const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
type Unit = (typeof UNITS)[number]

const formatters = new Map<string, Intl.NumberFormat>()
function unitFormat(unit: Unit, digits: number): Intl.NumberFormat {
  const key = `${unit}${digits}`
  const known = formatters.get(key)
  if (known) return known
  const unitDisplay = unit === 'byte' ? 'long' : 'short'
  const made = new Intl.NumberFormat(LOCALE, { style: 'unit', unit, unitDisplay, maximumFractionDigits: digits })
  formatters.set(key, made)
  return made
}

function scale(bytes: number): number {
  if (bytes < 1024) return 0
  return Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
}

function inUnit(bytes: number, power: number): string {
  const value = bytes / 1024 ** power
  // Three figures at most: 1.8 MB, 12.1 MB, 212 MB.
  return unitFormat(UNITS[power] ?? 'byte', power === 0 || value >= 100 ? 0 : 1).format(value)
}

/** "1.8 MB". A kilobyte is 1024 bytes, as the server's limits are set. */
export function bytes(count: number): string {
  return inUnit(count, scale(count))
}

/** "12.1 / 30 MB": both in the unit of the whole, named once. */
export function bytesOf(part: number, whole: number): string {
  const power = scale(whole)
  const value = part / 1024 ** power
  return `${number(value, power === 0 || value >= 100 ? 0 : 1)} / ${inUnit(whole, power)}`
}

export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(value)
}

/** "43 %", never 100 % before the whole is done. */
export function percent(part: number, whole: number): string {
  if (whole <= 0) return '0 %'
  const share = part >= whole ? 100 : Math.min(99, Math.floor((part / whole) * 100))
  return `${share} %`
}

/** "25 s left" in steps of 5 s, "2 min left", "1 h 10 min left". */
export function timeLeft(seconds: number): string {
  if (seconds < 57.5) return `${Math.max(5, Math.round(seconds / 5) * 5)} s left`
  const minutes = Math.max(1, Math.round(seconds / 60))
  if (minutes < 60) return `${minutes} min left`
  const rest = Math.round((minutes % 60) / 10) * 10
  const hours = Math.floor(minutes / 60)
  return rest > 0 && rest < 60 ? `${hours} h ${rest} min left` : `${hours + (rest === 60 ? 1 : 0)} h left`
}

const sameDay = (a: Date, b: Date) => a.toDateString() === b.toDateString()

/** "14:05" today, "4 March" this year, "4 March 2024" before. */
export function since(iso: string, now = new Date()): string {
  const date = new Date(iso)
  if (sameDay(date, now)) return new Intl.DateTimeFormat(LOCALE, { hour: '2-digit', minute: '2-digit' }).format(date)
  return new Intl.DateTimeFormat(LOCALE, {
    day: 'numeric',
    month: 'long',
    ...(date.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' }),
  }).format(date)
}

/** "21 Nov 2026, 20:15", for tables. */
export function dateTime(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
}

/** "21 Nov 2026". */
export function date(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium' }).format(new Date(iso))
}

/** "November 2026", the heading above a month of pictures. */
export function month(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { month: 'long', year: 'numeric' }).format(new Date(iso))
}

/** "JPEG, PNG and GIF". */
export function list(words: readonly string[]): string {
  return new Intl.ListFormat(LOCALE, { type: 'conjunction' }).format(words)
}

const rules = new Intl.PluralRules(LOCALE)

/** Chooses the form of a word that goes with `count`; English has two. */
export function plural(count: number, forms: { one: string; other: string }): string {
  return rules.select(count) === 'one' ? forms.one : forms.other
}
