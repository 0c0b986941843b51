/** The ways in which a picture's address is copied. The first four are offered for many pictures at once. */
export const FORMATS = ['link', 'markdown', 'html', 'bbcode'] as const
export type Format = (typeof FORMATS)[number]
export type CopyKind = Format | 'page' | 'delete'

/** What of an image the formats need; the API's image fits. */
export interface Linked {
  links: { image: string; page: string; delete?: string | null }
  embed: { markdown: string; html: string; bbcode: string }
}

/** The text to copy, or null where this image has none (a delete link is given once, in the upload's own reply). */
export function embed(image: Linked, kind: CopyKind): string | null {
  switch (kind) {
    case 'link':
      return image.links.image
    case 'markdown':
      return image.embed.markdown
    case 'html':
      return image.embed.html
    case 'bbcode':
      return image.embed.bbcode
    case 'page':
      return image.links.page
    case 'delete':
      return image.links.delete ?? null
  }
}

/** What stands between the pictures where all are copied at once. */
export const JOINS = ['lines', 'spaces', 'commas', 'list'] as const
export type Join = (typeof JOINS)[number]

/** All of `images` in one format. `list` is a Markdown list, an item a line. */
export function embedAll(images: readonly Linked[], format: Format, join: Join): string {
  const each = images.map(image => embed(image, format))
  switch (join) {
    case 'lines':
      return each.join('\n')
    case 'spaces':
      return each.join(' ')
    case 'commas':
      return each.join(', ')
    case 'list':
      return each.map(text => `- ${text}`).join('\n')
  }
}

/** The kinds that this image can be copied as, in menu order. */
export function kindsOf(image: Linked): CopyKind[] {
  const always: CopyKind[] = [...FORMATS, 'page']
  return image.links.delete ? [...always, 'delete'] : always
}

export function isFormat(value: unknown): value is Format {
  return FORMATS.some(format => format === value)
}
