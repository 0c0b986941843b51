import { memo } from 'react'
import type { Image } from '../../api/types'
import { messages } from '../../lib/messages'
import { onThisHost } from '../../lib/paths'
import { bytes } from '../../lib/units'
import { CopyButton } from '../../ui/copy-button'
import { ImageMenu } from './image-menu'
import { nameOf } from './library'
import { Thumb } from './thumb'
import css from './tile.module.css'

interface Props {
  image: Image
  /** Its link and buttons can be reached by Tab. */
  active: boolean
  onDelete(): void
}

/** One square: the picture leads to its page; its buttons show under the pointer or the focus. */
export const Tile = memo(function Tile({ image, active, onDelete }: Props) {
  const tabIndex = active ? 0 : -1
  const name = nameOf(image)
  return (
    <div className={css.tile}>
      <a
        href={onThisHost(image.links.page)}
        className={css.link}
        tabIndex={tabIndex}
        aria-label={messages.library.openOf(image.alt ?? name)}
        draggable={false}
      >
        <Thumb image={image} />
      </a>
      <div className={css.caption} aria-hidden="true">
        <span className={css.name}>{name}</span>
        <span>{bytes(image.bytes)}</span>
      </div>
      <div className={css.actions}>
        <span className={css.copy}>
          <CopyButton
            text={image.links.image}
            label={messages.copy.copyOf('link', name)}
            said={messages.copy.copiedKind('link')}
            kind="quiet"
            size="dense"
            iconOnly
            tabIndex={tabIndex}
          />
        </span>
        <ImageMenu image={image} onDelete={onDelete} tabIndex={tabIndex} />
      </div>
    </div>
  )
})
