import type { Problem } from '../../../api/problem'
import type { Config } from '../../../api/types'
import { messages } from '../../../lib/messages'
import { kindOf } from './magic'

type Limits = Pick<Config, 'upload'>

const refuse = (code: string, detail: string): Problem => ({ status: 0, code, detail, requestId: null })

export const folderProblem = (): Problem => refuse('folder', messages.refuse.folder)
export const unreadableProblem = (): Problem => refuse('unreadable', messages.refuse.unreadable)

/**
 * What can be known before a byte is sent. `head` is the file's first bytes. Null where nothing speaks against the file;
 * the server looks at all of it and has the last word.
 */
export function check(size: number, head: Uint8Array, { upload }: Limits): Problem | null {
  if (size === 0) return refuse('empty', messages.refuse.empty)
  const kind = kindOf(head)
  const taken = kind !== null && 'media' in kind && upload.accepted.some(type => type.media_type === kind.media)
  if (!taken) {
    const found = kind === null ? null : 'named' in kind ? kind.named : `of the type ${kind.media}`
    const names = upload.accepted.map(type => type.name)
    return refuse('unsupported_type', messages.refuse.type(found, names))
  }
  if (size > upload.bytes_max) return refuse('too_large', messages.refuse.tooLarge(size, upload.bytes_max))
  return null
}
