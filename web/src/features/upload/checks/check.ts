import type { Problem } from '../../../api/problem'
import type { Config } from '../../../api/types'
import { messages } from '../../../lib/messages'
import { dimensionsOf } from './dimensions'
import { kindOf } from './magic'

/** The part of the server's settings that speaks of single files. */
export type Limits = Pick<Config, 'upload' | 'image_limits'>

const refuse = (code: string, detail: string): Problem => ({ status: 0, code, detail, requestId: null })

export const folderProblem = (): Problem => refuse('folder', messages.refuse.folder)
export const unreadableProblem = (): Problem => refuse('unreadable', messages.refuse.unreadable)

/**
 * What can be known before a byte is sent. `head` is the file's first bytes. Null where nothing speaks against the file;
 * the server looks at all of it and has the last word.
 */
export function check(size: number, head: Uint8Array, { upload, image_limits }: Limits): Problem | null {
  if (size === 0) return refuse('empty', messages.refuse.empty)
  const kind = kindOf(head)
  const taken = kind !== null && 'media' in kind && upload.accepted.some(type => type.media_type === kind.media)
  if (!taken) {
    const found = kind === null ? null : 'named' in kind ? kind.named : `of the type ${kind.media}`
    const names = upload.accepted.map(type => type.name)
    return refuse('unsupported_type', messages.refuse.type(found, names))
  }
  if (size > upload.bytes_max) return refuse('too_large', messages.refuse.tooLarge(size, upload.bytes_max))
  return checkDimensions(head, image_limits)
}

/** By the same two limits, in the same order, as the server. */
function checkDimensions(head: Uint8Array, limits: Limits['image_limits']): Problem | null {
  const found = dimensionsOf(head)
  if (!found) return null
  const { width, height } = found
  if (Math.max(width, height) > limits.side_max)
    return refuse('side', messages.refuse.side(width, height, limits.side_max))
  if (width * height > limits.pixels_max)
    return refuse('pixels', messages.refuse.pixels(width, height, limits.pixels_max))
  return null
}
