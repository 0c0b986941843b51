import { Cell } from './store'

/** Text that the browser refused to copy, to be shown selected in a field; null when there is none. */
export const refusedCopy = new Cell<string | null>(null)

/** What screen readers hear after a copy. */
export const copyStatus = new Cell('')

function copyBySelection(text: string): boolean {
  const field = document.createElement('textarea')
  field.value = text
  field.className = 'visually-hidden'
  const before = document.activeElement
  document.body.append(field)
  field.select()
  let copied = false
  try {
    copied = document.execCommand('copy')
  } catch {
    copied = false
  }
  field.remove()
  if (before instanceof HTMLElement) before.focus()
  return copied
}

/**
 * Copies, in the way that this browser allows: the clipboard API needs https or localhost and a permission, the older
 * command works on plain http. Where both refuse, the text is offered selected.
 */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    if (copyBySelection(text)) return true
  }
  refusedCopy.set(text)
  return false
}
