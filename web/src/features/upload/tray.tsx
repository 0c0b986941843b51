import { X } from 'lucide-react'
import { useState } from 'react'
import { messages } from '../../lib/messages'
import { Button } from '../../ui/button'
import { Track } from '../../ui/track'
import { useSnapshot } from './queue-context'
import { summary } from './summary'
import css from './tray.module.css'

interface Props {
  onShow(): void
}

/** The queue while another page is open: how it goes, and the way back to it. */
export function Tray({ onShow }: Props) {
  const snapshot = useSnapshot()
  const [dismissed, setDismissed] = useState(0)
  // A batch that was over before this page was opened is old news.
  const [seen] = useState(() => (snapshot.totals.active ? 0 : snapshot.batch))
  const { totals, batch } = snapshot
  if (batch === 0 || batch === seen || snapshot.rows.length === 0) return null
  if (!totals.active && dismissed === batch) return null
  const words = summary(snapshot)
  return (
    <aside className={css.tray} aria-label={messages.queue.label} data-testid="tray">
      <div className={css.words}>
        <p className={css.main}>{words.main}</p>
        <p className={css.rest}>{words.rest}</p>
      </div>
      <Button size="dense" onClick={onShow}>
        {messages.queue.show}
      </Button>
      {totals.active ? null : (
        <Button
          kind="quiet"
          size="dense"
          icon={<X aria-hidden="true" />}
          aria-label={messages.queue.dismiss}
          onClick={() => setDismissed(batch)}
        />
      )}
      <Track label={messages.queue.tray} value={totals.sent} max={totals.size} hidden={!totals.active} />
    </aside>
  )
}
