import { type KeyboardEvent, useMemo, useRef } from 'react'
import type { Image } from '../../api/types'
import { messages } from '../../lib/messages'
import { onThisHost } from '../../lib/paths'
import type { Density } from '../../lib/preferences'
import { bytes, date, dateTime } from '../../lib/units'
import { useMediaQuery } from '../../lib/use-media-query'
import { CopyButton } from '../../ui/copy-button'
import { ImageMenu } from './image-menu'
import { layOut } from './layout'
import { nameOf } from './library'
import { useLibrary } from './library-context'
import css from './table.module.css'
import { Thumb } from './thumb'
import type { Listing } from './use-listing'
import { useBox, useRows } from './use-rows'

const NARROW = '(max-width: 960px)'
/** Heights of a row, px. */
const ROW = { comfortable: { wide: 60, narrow: 132 }, compact: { wide: 45, narrow: 112 } }
const { columns } = messages.library

/** Every image on a line with its full link; on narrow windows each line folds. */
export function Table({ listing, density, entry }: { listing: Listing; density: Density; entry: string }) {
  const library = useLibrary()
  const narrow = useMediaQuery(NARROW)
  const body = useRef<HTMLDivElement>(null)
  const { width, top } = useBox(body)
  const { images, total } = listing
  const rowHeight = ROW[density][narrow ? 'narrow' : 'wide']
  const layout = useMemo(
    () => layOut(images, total, { columns: 1, rowHeight, monthHeight: 0 }),
    [images, total, rowHeight],
  )
  const { rows } = useRows({ layout, listing, top, ready: width > 0, entry })

  /** The focus stays in the list: on what moves up into the place of the deleted row. */
  const remove = (image: Image, index: number) => {
    const held = body.current?.contains(document.activeElement) ?? false
    void library.delete(image)
    if (held)
      requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-index="${index}"] a`)?.focus())
  }

  return (
    <div
      role="table"
      aria-label={messages.library.title}
      aria-rowcount={total + 1}
      className={css.table}
      data-density={density}
    >
      <div role="rowgroup" className={css.head}>
        <div role="row" aria-rowindex={1} className={css.columns}>
          {[columns.picture, columns.name, columns.link, columns.size, columns.date, columns.actions].map(label => (
            <div key={label} role="columnheader">
              <span className={label === columns.picture || label === columns.actions ? 'visually-hidden' : undefined}>
                {label}
              </span>
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" ref={body} className={css.body} style={{ blockSize: layout.height }}>
        {rows.map(({ key, index, start }) => {
          const image = images[index]
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={index + 2}
              data-index={index}
              className={css.row}
              style={{ insetBlockStart: start - top, blockSize: rowHeight }}
              onKeyDown={(event: KeyboardEvent) => {
                if (event.key === 'Delete' && image) remove(image, index)
              }}
            >
              {image ? <Cells image={image} narrow={narrow} onDelete={() => remove(image, index)} /> : null}
            </div>
          )
        })}
      </div>
    </div>
  )
}

function Cells({ image, narrow, onDelete }: { image: Image; narrow: boolean; onDelete(): void }) {
  const name = nameOf(image)
  const page = onThisHost(image.links.page)
  return (
    <>
      <div role="cell" className={css.picture}>
        <a href={page} aria-label={messages.library.openOf(image.alt ?? name)}>
          <Thumb image={image} />
        </a>
      </div>
      <div role="cell" className={css.name} dir="auto" title={name}>
        {name}
      </div>
      <div role="cell" className={css.link} dir="ltr">
        <a href={onThisHost(image.links.image)}>{image.links.image}</a>
      </div>
      <div role="cell" className={css.size}>
        {bytes(image.bytes)}
      </div>
      <div role="cell" className={css.date}>
        <time dateTime={image.created_at}>{narrow ? date(image.created_at) : dateTime(image.created_at)}</time>
      </div>
      <div role="cell" className={css.actions}>
        <CopyButton
          text={image.links.image}
          label={messages.copy.copyOf('link', name)}
          said={messages.copy.copiedKind('link')}
          size="dense"
          iconOnly={narrow}
        />
        <ImageMenu image={image} onDelete={onDelete} />
      </div>
    </>
  )
}
