import type { Given } from '../queue/queue'

/** Left by operating systems in folders of pictures; nobody means to upload them. */
const LITTER = new Set(['.ds_store', 'thumbs.db', 'desktop.ini'])

const isLitter = (file: File) => LITTER.has(file.name.toLowerCase())

/** Files that were chosen, or kept from before the app ran. */
export function givenFiles(files: Iterable<File>): Given[] {
  return [...files].filter(file => !isLitter(file)).map(file => ({ file, name: file.name, folder: false }))
}

/**
 * What a chosen folder holds, those inside its folders too, in the order of a file manager (2 before 10). What systems
 * hide stays hidden.
 */
export function givenByFolder(files: Iterable<File>): Given[] {
  const byPath = new Intl.Collator(undefined, { numeric: true })
  const hidden = (path: string) => path.split('/').some(part => part.startsWith('.'))
  const shown = [...files].filter(file => !hidden(file.webkitRelativePath))
  return givenFiles(shown.toSorted((a, b) => byPath.compare(a.webkitRelativePath, b.webkitRelativePath)))
}

/** Files of a drop. A folder among them is marked, so that its row can say what to do. Reads the transfer at once. */
export function givenByDrop(transfer: DataTransfer): Given[] {
  const folders = new Set<string>()
  for (const item of transfer.items) {
    const entry = item.kind === 'file' ? item.webkitGetAsEntry() : null
    if (entry?.isDirectory) folders.add(entry.name)
  }
  return [...transfer.files]
    .filter(file => !isLitter(file))
    .map(file => ({ file, name: file.name, folder: folders.has(file.name) }))
}

const two = (value: number) => String(value).padStart(2, '0')

/** `pasted-2026-11-21-2143.png`; the second of the same minute is `pasted-2026-11-21-2143-2.png`. */
export function pastedName(type: string, now: Date, taken: ReadonlySet<string>): string {
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`
  const stem = `pasted-${day}-${two(now.getHours())}${two(now.getMinutes())}`
  const extension = type === 'image/jpeg' ? 'jpg' : (type.match(/^image\/([a-z0-9]+)/)?.[1] ?? 'png')
  for (let copy = 1; ; copy += 1) {
    const name = copy === 1 ? `${stem}.${extension}` : `${stem}-${copy}.${extension}`
    if (!taken.has(name)) return name
  }
}

/** Browsers call every pasted bitmap image.png; files that were copied in a file manager keep their names. */
export class PasteNames {
  readonly #taken = new Set<string>()

  name(file: File, now: Date): string {
    if (file.name !== '' && file.name !== 'image.png') return file.name
    const name = pastedName(file.type, now, this.#taken)
    this.#taken.add(name)
    return name
  }

  given(files: Iterable<File>, now: Date): Given[] {
    return [...files].map(file => ({ file, name: this.name(file, now), folder: false }))
  }
}
