import { useWindowVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { type RefObject, useLayoutEffect, useRef, useState } from 'react'
import { useScrollPlace } from '../../lib/scroll-place'
import { type Layout, rowAt, rowOf } from './layout'
import type { Listing } from './use-listing'

/** The list's width and its distance from the top of the page, kept current. */
export function useBox(element: RefObject<HTMLElement | null>): { width: number; top: number } {
  const [box, setBox] = useState({ width: 0, top: 0 })
  useLayoutEffect(() => {
    const target = element.current
    if (!target) return
    const measure = () => {
      const rect = target.getBoundingClientRect()
      const top = Math.round(rect.top + scrollY)
      setBox(before => (before.width === rect.width && before.top === top ? before : { width: rect.width, top }))
    }
    measure()
    const observer = new ResizeObserver(measure)
    observer.observe(target)
    observer.observe(document.body)
    return () => observer.disconnect()
  }, [element])
  return box
}

/** The place in view: the image at the top, where it stood, and how far it was scrolled past. */
interface Place {
  id: string | null
  index: number
  offset: number
}

const isPlace = (value: unknown): value is Place =>
  typeof value === 'object' && value !== null && 'index' in value && 'offset' in value && 'id' in value

const HEADER = 72
const FOOTER = 88

interface Options {
  layout: Layout
  listing: Listing
  top: number
  ready: boolean
  entry: string
}

/** Draws only the rows in sight of the window, asks for what they need, and keeps the place for Back. */
export function useRows({ layout, listing, top, ready, entry }: Options): {
  rows: VirtualItem[]
  reveal(index: number): void
} {
  const virtual = useWindowVirtualizer({
    count: layout.rows.length,
    estimateSize: index => (layout.starts[index + 1] ?? layout.height) - (layout.starts[index] ?? 0),
    overscan: 4,
    scrollMargin: top,
    scrollPaddingStart: HEADER,
    scrollPaddingEnd: FOOTER,
  })
  const measured = useRef(layout)
  useLayoutEffect(() => {
    if (measured.current === layout) return
    measured.current = layout
    virtual.measure()
  }, [layout, virtual])

  const rows = virtual.getVirtualItems()
  const lastRow = layout.rows[rows.at(-1)?.index ?? -1]
  const wanted = lastRow?.kind === 'images' ? lastRow.first + lastRow.count - 1 : 0
  useLayoutEffect(() => listing.want(wanted), [listing, wanted])

  useScrollPlace({
    entry,
    ready,
    capture: () => {
      const at = rowAt(layout, scrollY - top + HEADER)
      const row = layout.rows[at]
      const index = row?.kind === 'images' ? row.first : 0
      const place: Place = {
        id: listing.images[index]?.id ?? null,
        index,
        offset: scrollY - (layout.starts[at] ?? 0),
      }
      return place
    },
    restore: place => {
      if (!isPlace(place)) return scrollTo(0, 0)
      const moved = listing.images.findIndex(image => image.id === place.id)
      const index = moved >= 0 ? moved : Math.min(place.index, listing.total - 1)
      scrollTo(0, (layout.starts[rowOf(layout, Math.max(0, index))] ?? 0) + place.offset)
    },
  })

  return { rows, reveal: index => virtual.scrollToIndex(rowOf(layout, index), { align: 'auto' }) }
}
