import { ChevronDown, CopyCheck, Eraser, RotateCw, X } from 'lucide-react'
import type { Image } from '../../api/types'
import { embedAll, FORMATS, type Format, JOINS } from '../../lib/embed'
import { messages } from '../../lib/messages'
import { formatChoice, joinChoice } from '../../lib/preferences'
import { useStore } from '../../lib/use-store'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { Menu } from '../../ui/menu'
import { Segmented } from '../../ui/segmented'
import { Track } from '../../ui/track'
import type { Snapshot } from './queue/queue'
import { useSnapshot, useUpload } from './queue-context'
import { QueueList } from './queue-list'
import css from './queue-panel.module.css'
import { summary } from './summary'

const formatOptions = FORMATS.map(value => ({ value, label: messages.copy.formats[value] }))

/** The files given in this visit: how they do together, what can be done with all of them, and each on its row. */
export function QueuePanel() {
  const snapshot = useSnapshot()
  const format = useStore(formatChoice)
  if (snapshot.rows.length === 0) return null
  return (
    <section className={css.panel} aria-label={messages.queue.label}>
      <Head snapshot={snapshot} format={format} />
      <QueueList rows={snapshot.rows} format={format} connected={snapshot.connection.kind === 'up'} />
    </section>
  )
}

function Head({ snapshot, format }: { snapshot: Snapshot; format: Format }) {
  const { queue } = useUpload()
  const { rows, totals } = snapshot
  const ready = rows.flatMap(row => (row.state.kind === 'ready' && !row.state.gone ? [row.state.image] : []))
  const failed = rows.filter(row => row.state.kind === 'refused' && row.state.retriable).length
  const words = summary(snapshot)
  return (
    <div className={css.head}>
      <div className={css.sum}>
        <h2 className={css.main}>{words.main}</h2>
        {words.rest ? <p className={css.rest}>{words.rest}</p> : null}
      </div>
      <div className={css.tools}>
        {failed > 0 ? (
          <Button size="dense" icon={<RotateCw aria-hidden="true" />} onClick={() => queue.retryAll()}>
            {messages.queue.retryFailed(failed)}
          </Button>
        ) : null}
        {totals.active && totals.count > 1 ? (
          <Button
            kind="quiet"
            size="dense"
            icon={<X aria-hidden="true" />}
            title={messages.queue.cancelTitle}
            onClick={() => queue.cancelRemaining()}
          >
            {messages.queue.cancelRemaining}
          </Button>
        ) : null}
        {totals.active ? null : (
          <Button
            kind="quiet"
            size="dense"
            icon={<Eraser aria-hidden="true" />}
            title={messages.queue.clearTitle}
            onClick={() => queue.clearFinished()}
          >
            {messages.queue.clear}
          </Button>
        )}
      </div>
      {ready.length > 0 ? (
        <div className={css.formats}>
          <Segmented
            label={messages.copy.format}
            options={formatOptions}
            value={format}
            onChange={next => formatChoice.set(next)}
          />
          {ready.length > 1 ? <CopyAll images={ready} format={format} /> : null}
        </div>
      ) : null}
      <Track label={messages.queue.label} value={totals.sent} max={totals.size} hidden={!totals.active} />
    </div>
  )
}

function CopyAll({ images, format }: { images: readonly Image[]; format: Format }) {
  const join = useStore(joinChoice)
  return (
    <div className={css.copyAll}>
      <CopyButton
        size="dense"
        text={embedAll(images, format, join)}
        words={messages.queue.copyAll(format)}
        said={messages.copy.copiedAll(images.length)}
        icon={<CopyCheck aria-hidden="true" />}
      />
      <Menu
        label={messages.copy.join}
        icon={<ChevronDown aria-hidden="true" />}
        items={JOINS.map(value => ({
          key: value,
          label: messages.copy.joins[value],
          checked: value === join,
          act: () => joinChoice.set(value),
        }))}
      />
    </div>
  )
}
