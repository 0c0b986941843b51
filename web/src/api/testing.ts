/** An image as the server tells of it, for tests. */
import type { Image } from './types'

export function anImage(id: string, more: Partial<Image> = {}): Image {
  return {
    id,
    created_at: '2026-03-04T10:00:00Z',
    tags: [],
    file_name: `${id}.jpg`,
    media_type: 'image/jpeg',
    bytes: 100,
    width: 10,
    height: 10,
    frames: 1,
    thumbhash: '',
    visibility: 'unlisted',
    duplicate: false,
    links: { image: `https://h/i/${id}.jpg`, page: `https://h/p/${id}`, thumb: `https://h/i/${id}/w=320.webp` },
    embed: { markdown: `![](${id})`, html: '<img>', bbcode: `[img]${id}[/img]` },
    ...more,
  }
}
