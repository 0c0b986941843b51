import type { InfiniteData } from '@tanstack/react-query'
import type { Image, ImageList } from '../../api/types'
import type { Order } from '../../lib/preferences'

/** The pages that have been listed so far. */
export type Listed = InfiniteData<ImageList, unknown>

export const imagesOf = (data: Listed | undefined): readonly Image[] => data?.pages.flatMap(page => page.images) ?? []

/** The newest figure: every page of the server's says how many images there are. */
export const totalOf = (data: Listed | undefined): number => data?.pages[0]?.total ?? 0

function mapPages(data: Listed, total: number, change: (images: Image[], page: number) => Image[]): Listed {
  const pages = data.pages.map((page, index) => ({ ...page, total, images: change(page.images, index) }))
  return { ...data, pages }
}

/**
 * With images that were just uploaded: on top, or, oldest first, at the end where the list has been read so far. Those
 * that are listed already move nowhere.
 */
export function withNew(data: Listed, images: readonly Image[], order: Order): Listed {
  const known = new Set(imagesOf(data).map(image => image.id))
  const fresh = images.filter(image => !known.has(image.id))
  if (fresh.length === 0) return data
  const total = totalOf(data) + fresh.length
  if (order === 'newest') return mapPages(data, total, (page, index) => (index === 0 ? [...fresh, ...page] : page))
  const last = data.pages.length - 1
  const whole = data.pages[last]?.next_cursor === null
  return mapPages(data, total, (page, index) => (whole && index === last ? [...page, ...fresh.toReversed()] : page))
}

export function without(data: Listed, ids: readonly string[]): Listed {
  const gone = imagesOf(data).filter(image => ids.includes(image.id)).length
  if (gone === 0) return data
  return mapPages(data, totalOf(data) - gone, page => page.filter(image => !ids.includes(image.id)))
}

/** The image that follows this one in the list, by which it finds its place again; null at the end. */
export function followerOf(data: Listed | undefined, id: string): string | null {
  const images = imagesOf(data)
  const index = images.findIndex(image => image.id === id)
  return index < 0 ? null : (images[index + 1]?.id ?? null)
}

/** With a deleted image back before `follower`, or else where its date puts it. */
export function withBack(data: Listed, image: Image, follower: string | null, order: Order): Listed {
  if (imagesOf(data).some(other => other.id === image.id)) return data
  const isLater = (other: Image) =>
    order === 'newest' ? other.created_at < image.created_at : other.created_at > image.created_at
  const isNext = (other: Image) => (follower === null ? isLater(other) : other.id === follower)
  const found = data.pages.findIndex(page => page.images.some(isNext))
  const home = found < 0 ? data.pages.length - 1 : found
  return mapPages(data, totalOf(data) + 1, (page, index) => {
    if (index !== home) return page
    const at = page.findIndex(isNext)
    return page.toSpliced(at < 0 ? page.length : at, 0, image)
  })
}

/**
 * With the first page as it is now: what other tabs and devices uploaded or deleted there comes and goes. Where it no
 * longer meets what was listed, the list begins anew.
 */
export function withFirstPage(data: Listed, first: ImageList): Listed {
  const last = first.images.at(-1)
  const images = imagesOf(data)
  const meets = last ? images.findIndex(image => image.id === last.id) : -1
  const cursor = data.pages.at(-1)?.next_cursor ?? null
  if (meets < 0 || !first.next_cursor) return { pages: [first], pageParams: [null] }
  return {
    pages: [{ images: [...first.images, ...images.slice(meets + 1)], next_cursor: cursor, total: first.total }],
    pageParams: [null],
  }
}
