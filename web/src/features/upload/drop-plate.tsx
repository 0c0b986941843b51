import { Camera, ClipboardPaste, FolderUp, ImagePlus } from 'lucide-react'
import { type ChangeEvent, type ReactNode, useRef, useState } from 'react'
import { messages } from '../../lib/messages'
import { useMediaQuery } from '../../lib/use-media-query'
import { Button } from '../../ui/button'
import css from './drop-plate.module.css'
import { givenByFolder, givenFiles } from './intake/given'
import { readClipboard } from './intake/listen'
import { useUpload } from './queue-context'

const COARSE = '(pointer: coarse)'

/** iOS turns HEIC into JPEG only where any image may be chosen. Newer iPads call themselves Macs. */
function isIos(): boolean {
  return (
    /iPhone|iPad|iPod/.test(navigator.userAgent) || (/Mac/.test(navigator.userAgent) && navigator.maxTouchPoints > 1)
  )
}

interface Props {
  /** Lower, for a page that has results below. */
  compact?: boolean
  lead?: ReactNode
}

/** The place where pictures come in. The plate itself takes no focus; its buttons do. Drops are taken everywhere. */
export function DropPlate({ compact = false, lead }: Props) {
  const { queue, config } = useUpload()
  const coarse = useMediaQuery(COARSE)
  const chooser = useRef<HTMLInputElement>(null)
  const camera = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const [status, setStatus] = useState('')
  const { accepted, bytes_max, who } = config.upload
  const accept = isIos() ? 'image/*' : accepted.flatMap(type => [type.media_type, ...type.extensions.map(e => `.${e}`)])

  const take = (event: ChangeEvent<HTMLInputElement>) => {
    const { files, webkitdirectory } = event.target
    const given = webkitdirectory ? givenByFolder(files ?? []) : givenFiles(files ?? [])
    queue.add(given)
    event.target.value = ''
    setStatus(webkitdirectory && given.length === 0 ? messages.plate.folderEmpty : '')
  }
  const paste = async () => {
    const given = await readClipboard()
    if (given === 'hint') setStatus(messages.plate.pasteHint)
    else if (given.length === 0) setStatus(messages.plate.pasteEmpty)
    else {
      setStatus('')
      queue.add(given)
    }
  }

  return (
    <section className={css.plate} data-compact={compact} aria-labelledby="plate-title">
      <h2 id="plate-title" className={css.title}>
        {coarse ? messages.plate.titleTouch : messages.plate.title}
      </h2>
      {lead ? <p className={css.lead}>{lead}</p> : null}
      <div className={css.buttons}>
        <Button kind="primary" icon={<ImagePlus />} onClick={() => chooser.current?.click()}>
          {coarse ? messages.plate.chooseTouch : messages.plate.choose}
        </Button>
        {coarse ? (
          <Button icon={<Camera />} onClick={() => camera.current?.click()}>
            {messages.plate.camera}
          </Button>
        ) : (
          <Button icon={<FolderUp />} onClick={() => folder.current?.click()}>
            {messages.plate.folder}
          </Button>
        )}
        <Button icon={<ClipboardPaste />} onClick={() => void paste()}>
          {messages.plate.paste}
        </Button>
      </div>
      <p className={css.limits}>
        {messages.plate.limits(
          accepted.map(type => type.name),
          bytes_max,
        )}
      </p>
      {who === 'token' ? <p className={css.note}>{messages.plate.tokenOnly}</p> : null}
      <p className={css.note} role="status">
        {status}
      </p>
      <input ref={chooser} type="file" accept={String(accept)} multiple hidden onChange={take} data-testid="chooser" />
      {coarse ? (
        <input ref={camera} type="file" accept="image/*" capture="environment" hidden onChange={take} />
      ) : (
        <input ref={folder} type="file" webkitdirectory="" hidden onChange={take} data-testid="folder" />
      )}
    </section>
  )
}
