import { Check, Copy } from 'lucide-react'
import { type ReactNode, useEffect, useState } from 'react'
import { copyStatus, copyText } from '../lib/clipboard'
import { messages } from '../lib/messages'
import { Button } from './button'

interface Props {
  text: string
  /** The button's name where "Copy" alone would not say what. */
  label?: string
  /** What is said once it is copied. */
  said: string
  words?: string
  kind?: 'plain' | 'quiet'
  size?: 'normal' | 'dense'
  iconOnly?: boolean | undefined
  icon?: ReactNode
  tabIndex?: number
}

const FEEDBACK_MS = 1_500

/** Copies, and says so in itself for a moment. */
export function CopyButton({
  text,
  label,
  said,
  words = messages.copy.copy,
  kind,
  size,
  iconOnly,
  icon,
  tabIndex,
}: Props) {
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), FEEDBACK_MS)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = async () => {
    if (!(await copyText(text))) return
    copyStatus.set('')
    copyStatus.set(said)
    setCopied(true)
  }
  return (
    <Button
      kind={kind ?? 'plain'}
      size={size ?? 'normal'}
      icon={copied ? <Check aria-hidden="true" /> : (icon ?? <Copy aria-hidden="true" />)}
      onClick={() => void copy()}
      aria-label={label ?? words}
      {...(iconOnly ? { title: label ?? words } : {})}
      {...(tabIndex === undefined ? {} : { tabIndex })}
    >
      {iconOnly ? null : <Steady words={words} now={copied ? messages.copy.copied : words} />}
    </Button>
  )
}

/** Keeps the width of the longer word, so that nothing beside the button moves. */
function Steady({ words, now }: { words: string; now: string }) {
  const longest = words.length > messages.copy.copied.length ? words : messages.copy.copied
  return (
    <span style={{ display: 'inline-grid' }}>
      <span style={{ gridArea: '1 / 1' }}>{now}</span>
      <span style={{ gridArea: '1 / 1', visibility: 'hidden' }} aria-hidden="true">
        {longest}
      </span>
    </span>
  )
}
