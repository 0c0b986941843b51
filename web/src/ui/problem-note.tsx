import { messages } from '../lib/messages'
import { CopyButton } from './copy-button'
import css from './problem-note.module.css'

/** The id by which an operator finds this failure in the server's log, ready to be copied. */
export function RequestId({ id, tabIndex }: { id: string; tabIndex?: number }) {
  return (
    <span className={css.request}>
      {messages.problem.requestId} <code>{id}</code>
      <CopyButton
        text={id}
        said={messages.copy.copied}
        label={messages.problem.copyRequestId(id)}
        kind="quiet"
        size="dense"
        iconOnly
        {...(tabIndex === undefined ? {} : { tabIndex })}
      />
    </span>
  )
}
