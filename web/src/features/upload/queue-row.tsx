import { Copy, ExternalLink, RotateCw, X } from 'lucide-react'
import { memo } from 'react'
import { copyStatus, copyText } from '../../lib/clipboard'
import { embed, type Format, kindsOf } from '../../lib/embed'
import { messages } from '../../lib/messages'
import { onThisHost } from '../../lib/paths'
import { Button } from '../../ui/button'
import { CopyButton } from '../../ui/copy-button'
import { Menu, type MenuItem } from '../../ui/menu'
import { Preview } from './preview'
import { isOpen, type Row } from './queue/state'
import { useUpload } from './queue-context'
import css from './queue-row.module.css'
import { RowState } from './row-state'

interface Props {
  row: Row
  format: Format
  connected: boolean
  /** This row is the list's Tab stop, and its buttons can be reached. */
  active: boolean
  onFocus(id: string): void
  onRemove(id: string): void
}

/** One file from the moment it was given to its link. The row becomes the result in place. */
export const QueueRow = memo(function QueueRow({ row, format, connected, active, onFocus, onRemove }: Props) {
  const tabIndex = active ? 0 : -1
  return (
    <div
      role="row"
      className={css.row}
      data-row={row.id}
      data-linked={row.state.kind === 'ready' && !row.state.gone}
      data-retriable={row.state.kind === 'refused' && row.state.retriable}
      tabIndex={tabIndex}
      onFocus={() => onFocus(row.id)}
    >
      <div role="gridcell" className={css.picture}>
        <Preview row={row} />
      </div>
      <div role="gridcell" className={css.body}>
        <p className={css.name} dir="auto" title={row.name}>
          {row.name}
        </p>
        <RowState row={row} connected={connected} tabIndex={tabIndex} />
      </div>
      <div role="gridcell" className={css.actions}>
        <Actions row={row} format={format} tabIndex={tabIndex} onRemove={onRemove} />
      </div>
    </div>
  )
})

function Actions({
  row,
  format,
  tabIndex,
  onRemove,
}: Pick<Props, 'row' | 'format' | 'onRemove'> & { tabIndex: number }) {
  const { queue } = useUpload()
  const remove = isOpen(row) ? messages.queue.cancel : messages.queue.remove
  const image = row.state.kind === 'ready' && !row.state.gone ? row.state.image : null
  const drop: MenuItem = {
    key: 'remove',
    label: messages.queue.remove,
    icon: <X aria-hidden="true" />,
    act: () => onRemove(row.id),
  }
  if (image) {
    const copies = kindsOf(image).map(
      (kind): MenuItem => ({
        key: kind,
        label: messages.copy.copyKind(kind),
        icon: <Copy aria-hidden="true" />,
        act: () =>
          void copyText(embed(image, kind) ?? '').then(done => done && copyStatus.set(messages.copy.copiedKind(kind))),
      }),
    )
    const page: MenuItem = {
      key: 'open',
      label: messages.library.openPage,
      icon: <ExternalLink aria-hidden="true" />,
      divided: true,
      href: onThisHost(image.links.page),
    }
    return (
      <>
        <input
          className={css.link}
          dir="ltr"
          readOnly
          tabIndex={tabIndex}
          aria-label={messages.queue.linkOf(row.name)}
          value={embed(image, format) ?? ''}
          onFocus={event => event.currentTarget.select()}
        />
        <CopyButton
          text={embed(image, format) ?? ''}
          label={messages.copy.copyOf(format, row.name)}
          said={messages.copy.copiedKind(format)}
          size="dense"
          tabIndex={tabIndex}
        />
        <Menu label={messages.copy.more(row.name)} items={[...copies, page, drop]} tabIndex={tabIndex} />
      </>
    )
  }
  const retriable = row.state.kind === 'refused' && row.state.retriable
  return (
    <>
      {retriable ? (
        <Button
          size="dense"
          icon={<RotateCw aria-hidden="true" />}
          aria-label={messages.queue.named(messages.queue.retry, row.name)}
          tabIndex={tabIndex}
          onClick={() => queue.retry([row.id])}
        >
          {messages.queue.retry}
        </Button>
      ) : null}
      <Button
        kind="quiet"
        size="dense"
        icon={<X aria-hidden="true" />}
        aria-label={messages.queue.named(remove, row.name)}
        title={remove}
        tabIndex={tabIndex}
        onClick={() => onRemove(row.id)}
      />
    </>
  )
}
