import type { Image } from '../../src/api/types'

interface Field {
  /** Characters. */
  max: number
  lines?: boolean
}

/** The texts of an upload besides its file's name (docs/api.md, "Fields"). */
export const FIELDS: Record<'title' | 'description' | 'alt' | 'tags' | 'label', Field> = {
  title: { max: 200 },
  description: { max: 5_000, lines: true },
  alt: { max: 1_000, lines: true },
  tags: { max: 50 },
  label: { max: 100 },
}
/** Those of a report. */
const DETAIL = { max: 1_000, lines: true }
const CONTACT = { max: 200 }

const trimmed = (text: string) => text.replaceAll(/^\p{White_Space}+|\p{White_Space}+$/gu, '')

/** What a field keeps of a text, which may be nothing (null); undefined where it refuses it. */
function kept(text: string, { max, lines = false }: Field): string | null | undefined {
  const bare = trimmed(text)
  if ([...bare].length > max || /\p{Cc}/u.test(lines ? bare.replaceAll(/[\n\r\t]/g, '') : bare)) return undefined
  return bare || null
}

/** File names are never refused: what does no good is taken out of them. */
export function keptName(text: string): string | null {
  const last = text.split(/[/\\]/).at(-1) ?? ''
  const clean = last.replaceAll(/[\p{Cc}\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, '')
  const name = trimmed([...clean].slice(0, 255).join(''))
  return /^\.*$/.test(name) ? null : name
}

function keptTags(text: string): string[] | undefined {
  const tags = new Set<string>()
  for (const each of text.split(',')) {
    const tag = kept(each, FIELDS.tags)
    if (tag === undefined) return undefined
    if (tag !== null) tags.add(tag)
  }
  return [...tags]
}

/** What is kept of an upload with the same text everywhere, and which fields refuse it. */
export function keptOf(text: string) {
  const { title, description, alt, label } = FIELDS
  const tags = keptTags(text)
  const texts = {
    title: kept(text, title),
    description: kept(text, description),
    alt: kept(text, alt),
    label: kept(text, label),
  }
  const refused = Object.entries({ ...texts, tags }).flatMap(([field, value]) => (value === undefined ? field : []))
  return {
    title: texts.title ?? null,
    description: texts.description ?? null,
    alt: texts.alt ?? null,
    label: texts.label ?? null,
    tags: tags ?? [],
    file_name: keptName(text),
    refused: refused.toSorted(),
  }
}

/** Whether a report with this text in both fields is taken. */
export const keepsReport = (text: string): boolean =>
  kept(text, DETAIL) !== undefined && kept(text, CONTACT) !== undefined

/** What pages call a picture; null where they must find a name themselves. */
export const nameOf = ({ title, file_name }: Image): string | null => title ?? file_name ?? null

/** What stands in a picture's place. */
export function captionOf({ alt, title, file_name }: Image): string {
  const stem = file_name?.replace(/\.[^.]*$/, '')
  return [alt, title, stem].find(text => text) ?? 'image'
}
