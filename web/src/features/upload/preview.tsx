import { ImageOff } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { onThisHost } from '../../lib/paths'
import css from './preview.module.css'
import type { Row } from './queue/state'

const SIDE = 112

/** A small picture of the file's middle, drawn from the file itself. Null where the browser cannot read it. */
async function draw(file: File, canvas: HTMLCanvasElement): Promise<boolean> {
  try {
    const probe = await createImageBitmap(file, { resizeWidth: SIDE * 2, resizeQuality: 'medium' })
    const side = Math.min(probe.width, probe.height)
    const context = canvas.getContext('2d')
    const x = (probe.width - side) / 2
    const y = (probe.height - side) / 2
    context?.drawImage(probe, x, y, side, side, 0, 0, SIDE, SIDE)
    probe.close()
    return context !== null
  } catch {
    return false
  }
}

// Decoding is heavy: one at a time, and only what is in view.
let lastDraw: Promise<unknown> = Promise.resolve()
function drawInTurn(file: File, canvas: HTMLCanvasElement, wanted: () => boolean): Promise<boolean> {
  const turn = lastDraw.then(() => (wanted() ? draw(file, canvas) : false))
  lastDraw = turn
  return turn
}

/** How far the picture is fixed: 0 milky, 1 clear. */
function fixed({ state, size }: Row): number {
  switch (state.kind) {
    case 'sending':
      return size > 0 ? (state.sent / size) * 0.9 : 0
    case 'checking':
      return 0.9
    case 'ready':
      return 1
    case 'reading':
    case 'waiting':
    case 'held':
    case 'refused':
      return 0
  }
}

export function Preview({ row }: { row: Row }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const [drawn, setDrawn] = useState(false)
  const refused = row.state.kind === 'refused'
  const { file } = row

  useEffect(() => {
    const element = canvas.current
    if (!element) return
    let wanted = true
    const observer = new IntersectionObserver(entries => {
      if (!entries.some(entry => entry.isIntersecting)) return
      observer.disconnect()
      void drawInTurn(file, element, () => wanted).then(done => wanted && setDrawn(done))
    })
    observer.observe(element)
    return () => {
      wanted = false
      observer.disconnect()
    }
  }, [file])

  const thumb = row.state.kind === 'ready' && !row.state.gone && !drawn ? row.state.image.links.thumb : null
  return (
    <div aria-hidden="true" className={css.frame} data-refused={refused} style={{ '--p': fixed(row) }}>
      <canvas ref={canvas} width={SIDE} height={SIDE} className={css.picture} data-drawn={drawn} />
      {refused && !drawn ? <ImageOff className={css.off} aria-hidden="true" /> : null}
      {thumb ? <img className={css.picture} src={onThisHost(thumb)} alt="" data-drawn="true" /> : null}
    </div>
  )
}
