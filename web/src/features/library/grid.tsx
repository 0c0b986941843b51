import { type KeyboardEvent, useLayoutEffect, useMemo, useRef, useState } from 'react'
import type { Image } from '../../api/types'
import { messages } from '../../lib/messages'
import type { Density } from '../../lib/preferences'
import { useMediaQuery } from '../../lib/use-media-query'
import css from './grid.module.css'
import { type LaidRow, layOut, step } from './layout'
import { useLibrary } from './library-context'
import { Tile } from './tile'
import type { Listing } from './use-listing'
import { useBox, useRows } from './use-rows'

const NARROW = '(max-width: 760px)'
/** The least side of a square, px, and how many stand in a row at least. */
const CELLS = { comfortable: { min: 180, columns: 3 }, compact: { min: 96, columns: 5 } }
const MONTH = 50

/** A contact sheet: squares, by month. One Tab stop; arrows go from picture to picture. */
export function Grid({ listing, density, entry }: { listing: Listing; density: Density; entry: string }) {
  const library = useLibrary()
  const narrow = useMediaQuery(NARROW)
  const box = useRef<HTMLDivElement>(null)
  const { width, top } = useBox(box)
  const gap = narrow ? 2 : 6
  const least = CELLS[density]
  const columns = Math.max(least.columns, Math.floor((width + gap) / (least.min + gap)))
  const cell = (width - gap * (columns - 1)) / columns
  const { images, total } = listing
  const layout = useMemo(
    () => layOut(images, total, { columns, rowHeight: cell + gap, monthHeight: MONTH }),
    [images, total, columns, cell, gap],
  )
  const { rows, reveal } = useRows({ layout, listing, top, ready: width > 0, entry })

  const [current, setCurrent] = useState(0)
  const wanted = useRef<number | null>(null)
  const active = Math.min(current, Math.max(0, images.length - 1))
  useLayoutEffect(() => {
    if (wanted.current === null) return
    const link = box.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"] a`)
    if (!link) return
    wanted.current = null
    link.focus({ preventScroll: true })
  })
  const go = (index: number) => {
    wanted.current = index
    setCurrent(index)
    reveal(index)
  }
  const remove = (image: Image, index: number) => {
    if (box.current?.contains(document.activeElement)) wanted.current = Math.max(0, Math.min(index, images.length - 2))
    void library.delete(image)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const page = Math.max(1, Math.floor((innerHeight - 160) / (cell + gap)))
    const to = step(layout, active, event.key, images.length, page)
    const image = images[active]
    if (to !== null) {
      event.preventDefault()
      go(to)
    } else if (event.key === 'Delete' && image) {
      event.preventDefault()
      remove(image, active)
    }
  }

  const cells = (row: Extract<LaidRow, { kind: 'images' }>) =>
    Array.from({ length: row.count }, (_, column) => {
      const index = row.first + column
      const image = images[index]
      return (
        <div
          key={image?.id ?? index}
          role="gridcell"
          aria-colindex={column + 1}
          data-index={index}
          className={css.cell}
          style={{ insetInlineStart: column * (cell + gap), inlineSize: cell, blockSize: cell }}
          onFocus={() => setCurrent(index)}
        >
          {image ? <Tile image={image} active={index === active} onDelete={() => remove(image, index)} /> : null}
        </div>
      )
    })

  return (
    <div
      ref={box}
      role="grid"
      aria-label={messages.library.title}
      aria-rowcount={layout.rows.length}
      aria-colcount={columns}
      className={css.grid}
      data-density={density}
      style={{ blockSize: layout.height }}
      onKeyDown={onKey}
    >
      {rows.map(({ key, index, start }) => {
        const row = layout.rows[index]
        if (!row) return null
        return (
          <div
            key={key}
            role="row"
            aria-rowindex={index + 1}
            className={css.row}
            style={{ insetBlockStart: start - top }}
          >
            {row.kind === 'month' ? (
              <div role="gridcell" aria-colspan={columns} className={css.month}>
                {row.label}
              </div>
            ) : (
              cells(row)
            )}
          </div>
        )
      })}
    </div>
  )
}
