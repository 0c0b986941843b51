import { messages } from '../../lib/messages'
import css from './drop-overlay.module.css'

/** Covers the window while files hang over it. Takes no pointer, so that the drop reaches the window. */
export function DropOverlay({ count }: { count: number }) {
  return (
    <div className={css.overlay} data-testid="drop-overlay" aria-hidden="true">
      <p className={css.words}>{messages.plate.over(count)}</p>
    </div>
  )
}
