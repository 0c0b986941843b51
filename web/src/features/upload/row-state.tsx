import { Check, CircleAlert, Info, WifiOff } from 'lucide-react'
import type { ReactNode } from 'react'
import { messages } from '../../lib/messages'
import { bytes, percent } from '../../lib/units'
import { RequestId } from '../../ui/problem-note'
import { Track } from '../../ui/track'
import type { Row } from './queue/state'
import css from './row-state.module.css'

interface Props {
  row: Row
  connected: boolean
  tabIndex: number
}

/** The state of a file in words, with the size it has; a bar only while bytes leave. */
export function RowState({ row, connected, tabIndex }: Props) {
  const { state, size, name } = row
  switch (state.kind) {
    case 'reading':
      return <Line>{messages.queue.reading}</Line>
    case 'waiting':
      if (!connected)
        return (
          <Line icon={<WifiOff aria-hidden="true" />} tone="warn">
            {messages.queue.connection}
          </Line>
        )
      return <Line>{`${bytes(size)} · ${messages.queue.waiting}`}</Line>
    case 'sending':
      return (
        <>
          <Line>{messages.queue.sending(state.sent, size, percent(state.sent, size))}</Line>
          <Track label={messages.queue.progress(name)} value={state.sent} max={size} />
        </>
      )
    case 'checking':
      return <Line>{`${bytes(size)} · ${messages.queue.checking}`}</Line>
    case 'held':
      return <Line tone="warn">{messages.queue.held(state.seconds)}</Line>
    case 'ready':
      return <Ready state={state} />
    case 'refused': {
      const { detail, requestId, status } = state.problem
      return (
        <div className={css.refused}>
          <Line icon={<CircleAlert aria-hidden="true" />} tone="danger">
            {detail}
          </Line>
          {requestId !== null && status >= 500 ? <RequestId id={requestId} tabIndex={tabIndex} /> : null}
        </div>
      )
    }
  }
}

function Ready({ state }: { state: Extract<Row['state'], { kind: 'ready' }> }) {
  const { image, gone } = state
  if (gone) return <Line>{messages.queue.gone}</Line>
  if (image.duplicate)
    return (
      <Line icon={<Info aria-hidden="true" />} tone="info">
        {messages.queue.duplicate(image.created_at)}
      </Line>
    )
  return (
    <Line icon={<Check aria-hidden="true" />} tone="done">
      <span className="visually-hidden">{messages.queue.ready}, </span>
      <span className={css.meta}>
        {`${bytes(image.bytes)} · ${messages.queue.dimensions(image.width, image.height)}`}
      </span>
    </Line>
  )
}

function Line({ icon, tone, children }: { icon?: ReactNode; tone?: string; children: ReactNode }) {
  return (
    <p className={css.line} data-tone={tone}>
      {icon}
      <span>{children}</span>
    </p>
  )
}
